# SPDX-License-Identifier: Apache-2.0
"""``adb:`` devices: two versions of adb, a server for each test, and a phone of adb_daemon.py."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from host_tools import doctor
from host_tools.devices import adb, adb_server, open_device
from host_tools.devices.adb import AdbDevice
from host_tools.devices.adb_cores import Placement
from host_tools.devices.base import Samples
from host_tools.devices.binaries import agent_path
from host_tools.devices.host import HostDevice
from host_tools.errors import DeviceError, UsageError
from host_tools.measure.cadences import UNPACED
from host_tools.measure.measure import measure
from host_tools.measure.phone_simpleperf import ProcessCounts, count_while
from host_tools.measure.runs import Plan
from tests.devices.adb_daemon import FEATURES, Behaviour, Phone
from tests.needs import need, need_build, need_program

Noise = Callable[[int], Samples]
AGENT = "percepnet_agent"
FILES = {AGENT, "model.pnm"}
SIMPLEPERF = (
    "echo ' 900,000,000 instructions:u # 1 (100%)'; echo ' 600,000,000 cpu-cycles:u # 2 (100%)'; "
    "echo '300.000000(ms) task-clock # 0.5 cpus used (100%)'"
)


def folder(phone: Phone) -> Path:
    return phone.sandbox.temporary / "percepnet-kit"


def running(phone: Phone) -> list[int]:
    """Processes of the phone that execute something in its sandbox."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(phone.sandbox.temporary).encode() in place.read_bytes():
                found.append(int(place.parent.name))
        except OSError:
            continue
    return found


def require_nothing_runs(phone: Phone, patience_s: float = 10.0) -> None:
    deadline = time.monotonic() + patience_s
    while running(phone) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert running(phone) == []


def host_digest(agent: Path, model_path: str, pcm: Samples) -> str:
    with HostDevice(agent=agent, model=Path(model_path)) as host:
        return host.run(pcm).digest


def test_the_agent_is_pushed_once_and_gives_the_host_s_result(
    phone: Phone, agent: Path, model_path: str, noise: Noise
) -> None:
    pcm = noise(9_600)
    with open_device(f"adb:{phone.address}", model=model_path) as device:
        assert device.name == f"adb:{phone.address}"
        assert device.run(pcm).digest == host_digest(agent, model_path, pcm)
        assert device.board_files is not None
        assert "MemTotal" in str(device.board_files.read_text("/proc/meminfo"))
    require_nothing_runs(phone)
    assert {path.name for path in folder(phone).iterdir()} == FILES
    assert [path.name for path in phone.sandbox.temporary.iterdir()] == ["percepnet-kit"]
    assert phone.behaviour.sent == [f"{AGENT}.part", "model.pnm.part"]
    with open_device("adb:", model=model_path) as device:  # by now the only one attached
        assert device.name == f"adb:{phone.address}"
    assert len(phone.behaviour.sent) == 2
    (folder(phone) / AGENT).write_bytes(b"damaged")
    open_device(f"adb:{phone.address}", model=model_path).close()
    assert phone.behaviour.sent[2:] == [f"{AGENT}.part"]


def test_a_later_run_pushes_nothing_and_asks_the_phone_three_times(phone: Phone) -> None:
    behaviour = phone.behaviour
    for asked, sent in [(5, [f"{AGENT}.part"]), (3, [])]:
        open_device("adb:" if not sent else f"adb:{phone.address}", model="percepnet").close()
        assert len(behaviour.asked) == asked, behaviour.asked
        assert behaviour.sent == sent
        behaviour.asked.clear()
        behaviour.sent.clear()
    assert behaviour.sent_bytes == agent_path("rpi-aarch64").stat().st_size, "its model is in it"


def test_output_that_is_known_already_is_not_fetched_again(phone: Phone, noise: Noise) -> None:
    fetched: list[int] = []

    def note(direction: str, done: int, size: int) -> None:
        if direction == "download" and done == size:
            fetched.append(size)

    pcm = noise(9_600)
    with open_device(f"adb:{phone.address}") as device:
        device.on_transfer = note
        first, second = device.run(pcm), device.run(pcm)
        assert fetched == [19_200, 80, 80], "output and times, then times"
        assert first.digest == second.digest
        device.run(noise(4_800))
        assert fetched[3:] == [9_600, 40]


