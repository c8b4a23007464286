# SPDX-License-Identifier: Apache-2.0
"""Random changes of microphone, room and level that make one recording many.

Signals are float32 in units of full scale (+-1), 48 kHz.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import signal

from host_tools.network.audio_cache import SAMPLE_RATE

Audio = npt.NDArray[np.float32]

MAX_COEFFICIENT = 0.375  # of the random second-order section, as RNNoise uses
MAX_TILT = 0.4
EARLY_SAMPLES = SAMPLE_RATE * 20 // 1000  # reflections that count as speech
EARLY_FADE_SAMPLES = SAMPLE_RATE * 10 // 1000


def random_filter(audio: Audio, generator: np.random.Generator) -> Audio:
    """Apply a random second-order pole-zero section and a random spectral tilt.

    Poles lie inside the unit circle for every draw, since |a1| + |a2| < 1.
    """
    b1, b2, a1, a2 = generator.uniform(-MAX_COEFFICIENT, MAX_COEFFICIENT, 4)
    tilt = generator.uniform(-MAX_TILT, MAX_TILT)
    numerator = np.convolve([1.0, b1, b2], [1.0, tilt]) / (1.0 + abs(tilt))
    filtered: Audio = signal.lfilter(numerator, [1.0, a1, a2], audio).astype(np.float32)
    return filtered


def early_response(room_response: Audio) -> Audio:
    """Return the direct sound and the reflections of its first 20 ms, then a 10 ms fade."""
    direct = int(np.abs(room_response).argmax())
    window = np.zeros(len(room_response), np.float32)
    window[: direct + EARLY_SAMPLES] = 1.0
    fade = window[direct + EARLY_SAMPLES : direct + EARLY_SAMPLES + EARLY_FADE_SAMPLES]
    fade[:] = np.linspace(1.0, 0.0, EARLY_FADE_SAMPLES, endpoint=False)[: len(fade)]
    return room_response * window


def convolve_room(audio: Audio, room_response: Audio) -> Audio:
    """Convolve and keep the length of ``audio``, with the direct sound at delay zero."""
    direct = int(np.abs(room_response).argmax())
    wet = signal.oaconvolve(audio, room_response[direct:])[: len(audio)]
    scale = 1.0 / max(abs(float(room_response[direct])), 1e-6)
    result: Audio = (wet * scale).astype(np.float32)
    return result


def change_speed(audio: Audio, factor: float) -> Audio:
    """Play ``factor`` times as fast: pitch, formants and bandwidth scale by ``factor``."""
    import soxr

    resampled: Audio = soxr.resample(audio, SAMPLE_RATE * factor, SAMPLE_RATE, quality="LQ")
    return resampled.astype(np.float32)


def fade_ends(audio: Audio, samples: int = 240) -> Audio:
    """Return a copy whose first and last ``samples`` rise from and fall to silence."""
    faded = audio.copy()
    samples = min(samples, len(faded) // 2)
    if samples:
        ramp = np.linspace(0.0, 1.0, samples, dtype=np.float32)
        faded[:samples] *= ramp
        faded[-samples:] *= ramp[::-1]
    return faded


def power(audio: Audio) -> float:
    """Return the mean square over the whole signal."""
    return float(np.mean(np.square(audio, dtype=np.float64))) if len(audio) else 0.0


def noise_gain_for_snr(speech: Audio, noise: Audio, snr_db: float) -> float:
    """Return the factor for ``noise`` that makes power(speech)/power(gain*noise) = ``snr_db``.

    Power is the mean square over the whole signals. 0 when either is silent.
    """
    speech_power, noise_power = power(speech), power(noise)
    if speech_power <= 0.0 or noise_power <= 0.0:
        return 0.0
    return float(np.sqrt(speech_power / noise_power * 10.0 ** (-snr_db / 10.0)))


def to_int16(audio: Audio) -> npt.NDArray[np.int16]:
    """Round full-scale floats to int16, saturating."""
    return np.clip(np.rint(audio * 32768.0), -32768, 32767).astype(np.int16)
