# SPDX-License-Identifier: Apache-2.0
"""Pitch filter and band rescale: mix in the comb-filtered signal, then set every band's level."""

from __future__ import annotations

import numpy as np

from tests.reference.bands import band_energies, interpolate_bands
from tests.reference.constants import ComplexArray, FloatArray

MAX_LEVEL_RATIO = 2.0


def level_ratio(wanted_energy: FloatArray, energy: FloatArray) -> FloatArray:
    """min(2, sqrt(wanted/energy)); 1 where both are 0."""
    quotient = np.divide(wanted_energy, energy, out=np.zeros_like(energy), where=energy > 0)
    without_energy = np.where(wanted_energy > 0, MAX_LEVEL_RATIO, 1.0)
    return np.where(energy > 0, np.minimum(MAX_LEVEL_RATIO, np.sqrt(quotient)), without_energy)


def mix_pitch(spectra: ComplexArray, combed: ComplexArray, strengths: FloatArray) -> ComplexArray:
    """Z = (1-r) Y + r c P per bin, c bringing each band of P to the level of Y."""
    match = level_ratio(band_energies(spectra), band_energies(combed))
    direct = interpolate_bands(1.0 - strengths)
    periodic = interpolate_bands(strengths * match)
    return direct * spectra + periodic * combed


def rescale_bands(
    mixed: ComplexArray, spectra: ComplexArray, band_gains: FloatArray
) -> ComplexArray:
    """Bring each band of Z to ``band_gains`` times the level of Y (raising it by at most 6 dB)."""
    restore = level_ratio(band_energies(spectra), band_energies(mixed))
    return interpolate_bands(band_gains * restore) * mixed
