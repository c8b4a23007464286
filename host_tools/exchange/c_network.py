# SPDX-License-Identifier: Apache-2.0
"""The C library's network on features, through the host's library of internal entry points."""

from __future__ import annotations

import ctypes

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError
from host_tools.features import lab_library
from host_tools.network.profile import BANDS

_AUTOMATIC = 0
_Q15_ONE = 32768.0

FloatArray = npt.NDArray[np.float64]


class CNetwork:
    """An image in the kernels that this computer runs best. Raises DataError for a bad image."""

    def __init__(self, image: bytes) -> None:
        self._handle = ctypes.c_void_p()
        self._library = lab_library()
        create = self._library.pn_lab_network_create
        create.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p)
        status = create(image, len(image), _AUTOMATIC, ctypes.byref(self._handle))
        if status != 0:
            raise DataError(f"the C library refuses the model image (status {status})")

    def __del__(self) -> None:
        if self._handle:
            self._library.pn_lab_network_destroy(self._handle)

    def run(self, features: npt.NDArray[np.int16]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Gains [T, 34], strengths [T, 34] and voice [T], in 0..1, of int16 features [T, 70]."""
        rows = np.ascontiguousarray(features, np.int16)
        gain, strength = (np.zeros((len(rows), BANDS), np.uint16) for _ in range(2))
        voice = np.zeros(len(rows), np.int32)
        self._library.pn_lab_network_reset(self._handle)
        self._library.pn_lab_network_run(
            self._handle,
            rows.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int(len(rows)),
            ctypes.c_int(1),
            *(array.ctypes.data_as(ctypes.c_void_p) for array in (gain, strength, voice)),
        )
        return gain / _Q15_ONE, strength / _Q15_ONE, voice / _Q15_ONE
