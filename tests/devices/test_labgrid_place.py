# SPDX-License-Identifier: Apache-2.0
"""``labgrid:`` devices, through labgrid's own coordinator, exporter and ser2net."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from host_tools.devices import labgrid_place, open_device
from host_tools.devices.base import ProbeResult, Samples
from host_tools.devices.boards.running import running_board
from host_tools.devices.host import HostDevice
from host_tools.devices.labgrid_place import PlaceAddress
from host_tools.errors import DataError, DeviceError, MissingDependency, UsageError
from host_tools.generate.model_file import model_path as path_of_model
from tests.devices.labgrid_lab import Lab, Resources, free_port, lose
from tests.devices.serial_proxy import SerialProxy
from tests.needs import need, need_build, need_program

Noise = Callable[[int], Samples]
BAUD = 921_600
ME = "bench/tester"
HELD_ONCE = [f"acquired by {ME}", "released"]
PLACES = {
    "desk": ("shelf/desk/*",),
    "raw-socket": ("shelf/socket/*",),
    "silent": ("shelf/silent/*",),
    "computer": ("shelf/computer/*",),
    "two-ports": ("shelf/desk/*", "shelf/silent/*"),
    "power-only": ("shelf/power/*",),
    "odd": ("shelf/odd/*",),
    "attic-board": ("attic/board/*",),
    "cellar": ("cellar/*/*",),
    "rpi": ("garage/rpi/*",),
}


def serve(server: socket.socket, command: list[str]) -> None:
    """One agent after another for whoever connects, until the server is closed."""
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        end = connection.fileno()
        with connection, subprocess.Popen(command, stdin=end, stdout=end) as running:
            running.wait()


@pytest.fixture(scope="module")
def desk(agent: Path, model_path: str) -> Iterator[SerialProxy]:
    """A serial line with an agent at its end."""
    proxy = SerialProxy()
    command = [str(agent), "--model", model_path, "--tty", f"{proxy.device_path},{BAUD}"]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    yield proxy
    running.kill()
    running.wait()
    proxy.close()


@pytest.fixture(scope="module")
def shelf(
    desk: SerialProxy, agent: Path, model_path: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    """A lab with one exporter that shows whatever can stand on a shelf."""
    need(shutil.which("ser2net", path="/usr/sbin:/usr/bin") is not None, "ser2net is not installed")
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        arguments = (server, [str(agent), "--model", model_path])
        threading.Thread(target=serve, args=arguments, daemon=True).start()
        lab = Lab(tmp_path_factory.mktemp("lab"), PLACES)
        stack.callback(lab.close)
        here = {"host": "127.0.0.1", "speed": BAUD}
        raw = {"port": server.getsockname()[1], "protocol": "raw"}
        resources: Resources = {
            "desk": {"RawSerialPort": {"port": desk.host_path, "speed": BAUD}},
            "socket": {"NetworkSerialPort": here | raw},
            "silent": {"console": {"cls": "NetworkSerialPort", "port": free_port()} | here},
            "computer": {"NetworkService": {"address": "board.lab", "username": "pi"}},
            "power": {"NetworkPowerPort": {"model": "rest", "host": "http://pdu", "index": 1}},
            "odd": {"NetworkSerialPort": here | {"port": 1, "protocol": "modem"}},
        }
        stack.enter_context(lab.exporter("shelf", resources))
        yield lab


@pytest.fixture
def lab(shelf: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """The lab as the tester on the bench reaches it."""
    for name in ("LG_ENV", "LG_PLACE", "LG_PROXY", "LG_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    host, _, user = ME.partition("/")
    monkeypatch.setenv("LG_COORDINATOR", shelf.address)
    monkeypatch.setenv("LG_HOSTNAME", host)
    monkeypatch.setenv("LG_USERNAME", user)
    monkeypatch.setattr(labgrid_place, "PROBE_S", 60.0)  # a busy computer is no failure
    return shelf


def digest_on_host(pcm: Samples, agent: Path, model: str) -> str:
    with HostDevice(agent=agent, model=Path(model)) as host:
        return host.run(pcm).digest


@pytest.mark.slow
def test_an_emulated_board_of_the_lab_gives_the_bits_of_the_host(
    lab: Lab, agent: Path, noise: Noise
) -> None:
    need_program("qemu-system-aarch64")
    need_build("rpi-bare-metal", "kernel8.img")
    pcm = noise(48_000)
    before = len(lab.changes("rpi"))
    with running_board("raspi3b") as board:
        port, _, _ = board.serial_name.partition(":")[2].partition("?")
        resources = {"rpi": {"RawSerialPort": {"port": port, "speed": BAUD}}}
        with lab.exporter("garage", resources):
            with open_device("labgrid:rpi", model="percepnet") as device:
                assert device.identify().platform == "bare-metal"
                assert "rfc2217://127.0.0.1:" in str(device.whereabouts())
                assert lab.changes("rpi")[before:] == HELD_ONCE[:1]
                digest = device.run(pcm).digest
            assert lab.changes("rpi")[before:] == HELD_ONCE
    assert digest == digest_on_host(pcm, agent, str(path_of_model("percepnet")))


@pytest.mark.slow
@pytest.mark.parametrize("place", ["desk", "raw-socket"])
def test_a_serial_port_of_either_protocol_carries_a_run(
    lab: Lab, agent: Path, model_path: str, noise: Noise, place: str
) -> None:
    before = len(lab.changes(place))
    with open_device(f"labgrid:{place}", model=model_path) as device:
        assert device.name == f"labgrid:{place}"
        assert device.link_bytes_per_s == BAUD / 10
        assert device.run(noise(48_000)).digest == digest_on_host(noise(48_000), agent, model_path)
    device.close()
    assert lab.changes(place)[before:] == HELD_ONCE


@pytest.mark.slow
def test_a_place_without_a_serial_port_is_reached_over_ssh(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noise: Noise
) -> None:
    need_build("host", "percepnet_agent")
    calls = tmp_path / "calls"
    ssh = tmp_path / "ssh"  # stands for the board: its script runs here
    ssh.write_text(
        f'#!/bin/sh\necho "$@" >> "{calls}"\nfor last; do :; done\n'
        f'case "$*" in *"-O exit"*) exit 0;; esac\nHOME="{tmp_path}" exec sh -c "$last"\n'
    )
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    before = len(lab.changes("computer"))
    with open_device("labgrid:computer") as device:
        assert device.run(noise(480)).frames == 1
        assert device.whereabouts() == "labgrid:computer: ssh:pi@board.lab:22 of exporter shelf"
    assert "-p 22 -- pi@board.lab" in calls.read_text()
    assert lab.changes("computer")[before:] == HELD_ONCE


@pytest.mark.slow
def test_a_place_that_was_ours_before_stays_ours(lab: Lab, noise: Noise) -> None:
    lab.client("desk", "acquire")
    try:
        before = lab.changes("desk")
        with open_device("labgrid:desk") as device:
            assert device.run(noise(480)).frames == 1
        assert lab.changes("desk") == before
    finally:
        lab.client("desk", "release")


@pytest.mark.slow
def test_a_place_of_somebody_else_is_left_alone_until_they_allow_it(lab: Lab) -> None:
    lab.client("desk", "acquire", user="ann")
    try:
        before = lab.changes("desk")
        with pytest.raises(DeviceError, match=r"in use by bench/ann .*-p desk allow bench/tester"):
            open_device("labgrid:desk")
        busy = ProbeResult("labgrid:desk", False, "in use by bench/ann (host/user)")
        assert busy in labgrid_place.probe()
        lab.client("desk", "allow", ME, user="ann")
        with open_device("labgrid:desk") as device:
            assert device.identify().capacity_frames > 0
        assert lab.changes("desk") == before
    finally:
        lab.client("desk", "release", user="ann")


@pytest.mark.slow
def test_an_unknown_place_is_answered_with_those_there_are(lab: Lab) -> None:
    with pytest.raises(UsageError, match=rf"labgrid:roof: no such place at {lab.address}; .*rpi"):
        open_device(f"labgrid:roof?coordinator={lab.address}")


@pytest.mark.slow
def test_an_exporter_that_does_not_run_is_named(lab: Lab) -> None:
    with pytest.raises(DeviceError, match=r"labgrid:rpi: Match garage/rpi/\* has no matching"):
        open_device("labgrid:rpi")
    assert lab.changes("rpi")[-1:] != HELD_ONCE[:1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("device", "error", "line"),
    [
        ("silent", DeviceError, r"silent: rfc2217://\S+ of exporter shelf cannot be opened: .*"),
        ("power-only", DeviceError, r"no serial port or ssh service .* has: NetworkPowerPort"),
        ("odd", DeviceError, r"labgrid:odd: NetworkSerialPort speaks 'modem'; usable are rfc2217"),
        ("two-ports", UsageError, r"which NetworkSerialPort .*one of: (RawSerialPort|console), "),
    ],
)
def test_a_place_that_cannot_be_used_says_why_and_is_released(
    lab: Lab, device: str, error: type[Exception], line: str
) -> None:
    before = len(lab.changes(device))
    with pytest.raises(error, match=line):
        open_device(f"labgrid:{device}")
    assert lab.changes(device)[before:] == HELD_ONCE


@pytest.mark.slow
def test_one_of_two_ports_can_be_named_and_its_model_is_checked(lab: Lab) -> None:
    before = len(lab.changes("two-ports"))
    with pytest.raises(DataError, match=r"labgrid:two-ports: the agent holds model"):
        open_device("labgrid:two-ports?resource=RawSerialPort", model="percepnet-sparse")
    assert lab.changes("two-ports")[before:] == HELD_ONCE


@pytest.mark.slow
def test_an_exporter_lost_in_the_middle_ends_the_run_and_the_place_is_free(
    lab: Lab, desk: SerialProxy, noise: Noise
) -> None:
    before = len(lab.changes("attic-board"))
    resources = {"board": {"RawSerialPort": {"port": desk.host_path, "speed": BAUD}}}
    with lab.exporter("attic", resources) as exporter:
        with open_device("labgrid:attic-board") as device:

            def lose_it(direction: str, done: int, size: int) -> None:
                if done > size // 2 and exporter.poll() is None:
                    lose(exporter)

            device.on_transfer = lose_it
            with pytest.raises(DeviceError, match=r"attic-board: the line is gone; .*exporter"):
                device.run(noise(4 * 48_000))
        assert lab.changes("attic-board")[before:] == HELD_ONCE


@pytest.mark.slow
def test_an_exporter_behind_ssh_is_refused_with_the_way_round(lab: Lab) -> None:
    resources = {"port": {"NetworkSerialPort": {"host": "127.0.0.1", "port": 1, "speed": BAUD}}}
    with (
        lab.exporter("cellar", resources, "--isolated"),
        pytest.raises(DeviceError, match=r"cellar lets nobody in but over ssh; forward its port"),
    ):
        open_device("labgrid:cellar")
    assert lab.changes("cellar")[-1] == "released"


@pytest.mark.slow
def test_ctrl_c_releases_the_place(lab: Lab, model_path: str, tmp_path: Path) -> None:
    before = len(lab.changes("desk"))
    command = [sys.executable, "-m", "host_tools", "measure", "--device", "labgrid:desk"]
    command += ["--model", model_path, "--output", str(tmp_path)]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while lab.changes("desk")[before:] != HELD_ONCE[:1] and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGINT)
    _, complaint = running.communicate(timeout=60)
    assert running.returncode == 130, complaint
    assert lab.changes("desk")[before:] == HELD_ONCE


@pytest.mark.slow
def test_the_list_has_the_places_of_the_coordinator(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {result.name: result for result in labgrid_place.probe()}
    assert set(found) == {f"labgrid:{place}" for place in PLACES}
    assert found["labgrid:desk"].ready
    monkeypatch.setenv("LG_COORDINATOR", f"127.0.0.1:{free_port()}")
    (absent,) = labgrid_place.probe()
    assert not absent.ready and absent.detail.startswith("no labgrid coordinator at 127.0.0.1:")
    monkeypatch.delenv("LG_COORDINATOR")
    assert labgrid_place.probe() == []


@pytest.mark.slow
def test_a_coordinator_that_does_not_answer_ends_the_list_in_time(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(labgrid_place, "PROBE_S", 3.0)
        monkeypatch.setenv("LG_COORDINATOR", f"127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        (absent,) = labgrid_place.probe()
        assert time.monotonic() - began < 6.0
    assert absent.detail.endswith("within 3 s")


@pytest.mark.slow
def test_no_coordinator_is_told_apart_from_no_place(lab: Lab) -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(DeviceError, match=f"no labgrid coordinator at {address}; set LG_COORD"):
        open_device(f"labgrid:desk?coordinator={address}")


def test_without_labgrid_the_way_to_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("LG_COORDINATOR", "lab")
    with pytest.raises(MissingDependency, match=r"labgrid:rpi: labgrid-client .* pipx install"):
        open_device("labgrid:rpi")
    (absent,) = labgrid_place.probe()
    assert absent.detail == "labgrid-client is not installed; try: pipx install labgrid"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rpi", PlaceAddress("rpi")),
        ("rpi?coordinator=lab:20408", PlaceAddress("rpi", "lab:20408")),
        ("+?resource=console", PlaceAddress("+", None, "console")),
    ],
)
def test_addresses_are_taken_apart(text: str, expected: PlaceAddress) -> None:
    assert PlaceAddress.parse(text) == expected


@pytest.mark.parametrize("text", ["", "?coordinator=lab", "rpi?coordinator=", "rpi?baud=9600"])
def test_a_wrong_address_is_a_usage_error_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"labgrid:rpi\?coordinator=lab:20408"):
        open_device(f"labgrid:{text}")
