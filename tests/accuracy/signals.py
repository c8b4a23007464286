# SPDX-License-Identifier: Apache-2.0
"""Synthetic clips: seeded, 48 kHz mono, made of numbers alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.reference.constants import HOP, SAMPLE_RATE, FloatArray, PcmArray

FULL_SCALE = 32767.0
TOP_HARMONIC_HZ = 8_000.0


def to_pcm(signal: FloatArray, peak: float) -> PcmArray:
    """Scale to a peak in PCM units, rounded and clipped to 16 bits."""
    largest = float(np.max(np.abs(signal)))
    scaled = signal * (peak / largest if largest > 0 else 0.0)
    return np.clip(np.round(scaled), -32768, 32767).astype(np.int16)


def at_level(pcm_peak_dbfs: float) -> float:
    """Peak in PCM units of a level in dB re full scale."""
    return FULL_SCALE * 10 ** (pcm_peak_dbfs / 20)


def harmonic_tone(f0_hz: npt.ArrayLike, samples: int, seed: int = 0) -> FloatArray:
    """Harmonics of f0 (a constant or one value a sample) falling by 6 dB an octave to 8 kHz."""
    rng = np.random.default_rng(seed)
    f0 = np.broadcast_to(np.asarray(f0_hz, dtype=np.float64), (samples,))
    phase = 2 * np.pi * np.cumsum(f0) / SAMPLE_RATE
    result = np.zeros(samples)
    for k in range(1, int(TOP_HARMONIC_HZ / float(f0.min())) + 1):
        audible = k * f0 < TOP_HARMONIC_HZ
        result += audible * np.cos(k * phase + rng.uniform(0, 2 * np.pi)) / k
    return result


def with_noise(signal: FloatArray, snr_db: float, seed: int = 1) -> FloatArray:
    """Add white noise at a ratio of mean powers."""
    noise = np.random.default_rng(seed).standard_normal(signal.size)
    level = float(np.sqrt(np.mean(signal**2))) * 10 ** (-snr_db / 20)
    return signal + level * noise


def white_noise(samples: int, seed: int = 2) -> FloatArray:
    """Gaussian noise, held inside three standard deviations so that scaling by the peak is mild."""
    return np.clip(np.random.default_rng(seed).standard_normal(samples), -3, 3)


def gliding_voice(samples: int, seed: int = 3) -> FloatArray:
    """A voice gliding between 90 and 250 Hz in noise 15 dB below it."""
    seconds = np.arange(samples) / SAMPLE_RATE
    f0 = 150 * 2 ** (0.7 * np.sin(2 * np.pi * 0.8 * seconds))
    return with_noise(harmonic_tone(f0, samples, seed), 15.0, seed + 1)


def impulses(samples: int) -> FloatArray:
    """One sample of full scale every 700 samples, signs alternating."""
    result = np.zeros(samples)
    result[::700] = 1.0
    result[700::1400] = -1.0
    return result


def square_wave(samples: int) -> FloatArray:
    """Full-scale square wave of 96 samples a period."""
    return np.where(np.arange(samples) % 96 < 48, 1.0, -1.0)


def sine(samples: int, hertz: float = 997.0) -> FloatArray:
    """One sine, not a divisor of the frame."""
    return np.sin(2 * np.pi * hertz * np.arange(samples) / SAMPLE_RATE)


def frames_of(signal: npt.NDArray[np.generic]) -> int:
    """Whole hops in a clip."""
    return signal.size // HOP
