# SPDX-License-Identifier: Apache-2.0
"""percepnet_agent as a program: options, raw bytes, symbols."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.protocol.frames import Frame, FrameReader, encode_frame
from host_tools.protocol.messages import DAMAGED_NOTICE, Command, Status
from tests.needs import need_build, need_program

MARKS = (
    *("pn_mark_frame", "pn_mark_analysis", "pn_mark_pitch", "pn_mark_comb"),
    *("pn_mark_features", "pn_mark_network", "pn_mark_gains", "pn_mark_synthesis"),
)
RESPONSE = 0x80


@pytest.fixture(scope="session", params=["host", "host-asan"])
def agent(request: pytest.FixtureRequest) -> Path:
    """The agent as shipped, and one that stops at every access or arithmetic that is undefined."""
    return need_build(request.param, "percepnet_agent")


def talk(agent: Path, model_path: str, data: bytes) -> list[Frame]:
    """Everything the agent answers to *data* until its input ends."""
    done = subprocess.run(
        [str(agent), "--model", model_path, "--memory-mib", "1"],
        input=data,
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    reader = FrameReader()
    frames = reader.feed(done.stdout)
    assert reader.damaged == 0
    return frames


def request(command: int, payload: bytes = b"", sequence: int = 1, session: int = 77) -> bytes:
    return encode_frame(Frame(command, session, sequence, payload))


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(st.binary(max_size=3000))
def test_after_any_bytes_the_agent_still_answers(
    agent: Path, model_path: str, garbage: bytes
) -> None:
    frames = talk(agent, model_path, garbage + request(Command.IDENTIFY))
    assert frames[-1].type == Command.IDENTIFY | RESPONSE
    assert frames[-1].status == Status.OK


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
@given(st.integers(0, 127), st.binary(max_size=200))
def test_any_payload_to_any_command_is_answered_once(
    agent: Path, model_path: str, command: int, payload: bytes
) -> None:
    data = request(Command.IDENTIFY) + request(command, payload, 2)
    frames = talk(agent, model_path, data + request(Command.RESET, b"", 3))
    assert frames[1].type == command | RESPONSE
    assert frames[1].sequence == 2
    if command != Command.GOODBYE:
        assert frames[-1].type == Command.RESET | RESPONSE


def test_one_damaged_frame_is_reported_and_skipped(agent: Path, model_path: str) -> None:
    wrong = bytearray(request(Command.RESET, b"", 2))
    wrong[5] ^= 1
    frames = talk(
        agent, model_path, request(Command.IDENTIFY) + bytes(wrong) + request(Command.RESET, b"", 3)
    )
    assert [frame.type for frame in frames] == [
        Command.IDENTIFY | RESPONSE,
        DAMAGED_NOTICE,
        Command.RESET | RESPONSE,
    ]


def test_damage_without_end_is_not_answered_without_end(agent: Path, model_path: str) -> None:
    frames = talk(agent, model_path, request(Command.IDENTIFY) + b"\x05damage\x00" * 500)
    assert 1 < len(frames) < 30


def test_a_repeated_stream_request_is_not_executed_again(agent: Path, model_path: str) -> None:
    hops = [bytes([i]) * 960 for i in range(1, 9)]
    once = [request(Command.STREAM, hop, 10 + i) for i, hop in enumerate(hops)]
    identify = request(Command.IDENTIFY)
    plain = talk(agent, model_path, identify + b"".join(once))
    doubled = talk(agent, model_path, identify + b"".join(data * 3 for data in once))
    cleaned = [frame.payload[12:] for frame in plain[1:]]
    assert [frame.payload[12:] for frame in doubled[1::3]] == cleaned
    for i in range(1, len(doubled), 3):
        assert doubled[i] == doubled[i + 1] == doubled[i + 2], "the same answer, times included"
    assert len({*cleaned}) > 1


def test_without_a_session_nothing_but_identify_works(agent: Path, model_path: str) -> None:
    frames = talk(
        agent,
        model_path,
        request(Command.RESET, session=5)
        + request(Command.IDENTIFY, sequence=2, session=6)
        + request(Command.RESET, sequence=3, session=5)
        + request(Command.RESET, sequence=4, session=6),
    )
    assert [frame.status for frame in frames] == [
        Status.NO_SESSION,
        Status.OK,
        Status.NO_SESSION,
        Status.OK,
    ]
    assert [frame.session for frame in frames] == [5, 6, 5, 6]


def test_another_protocol_version_is_refused_in_our_own(agent: Path, model_path: str) -> None:
    data = encode_frame(Frame(Command.IDENTIFY, 3, 1, version=2))
    [frame] = talk(agent, model_path, data)
    assert (frame.version, frame.status, frame.session) == (1, Status.VERSION, 3)


def test_goodbye_ends_the_program_at_once(agent: Path, model_path: str) -> None:
    data = request(Command.IDENTIFY) + request(Command.GOODBYE, b"", 2)
    frames = talk(agent, model_path, data + request(Command.RESET, b"", 3))
    assert frames[-1].type == Command.GOODBYE | RESPONSE


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--kernel", "fast"], "no such kernel"),
        (["--memory-mib", "0"], "1 to 1024"),
        (["--memory-mib", "many"], "1 to 1024"),
        (["--baud", "1"], "unrecognized"),
        (["extra"], "unexpected argument extra"),
    ],
)
def test_wrong_options_are_exit_code_2(agent: Path, arguments: list[str], text: str) -> None:
    done = subprocess.run([str(agent), *arguments], capture_output=True, text=True, input="")
    assert done.returncode == 2
    assert text in done.stderr


def test_a_serial_port_that_is_not_there_is_exit_code_3(agent: Path, tmp_path: Path) -> None:
    port = tmp_path / "ttyNONE"
    done = subprocess.run([str(agent), "--tty", f"{port},9600"], capture_output=True, text=True)
    assert done.returncode == 3
    assert f"--tty {port}: No such file" in done.stderr


def test_an_odd_baud_rate_is_named(agent: Path) -> None:
    done = subprocess.run([str(agent), "--tty", "/dev/null,123"], capture_output=True, text=True)
    assert "baud rate 123 is not supported" in done.stderr


def test_version_and_help_succeed(agent: Path) -> None:
    done = subprocess.run([str(agent), "--version"], capture_output=True, text=True)
    assert done.returncode == 0 and "(protocol 1)" in done.stdout
    done = subprocess.run([str(agent), "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and "--kernel" in done.stdout


@pytest.mark.parametrize("preset", ["host", "rpi-aarch64", "rpi-armv7"])
def test_every_mark_is_a_function_of_its_own(preset: str) -> None:
    binary = need_build(preset, "percepnet_agent")
    nm = shutil.which("llvm-nm-19") or need_program("nm")
    listing = subprocess.run([nm, str(binary)], capture_output=True, text=True, check=True).stdout
    found = {
        name: address
        for address, _, name in (
            line.split() for line in listing.splitlines() if len(line.split()) == 3
        )
        if name in MARKS
    }
    assert set(found) == set(MARKS)
    assert len(set(found.values())) == len(MARKS), "folded into one another"
