# SPDX-License-Identifier: Apache-2.0
"""The C kernels and the model parser, called from Python through the host library."""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_size_t, c_uint32, c_void_p

import numpy as np
import numpy.typing as npt

from host_tools.features import lab_library
from host_tools.kernels import KERNEL_NAMES

KERNELS = {name: number for number, name in enumerate(KERNEL_NAMES) if name != "auto"}

GEMV = CFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_int, c_int)
GEMV2 = CFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_int, c_int)
SPARSE = CFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p, c_int)
SPARSE2 = CFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_void_p, c_int)
REQUANTISE = CFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p, c_int, c_int, c_int)
ELEMENTWISE = CFUNCTYPE(None, c_void_p, c_void_p, c_int)


class GruScales(ctypes.Structure):
    """pn_gru_scales."""

    _fields_ = (
        ("input_multiplier", c_void_p),
        ("input_bias_q12", c_void_p),
        ("recurrent_multiplier", c_void_p),
        ("recurrent_bias_q12", c_void_p),
    )


GRU = CFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p, POINTER(GruScales), c_int)


class KernelTable(ctypes.Structure):
    """The network's part of pn_kernels."""

    _fields_ = (
        ("id", c_int),
        ("name", c_char_p),
        ("gemv_s8", GEMV),
        ("gemv2_s8", GEMV2),
        ("gemv_sparse_s8", SPARSE),
        ("gemv2_sparse_s8", SPARSE2),
        ("gemv_s8_s16", GEMV),
        ("requantise", REQUANTISE),
        ("tanh_q15", ELEMENTWISE),
        ("sigmoid_q15", ELEMENTWISE),
        ("quantise_x8", ELEMENTWISE),
        ("gru_update", GRU),
    )


def pointer(array: npt.NDArray[np.generic]) -> c_void_p:
    """Address of a contiguous array's first element."""
    assert array.flags.c_contiguous
    return c_void_p(array.ctypes.data)


def available_kernels() -> list[str]:
    """Families that this build and this CPU can run, scalar first."""
    return [name for name, number in KERNELS.items() if select_status(number) == 0]


def select_status(number: int) -> int:
    """pn_status of pn_kernels_select."""
    return int(lab_library().pn_lab_kernel_status(c_int(number)))


def kernel_table(name: str) -> KernelTable:
    """The function table of one family."""
    function = lab_library().pn_lab_kernels
    function.restype = POINTER(KernelTable)
    table: KernelTable = function(KERNELS[name]).contents
    return table


def parse_status(image: bytes) -> int:
    """pn_status of pn_model_parse; the image is copied so that no byte behind it is readable."""
    function = lab_library().pn_lab_model_parse
    function.argtypes = (c_char_p, c_size_t)
    return int(function(image, len(image)))


def crc32(data: bytes, start: int = 0) -> int:
    """pn_crc32 of data, going on from start."""
    function = lab_library().pn_lab_crc32
    function.argtypes = (c_uint32, c_char_p, c_size_t)
    function.restype = c_uint32
    return int(function(start, data, len(data)))
