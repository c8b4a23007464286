# SPDX-License-Identifier: Apache-2.0
"""Makes the bundled clip: host_tools/data/demo_noisy.flac and demo_clean.flac.

Usage: python scripts/make_demo_clip.py AUDIO_FOLDER

AUDIO_FOLDER holds manifest.csv and the recording named below, which is in the public domain.
The noise is computed here, so it has no other origin: a fan with mains hum, and keystrokes.
The same folder gives the same samples.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

SPEECH = "speech/train/fleursdumal-fleursdumal-10k-034.opus"
SPEECH_START_S = 21.3
LEAD_S = 0.4
SPEECH_S = 10.8
TAIL_S = 0.5
SNR_DB = 7.0
SPEECH_RMS_DBFS = -25.0
RATE = 48_000
SEED = 20261122
OUTPUT = Path(__file__).parents[1] / "host_tools" / "data"

Signal = NDArray[np.float64]


def read_speech(folder: Path) -> Signal:
    """The chosen excerpt as float samples, after checking that it is in the public domain."""
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    licence = rows[SPEECH]["license"]
    if not licence.startswith(("Public domain", "CC0")):
        raise SystemExit(f"{SPEECH}: licence is {licence!r}; choose a public-domain recording")
    start, count = int(SPEECH_START_S * RATE), int(SPEECH_S * RATE)
    samples, rate = soundfile.read(folder / SPEECH, start=start, frames=count, dtype="float64")
    if rate != RATE or samples.shape != (count,):
        raise SystemExit(f"{SPEECH}: needs {RATE} Hz mono and {SPEECH_START_S + SPEECH_S:g} s")
    fade = np.minimum(1.0, np.arange(count) / (0.02 * RATE))
    return samples * fade * fade[::-1]


def coloured(rng: np.random.Generator, samples: int, corner_hz: float, slope: float) -> Signal:
    """Gaussian noise, flat up to corner_hz and falling with frequency**-slope above; RMS 1."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequency = np.fft.rfftfreq(samples, 1.0 / RATE)
    spectrum *= (1.0 + (frequency / corner_hz) ** 2) ** (-slope / 2.0)
    noise = np.fft.irfft(spectrum, samples)
    return noise / np.sqrt(np.mean(noise**2))


def fan(rng: np.random.Generator, samples: int) -> Signal:
    """Air noise that swells slowly, blade tone and mains hum."""
    time = np.arange(samples) / RATE
    swell = 1.0 + 0.25 * np.sin(2.0 * np.pi * 0.31 * time + 1.0)
    hum = sum(
        level * np.sin(2.0 * np.pi * 100.0 * n * time + phase)
        for n, level, phase in zip(
            (1, 2, 3, 5), (0.5, 0.3, 0.2, 0.1), rng.uniform(0, 2 * np.pi, 4), strict=True
        )
    )
    blades = 0.3 * np.sin(2.0 * np.pi * 237.0 * time + 2.0 * np.sin(2.0 * np.pi * 0.7 * time))
    return coloured(rng, samples, 350.0, 1.0) * swell + hum + blades


def keystrokes(rng: np.random.Generator, samples: int) -> Signal:
    """Clicks of a few milliseconds at human intervals, in bursts."""
    out = np.zeros(samples)
    length = int(0.05 * RATE)
    time = np.arange(length) / RATE
    at = int(0.4 * RATE)
    while at < samples - length:
        decay = np.exp(-time * rng.uniform(120.0, 300.0))
        tone = np.sin(2.0 * np.pi * rng.uniform(1500.0, 5000.0) * time)
        out[at : at + length] += (
            rng.uniform(0.5, 1.0) * decay * (0.6 * rng.standard_normal(length) + 0.4 * tone)
        )
        pause = rng.uniform(0.09, 0.25) if rng.random() < 0.8 else rng.uniform(0.5, 1.1)
        at += int(pause * RATE)
    return out


def rms(signal: Signal) -> float:
    return float(np.sqrt(np.mean(signal**2)))


def write(name: str, signal: Signal) -> None:
    """Write 16-bit FLAC under its final name only when complete."""
    temporary = OUTPUT / f".{name}.part"
    pcm = np.round(signal * 32768.0).astype(np.int16)
    soundfile.write(temporary, pcm, RATE, subtype="PCM_16", format="FLAC")
    os.replace(temporary, OUTPUT / name)


def main(arguments: list[str]) -> int:
    """Make both files; returns the exit code."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    speech = read_speech(Path(arguments[0]))
    speech *= 10.0 ** (SPEECH_RMS_DBFS / 20.0) / rms(speech)
    clean = np.concatenate([np.zeros(int(LEAD_S * RATE)), speech, np.zeros(int(TAIL_S * RATE))])
    rng = np.random.default_rng(SEED)
    air = fan(rng, len(clean))
    noise = air / rms(air) + 4.0 * keystrokes(rng, len(clean))
    noise *= rms(speech) / rms(noise) * 10.0 ** (-SNR_DB / 20.0)
    noisy = clean + noise
    if np.max(np.abs(noisy)) >= 1.0:
        raise SystemExit("the mixture clips; lower SPEECH_RMS_DBFS")
    OUTPUT.mkdir(parents=True, exist_ok=True)
    write("demo_clean.flac", clean)
    write("demo_noisy.flac", noisy)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
