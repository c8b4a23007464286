# SPDX-License-Identifier: Apache-2.0
"""Noises that no recording is needed for: hiss of any colour, hum, and changes of level.

Signals are float32 [samples] at 48 kHz.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from host_tools.network.audio_cache import SAMPLE_RATE
from host_tools.network.augmentation import Audio

SLOPE_DB_PER_OCTAVE = (-9.0, 3.0)
CONTROL_SECONDS = 0.5  # between two points of a wandering level
WANDER_DB = 12.0


def coloured_noise(samples: int, generator: np.random.Generator) -> Audio:
    """Return stationary noise whose spectrum falls (or rises) by a random slope per octave."""
    slope = generator.uniform(*SLOPE_DB_PER_OCTAVE)
    spectrum = np.fft.rfft(generator.standard_normal(samples))
    octaves = np.log2(np.maximum(np.arange(len(spectrum)), 1) * SAMPLE_RATE / samples / 1000.0)
    # Level below 50 Hz, or steep slopes would be rumble only.
    octaves = np.maximum(octaves, np.log2(0.05))
    shaped = np.fft.irfft(spectrum * 10.0 ** (slope * octaves / 20.0), samples)
    return shaped.astype(np.float32)


def hum(samples: int, generator: np.random.Generator) -> Audio:
    """Return harmonics of a slowly wandering tone of 45 to 400 Hz: mains, fans, engines."""
    base_hz = float(np.exp(generator.uniform(np.log(45.0), np.log(400.0))))
    wander = generator.uniform(0.0, 0.02) * _slow_curve(samples, generator)
    phase = 2.0 * np.pi * np.cumsum(base_hz * (1.0 + wander)) / SAMPLE_RATE
    slope_db = generator.uniform(-6.0, -0.5)
    count = int(min(30.0, 15000.0 / base_hz))
    levels_db = slope_db * np.arange(count) + generator.normal(0.0, 5.0, count)
    angles = generator.uniform(0.0, 2.0 * np.pi, count)
    amplitudes = (10.0 ** (levels_db / 20.0) * np.exp(1j * angles)).astype(np.complex64)
    # Harmonics are powers of one rotation: Horner's rule needs one sine instead of thirty.
    rotation = np.exp(1j * (phase % (2.0 * np.pi))).astype(np.complex64)
    total = np.zeros(samples, np.complex64)
    for amplitude in amplitudes[::-1]:
        total += amplitude
        total *= rotation
    return total.imag.astype(np.float32)


KINDS: dict[str, Callable[[int, np.random.Generator], Audio]] = {
    "hiss": coloured_noise,
    "hum": hum,
}


def synthetic_noise(samples: int, generator: np.random.Generator) -> tuple[str, Audio]:
    """Draw one kind of made noise; return its name and [samples] of it."""
    name = list(KINDS)[int(generator.integers(len(KINDS)))]
    return name, KINDS[name](samples, generator)


def swell(audio: Audio, generator: np.random.Generator) -> Audio:
    """Let the level wander by up to 12 dB either way, or begin at a random time."""
    if generator.random() < 0.5:
        curve = WANDER_DB * _slow_curve(len(audio), generator)
        return audio * (10.0 ** (curve / 20.0)).astype(np.float32)
    start = int(generator.uniform(0.1, 0.7) * len(audio))
    rise = int(generator.uniform(0.001, 1.0) * SAMPLE_RATE)
    ramp = np.clip((np.arange(len(audio)) - start) / max(rise, 1), 0.0, 1.0)
    return audio * ramp.astype(np.float32)


def _slow_curve(samples: int, generator: np.random.Generator) -> Audio:
    """A smooth random curve in -1..1."""
    points = max(2, round(samples / SAMPLE_RATE / CONTROL_SECONDS))
    values = generator.uniform(-1.0, 1.0, points)
    places = np.linspace(0, points - 1, samples)
    return np.interp(places, np.arange(points), values).astype(np.float32)
