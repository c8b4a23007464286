# SPDX-License-Identifier: Apache-2.0
"""Audio for the situations: held-out recordings, and a small piece of made music."""

from __future__ import annotations

import numpy as np

from host_tools.measure.situation import Samples
from host_tools.network import augmentation
from host_tools.network.audio_cache import SAMPLE_RATE, AudioCache, Recording, Split
from host_tools.network.augmentation import Audio
from host_tools.network.phrases import loop_noise, speech_of

LEVEL_DBFS = -26.0
PEAK = 0.98
CHORDS_HZ = ((220.0, 277.2, 329.6), (174.6, 220.0, 261.6), (196.0, 246.9, 293.7))
BEAT_SECONDS = 0.5


class Material:
    """Signals of one split; the same recordings and seed give the same samples."""

    def __init__(self, cache: AudioCache, split: Split, seed: int = 1) -> None:
        self._cache = cache
        self._seed = seed
        self._speech = cache.recordings("speech", split)
        self._noise = cache.recordings("noise", split)

    def talkers(self, minimum_hz: float = 0.0) -> list[Recording]:
        """One recording of each speaker whose bandwidth is at least ``minimum_hz``."""
        chosen: dict[str, Recording] = {}
        for recording in self._speech:
            if recording.bandwidth_hz >= minimum_hz:
                chosen.setdefault(f"{recording.source}/{recording.speaker}", recording)
        return list(chosen.values())

    def noises(self) -> dict[str, Recording]:
        """The longest recording of each kind of noise."""
        chosen: dict[str, Recording] = {}
        for recording in self._noise:
            before = chosen.get(recording.category)
            if before is None or recording.samples > before.samples:
                chosen[recording.category] = recording
        return dict(sorted(chosen.items()))

    def speech(self, recording: Recording, seconds: float, purpose: int = 0) -> Audio:
        """Phrases of one recording at -26 dBFS."""
        samples = round(seconds * SAMPLE_RATE)
        return at_level(speech_of(self._audio(recording), samples, self._generator(purpose)))

    def noise(self, recording: Recording, seconds: float, purpose: int = 0) -> Audio:
        """Noise of one recording without end at -26 dBFS."""
        samples = round(seconds * SAMPLE_RATE)
        return at_level(loop_noise(self._audio(recording), samples, self._generator(purpose)))

    def _generator(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, purpose])

    def _audio(self, recording: Recording) -> Audio:
        audio: Audio = self._cache.samples(recording).astype(np.float32) / np.float32(32768.0)
        return audio


def at_level(audio: Audio, level_dbfs: float = LEVEL_DBFS) -> Audio:
    """Scale to a level in dBFS (mean square), lower where peaks would clip."""
    gain = augmentation.decibels(level_dbfs) / np.sqrt(augmentation.power(audio) + 1e-12)
    peak = float(np.abs(audio).max(initial=0.0))
    scaled: Audio = audio * np.float32(min(gain, PEAK / max(peak, 1e-9)))
    return scaled


def mix(speech: Audio, noise: Audio, snr_db: float) -> Samples:
    """Add noise at an SNR (mean squares of the whole signals)."""
    return to_samples(
        speech + noise * np.float32(augmentation.noise_gain_for_snr(speech, noise, snr_db))
    )


def to_samples(audio: Audio) -> Samples:
    """Round to int16, saturating."""
    return augmentation.to_int16(audio)


def music(seconds: float) -> Samples:
    """Chords, a plucked melody and a drum; always the same."""
    generator = np.random.default_rng(7)
    samples, beat = round(seconds * SAMPLE_RATE), round(BEAT_SECONDS * SAMPLE_RATE)
    time = np.arange(2 * beat) / SAMPLE_RATE
    piece = np.zeros(samples + 4 * beat)
    for number, start in enumerate(range(0, samples, beat)):
        chord = CHORDS_HZ[(number // 4) % len(CHORDS_HZ)]
        if number % 4 == 0:
            held = np.arange(4 * beat) / SAMPLE_RATE
            swell = np.minimum(held / 0.1, 1.0) * np.exp(-0.5 * held)
            for hz in chord:
                piece[start : start + 4 * beat] += swell * _tone(hz, held, 6)
        note = chord[int(generator.integers(len(chord)))] * 2.0
        piece[start : start + 2 * beat] += 1.5 * np.exp(-5.0 * time) * _tone(note, time, 10)
        hit = generator.standard_normal(2 * beat) * np.exp(-40.0 * time)
        piece[start : start + 2 * beat] += (
            hit if number % 2 else 3.0 * np.exp(-20.0 * time) * np.sin(2.0 * np.pi * 70.0 * time)
        )
    return to_samples(at_level(piece[:samples].astype(np.float32)))


def _tone(hz: float, time: np.ndarray, harmonics: int) -> np.ndarray:
    orders = range(1, harmonics + 1)
    return np.asarray(sum(np.sin(2.0 * np.pi * k * hz * time) / k for k in orders))
