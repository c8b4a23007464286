# SPDX-License-Identifier: Apache-2.0
"""34 triangular bands one ERB apart, at least 100 Hz wide, 0 to 20 kHz.

Source: the recursion Valin published for the 20 ms bands of RNNoise; the point at 0 Hz is dropped
and its weight goes to the first band.
"""

from __future__ import annotations

import numpy as np

from tests.reference.constants import BANDS, BINS, WINDOW, ComplexArray, FloatArray, IntArray

TOP_BIN = 400
_BIN_HZ = 48_000 / WINDOW


def band_centres() -> IntArray:
    """Bins of the 34 band centres, 2 to 400 (bin = 50 Hz)."""
    points = [TOP_BIN]
    while len(points) < BANDS:
        kilohertz = points[-1] * _BIN_HZ / 1000
        erb_bins = round(24.7 * (4.37 * kilohertz + 1) / _BIN_HZ)
        points.append(points[-1] - max(2, erb_bins))
    return np.array(points[::-1], dtype=np.int64)


def band_weights() -> FloatArray:
    """Triangles of shape (34, 481); each bin 0..400 sums to 1 over the bands, above it is 0."""
    centres = band_centres().astype(np.float64)
    bins = np.arange(BINS, dtype=np.float64)
    weights = np.stack([np.interp(bins, centres, row) for row in np.eye(BANDS)])
    weights[:, TOP_BIN + 1 :] = 0.0
    return weights


def band_sums(bin_values: FloatArray) -> FloatArray:
    """Triangle-weighted sums (..., 34) of a quantity per bin (..., 481)."""
    sums: FloatArray = bin_values @ band_weights().T
    return sums


def band_energies(spectra: ComplexArray) -> FloatArray:
    """E_b = sum over bins of triangle times |Y|^2, in squared units of the unnormalised FFT."""
    return band_sums(np.abs(spectra) ** 2)


def interpolate_bands(band_values: FloatArray) -> FloatArray:
    """Per-bin values (..., 481): linear between centres, constant outside them."""
    per_bin = band_values @ band_weights()
    per_bin[..., TOP_BIN + 1 :] = band_values[..., -1:]
    return per_bin