def test_a_measurement_names_the_phone_and_asks_it_seven_times(
    phone: Phone, server: str, model_path: str, noise: Noise, tmp_path: Path
) -> None:
    subprocess.run([server, "connect", phone.address], check=True, capture_output=True)
    soundfile.write(tmp_path / "clip.wav", noise(24_000), 48_000)
    plan = Plan(repeats=1, paces_ms=(UNPACED,))
    for first in (True, False):
        phone.behaviour.asked.clear()
        result = measure("adb:", tmp_path / "clip.wav", model=model_path, plan=plan)
        # look, agent, readings twice, simpleperf?, cores, end; at first two for each file sent
        assert len(phone.behaviour.asked) == (11 if first else 7), phone.behaviour.asked
    assert result.device == f"adb:{phone.address}"
    assert result.output_matches_host
    assert result.sizes.flash_bytes is not None
    assert "instructions unknown: the phone has no simpleperf" in result.notes


def test_a_phone_without_sha256sum_proves_files_in_another_way(phone: Phone) -> None:
    for gone in ("sha256sum", "sha1sum"):
        phone.sandbox.put(gone, "exit 127")
        (folder(phone) / AGENT).unlink(missing_ok=True)
        for _ in range(2):
            open_device(f"adb:{phone.address}").close()
    assert phone.behaviour.sent == [f"{AGENT}.part"] * 2
    phone.sandbox.put("md5sum", "exit 127")
    with pytest.raises(DeviceError, match="has no sha256sum, sha1sum or md5sum"):
        open_device(f"adb:{phone.address}")


def test_simpleperf_counts_the_agent_while_it_runs(phone: Phone, noise: Noise) -> None:
    phone.sandbox.put("simpleperf", f'echo "$@" >{folder(phone)}/asked; {SIMPLEPERF}')
    with open_device(f"adb:{phone.address}") as device:
        assert device.phone_shell is not None
        run, counts, reason = count_while(
            device.phone_shell, device.agent_process, 0.5, lambda: device.run(noise(4_800))
        )
        assert (run.frames, counts, reason) == (10, ProcessCounts(9e8, 6e8, 300.0), "")
        process = device.agent_process()
        assert process in running(phone)
    asked = (folder(phone) / "asked").read_text()
    assert asked.endswith(f" -p {process} --duration 0.500\n")


@pytest.mark.parametrize("abi", ["arm64-v8a", "armeabi-v7a"])
def test_an_old_phone_without_shell_v2_gives_the_same(
    server: str, tmp_path: Path, agent: Path, model_path: str, noise: Noise, abi: str
) -> None:
    bits = {"arm64-v8a": ("aarch64", "aarch64"), "armeabi-v7a": ("armv7", "arm")}[abi]
    need_build(f"rpi-{bits[0]}", AGENT)
    need_program(f"qemu-{bits[1]}")
    pcm = noise(9_600)
    with Phone(tmp_path / "phone", Behaviour(features="", abi=abi)) as phone:
        with open_device(f"adb:{phone.address}", model=model_path) as device:
            assert isinstance(device, AdbDevice) and device.target == f"rpi-{bits[0]}"
            assert device.run(pcm).digest == host_digest(agent, model_path, pcm)
        require_nothing_runs(phone)
        phone.sandbox.put("getprop", "echo mips; exit 3")
        with pytest.raises(DeviceError, match=r"adb:127.*: mips$"):
            open_device(f"adb:{phone.address}")


@pytest.mark.skipif(sys.platform != "linux", reason="cores of Linux")
@pytest.mark.parametrize(("setting", "core"), [("cluster=little", 0), ("core=1", 1)])
def test_the_agent_runs_where_it_is_told(
    phone: Phone, noise: Noise, setting: str, core: int
) -> None:
    need({0, 1} <= os.sched_getaffinity(0), "cores 0 and 1 are needed")
    with open_device(f"adb:{phone.address}?{setting}") as device:
        assert isinstance(device, AdbDevice)
        device.run(noise(4_800))
        placement = device.placement()
        assert placement == Placement(frozenset({core}), core)
        assert device.whereabouts() == f"{device.name}: agent on cores {core}, last on core {core}"
        assert device.name == f"adb:{phone.address}?{setting}"
    with pytest.raises(UsageError, match="not among the cores that are on: 0,1"):
        open_device(f"adb:{phone.address}?core=7")
    with pytest.raises(UsageError, match=r"no mid cluster here.*2800000 kHz"):
        open_device(f"adb:{phone.address}?cluster=mid")


