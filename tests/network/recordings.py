# SPDX-License-Identifier: Apache-2.0
"""A tiny folder of synthetic recordings with a manifest, for tests of training."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import soundfile

from host_tools.network.audio_cache import SAMPLE_RATE, AudioCache, build_cache

COLUMNS = (
    "path,category,source,speaker,license,bandwidth_hz,seconds,snr_db,t60_s,split,license_clear"
)
SPEECH_BANDWIDTH_HZ = 14000


def voice_like(seconds: float, pitch_hz: float, seed: int) -> np.ndarray:
    """Harmonics under a syllable-rate envelope, float32 in +-1."""
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, 20)
    wave = sum(np.sin(2 * np.pi * pitch_hz * k * time + phases[k]) / k for k in range(1, 20))
    envelope = np.maximum(np.sin(2 * np.pi * 1.5 * time), 0.0)
    return (0.2 * wave * envelope).astype(np.float32)


def write_folder(folder: Path, seconds: float = 4.0) -> Path:
    """Write speech, two kinds of noise and a room response for every split; return the folder."""
    rows = []
    for number, split in enumerate(("train", "val", "test")):
        generator = np.random.default_rng(number)
        hiss = 0.1 * generator.standard_normal(round(seconds * SAMPLE_RATE)).astype(np.float32)
        tail = generator.standard_normal(4800) * np.exp(-np.arange(4800) / 600.0)
        room = np.concatenate([[1.0], 0.1 * tail]).astype(np.float32)
        parts = {
            "speech": (voice_like(seconds, 120.0 + 20 * number, number), "speech", "yes"),
            "rain": (hiss, "rain", "no"),
            "hum": (voice_like(seconds, 90.0, 9), "engine", "yes"),
            "knock": (hiss[:24000], "animals", "yes"),
            "room": (room, "room_response", "yes"),
        }
        for name, (audio, category, clear) in parts.items():
            path = folder / split / f"{name}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, audio, SAMPLE_RATE, subtype="PCM_16")
            bandwidth = str(SPEECH_BANDWIDTH_HZ) if category == "speech" else ""
            row = [f"{split}/{name}.wav", category, "made", name, "CC0", bandwidth]
            rows.append([*row, str(seconds), "40", "", split, clear])
    with (folder / "manifest.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS.split(","), *rows])
    return folder


def make_cache(folder: Path, clear_licenses_only: bool = False) -> AudioCache:
    """Write recordings below ``folder`` and decode them."""
    cache = folder / "cache"
    for _ in build_cache(write_folder(folder / "data"), cache):
        pass
    return AudioCache(cache, clear_licenses_only)
