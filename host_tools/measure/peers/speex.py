# SPDX-License-Identifier: Apache-2.0
"""The preprocessor of Speex (libspeexdsp as bundled with speexdsp-ns), by its C interface.

The package's own Python interface is not imported; this one sets the library up for 48 kHz.
"""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from host_tools.measure.peers.base import (
    Samples,
    by_frames,
    missing,
    package_folder,
    package_version,
    to_int16,
)

NAME = "speex"
PACKAGE = "speexdsp-ns"
MODULE = "speexdsp_ns"
RATE_HZ = 48_000
FRAME_SAMPLES = 480
DELAY_SAMPLES = 480  # one frame of overlap
SUPPRESSION_DB = -15

_SET_DENOISE = 0  # requests of speex_preprocess.h
_SET_NOISE_SUPPRESS = 18


class Speex:
    """Noise suppression of 15 dB, the library's default; nothing else of the preprocessor."""

    name = NAME
    delay_samples = DELAY_SAMPLES
    note = f"default suppression of {-SUPPRESSION_DB} dB at most"

    def __init__(self) -> None:
        folder = package_folder(MODULE, PACKAGE, NAME)
        libraries = [
            path
            for place in (folder.parent / f"{MODULE}.libs", folder / ".dylibs")
            for path in sorted(place.glob("libspeexdsp*"))
        ]
        if not libraries:
            raise missing(f"{PACKAGE} with its own libspeexdsp", NAME)
        self.version = package_version(PACKAGE)
        self.title = f"Speex preprocessor ({PACKAGE} {self.version})"
        self._library = ctypes.CDLL(str(libraries[0]))
        self._library.speex_preprocess_state_init.restype = ctypes.c_void_p
        self._library.speex_preprocess_state_destroy.argtypes = [ctypes.c_void_p]
        self._library.speex_preprocess_run.argtypes = [ctypes.c_void_p] * 2
        self._library.speex_preprocess_ctl.argtypes = [
            ctypes.c_void_p,
            ctypes.c_int,
            ctypes.c_void_p,
        ]

    def denoise(self, noisy: Samples) -> Samples:
        """See Denoiser."""
        state = self._library.speex_preprocess_state_init(FRAME_SAMPLES, RATE_HZ)
        if not state:
            raise MemoryError("no memory for Speex")

        def process(frame: NDArray[np.float32]) -> NDArray[np.float32]:
            in_place = frame.astype(np.int16)
            self._library.speex_preprocess_run(state, in_place.ctypes.data)
            return in_place.astype(np.float32)

        try:
            for request, value in ((_SET_DENOISE, 1), (_SET_NOISE_SUPPRESS, SUPPRESSION_DB)):
                setting = ctypes.c_int(value)
                self._library.speex_preprocess_ctl(state, request, ctypes.byref(setting))
            return to_int16(by_frames(noisy, FRAME_SAMPLES, DELAY_SAMPLES, process))
        finally:
            self._library.speex_preprocess_state_destroy(state)

    def close(self) -> None:
        """See Denoiser."""
