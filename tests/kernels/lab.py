# SPDX-License-Identifier: Apache-2.0
"""The C network and its kernels, called from Python through the host library."""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_int, c_size_t, c_uint32, c_void_p
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.features import BANDS, lab_library

KERNELS = {"scalar": 1, "neon": 2, "dotprod": 3, "i8mm": 4, "avx2": 5, "avx512vnni": 6}

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


@dataclass(frozen=True)
class NetworkOutput:
    """Q15 outputs of T frames: gain and strength [T, 34], voice [T]."""

    gain_q15: npt.NDArray[np.uint16]
    strength_q15: npt.NDArray[np.uint16]
    voice_q15: npt.NDArray[np.int32]


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


class CNetwork:
    """The C network on an image, with a forced kernel (default: scalar)."""

    def __init__(self, image: bytes, kernel: str = "scalar") -> None:
        self._library = lab_library()
        self._handle = c_void_p()
        create = self._library.pn_lab_network_create
        create.argtypes = (c_char_p, c_size_t, c_int, POINTER(c_void_p))
        status = create(image, len(image), KERNELS[kernel], ctypes.byref(self._handle))
        if status != 0:
            raise ValueError(f"pn_lab_network_create: status {status}")

    def __del__(self) -> None:
        self._library.pn_lab_network_destroy(self._handle)

    @property
    def state_bytes(self) -> int:
        """Memory of the network state."""
        function = self._library.pn_lab_network_bytes
        function.restype = c_size_t
        return int(function(self._handle))

    @property
    def digest(self) -> str:
        """Model digest as the library gives it."""
        function = self._library.pn_lab_network_digest
        function.restype = c_char_p
        out = ctypes.create_string_buffer(65)
        digest: bytes = function(self._handle, out)
        return digest.decode()

    def reset(self) -> None:
        """Forget all history."""
        self._library.pn_lab_network_reset(self._handle)

    def run(self, features: npt.NDArray[np.int16], frames_per_call: int = 1) -> NetworkOutput:
        """Run int16 features [T, 70]."""
        features = np.ascontiguousarray(features, np.int16)
        frames = len(features)
        out = NetworkOutput(
            np.zeros((frames, BANDS), np.uint16),
            np.zeros((frames, BANDS), np.uint16),
            np.zeros(frames, np.int32),
        )
        self._library.pn_lab_network_run(
            self._handle,
            pointer(features),
            c_int(frames),
            c_int(frames_per_call),
            pointer(out.gain_q15),
            pointer(out.strength_q15),
            pointer(out.voice_q15),
        )
        return out
