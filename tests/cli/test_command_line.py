# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from host_tools.cli import main
from host_tools.devices import host, registry
from host_tools.generate.model_file import model_names
from host_tools.protocol.session import Timing
from tests.needs import ROOT, need_build

FAKE = ROOT / "tests" / "devices" / "fake_agent.py"
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A second of noise, 48 kHz mono PCM16."""
    path = tmp_path / "in.wav"
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, 48_123)
    soundfile.write(path, noise, 48_000, "PCM_16")
    return path


@pytest.fixture
def fake_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts an agent that misbehaves in a given way in the place of the host's."""

    def install(mode: str) -> None:
        script = tmp_path / "agent.sh"
        command = " ".join(shlex.quote(part) for part in (sys.executable, str(FAKE), mode))
        script.write_text(f"#!/bin/sh\nexec {command}\n")
        script.chmod(0o755)
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        monkeypatch.setattr(host, "find_agent", lambda target, device: script)
        monkeypatch.setattr(host, "TIMING", Timing(start_s=3.0, answer_s=0.4, tries=2))

    return install


def assert_one_line(captured: Captured, *texts: str) -> None:
    output = captured.readouterr()
    assert output.out == ""
    assert output.err.startswith("host_tools: ")
    assert output.err.count("\n") == 1
    assert all(text in output.err for text in texts)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nonsense"], "No such command 'nonsense'"),
        (["denoise"], "Missing argument"),
        (["denoise", "a.wav", "b.wav", "--wrong"], "No such option"),
        (["denoise", "a.wav", "b.wav", "--attenuation-limit", "x"], "attenuation-limit"),
        (["build", "--target", "toaster"], "toaster"),
        (["build", "--option", "X"], "NAME=VALUE"),
        (["generate"], "--output"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    capsys: Captured, arguments: list[str], text: str
) -> None:
    assert main(arguments) == 2
    assert_one_line(capsys, text)


def test_no_verb_shows_the_verbs(capsys: Captured) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for verb in ("train", "generate", "build", "devices", "denoise", "measure"):
        assert verb in shown


def test_python_m_and_version_work() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "host_tools", "--version"], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stdout.split()[0]) == (0, "host_tools")


def test_starting_up_loads_no_heavy_package() -> None:
    code = (
        "import sys, host_tools.cli; "
        "print([m for m in ('torch', 'matplotlib', 'tensorflow', 'scipy', 'numpy') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_device_list_names_all_kinds(capsys: Captured) -> None:
    assert main(["devices"]) == 0
    shown = capsys.readouterr().out
    assert "host" in shown and "emulator:cortex-a53" in shown


@pytest.mark.parametrize("arguments", [["--json", "devices"], ["devices", "--json"]])
def test_json_may_stand_before_or_after_the_verb(capsys: Captured, arguments: list[str]) -> None:
    assert main(arguments) == 0
    names = [device["name"] for device in json.loads(capsys.readouterr().out)["devices"]]
    assert "host" in names and "emulator:max" in names


def test_denoise_keeps_rate_channels_width_and_length(
    capsys: Captured, tmp_path: Path, model_path: str
) -> None:
    need_build("host", "percepnet_agent")
    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, (44_321, 2))
    soundfile.write(source, noise, 44_100, "PCM_24")
    arguments = ["denoise", str(source), str(target), "--model", model_path, "--json"]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["samples"], told["channels"], told["subtype"]) == (44_321, 2, "PCM_24")
    info = soundfile.info(target)
    assert (info.samplerate, info.channels, info.frames) == (44_100, 2, 44_321)
    assert (info.format, info.subtype) == ("WAV", "PCM_24")


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 96_000])
def test_denoise_takes_other_rates(tmp_path: Path, model_path: str, rate_hz: int) -> None:
    need_build("host", "percepnet_agent")
    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(source, np.random.default_rng(5).uniform(-0.5, 0.5, 5_001), rate_hz, "FLOAT")
    assert main(["denoise", str(source), str(target), "--model", model_path, "-q"]) == 0
    info = soundfile.info(target)
    assert (info.samplerate, info.frames, info.subtype) == (rate_hz, 5_001, "FLOAT")


def test_denoise_agrees_with_the_c_program_to_the_bit(
    clip: Path, tmp_path: Path, model_path: str
) -> None:
    program = need_build("host", "percepnet_denoise")
    ours, theirs = tmp_path / "ours.wav", tmp_path / "theirs.wav"
    limit = ["--attenuation-limit", "12", "--model", model_path]
    assert main(["denoise", str(clip), str(ours), *limit]) == 0
    subprocess.run([str(program), *limit, str(clip), str(theirs)], check=True)
    assert ours.read_bytes()[44:] == theirs.read_bytes()[44:]
    assert soundfile.info(ours).frames == 48_123


def test_denoise_removes_the_delay(clip: Path, tmp_path: Path, model_path: str) -> None:
    need_build("host", "percepnet_agent")
    target = tmp_path / "out.wav"
    assert main(["denoise", str(clip), str(target), "--model", model_path]) == 0
    before, _ = soundfile.read(clip)
    after, _ = soundfile.read(target)
    lags = np.fft.irfft(np.fft.rfft(after) * np.conj(np.fft.rfft(before)))
    assert int(np.argmax(np.abs(lags))) == 0


