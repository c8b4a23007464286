# SPDX-License-Identifier: Apache-2.0
"""How close speech is to its clean original: SI-SDR, PESQ-WB and STOI.

PESQ and STOI come from optional packages (extra "quality"); a metric whose package is not
installed, or that is not defined for a clip, is None.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.int16]

SAMPLE_RATE_HZ = 48_000
PESQ_RATE_HZ = 16_000
FULL_SCALE = 32768.0


@dataclass(frozen=True)
class Metric:
    """One metric of the noisy input (``before``) and of the output (``after``)."""

    before: float | None
    after: float | None

    @property
    def gain(self) -> float | None:
        """after - before, or None when either is unknown."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


@dataclass(frozen=True)
class Quality:
    """Metrics by name, and why one is missing."""

    metrics: dict[str, Metric]
    notes: tuple[str, ...]


def si_sdr_db(reference: Samples, estimate: Samples) -> float | None:
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al., ICASSP 2019).

    Both int16 [samples] of one length. None where it is undefined: a silent reference, a
    silent estimate, or an estimate that is an exact multiple of the reference.
    """
    clean = reference.astype(np.float64) - reference.mean(dtype=np.float64)
    other = estimate.astype(np.float64) - estimate.mean(dtype=np.float64)
    energy = float(clean @ clean)
    if energy == 0.0 or not np.any(other):
        return None
    target = (float(other @ clean) / energy) * clean
    error = other - target
    target_energy, error_energy = float(target @ target), float(error @ error)
    # Rounding noise of the projection is no distortion.
    if error_energy <= 1e-20 * target_energy or target_energy == 0.0:
        return None
    return 10.0 * float(np.log10(target_energy / error_energy))


def pesq_wb(reference: Samples, estimate: Samples) -> float | None:
    """Wide-band PESQ (ITU-T P.862.2, MOS-LQO 1.04..4.64) after resampling to 16 kHz.

    None when the metric finds no speech in it. Raises ImportError without the pesq package.
    """
    import pesq

    clean = soxr.resample(reference / FULL_SCALE, SAMPLE_RATE_HZ, PESQ_RATE_HZ, quality="VHQ")
    other = soxr.resample(estimate / FULL_SCALE, SAMPLE_RATE_HZ, PESQ_RATE_HZ, quality="VHQ")
    if not np.any(clean) or not np.any(other):
        return None
    try:
        return float(pesq.pesq(PESQ_RATE_HZ, clean, other, "wb"))
    except (pesq.NoUtterancesError, pesq.BufferTooShortError):
        return None


def stoi(reference: Samples, estimate: Samples) -> float | None:
    """Short-time objective intelligibility, 0..1 (Taal et al., 2011).

    None for a silent or too short clip. Raises ImportError without the pystoi package.
    """
    import pystoi

    if not np.any(reference) or len(reference) < SAMPLE_RATE_HZ:
        return None
    return float(
        pystoi.stoi(reference / FULL_SCALE, estimate / FULL_SCALE, SAMPLE_RATE_HZ, extended=False)
    )


_METRICS: dict[str, Callable[[Samples, Samples], float | None]] = {
    "si_sdr_db": si_sdr_db,
    "pesq_wb": pesq_wb,
    "stoi": stoi,
}


def quality(reference: Samples, noisy: Samples, enhanced: Samples) -> Quality:
    """All metrics of ``noisy`` and ``enhanced`` against ``reference``.

    Three int16 mono 48 kHz clips of one length, aligned in time (delay removed).
    """
    if not len(reference) == len(noisy) == len(enhanced):
        raise ValueError(f"lengths {len(reference)}, {len(noisy)}, {len(enhanced)} differ")
    metrics: dict[str, Metric] = {}
    notes = []
    for name, measure in _METRICS.items():
        try:
            metrics[name] = Metric(measure(reference, noisy), measure(reference, enhanced))
        except ImportError as error:
            metrics[name] = Metric(None, None)
            notes.append(f"{name} unknown: {error.name} is not installed (extra 'quality')")
            continue
        if metrics[name].gain is None:
            notes.append(f"{name} unknown: not defined for this clip")
    return Quality(metrics, tuple(notes))
