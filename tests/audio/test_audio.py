# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import stat
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.audio import (
    Audio,
    AudioFormat,
    from_int16,
    read_audio,
    read_mono,
    resample,
    to_int16,
    write_audio,
)
from host_tools.errors import DataError
from host_tools.files import whole_file

SUBTYPES = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")


def some_audio(frames: int, channels: int) -> np.ndarray:
    return np.random.default_rng(3).uniform(-1, 1, (frames, channels))


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize("container", ["WAV", "WAVEX", "RF64"])
def test_every_width_is_read_and_written_without_changing_a_bit(
    tmp_path: Path, subtype: str, container: str
) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    soundfile.write(source, some_audio(777, 3), 44_100, subtype, format=container)
    write_audio(target, read_audio(source))
    before, after = soundfile.info(source), soundfile.info(target)
    assert (after.subtype, after.format, after.samplerate) == (subtype, container, 44_100)
    assert (before.channels, before.frames) == (after.channels, after.frames)
    one, _ = soundfile.read(source)
    two, _ = soundfile.read(target)
    assert np.array_equal(one, two)


@given(st.integers(-32768, 32767))
def test_sixteen_bits_survive_the_way_through_floats(value: int) -> None:
    samples = np.array([value], np.int16)
    assert to_int16(from_int16(samples))[0] == value


@given(st.floats(-4, 4))
def test_conversion_to_sixteen_bits_rounds_to_the_nearest_and_clips(value: float) -> None:
    got = int(to_int16(np.array([value]))[0])
    assert abs(got - np.clip(value * 32768, -32768, 32767)) <= 0.5


def test_clipped_and_silent_audio_is_accepted(tmp_path: Path) -> None:
    for level in (0.0, 1.0, -1.0, 7.5):
        path = tmp_path / "a.wav"
        soundfile.write(path, np.full(960, level), 48_000, "FLOAT")
        mono = read_mono(path)
        assert mono[0] == np.clip(round(level * 32768), -32768, 32767)
        assert len(mono) == 960


def test_a_file_that_cannot_be_used_is_a_one_line_data_error(bad_file: tuple[Path, str]) -> None:
    path, pattern = bad_file
    with pytest.raises(DataError, match=pattern) as caught:
        read_audio(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_place_of_a_nan_is_told(tmp_path: Path) -> None:
    samples = np.zeros((100, 2), np.float32)
    samples[7, 1] = np.nan
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 48_000, "FLOAT")
    with pytest.raises(DataError, match="sample 7 of channel 2 is nan"):
        read_audio(path)


@pytest.mark.parametrize("rate_hz", [1, 999, 800_000])
def test_an_absurd_rate_is_a_data_error(tmp_path: Path, rate_hz: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(480), rate_hz)
    with pytest.raises(DataError, match=r"outside 1\.\.768 kHz"):
        read_audio(path)


def test_a_streamed_file_without_its_size_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, some_audio(1000, 1), 48_000, "PCM_16")
    raw = bytearray(path.read_bytes())
    at = raw.index(b"data") + 4
    raw[at : at + 4] = struct.pack("<I", 0xFFFFFFFF)
    raw[4:8] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(raw)
    assert len(read_audio(path).samples) == 1000


def test_a_truncated_flac_is_a_data_error(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    soundfile.write(path, some_audio(48_000, 1), 48_000)
    path.write_bytes(path.read_bytes()[:30_000])
    with pytest.raises(DataError):
        read_audio(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.binary(max_size=300), keep=st.integers(0, 60))
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: bytes, keep: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, some_audio(100, 1), 48_000, "PCM_16")
    path.write_bytes(path.read_bytes()[:keep] + data)
    try:
        read_audio(path)
    except DataError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 96_000])
def test_resampling_keeps_a_tone_in_time(rate_hz: int) -> None:
    def tone(rate: int) -> np.ndarray:
        return 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)

    changed = resample(tone(rate_hz), rate_hz, 48_000)
    middle = slice(4_800, 43_200)
    assert np.abs(changed[middle] - tone(48_000)[middle]).max() < 1e-3


def test_mono_is_the_mean_of_the_channels(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array([[0.5, -0.25]] * 100), 48_000, "PCM_24")
    assert read_mono(path)[0] == 4096


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    target = tmp_path / "out.wav"
    target.write_text("old")
    with pytest.raises(RuntimeError), whole_file(target) as part:
        part.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["out.wav"]


def test_a_target_that_cannot_be_is_a_data_error(tmp_path: Path) -> None:
    audio = Audio(np.zeros((10, 1)), AudioFormat(48_000, "WAV", "PCM_16"))
    with pytest.raises(DataError, match="does not exist"):
        write_audio(tmp_path / "no" / "out.wav", audio)
    with pytest.raises(DataError, match="is a folder"):
        write_audio(tmp_path, audio)


def test_written_files_have_the_usual_permissions(tmp_path: Path) -> None:
    target = tmp_path / "out.wav"
    write_audio(target, Audio(np.zeros((10, 1)), AudioFormat(48_000, "WAV", "PCM_16")))
    plain = tmp_path / "plain"
    plain.write_text("")
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
