# SPDX-License-Identifier: Apache-2.0
"""A LADSPA host in a few lines of ctypes, and the plugin in it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_float, c_int, c_ulong, c_void_p
from itertools import cycle
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.needs import ROOT, need

Floats = npt.NDArray[np.float32]
Samples = npt.NDArray[np.int16]

INPUT, OUTPUT, LIMIT, GATE, LATENCY, VOICE = range(6)
CALL = CFUNCTYPE(None, c_void_p)


class RangeHint(Structure):
    """LADSPA_PortRangeHint."""

    _fields_ = (("hint", c_int), ("lower", c_float), ("upper", c_float))


class Descriptor(Structure):
    """LADSPA_Descriptor of version 1.1."""

    _fields_ = (
        ("unique_id", c_ulong),
        ("label", c_char_p),
        ("properties", c_int),
        ("name", c_char_p),
        ("maker", c_char_p),
        ("copyright", c_char_p),
        ("port_count", c_ulong),
        ("port_descriptors", POINTER(c_int)),
        ("port_names", POINTER(c_char_p)),
        ("port_hints", POINTER(RangeHint)),
        ("implementation_data", c_void_p),
        ("instantiate", CFUNCTYPE(c_void_p, c_void_p, c_ulong)),
        ("connect_port", CFUNCTYPE(None, c_void_p, c_ulong, c_void_p)),
        ("activate", CALL),
        ("run", CFUNCTYPE(None, c_void_p, c_ulong)),
        ("run_adding", c_void_p),
        ("set_run_adding_gain", c_void_p),
        ("deactivate", c_void_p),
        ("cleanup", CALL),
    )


def plugin_path(preset: str = "host") -> Path:
    """The plugin of a preset; without it the test is skipped."""
    path = ROOT / "build" / preset / "firmware" / "percepnet_ladspa.so"
    hint = "apt-get install ladspa-sdk, then make build"
    need(path.exists(), f"{path.relative_to(ROOT)} is not built ({hint})")
    return path


def descriptor() -> Descriptor:
    """What the plugin says of itself."""
    describe = ctypes.CDLL(str(plugin_path())).ladspa_descriptor
    describe.restype = POINTER(Descriptor)
    describe.argtypes = (c_ulong,)
    assert not describe(1)
    found: Descriptor = describe(0).contents
    return found


class Instance:
    """One activated instance with its control ports connected."""

    def __init__(self, limit_db: float = 100.0, gate: float = 0.0) -> None:
        self._plugin = descriptor()
        self._handle = self._plugin.instantiate(ctypes.addressof(self._plugin), 48_000)
        assert self._handle
        self.controls = np.full(VOICE + 1, -1.0, np.float32)
        self.controls[[LIMIT, GATE]] = limit_db, gate
        for port in (LIMIT, GATE, LATENCY, VOICE):
            self._connect(port, self.controls[port:])
        self.activate()

    def __del__(self) -> None:
        self._plugin.cleanup(self._handle)

    def activate(self) -> None:
        """Start anew."""
        self._plugin.activate(self._handle)

    def _connect(self, port: int, memory: Floats) -> None:
        self._plugin.connect_port(self._handle, port, memory.ctypes.data)

    def disconnect(self, port: int) -> None:
        """Leave a port without memory."""
        self._plugin.connect_port(self._handle, port, None)

    def run(self, samples: Floats, sizes: Iterable[int] = (480,), in_place: bool = False) -> Floats:
        """Samples through run() in blocks of the given sizes, again and again."""
        source = samples.copy()
        out = source if in_place else np.full_like(samples, np.nan)
        start = 0
        for size in cycle(sizes):
            block = min(size, len(samples) - start)
            self._connect(INPUT, source[start:])
            self._connect(OUTPUT, out[start:])
            self._plugin.run(self._handle, block)
            start += block
            if start == len(samples):
                return out
        raise AssertionError("no block size")

    def voice(self, samples: Floats) -> Floats:
        """The voice probability after each hop of 480 samples."""
        probabilities = []
        for start in range(0, len(samples), 480):
            self.run(samples[start : start + 480])
            probabilities.append(self.controls[VOICE])
        return np.array(probabilities, np.float32)


def to_float(samples: Samples) -> Floats:
    """Full scale is 1."""
    floats: Floats = samples.astype(np.float32) / np.float32(32768)
    return floats


def to_int16(samples: Floats) -> Samples:
    """The 16-bit samples that a plugin's output stands for, none rounded."""
    scaled = samples * np.float32(32768)
    assert np.array_equal(scaled, np.round(scaled))
    rounded: Samples = scaled.astype(np.int16)
    return rounded
