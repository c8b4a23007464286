# SPDX-License-Identifier: Apache-2.0
"""The C library's network on features, through the host's library of internal entry points."""

from __future__ import annotations

import ctypes

import numpy as np
import numpy.typing as npt

from host_tools.errors import DataError
from host_tools.features import lab_library
from host_tools.kernels import KERNEL_NAMES
from host_tools.network.profile import BANDS
from host_tools.quantize.integer_model import IntegerOutput

_DIGEST_CHARS = 64


class CNetwork:
    """An image in one of KERNEL_NAMES, by default the best that this computer runs.

    Raises DataError for a bad image and for kernels that this computer cannot run.
    """

    def __init__(self, image: bytes, kernel: str = "auto") -> None:
        self._handle = ctypes.c_void_p()
        self._library = lab_library()
        create = self._library.pn_lab_network_create
        create.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_void_p)
        number = KERNEL_NAMES.index(kernel)
        status = create(image, len(image), number, ctypes.byref(self._handle))
        if status != 0:
            raise DataError(f"the C library refuses the model image (status {status})")

    def __del__(self) -> None:
        if self._handle:
            self._library.pn_lab_network_destroy(self._handle)

    @property
    def state_bytes(self) -> int:
        """Memory of the network's state."""
        function = self._library.pn_lab_network_bytes
        function.restype = ctypes.c_size_t
        return int(function(self._handle))

    @property
    def digest(self) -> str:
        """SHA-256 of the model as the library gives it, in hexadecimal digits."""
        function = self._library.pn_lab_network_digest
        function.restype = ctypes.c_char_p
        found: bytes = function(self._handle, ctypes.create_string_buffer(_DIGEST_CHARS + 1))
        return found.decode()

    def reset(self) -> None:
        """Forget all history."""
        self._library.pn_lab_network_reset(self._handle)

    def run(self, features: npt.NDArray[np.int16], frames_per_call: int = 1) -> IntegerOutput:
        """Run int16 features [T, 70] after those of the last run, 1 or 2 frames a call."""
        rows = np.ascontiguousarray(features, np.int16)
        gain_q15, strength_q15 = (np.zeros((len(rows), BANDS), np.int16) for _ in range(2))
        voice_q15 = np.zeros(len(rows), np.int32)
        self._library.pn_lab_network_run(
            self._handle,
            rows.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int(len(rows)),
            ctypes.c_int(frames_per_call),
            *(a.ctypes.data_as(ctypes.c_void_p) for a in (gain_q15, strength_q15, voice_q15)),
        )
        return IntegerOutput(gain_q15, strength_q15, voice_q15)
