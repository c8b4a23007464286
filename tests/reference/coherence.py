# SPDX-License-Identifier: Apache-2.0
"""Pitch coherence: cosine, per band, between the signal and its comb-filtered copy."""

from __future__ import annotations

import numpy as np

from tests.reference.bands import band_energies, band_sums
from tests.reference.constants import ComplexArray, FloatArray


def band_coherence(spectra: ComplexArray, combed: ComplexArray) -> FloatArray:
    """q_b in [-1, 1], shape (frames, 34); 0 where either energy is 0."""
    cross = band_sums((spectra * combed.conj()).real)
    level = np.sqrt(band_energies(spectra) * band_energies(combed))
    ratio = np.divide(cross, level, out=np.zeros_like(cross), where=level > 0)
    return np.clip(ratio, -1.0, 1.0)
