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
EQUALISER_SECTIONS = 3
EQUALISER_DB = 9.0
EQUALISER_HZ = (80.0, 14000.0)
LOW_PASS_ORDER = 8
LOW_PASS_RIPPLE_DB = 0.1
LOW_PASS_STOP_DB = 70.0
EARLY_SAMPLES = SAMPLE_RATE * 20 // 1000  # reflections that count as speech
TAIL_T60_SAMPLES = SAMPLE_RATE * 200 // 1000


def random_filter(audio: Audio, generator: np.random.Generator) -> Audio:
    """Apply a random second-order pole-zero section and a random spectral tilt.

    Poles lie inside the unit circle for every draw, since |a1| + |a2| < 1.
    """
    b1, b2, a1, a2 = generator.uniform(-MAX_COEFFICIENT, MAX_COEFFICIENT, 4)
    tilt = generator.uniform(-MAX_TILT, MAX_TILT)
    numerator = np.convolve([1.0, b1, b2], [1.0, tilt]) / (1.0 + abs(tilt))
    filtered: Audio = signal.lfilter(numerator, [1.0, a1, a2], audio).astype(np.float32)
    return filtered


def equalise(audio: Audio, generator: np.random.Generator) -> Audio:
    """Apply one to three resonances or dips of up to 9 dB, as microphones and cases have.

    Peaking sections after R. Bristow-Johnson's equaliser formulas.
    """
    sections = []
    for _ in range(int(generator.integers(1, EQUALISER_SECTIONS + 1))):
        amplitude = 10.0 ** (generator.uniform(-EQUALISER_DB, EQUALISER_DB) / 40.0)
        angle = 2.0 * np.pi * log_uniform(EQUALISER_HZ, generator) / SAMPLE_RATE
        alpha = np.sin(angle) / (2.0 * generator.uniform(0.4, 2.0))
        section = [1.0 + alpha * amplitude, -2.0 * np.cos(angle), 1.0 - alpha * amplitude]
        section += [1.0 + alpha / amplitude, -2.0 * np.cos(angle), 1.0 - alpha / amplitude]
        sections.append(np.array(section) / section[3])
    result: Audio = signal.sosfilt(np.array(sections), audio).astype(np.float32)
    return result


def low_pass(audio: Audio, cutoff_hz: float) -> Audio:
    """Remove what lies above ``cutoff_hz``, 70 dB down at 1.3 times it or before."""
    sections = signal.ellip(
        LOW_PASS_ORDER,
        LOW_PASS_RIPPLE_DB,
        LOW_PASS_STOP_DB,
        cutoff_hz,
        fs=SAMPLE_RATE,
        output="sos",
    )
    result: Audio = signal.sosfilt(sections, audio).astype(np.float32)
    return result


def clip_peaks(audio: Audio, above_db: float) -> Audio:
    """Clip at ``above_db`` below the highest peak."""
    limit = np.float32(np.abs(audio).max(initial=0.0) * 10.0 ** (-above_db / 20.0))
    return np.clip(audio, -limit, limit)


def log_uniform(limits: tuple[float, float], generator: np.random.Generator) -> float:
    """Draw a value whose logarithm is uniform between ``limits``, both above 0."""
    return float(np.exp(generator.uniform(*np.log(limits))))


def decibels(level_db: float) -> np.float32:
    """Return the amplitude factor of a level."""
    return np.float32(10.0 ** (level_db / 20.0))


def target_response(room_response: Audio) -> Audio:
    """Return what the target keeps of a room: the first 20 ms whole, the rest decaying faster.

    Behind the direct sound and its reflections of 20 ms the response falls by further 60 dB in
    200 ms (AEC-PercepNet, arXiv 2102.05245, keeps such a tail).
    """
    direct = int(np.abs(room_response).argmax())
    late = np.arange(len(room_response)) - (direct + EARLY_SAMPLES)
    decay = 10.0 ** (-3.0 * np.maximum(late, 0) / TAIL_T60_SAMPLES)
    result: Audio = (room_response * decay).astype(np.float32)
    return result


def change_distance(room_response: Audio, factor: float) -> Audio:
    """Scale the direct sound and the reflections of its first 20 ms by ``factor``."""
    changed = room_response.copy()
    direct = int(np.abs(room_response).argmax())
    changed[: direct + EARLY_SAMPLES] *= np.float32(factor)
    return changed


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
