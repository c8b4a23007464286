# SPDX-License-Identifier: Apache-2.0
"""Clips in a page: without loss while they are few, and the same bytes every time."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from host_tools.report import embedded_audio
from host_tools.report.embedded_audio import encode_audio, with_fixed_serial

RATE_HZ = 48_000


def noise(seed: int, seconds: float) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.rint(random.normal(0.0, 3000.0, int(seconds * RATE_HZ))).astype(np.int16)


def test_few_clips_are_kept_to_the_bit() -> None:
    clips = [noise(1, 0.5), noise(2, 0.7)]
    encoded = encode_audio(clips)
    assert encoded.media_type == "audio/flac"
    for clip, file in zip(clips, encoded.files, strict=True):
        assert np.array_equal(soundfile.read(io.BytesIO(file), dtype="int16")[0], clip)


LIMIT_BYTES = 200_000


def test_when_they_grow_too_large_all_are_opus_and_in_time() -> None:
    clips = [noise(seed, 2.0) for seed in range(3)]
    encoded = encode_audio(clips, LIMIT_BYTES)
    assert encoded.media_type == "audio/ogg" and "Opus" in encoded.format_text
    assert len(encoded.files) == 3
    for clip, file in zip(clips, encoded.files, strict=True):
        assert len(file) < 2.0 * embedded_audio.OPUS_KBPS * 1000 / 8 * 1.2
        heard, rate_hz = soundfile.read(io.BytesIO(file), dtype="int16")
        assert rate_hz == RATE_HZ and abs(len(heard) - len(clip)) <= 960
        short = min(len(heard), len(clip))
        assert np.corrcoef(heard[:short], clip[:short])[0, 1] > 0.8


def test_encoding_twice_gives_the_same_bytes() -> None:
    clips = [noise(3, 1.0)] * 4
    first = encode_audio(clips, LIMIT_BYTES)
    assert first.media_type == "audio/ogg" and first == encode_audio(clips, LIMIT_BYTES)
    assert len(set(first.files)) == 1


def test_a_new_stream_number_comes_with_the_checksum_that_readers_demand() -> None:
    stream = io.BytesIO()
    soundfile.write(stream, noise(4, 3.0), RATE_HZ, format="OGG", subtype="OPUS")
    before = stream.getvalue()
    after = with_fixed_serial(before)
    assert after != before and with_fixed_serial(after) == after
    assert np.array_equal(
        soundfile.read(io.BytesIO(before))[0], soundfile.read(io.BytesIO(after))[0]
    )
    broken = bytearray(after)
    broken[22] ^= 1
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.read(io.BytesIO(bytes(broken)))