@pytest.mark.parametrize(
    ("mode", "code", "text"),
    [
        ("dies-at-once", 3, "ended with exit code 3: no such instruction"),
        ("dies-in-run", 3, "ended with exit code 7"),
        ("silent-in-run", 3, "no answer to run"),
        ("restarts-in-run", 3, "restarted"),
        ("garbage", 4, "not the PercepNet agent"),
        ("other-version", 4, "protocol 9"),
        ("wrong-checksums", 4, "arrived damaged"),
        ("no-model", 4, "no model"),
    ],
)
def test_a_bad_agent_is_one_line_the_right_code_and_no_output(
    capsys: Captured,
    clip: Path,
    fake_host: Callable[[str], None],
    mode: str,
    code: int,
    text: str,
) -> None:
    fake_host(mode)
    assert main(["denoise", str(clip), str(clip.parent / "out.wav")]) == code
    assert_one_line(capsys, text)
    assert sorted(os.listdir(clip.parent)) == ["agent.sh", "in.wav"]


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--device", "toaster"], 2, "unknown device 'toaster'"),
        (["--device", "emulator:z80"], 2, "emulator:cortex-a53"),
        (["--model", "nothing"], 2, "no model 'nothing'"),
        (["--kernel", "fast"], 2, "kernel 'fast' is unknown"),
    ],
)
def test_wrong_names_are_one_line_and_exit_code_2(
    capsys: Captured, clip: Path, model_path: str, arguments: list[str], code: int, text: str
) -> None:
    need_build("host", "percepnet_agent")
    model = [] if "--model" in arguments else ["--model", model_path]
    assert main(["denoise", str(clip), str(clip.parent / "out.wav"), *model, *arguments]) == code
    assert_one_line(capsys, text)


@pytest.mark.parametrize(
    "command",
    [
        ["quantize", "--model", "nothing"],
        ["export", "--model", "nothing"],
        ["verify", "--model", "nothing"],
        ["import", "net.safetensors", "--output", "made", "--features-from", "nothing"],
    ],
    ids=lambda command: command[0],
)
def test_an_unknown_model_is_one_line_that_names_those_there_are(
    capsys: Captured, command: list[str]
) -> None:
    assert main(command) == 2
    assert_one_line(capsys, "no model 'nothing'", f"models: {', '.join(model_names())}")


def test_a_missing_emulator_is_exit_code_6(
    capsys: Captured, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(clip.parent))
    arguments = ["denoise", str(clip), str(clip.parent / "o.wav"), "--device", "emulator:cortex-a7"]
    assert main(arguments) == 6
    assert_one_line(capsys, "apt-get install qemu-user")


def test_a_damaged_model_is_exit_code_4(
    capsys: Captured, clip: Path, model_path: str, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.pnm"
    bad.write_bytes(Path(model_path).read_bytes()[:5000])
    arguments = ["denoise", str(clip), str(tmp_path / "out.wav"), "--model", str(bad)]
    assert main(arguments) == 4
    assert_one_line(capsys, "bad.pnm")


def test_an_output_folder_that_is_missing_is_told_before_the_work(
    capsys: Captured, clip: Path
) -> None:
    assert main(["denoise", str(clip), str(clip.parent / "no" / "out.wav")]) == 4
    assert_one_line(capsys, "does not exist")


def test_ctrl_c_is_exit_code_130_and_leaves_no_file(tmp_path: Path, model_path: str) -> None:
    need_build("host", "percepnet_agent")
    source = tmp_path / "in.wav"
    soundfile.write(source, np.zeros(48_000 * 600, np.int16), 48_000)
    command = ["denoise", str(source), str(tmp_path / "out.wav"), "--model", model_path]
    running = subprocess.Popen(
        [sys.executable, "-m", "host_tools", *command, "--kernel", "scalar"],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(1.5)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=20)
    assert running.returncode == 130
    assert said == "host_tools: interrupted\n"
    assert os.listdir(tmp_path) == ["in.wav"]


def test_a_closed_pipe_is_no_error() -> None:
    done = subprocess.run(
        f"{shlex.quote(sys.executable)} -m host_tools devices | true",
        shell=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""


def test_a_mistake_of_ours_is_told_from_a_failed_verdict(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("oh dear")

    monkeypatch.setattr(registry, "probe_all", fail)
    assert main(["devices"]) == 70
    assert_one_line(capsys, "internal error, please report it: ZeroDivisionError: oh dear")


def test_a_complaint_that_quotes_a_damaged_file_sends_no_control_characters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need_build("host", "percepnet_agent")
    damaged = tmp_path / "trace.csv"
    damaged.write_bytes(b"time_s,current_a,voltage_v\n0.1,\x1b[31m\x07,5\n0.2,1,5\n0.3,1,5\n")
    command = ["measure", "--device", "host", "--quick", "--meter", f"csv:{damaged}"]
    assert main(command) == 4
    said = capsys.readouterr().err
    assert "trace.csv: line 2" in said and "\x1b[31m" not in said and "\x07" not in said
