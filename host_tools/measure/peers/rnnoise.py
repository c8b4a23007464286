# SPDX-License-Identifier: Apache-2.0
"""RNNoise 0.2 as bundled with pyrnnoise, by its C interface.

pyrnnoise's own Python interface is not imported: it brings audio and plotting libraries.
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

NAME = "rnnoise"
PACKAGE = "pyrnnoise"
FRAME_SAMPLES = 480
DELAY_SAMPLES = 960  # one frame of overlap and one of lookahead


class RNNoise:
    """The model that is built into the library; 48 kHz, int16 scale."""

    name = NAME
    delay_samples = DELAY_SAMPLES
    note = "high-pass at the input: SI-SDR pays for its phase"

    def __init__(self) -> None:
        folder = package_folder(PACKAGE, PACKAGE, NAME)
        libraries = [
            path
            for path in folder.iterdir()
            if path.stem in ("librnnoise", "rnnoise") and path.suffix in (".so", ".dylib", ".dll")
        ]
        if not libraries:
            raise missing(f"the library of {PACKAGE}", NAME)
        self.version = package_version(PACKAGE)
        self.title = f"RNNoise 0.2 ({PACKAGE} {self.version})"
        self._library = ctypes.CDLL(str(libraries[0]))
        self._library.rnnoise_create.argtypes = [ctypes.c_void_p]
        self._library.rnnoise_create.restype = ctypes.c_void_p
        self._library.rnnoise_destroy.argtypes = [ctypes.c_void_p]
        self._library.rnnoise_process_frame.argtypes = [ctypes.c_void_p] * 3
        self._library.rnnoise_process_frame.restype = ctypes.c_float

    def denoise(self, noisy: Samples) -> Samples:
        """See Denoiser."""
        state = self._library.rnnoise_create(None)
        if not state:
            raise MemoryError("no memory for RNNoise")

        def process(frame: NDArray[np.float32]) -> NDArray[np.float32]:
            out = np.empty(FRAME_SAMPLES, np.float32)
            self._library.rnnoise_process_frame(state, out.ctypes.data, frame.ctypes.data)
            return out

        try:
            return to_int16(by_frames(noisy, FRAME_SAMPLES, DELAY_SAMPLES, process))
        finally:
            self._library.rnnoise_destroy(state)

    def close(self) -> None:
        """See Denoiser."""
