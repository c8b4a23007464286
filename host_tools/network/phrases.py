# SPDX-License-Identifier: Apache-2.0
"""Ten seconds of speech or noise out of a recording of any length.

Signals are float32 in units of full scale (+-1), 48 kHz.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from host_tools.network import augmentation
from host_tools.network.audio_cache import SAMPLE_RATE
from host_tools.network.augmentation import Audio

QUIET = 8.0 / 32768.0
"""Frames without a sample above this are pauses (they were digital silence before coding)."""
FRAME_SAMPLES = SAMPLE_RATE // 100
MIN_PAUSE_FRAMES = 5
MIN_PHRASE_FRAMES = 20
PHRASE_SECONDS = (3.0, 5.0)
"""Longer phrases are cut to a length between these."""
PAUSE_SECONDS = (0.15, 0.6)
SHORT_SOUND_SECONDS = 2.0
SOUND_GAP_SECONDS = (0.3, 1.5)
CUT_TRIES = 8
"""Places tried until a cut of noise is at most 10 dB weaker than its recording."""


def find_phrases(audio: Audio) -> list[tuple[int, int]]:
    """Return (first, last + 1) sample of each stretch of sound of 0.2 s or more."""
    frames = len(audio) // FRAME_SAMPLES
    peaks = np.abs(audio[: frames * FRAME_SAMPLES]).reshape(frames, FRAME_SAMPLES).max(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], peaks > QUIET, [False]])))
    phrases: list[tuple[int, int]] = []
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if phrases and first - phrases[-1][1] < MIN_PAUSE_FRAMES:
            phrases[-1] = (phrases[-1][0], int(last))
        else:
            phrases.append((int(first), int(last)))
    return [
        (first * FRAME_SAMPLES, last * FRAME_SAMPLES)
        for first, last in phrases
        if last - first >= MIN_PHRASE_FRAMES
    ]


def speech_of(recording: Audio, samples: int, generator: np.random.Generator) -> Audio:
    """Successive phrases of one recording from a random one on, with short pauses between."""
    phrases = find_phrases(recording) or [(0, len(recording))]
    audio = np.zeros(samples, np.float32)
    number = int(generator.integers(len(phrases)))
    position = _draw_samples(PAUSE_SECONDS, generator)
    while position < samples:
        first, last = phrases[number % len(phrases)]
        longest = _draw_samples(PHRASE_SECONDS, generator)
        first += int(generator.integers(max(1, last - first - longest + 1)))
        phrase = recording[first : min(last, first + longest)][: samples - position]
        audio[position : position + len(phrase)] = augmentation.fade_ends(phrase)
        position += max(len(phrase), 1) + _draw_samples(PAUSE_SECONDS, generator)
        number += 1
    return audio


def loop_noise(recording: Audio, samples: int, generator: np.random.Generator) -> Audio:
    """A random cut; a shorter recording comes again and again, short sounds with gaps between."""
    if len(recording) >= samples:
        return augmentation.fade_ends(_loud_cut(recording, samples, generator))
    audio = np.zeros(samples, np.float32)
    short = len(recording) < SHORT_SOUND_SECONDS * SAMPLE_RATE
    position = 0
    while position < samples:
        piece = augmentation.fade_ends(recording)[: samples - position]
        audio[position : position + len(piece)] = piece
        gap = _draw_samples(SOUND_GAP_SECONDS, generator) if short else 0
        position += max(len(piece), 1) + gap
    return audio


def _loud_cut(
    recording: Audio, samples: int, generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    wanted = 0.1 * augmentation.power(recording)
    best, best_power = recording[:samples], -1.0
    for _ in range(CUT_TRIES):
        start = int(generator.integers(len(recording) - samples + 1))
        cut = recording[start : start + samples]
        power = augmentation.power(cut)
        if power > best_power:
            best, best_power = cut, power
        if power >= wanted:
            break
    return best


def _draw_samples(seconds: tuple[float, float], generator: np.random.Generator) -> int:
    return round(float(generator.uniform(*seconds)) * SAMPLE_RATE)
