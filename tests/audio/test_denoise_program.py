# SPDX-License-Identifier: Apache-2.0
"""percepnet_denoise, the C program."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.needs import need_build, need_program

SUBTYPES = ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE")


@pytest.fixture(scope="session", params=["host", "host-asan"])
def program(request: pytest.FixtureRequest) -> str:
    """The program as shipped, and one that stops at undefined behaviour."""
    return str(need_build(request.param, "percepnet_denoise"))


def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("subtype", SUBTYPES)
@pytest.mark.parametrize(("container", "channels"), [("WAV", 1), ("WAVEX", 2), ("WAV", 6)])
def test_the_output_has_format_channels_and_length_of_the_input(
    program: str, model_path: str, tmp_path: Path, subtype: str, container: str, channels: int
) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    noise = np.random.default_rng(1).uniform(-1, 1, (2001, channels))
    soundfile.write(source, noise, 48_000, subtype, format=container)
    done = call(program, "--model", model_path, source, target)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    info = soundfile.info(target)
    assert (info.subtype, info.format) == (subtype, container)
    assert (info.channels, info.frames, info.samplerate) == (channels, 2001, 48_000)


def test_each_channel_is_cleaned_as_if_alone(program: str, model_path: str, tmp_path: Path) -> None:
    noise = np.random.default_rng(2).uniform(-0.3, 0.3, (20_000, 2))
    soundfile.write(tmp_path / "two.wav", noise, 48_000)
    soundfile.write(tmp_path / "one.wav", noise[:, 1], 48_000)
    for name in ("two", "one"):
        done = call(
            program, "--model", model_path, tmp_path / f"{name}.wav", tmp_path / f"{name}-out.wav"
        )
        assert done.returncode == 0
    two, _ = soundfile.read(tmp_path / "two-out.wav", dtype="int16")
    one, _ = soundfile.read(tmp_path / "one-out.wav", dtype="int16")
    assert np.array_equal(two[:, 1], one)


def test_chunks_before_the_audio_are_skipped(program: str, model_path: str, tmp_path: Path) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    soundfile.write(source, np.zeros(4801), 48_000)
    raw = source.read_bytes()
    at = raw.index(b"data")
    source.write_bytes(raw[:at] + b"LIST\x03\x00\x00\x00abc\0" + raw[at:])
    assert call(program, "--model", model_path, source, target).returncode == 0
    assert soundfile.info(target).frames == 4801


def test_bad_audio_is_one_line_and_exit_code_4(
    program: str, model_path: str, tmp_path: Path, bad_file: tuple[Path, str]
) -> None:
    path, _ = bad_file
    target = tmp_path / "out.wav"
    done = call(program, "--model", model_path, path, target)
    assert done.returncode == 4
    assert done.stderr.startswith(f"percepnet_denoise: {path}: ")
    assert done.stderr.count("\n") == 1
    assert [name for name in os.listdir(tmp_path) if name != "in.wav"] == []


def test_a_wrong_rate_is_refused_with_advice(program: str, model_path: str, tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    soundfile.write(source, np.zeros(480), 44_100)
    done = call(program, "--model", model_path, source, tmp_path / "b.wav")
    assert done.returncode == 4
    assert "44100" in done.stderr and "host_tools denoise" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "IN.wav and OUT.wav"),
        (["a.wav"], "IN.wav and OUT.wav"),
        (["--kernel", "fast", "a", "b"], "no such kernel"),
        (["--attenuation-limit", "101", "a", "b"], "0 to 100"),
        (["--attenuation-limit", "x", "a", "b"], "0 to 100"),
        (["--wrong"], "wrong"),
    ],
)
def test_wrong_usage_is_exit_code_2(program: str, arguments: list[str], text: str) -> None:
    done = call(program, *arguments)
    assert done.returncode == 2
    assert text in done.stderr


def test_version_and_help_succeed(program: str) -> None:
    assert call(program, "--version").stdout.startswith("percepnet_denoise 0.")
    assert "--attenuation-limit" in call(program, "--help").stdout


def test_a_bad_model_is_exit_code_4(program: str, model_path: str, tmp_path: Path) -> None:
    source = tmp_path / "a.wav"
    soundfile.write(source, np.zeros(480), 48_000)
    image = Path(model_path).read_bytes()
    for name, content in {
        "cut.pnm": image[: len(image) // 2],
        "flipped.pnm": image[:-9] + bytes([image[-9] ^ 4]) + image[-8:],
        "other.pnm": b"RIFF" + image[4:],
    }.items():
        bad = tmp_path / name
        bad.write_bytes(content)
        done = call(program, "--model", bad, source, tmp_path / "b.wav")
        assert (done.returncode, done.stderr.count("\n")) == (4, 1)
        assert not (tmp_path / "b.wav").exists()


def test_an_output_that_cannot_be_written_is_told(
    program: str, model_path: str, tmp_path: Path
) -> None:
    source = tmp_path / "a.wav"
    soundfile.write(source, np.zeros(480), 48_000)
    done = call(program, "--model", model_path, source, tmp_path / "no" / "b.wav")
    assert done.returncode == 4
    assert "No such file" in done.stderr


def test_an_interrupted_run_leaves_nothing_behind(
    program: str, model_path: str, tmp_path: Path
) -> None:
    source = tmp_path / "a.wav"
    soundfile.write(source, np.zeros((48_000 * 120, 2), np.int16), 48_000)
    command = [program, "--kernel", "scalar", "--model", model_path, source, tmp_path / "b.wav"]
    running = subprocess.Popen([str(a) for a in command], stderr=subprocess.PIPE)
    while len(os.listdir(tmp_path)) < 2 and running.poll() is None:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    assert running.wait(20) == 130
    assert os.listdir(tmp_path) == ["a.wav"]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(data=st.binary(max_size=300), keep=st.integers(0, 100))
def test_any_bytes_are_cleaned_or_refused(
    program: str, model_path: str, tmp_path: Path, data: bytes, keep: int
) -> None:
    source, target = tmp_path / "a.wav", tmp_path / "b.wav"
    soundfile.write(source, np.full(50, 0.1), 48_000, "PCM_24", format="WAVEX")
    source.write_bytes(source.read_bytes()[:keep] + data)
    target.unlink(missing_ok=True)
    done = call(program, "--model", model_path, source, target)
    assert done.returncode in (0, 4), done.stderr
    assert target.exists() == (done.returncode == 0)
    assert done.stderr.count("\n") == (done.returncode != 0)


@pytest.mark.parametrize(
    ("preset", "emulator"), [("rpi-aarch64", "qemu-aarch64"), ("rpi-armv7", "qemu-arm")]
)
def test_the_arm_programs_write_the_same_file(
    program: str, model_path: str, tmp_path: Path, preset: str, emulator: str
) -> None:
    arm = need_build(preset, "percepnet_denoise")
    source = tmp_path / "a.wav"
    soundfile.write(source, np.random.default_rng(4).uniform(-1, 1, (9_999, 2)), 48_000, "FLOAT")
    one, two = tmp_path / "one.wav", tmp_path / "two.wav"
    assert call(program, "--model", model_path, source, one).returncode == 0
    done = call(need_program(emulator), arm, "--model", model_path, source, two)
    assert (done.returncode, done.stderr) == (0, "")
    assert one.read_bytes() == two.read_bytes()
