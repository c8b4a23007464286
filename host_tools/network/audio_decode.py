# SPDX-License-Identifier: Apache-2.0
"""One audio file as mono 48 kHz int16, a block at a time, so that an hour needs little memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from host_tools.audio import RATE_MAX_HZ, RATE_MIN_HZ
from host_tools.network.recording import FULL_BANDWIDTH_HZ, SAMPLE_RATE, CacheError

Int16Array = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]

BLOCK_SAMPLES = 1 << 20
ROOM_PEAK = 0.99
MIN_SECONDS = {"speech": 0.3, "noise": 0.1, "room": 0.0}
MIN_PEAK = 33
"""-60 dBFS: what is quieter has five bits."""


def decode_file(path: Path, kind: str) -> tuple[Int16Array, float]:
    """Return the samples of a file and half its sample rate, at most 24000, in Hz.

    Channels are averaged; of a room response the first is taken and scaled to a peak of 0.99.
    Raises CacheError for what is no audio or holds no finite numbers.
    """
    try:
        with soundfile.SoundFile(path) as stream:
            rate = stream.samplerate
            if not RATE_MIN_HZ <= rate <= RATE_MAX_HZ:
                raise ValueError(f"a sample rate of {rate} Hz")
            blocks = _resampled(_mono(stream, kind), rate)
            if kind == "room":
                samples = _to_int16(_scaled(list(blocks)))
            else:
                parts = [_to_int16(block) for block in blocks]
                samples = np.concatenate([np.zeros(0, np.int16), *parts])
    except (OSError, soundfile.SoundFileError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).strip().rstrip(".")
        raise CacheError(f"{path}: cannot be decoded ({reason}); check the file") from error
    return samples, min(rate / 2.0, FULL_BANDWIDTH_HZ)


def check_usable(samples: Int16Array, kind: str) -> str:
    """Return why nothing can be learnt from the samples, or an empty string."""
    seconds = len(samples) / SAMPLE_RATE
    if seconds < MIN_SECONDS[kind] or not len(samples):
        return f"too short ({seconds:.2f} s, {MIN_SECONDS[kind]} s are needed)"
    if max(int(samples.max()), -int(samples.min())) < MIN_PEAK:
        return "silent (below -60 dBFS throughout)"
    return ""


def _mono(stream: Any, kind: str) -> Iterator[Floats]:
    for block in stream.blocks(BLOCK_SAMPLES, dtype="float32", always_2d=True):
        if not np.isfinite(block).all():
            raise ValueError("it holds values that are no numbers")
        yield block[:, 0] if kind == "room" else block.mean(axis=1)


def _resampled(blocks: Iterator[Floats], rate: int) -> Iterator[Floats]:
    if rate == SAMPLE_RATE:
        yield from blocks
        return
    import soxr

    resampler = soxr.ResampleStream(rate, SAMPLE_RATE, 1, dtype="float32")
    for block in blocks:
        yield resampler.resample_chunk(np.ascontiguousarray(block))
    yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)


def _scaled(blocks: list[Floats]) -> Floats:
    response = np.concatenate([np.zeros(0, np.float32), *blocks])
    peak = max(float(np.abs(response).max(initial=0.0)), 1e-9)
    return response * np.float32(ROOM_PEAK / peak)


def _to_int16(audio: Floats) -> Int16Array:
    return np.clip(np.rint(audio * 32768.0), -32768, 32767).astype(np.int16)
