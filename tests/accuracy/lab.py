# SPDX-License-Identifier: Apache-2.0
"""Typed access to the accuracy entry points of the host library (firmware/lab/accuracy_lab.c)."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from host_tools.features import lab_library
from tests.reference.constants import BANDS, BINS, HOP, WINDOW, ComplexArray, FloatArray

Array = npt.NDArray[Any]
Q15 = 32768.0
Q20 = 1048576.0
Q7 = 128.0


@dataclass(frozen=True)
class Enhanced:
    """What the C signal path made of a clip; rows are arrival hops."""

    pcm: npt.NDArray[np.int16]
    """[frames*480] output as the library gives it."""
    unrounded: FloatArray
    """[frames*480] output before rounding to 16 bits (steps of 1/128)."""
    features: npt.NDArray[np.int16]
    """[frames, 70]"""


def _pointer(array: Array) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def reference_to(structure: ctypes.Structure) -> Any:
    """Argument that passes a structure by address."""
    return ctypes.byref(structure)


def to_q15(values: FloatArray) -> npt.NDArray[np.uint16]:
    """Nearest Q15 of numbers in [0, 1]."""
    return np.round(values * Q15).astype(np.uint16)


def enhance(
    pcm: npt.NDArray[np.int16],
    gain_q15: npt.NDArray[np.uint16],
    strength_q15: npt.NDArray[np.uint16],
    periods: Array | None = None,
    floor_q15: int = 0,
) -> Enhanced:
    """Run the C path; gains and strengths [frames, 34] stand in for the network."""
    frames = pcm.size // HOP
    samples = np.ascontiguousarray(pcm[: frames * HOP], dtype=np.int16)
    gains = np.ascontiguousarray(gain_q15, dtype=np.uint16)
    strengths = np.ascontiguousarray(strength_q15, dtype=np.uint16)
    assert gains.shape == strengths.shape == (frames, BANDS)
    forced = None if periods is None else np.ascontiguousarray(periods, dtype=np.int32)
    assert forced is None or forced.shape == (frames,)
    out, out_q7 = np.zeros(frames * HOP, np.int16), np.zeros(frames * HOP, np.int32)
    features = np.zeros((frames, 70), np.int16)
    status = lab_library().pn_lab_enhance(
        _pointer(samples),
        ctypes.c_int64(frames),
        None if forced is None else _pointer(forced),
        _pointer(gains),
        _pointer(strengths),
        ctypes.c_int32(floor_q15),
        _pointer(out),
        _pointer(out_q7),
        _pointer(features),
    )
    assert status == 0
    return Enhanced(out, out_q7 / Q7, features)


def fft_480(values: ComplexArray) -> ComplexArray:
    """The C transform of 480 complex numbers with whole parts."""
    re, im = values.real.astype(np.int32), values.imag.astype(np.int32)
    lab_library().pn_lab_fft_480(_pointer(re), _pointer(im))
    result: ComplexArray = re + 1j * im
    return result


def spectrum(window: npt.NDArray[np.int16]) -> ComplexArray:
    """Windowed spectrum (481) of 960 samples in PCM units."""
    assert window.shape == (WINDOW,)
    samples = np.ascontiguousarray(window)
    re, im = np.zeros(BINS, np.int32), np.zeros(BINS, np.int32)
    scale = lab_library().pn_lab_spectrum(_pointer(samples), _pointer(re), _pointer(im))
    result: ComplexArray = (re + 1j * im) / 2.0**scale
    return result


def envelope_postfilter(energies: FloatArray, gain_q20: Array) -> FloatArray:
    """Filtered gains (34) of one frame."""
    energy = energies.astype(np.uint64)
    gains, result = gain_q20.astype(np.int32), np.zeros(BANDS, np.int32)
    lab_library().pn_lab_envelope_postfilter(_pointer(energy), _pointer(gains), _pointer(result))
    return result / Q20


def apply(name: str, result_type: type[np.generic], *columns: tuple[Array, type]) -> Array:
    """Apply helper pn_lab_<name> element by element; columns are (values, NumPy type) pairs."""
    arrays: list[Array] = [np.ascontiguousarray(values, dtype=kind) for values, kind in columns]
    result = np.zeros(arrays[0].size, result_type)
    function = getattr(lab_library(), f"pn_lab_{name}")
    function(*map(_pointer, arrays), ctypes.c_int64(result.size), _pointer(result))
    return result
