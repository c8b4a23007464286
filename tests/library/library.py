# SPDX-License-Identifier: Apache-2.0
"""percepnet.h through ctypes, and small models to run it with."""

from __future__ import annotations

import ctypes
from ctypes import Structure, byref, c_char_p, c_int, c_int32, c_size_t, c_uint16, c_void_p

import numpy as np
import numpy.typing as npt

from host_tools.features import BANDS, lab_library
from host_tools.network.checkpoint import Checkpoint
from host_tools.network.profile import Profile
from host_tools.quantize.image import write_image
from host_tools.quantize.weights import quantize_checkpoint

Samples = npt.NDArray[np.int16]

FRAME = 480
SMALL = Profile(
    name="small", fc=32, conv1=48, conv2=32, gru=32, gru_gb=48, gru_rb=16, conv1_kernel=5
)


class Config(Structure):
    """pn_config."""

    _fields_ = (
        ("struct_size", c_size_t),
        ("model_image", c_void_p),
        ("model_bytes", c_size_t),
        ("kernel", c_int),
    )
    image: AlignedBytes


class FrameInfo(Structure):
    """pn_frame_info."""

    _fields_ = (
        ("voice_probability_q15", c_int32),
        ("pitch_period_samples", c_int32),
        ("pitch_correlation_q15", c_int32),
        ("gain_q15", c_uint16 * BANDS),
        ("strength_q15", c_uint16 * BANDS),
    )


def api() -> ctypes.CDLL:
    """The library with the return types that are not int."""
    library = lab_library()
    library.pn_state_size.restype = c_size_t
    for name in ("pn_version", "pn_kernel_name", "pn_model_digest", "pn_error_string"):
        getattr(library, name).restype = c_char_p
    return library


def random_image(seed: int = 1, profile: Profile = SMALL, gain_bias: float = 0.0) -> bytes:
    """A model image with random weights; gain_bias moves all gains towards 1 (or 0)."""
    generator = np.random.default_rng(seed)
    tensors: dict[str, npt.NDArray[np.float32]] = {}
    for name, shape in profile.tensor_shapes().items():
        scale = 0.3 if name.endswith("bias") else 1.5 / np.sqrt(shape[-1])
        tensors[name] = (generator.standard_normal(shape) * scale).astype(np.float32)
    tensors["feature_mean"] = np.r_[
        np.full(BANDS, 9000.0), np.full(BANDS, 15000.0), 300.0, 15000.0
    ].astype(np.float32)
    tensors["feature_std"] = np.r_[
        np.full(BANDS, 3000.0), np.full(BANDS, 8000.0), 150.0, 9000.0
    ].astype(np.float32)
    tensors["fc_gb.bias"] += np.float32(gain_bias)
    return write_image(quantize_checkpoint(Checkpoint(profile, tensors)))


class AlignedBytes:
    """A copy of bytes at a 64-byte boundary, as an embedded or mapped image is."""

    def __init__(self, content: bytes, offset: int = 0) -> None:
        self._buffer = ctypes.create_string_buffer(len(content) + 128)
        start = ctypes.addressof(self._buffer)
        self.address = start + (-start) % 64 + offset
        self.size = len(content)
        ctypes.memmove(self.address, content, len(content))


class Percepnet:
    """One pn_state from pn_create."""

    def __init__(self, image: bytes, kernel: int = 0) -> None:
        self._api = api()
        self._image = AlignedBytes(image)
        self.state = c_void_p()
        config = make_config(self._image, kernel)
        status = self._api.pn_create(byref(config), byref(self.state))
        if status != 0:
            raise ValueError(f"pn_create: {self._api.pn_error_string(status).decode()}")

    def __del__(self) -> None:
        self._api.pn_destroy(self.state)

    def call(self, name: str, *arguments: object) -> int:
        """Status of a function that takes the state first."""
        return int(getattr(self._api, name)(self.state, *arguments))

    def frames(self, samples: Samples) -> Samples:
        """Through pn_process_frame."""
        return self._blocks("pn_process_frame", samples, FRAME)

    def packets(self, samples: Samples) -> Samples:
        """Through pn_process_packet; an even number of frames."""
        return self._blocks("pn_process_packet", samples, 2 * FRAME)

    def _blocks(self, function: str, samples: Samples, block: int) -> Samples:
        out = np.empty_like(samples)
        for start in range(0, len(samples), block):
            arguments = pointer(samples[start:]), pointer(out[start:]), None
            assert self.call(function, *arguments) == 0
        return out

    def any_blocks(self, samples: Samples, sizes: list[int]) -> Samples:
        """Through pn_process in blocks of the given sizes, the last one repeated."""
        out = np.empty_like(samples)
        start = 0
        for index in range(len(samples)):
            size = min(sizes[min(index, len(sizes) - 1)], len(samples) - start)
            arguments = pointer(samples[start:]), pointer(out[start:]), c_size_t(size)
            assert self.call("pn_process", *arguments) == 0
            start += size
            if start == len(samples):
                break
        return out


def make_config(image: AlignedBytes, kernel: int = 0) -> Config:
    """A config for an image in memory."""
    config = Config(ctypes.sizeof(Config), image.address, image.size, kernel)
    config.image = image  # keeps the memory alive
    return config


def pointer(array: npt.NDArray[np.generic]) -> c_void_p:
    """Address of the first element."""
    return c_void_p(array.ctypes.data)