def test_a_phone_that_ignores_the_pinning_is_found_out(phone: Phone) -> None:
    need(len(os.sched_getaffinity(0)) > 1, "two cores are needed")
    phone.sandbox.put("taskset", 'shift; exec "$@"')
    with pytest.raises(DeviceError, match=r"let the agent run on cores 0,1.* instead of 0"):
        open_device(f"adb:{phone.address}?core=0")
    require_nothing_runs(phone)


@pytest.mark.parametrize(
    ("state", "advice"),
    [("unauthorized", "accept 'Allow USB debugging"), ("recovery", "adb reboot")],
)
def test_a_phone_that_is_not_ready_says_what_to_do(
    server: str, tmp_path: Path, state: str, advice: str
) -> None:
    with Phone(tmp_path / "phone", Behaviour(state=state)) as phone:
        with pytest.raises(DeviceError, match=rf"in state '{state}'.*{advice}"):
            open_device(f"adb:{phone.address}")
        listed = {result.name: result for result in adb.probe()}[f"adb:{phone.address}"]
        assert not listed.ready
        assert listed.detail.endswith((f" is {state}", " is authorizing"))  # it is asked again


@pytest.mark.slow
def test_an_offline_phone_gets_some_time_and_then_an_error(phone: Phone, server: str) -> None:
    subprocess.run([server, "connect", phone.address], check=True, capture_output=True)
    phone.behaviour.state = "silent"
    phone.unplug()
    phone.plug_in()
    with pytest.raises(DeviceError, match=r"in state 'offline'.*adb reconnect"):
        open_device(f"adb:{phone.address}")


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        ({"room_bytes": 1_000_000}, r"percepnet_agent was not sent: .*No space left.*; free some"),
        ({"read_only": True}, r"was not sent: .*Read-only file system; see: adb shell ls"),
        ({"damage": True}, r"percepnet_agent arrived damaged; run again"),
    ],
)
def test_what_cannot_be_sent_whole_leaves_the_old_in_place(
    phone: Phone, trouble: dict[str, int], message: str
) -> None:
    folder(phone).mkdir()
    (folder(phone) / AGENT).write_text("an older one")
    for name, value in trouble.items():
        setattr(phone.behaviour, name, value)
    with pytest.raises(DeviceError, match=message):
        open_device(f"adb:{phone.address}")
    assert [path.name for path in folder(phone).iterdir()] == [AGENT]
    assert (folder(phone) / AGENT).read_text() == "an older one"


def test_a_folder_that_cannot_be_made_is_a_device_error(phone: Phone) -> None:
    phone.sandbox.put("mkdir", "echo 'mkdir: Permission denied' >&2; exit 1")
    with pytest.raises(DeviceError, match=r"^adb:127.*: mkdir: Permission denied$"):
        open_device(f"adb:{phone.address}")


def test_a_phone_unplugged_in_the_middle_works_again_afterwards(phone: Phone, noise: Noise) -> None:
    device = open_device(f"adb:{phone.address}")
    with device, pytest.raises(DeviceError, match="the phone is gone; check the cable"):
        device.run(noise(144_000), pace_ms=10, progress=lambda *_: phone.unplug())
    phone.plug_in()
    with open_device(f"adb:{phone.address}") as device:
        assert device.run(noise(960)).frames == 2
    require_nothing_runs(phone)


def test_a_server_killed_in_the_middle_is_named(phone: Phone, noise: Noise, server: str) -> None:
    def kill(*_: int) -> None:
        subprocess.run([server, "kill-server"], capture_output=True)

    device = open_device(f"adb:{phone.address}")
    with device, pytest.raises(DeviceError, match="the adb server ended meanwhile; run again"):
        device.run(noise(144_000), pace_ms=10, progress=kill)
    assert "no adb server runs" in adb.probe()[0].detail  # closing has not started it anew
    require_nothing_runs(phone)


