# SPDX-License-Identifier: Apache-2.0
"""``serial:`` devices over real terminals, through a line that harms what it carries."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from host_tools.devices import open_device, serial_line
from host_tools.devices.base import Samples, Settings
from host_tools.devices.host import HostDevice
from host_tools.devices.serial_line import SerialAddress, SerialDevice
from host_tools.errors import DataError, DeviceError, ProtocolError, UsageError
from host_tools.protocol.transport import LinkClosedError
from tests.devices.serial_proxy import SerialProxy
from tests.needs import need

Noise = Callable[[int], Samples]
BAUD = 3_000_000
MEBIBYTE_SAMPLES = (1 << 20) // 2


@contextmanager
def agent_on(path: str, agent: Path, model_path: str) -> Iterator[subprocess.Popen[bytes]]:
    """An agent that serves the terminal *path*."""
    command = [str(agent), "--model", model_path, "--tty", f"{path},{BAUD}"]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@contextmanager
def line_to_agent(agent: Path, model_path: str, rate: float = 0.0) -> Iterator[SerialProxy]:
    """A line with an agent at its end."""
    proxy = SerialProxy(rate)
    try:
        with agent_on(proxy.device_path, agent, model_path):
            yield proxy
    finally:
        proxy.close()


def address(proxy: SerialProxy) -> SerialAddress:
    return SerialAddress(proxy.host_path, BAUD)


def digest_on_host(pcm: Samples, agent: Path, model_path: str) -> str:
    with HostDevice(agent=agent, model=Path(model_path)) as host:
        return host.run(pcm).digest


@pytest.mark.slow
def test_a_mebibyte_each_way_over_a_faulty_line_arrives_whole(
    agent: Path, model_path: str, noise: Noise
) -> None:
    pcm = noise(MEBIBYTE_SAMPLES)
    with (
        line_to_agent(agent, model_path, rate=0.01) as proxy,
        SerialDevice(address(proxy)) as device,
    ):
        assert device.run(pcm).digest == digest_on_host(pcm, agent, model_path)
        assert device._session.resent > 0
    assert proxy.to_device.hit > 0 and proxy.to_host.hit > 0
    assert proxy.to_device.sent > 1 << 20 and proxy.to_host.sent > 1 << 20


def test_one_session_after_another_over_a_noisy_start(
    agent: Path, model_path: str, noise: Noise
) -> None:
    pcm = noise(48_000)
    expected = digest_on_host(pcm, agent, model_path)
    with line_to_agent(agent, model_path) as proxy:
        with serial.Serial(proxy.host_path, BAUD) as port:
            port.write(b"noise before the first byte\n")
        for _ in range(2):
            with SerialDevice(address(proxy)) as device:
                assert device.run(pcm).digest == expected
                device.configure(Settings())
                assert len(device.stream(pcm[:480]).pcm) == 480


def test_the_protocol_adds_at_most_three_percent(
    agent: Path, model_path: str, noise: Noise
) -> None:
    pcm = noise(MEBIBYTE_SAMPLES // 2)
    with line_to_agent(agent, model_path) as proxy, SerialDevice(address(proxy)) as device:
        result = device.run(pcm)
    payload = pcm.nbytes + result.pcm.nbytes + result.call_times_ns.nbytes
    assert proxy.to_device.sent + proxy.to_host.sent <= 1.03 * payload


def test_transfers_are_told_from_start_to_end(agent: Path, model_path: str, noise: Noise) -> None:
    told: list[tuple[str, int, int]] = []
    with line_to_agent(agent, model_path) as proxy, SerialDevice(address(proxy)) as device:
        assert device.link_bytes_per_s == BAUD / 10
        device.on_transfer = lambda *what: told.append(what)
        device.run(noise(48_000))
    uploads = [done for direction, done, size in told if direction == "upload" and size == 96_000]
    assert uploads == sorted(uploads) and uploads[-1] == 96_000
    assert ("download", 96_000, 96_000) in told


def test_a_board_that_restarts_in_the_middle_is_noticed(
    agent: Path, model_path: str, noise: Noise
) -> None:
    pcm = noise(48_000)
    proxy = SerialProxy()
    try:
        with agent_on(proxy.device_path, agent, model_path):
            device = SerialDevice(address(proxy))
            device.run(pcm)
        with (
            agent_on(proxy.device_path, agent, model_path),
            device,
            pytest.raises(DeviceError, match="restarted meanwhile; run again"),
        ):
            device.run(pcm)
    finally:
        proxy.close()


def test_a_cable_pulled_and_put_back_in_an_upload_loses_nothing(
    agent: Path, model_path: str, noise: Noise
) -> None:
    pcm = noise(4 * 48_000)
    with line_to_agent(agent, model_path) as proxy, SerialDevice(address(proxy)) as device:
        pulled = threading.Event()

        def pull(direction: str, done: int, size: int) -> None:
            if done > size // 2 and not pulled.is_set():
                pulled.set()
                proxy.unplug()
                threading.Timer(1.5, proxy.replug).start()

        device.on_transfer = pull
        assert device.run(pcm).digest == digest_on_host(pcm, agent, model_path)
        assert pulled.is_set()


@pytest.mark.slow
def test_a_line_without_an_answer_is_a_device_error_in_time() -> None:
    proxy = SerialProxy()
    began = time.monotonic()
    try:
        with pytest.raises(DeviceError, match=r"no answer to identify within 5 s"):
            SerialDevice(address(proxy))
    finally:
        proxy.close()
    assert time.monotonic() - began < 10.0


@pytest.mark.slow
def test_another_program_at_the_end_of_the_line_is_recognised() -> None:
    proxy = SerialProxy()
    talker = serial.Serial(proxy.device_path)
    stop = threading.Event()

    def talk() -> None:
        while not stop.wait(0.05):
            talker.write(b"raspberrypi login: ")

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        with pytest.raises(ProtocolError, match=r"not the PercepNet agent.*login.*baud rate"):
            SerialDevice(address(proxy))
    finally:
        stop.set()
        thread.join()
        talker.close()
        proxy.close()


def test_a_port_in_use_is_not_shared() -> None:
    proxy = SerialProxy()
    try:
        with (
            serial.Serial(proxy.host_path, exclusive=True),
            pytest.raises(DeviceError, match="in use by another program"),
        ):
            SerialDevice(address(proxy))
    finally:
        proxy.close()


def test_an_absent_port_is_named_with_those_that_exist() -> None:
    with pytest.raises(DeviceError, match=r"/dev/ttyNONE: no such port; ports of this computer"):
        open_device("serial:/dev/ttyNONE")


def test_a_file_is_no_serial_port(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("hello")
    with pytest.raises(DeviceError, match="is no serial port"):
        open_device(f"serial:{file}")
    assert file.read_text() == "hello"


def test_a_port_without_permission_tells_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(13, "could not open port: Permission denied")

    monkeypatch.setattr(serial, "serial_for_url", refuse)
    with pytest.raises(DeviceError, match="usermod -aG dialout"):
        open_device("serial:/dev/ttyUSB0")


def test_a_line_that_goes_away_is_a_closed_link(monkeypatch: pytest.MonkeyPatch) -> None:
    master, slave = os.openpty()
    transport = serial_line.SerialTransport(SerialAddress(os.ttyname(slave)))
    os.close(slave)
    os.close(master)
    with pytest.raises(LinkClosedError, match="check the cable"):
        transport.read(1.0)
    transport.close()
    transport.close()


def test_an_agent_with_another_model_is_refused(
    agent: Path, model_path: str, tmp_path: Path
) -> None:
    with line_to_agent(agent, model_path) as proxy:
        name = f"serial:{proxy.host_path}?baud={BAUD}"
        with open_device(name, model=model_path) as device:
            assert device.name == f"serial:{proxy.host_path}"
        with pytest.raises(DataError, match=r"holds model .*; start it with --model"):
            open_device(name, model="percepnet-sparse")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/dev/ttyUSB0", SerialAddress("/dev/ttyUSB0", 115_200)),
        ("/dev/ttyAMA0?baud=3000000", SerialAddress("/dev/ttyAMA0", 3_000_000)),
        ("COM3?baud=9600", SerialAddress("COM3", 9600)),
        ("socket://board:2000", SerialAddress("socket://board:2000", 115_200)),
        (
            "rfc2217://board:2217?ign_set_control&baud=921600",
            SerialAddress("rfc2217://board:2217?ign_set_control=", 921_600),
        ),
    ],
)
def test_addresses_are_taken_apart(text: str, expected: SerialAddress) -> None:
    assert SerialAddress.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "?baud=9600", "/dev/x?baud=", "/dev/x?baud=fast", "/dev/x?baud=-1", "/dev/x?baud=1e6",
     "/dev/x?baud=99999999", "/dev/x?speed=9600"],
)  # fmt: skip
def test_a_wrong_address_is_a_usage_error_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match=r"serial:/dev/ttyUSB0\?baud|whole number from"):
        open_device(f"serial:{text}")


def test_an_unknown_url_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="nonsense"):
        open_device("serial:nonsense://x")


def test_a_socket_is_a_line_too(agent: Path, model_path: str, noise: Noise) -> None:
    pcm = noise(48_000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            connection, _ = server.accept()
            with (
                connection,
                subprocess.Popen(
                    [str(agent), "--model", model_path], stdin=connection, stdout=connection
                ) as running,
            ):
                running.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        with open_device(f"serial:socket://127.0.0.1:{port}") as device:
            assert device.run(pcm).digest == digest_on_host(pcm, agent, model_path)
        thread.join(10.0)
        assert not thread.is_alive()


@pytest.mark.slow
def test_a_port_of_another_computer_by_rfc_2217_is_a_line_too(
    agent: Path, model_path: str, noise: Noise
) -> None:
    ser2net = shutil.which("ser2net", path="/usr/sbin:/usr/bin")
    need(ser2net is not None, "ser2net is not installed")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with line_to_agent(agent, model_path) as proxy:
        settings = [
            f"connection: &one#  accepter: telnet(rfc2217,mode=server),tcp,localhost,{port}",
            f"  connector: serialdev(nouucplock=true),{proxy.host_path},{BAUD}n81,local",
        ]
        command = [str(ser2net), "-d", "-n", *(word for one in settings for word in ("-Y", one))]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
            try:
                wait_for_server(port)
                url = f"serial:rfc2217://127.0.0.1:{port}?ign_set_control&baud={BAUD}"
                with open_device(url) as device:
                    result = device.run(noise(48_000))
                    running.terminate()
                    running.wait(10)
                    with pytest.raises(DeviceError, match="the line is gone; check the cable"):
                        device.run(noise(48_000))
            finally:
                running.kill()
    assert result.digest == digest_on_host(noise(48_000), agent, model_path)


def wait_for_server(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    pytest.fail(f"nobody listens on port {port}")


def test_a_refused_socket_is_a_device_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(DeviceError, match="cannot be opened"):
        open_device(f"serial:socket://127.0.0.1:{port}")


@pytest.mark.slow
def test_measure_judges_a_serial_device(agent: Path, model_path: str, tmp_path: Path) -> None:
    with line_to_agent(agent, model_path) as proxy:
        command = [sys.executable, "-m", "host_tools", "--json", "measure", "--quick"]
        command += ["--device", f"serial:{proxy.host_path}?baud={BAUD}", "--model", model_path]
        command += ["--output", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    result = json.loads(done.stdout)
    assert result["output_matches_host"] is True, done.stderr
    assert result["load"]["kind"] == "measured"
