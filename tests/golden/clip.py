# SPDX-License-Identifier: Apache-2.0
"""A voice-like clip and network decisions made of integers alone, the same on every machine."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

SECONDS = 2
SAMPLES = SECONDS * 48_000
FRAMES = SAMPLES // 480
BANDS = 34
# Resonators (pole radius and angle as a1, a2 in Q14): formants near 600, 1500 and 2600 Hz.
FORMANTS = ((32424, -16137), (31620, -15955), (30293, -15790))


def random_words(seed: int) -> Iterator[int]:
    """High 16 bits of Knuth's 64-bit linear congruential generator (MMIX), -32768..32767."""
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) & (2**64 - 1)
        yield (state >> 48) - 32768


def clip() -> npt.NDArray[np.int16]:
    """Gliding pulses through three resonators with noise, then loud, quiet and silent parts."""
    noise = random_words(1)
    memory = [[0, 0] for _ in FORMANTS]
    samples = np.zeros(SAMPLES, np.int16)
    next_pulse = 0
    for n in range(SAMPLES):
        excitation = next(noise) >> 8
        if n == next_pulse:
            excitation += 6000
            next_pulse = n + 120 + 500 * abs(n % 48_000 - 24_000) // 24_000
        out = 0
        for (a1, a2), past in zip(FORMANTS, memory, strict=True):
            value = excitation + ((a1 * past[0] + a2 * past[1]) >> 14)
            past[0], past[1] = value, past[0]
            out += value
        part = 4 * n // SAMPLES
        out = (out >> 3, out >> 9, 0, out)[part]
        samples[n] = max(-32768, min(32767, out))
    return samples


def decisions(seed: int) -> npt.NDArray[np.uint16]:
    """Numbers 0..32768 for every band and frame, held for five frames at a time."""
    words = random_words(seed)
    held = [[(next(words) + 32768) // 2 for _ in range(BANDS)] for _ in range(FRAMES // 5)]
    return np.repeat(np.array(held, np.uint16), 5, axis=0)