def test_an_agent_killed_in_the_middle_is_told_from_a_lost_phone(
    phone: Phone, noise: Noise
) -> None:
    def kill(*_: int) -> None:
        os.kill(int((folder(phone) / "agent.pid").read_text()), signal.SIGKILL)

    device = open_device(f"adb:{phone.address}")
    with device, pytest.raises(DeviceError, match="the agent ended with exit code 137"):
        device.run(noise(144_000), pace_ms=10, progress=kill)


@pytest.mark.parametrize("ours", [True, False])
def test_only_what_an_earlier_run_left_is_ended(phone: Phone, ours: bool) -> None:
    name = f"{folder(phone)}/{AGENT}" if ours else "something else"
    folder(phone).mkdir()
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)", name]
    with subprocess.Popen(sleeper) as left:
        (folder(phone) / "agent.pid").write_text(f"{left.pid}\n")
        open_device(f"adb:{phone.address}").close()
        assert (left.poll() == -signal.SIGKILL) == ours
        left.terminate()


def test_several_phones_are_listed_and_one_is_chosen_by_name(
    phone: Phone, server: str, tmp_path: Path
) -> None:
    with Phone(tmp_path / "other", Behaviour()) as other:
        for one in (phone, other):
            subprocess.run([server, "connect", one.address], check=True, capture_output=True)
        with pytest.raises(UsageError, match="several phones are attached, name one") as caught:
            open_device("adb:")
        listed = {result.name for result in adb.probe() if result.ready}
        for one in (phone, other):
            assert f"adb:{one.address} (Test_Phone)" in str(caught.value)
            assert f"adb:{one.address}" in listed
        with pytest.raises(DeviceError, match=r"adb:R5CT1: no such phone; attached: adb:127"):
            open_device("adb:R5CT1")
        open_device(f"adb:{phone.address}").close()
        assert other.behaviour.sent == []


def test_a_phone_in_the_network_that_is_not_there(server: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DeviceError, match=r"[Rr]efused; is wireless debugging on"):
        open_device(f"adb:127.0.0.1:{port}")


def test_the_list_of_devices_starts_no_server_and_does_not_wait_for_a_stuck_one(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [(one.ready, one.detail) for one in adb.probe()] == [
        (False, "no adb server runs; try: adb devices")
    ]
    with socket.create_server(("127.0.0.1", int(os.environ["ANDROID_ADB_SERVER_PORT"]))):
        monkeypatch.setattr(adb, "PROBE_S", 0.3)
        assert adb.probe()[0].detail == "the adb server does not answer; try: adb devices"


def test_the_doctor_starts_no_server_and_names_the_phones_of_one_that_runs(
    server: str, phone: Phone
) -> None:
    def found() -> str:
        return next(check.detail for check in doctor.examine() if check.name == "adb")

    assert found().startswith(f"{server}, version ") and "phones" not in found()
    with pytest.raises(adb_server.NoServerError):
        adb_server.running_phones(1.0)
    subprocess.run([server, "connect", phone.address], check=True, capture_output=True)
    assert found().endswith(f", phones: adb:{phone.address} (Test_Phone)")


@pytest.mark.parametrize("features", [FEATURES, ""])
def test_the_stand_in_gives_back_what_it_was_given(
    server: str, tmp_path: Path, features: str
) -> None:
    def call(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([server, "-s", stand_in.address, *arguments], capture_output=True)

    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a").write_bytes(bytes(range(256)) * 1000)
    with Phone(tmp_path / "phone", Behaviour(features=features)) as stand_in:
        subprocess.run([server, "connect", stand_in.address], check=True, capture_output=True)
        assert call("push", f"{tmp_path}/there", "/data/local/tmp/x").returncode == 0
        assert call("pull", "/data/local/tmp/x", f"{tmp_path}/back").returncode == 0
        assert call("pull", "/data/local/tmp/none", f"{tmp_path}/none").returncode == 1
    assert (tmp_path / "back" / "a").read_bytes() == (tmp_path / "there" / "a").read_bytes()
