# SPDX-License-Identifier: Apache-2.0
"""``ssh:`` devices: through a real sshd, and through a stand-in for what a real one seldom does."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host_tools.devices import open_device
from host_tools.devices.base import Samples
from host_tools.devices.host import HostDevice
from host_tools.devices.remote_shell import RemoteShell, SshAddress
from host_tools.devices.ssh_deploy import choose_target
from host_tools.errors import DataError, DeviceError, MissingDependency, UsageError
from tests.needs import need, need_program

Noise = Callable[[int], Samples]


def put_program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def first_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Home folder of a computer that a stand-in for ssh 'reaches': the script runs here."""
    home = tmp_path / "there"
    home.mkdir()
    programs = tmp_path / "programs"
    put_program(
        programs,
        "ssh",
        f'for last; do :; done\ncase "$*" in *"-O exit"*) exit 0;; esac\n'
        f'export HOME="{home}" PATH="{home}/bin:$PATH"\nexec sh -c "$last"',
    )
    first_on_path(programs, monkeypatch)
    return home


@pytest.fixture
def sshd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a real ssh server on this computer that lets the test in by key."""
    server = shutil.which("sshd", path="/usr/sbin:/usr/bin")
    need(server is not None, "sshd is not installed (openssh-server)")
    need_program("ssh-keygen")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where Debian's server separates privileges
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(command, check=True)
    shutil.copy(tmp_path / "user.pub", tmp_path / "allowed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = (
        f"HostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/allowed\nStrictModes no\n"
        f"ListenAddress 127.0.0.1\nPort {port}\nPidFile none\nPasswordAuthentication no\n"
        "UsePAM no\n"
    )
    (tmp_path / "sshd_config").write_text(settings)
    (tmp_path / "ssh_config").write_text(
        f"IdentityFile {tmp_path}/user\nIdentitiesOnly yes\nIdentityAgent none\n"
        f"UserKnownHostsFile {tmp_path}/known\nStrictHostKeyChecking accept-new\nBatchMode yes\n"
    )
    # ssh takes the home folder from the user database, so the test's settings come by option
    put_program(
        tmp_path / "bin", "ssh", f'exec {shutil.which("ssh")} -F "{tmp_path}/ssh_config" "$@"'
    )
    first_on_path(tmp_path / "bin", monkeypatch)
    running = subprocess.Popen([str(server), "-D", "-e", "-f", str(tmp_path / "sshd_config")])
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"{getpass.getuser()}@127.0.0.1:{port}"
    running.terminate()
    running.wait()


def test_the_agent_is_sent_checked_and_run_over_real_ssh(
    sshd: str, tmp_path: Path, agent: Path, model_path: str, noise: Noise
) -> None:
    pcm, folder = noise(48_000), tmp_path / "board"
    with HostDevice(agent=agent, model=Path(model_path)) as host:
        expected = host.run(pcm).digest
    with open_device(f"ssh:{sshd}?folder={folder}", model=model_path) as device:
        assert device.name == f"ssh:{sshd}"
        assert device.run(pcm).digest == expected
    assert {path.name for path in folder.iterdir()} == {"percepnet_agent", "model.pnm"}


def test_a_refused_key_says_what_to_try(sshd: str, tmp_path: Path) -> None:
    (tmp_path / "allowed").write_text("")
    with pytest.raises(DeviceError, match=r"no connection: .*Permission denied.*; try first: ssh "):
        open_device(f"ssh:{sshd}")


def test_a_server_that_is_not_there_is_a_device_error(sshd: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(DeviceError, match=r"no connection: .*[Rr]efused"):
        open_device(f"ssh:{sshd.rpartition(':')[0]}:{port}")


def test_what_is_there_already_is_not_sent_again(there: Path, agent: Path, noise: Noise) -> None:
    open_device("ssh:board").close()
    file = there / ".cache" / "percepnet-kit" / "percepnet_agent"
    written = file.stat().st_mtime_ns
    with open_device("ssh:board") as device:
        device.run(noise(960))
    assert file.stat().st_mtime_ns == written


def test_another_version_is_replaced(there: Path, agent: Path) -> None:
    file = there / ".cache" / "percepnet-kit" / "percepnet_agent"
    file.parent.mkdir(parents=True)
    file.write_text("an older one")
    with open_device("ssh:board") as device:
        assert device.identify().state_bytes > 0
    assert file.read_bytes() == agent.read_bytes()


def test_a_full_disk_leaves_the_old_agent_in_place(there: Path, agent: Path) -> None:
    file = there / ".cache" / "percepnet-kit" / "percepnet_agent"
    file.parent.mkdir(parents=True)
    file.write_text("an older one")
    put_program(there / "bin", "cat", "head -c 100\necho 'cat: No space left' >&2; exit 1")
    with pytest.raises(DeviceError, match=r"ssh:board: cat: No space left"):
        open_device("ssh:board")
    assert file.read_text() == "an older one"


def test_what_arrives_damaged_is_not_used(there: Path, agent: Path) -> None:
    put_program(there / "bin", "cat", "head -c 100")
    with pytest.raises(DeviceError, match="arrived damaged; run again"):
        open_device("ssh:board")
    assert not (there / ".cache" / "percepnet-kit" / "percepnet_agent").exists()


@pytest.mark.parametrize(
    ("machine", "bits", "target"),
    [
        ("aarch64", "64", "rpi-aarch64"),
        ("aarch64", "32", "rpi-armv7"),
        ("armv7l", "32", "rpi-armv7"),
        ("x86_64", "64", "host"),
    ],
)
def test_the_build_follows_what_the_computer_says(
    there: Path, machine: str, bits: str, target: str
) -> None:
    put_program(there / "bin", "uname", f"echo {machine}")
    put_program(there / "bin", "getconf", f"echo {bits}")
    with RemoteShell(SshAddress("board")) as shell:
        assert choose_target(shell) == target


def test_a_computer_without_a_build_is_named(there: Path) -> None:
    put_program(there / "bin", "uname", "echo riscv64")
    with pytest.raises(DeviceError, match=r"no agent for a 'riscv64' computer.*aarch64"):
        open_device("ssh:board")


def test_without_ssh_the_missing_program_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match="openssh-client"):
        open_device("ssh:board")


def test_a_wrong_model_is_refused_before_anything_is_sent(there: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pnm"
    broken.write_bytes(b"no model")
    with pytest.raises(DataError):
        open_device("ssh:board", model=str(broken))
    assert not (there / ".cache").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("board", SshAddress("board")),
        ("pi@10.0.0.7:2222", SshAddress("10.0.0.7", "pi", 2222)),
        ("pi@[fe80::1]:22", SshAddress("fe80::1", "pi", 22)),
        ("pi@board?folder=/opt/percepnet", SshAddress("board", "pi", None, "/opt/percepnet")),
    ],
)
def test_addresses_are_taken_apart(text: str, expected: SshAddress) -> None:
    assert SshAddress.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "pi@", "-oProxyCommand=x", "a b", "pi@board:0", "pi@board:99999", "board?agent=/x",
     "board?folder=relative", "board?folder=/a;rm", "board;reboot", "$(reboot)"],
)  # fmt: skip
def test_a_wrong_address_is_a_usage_error_and_never_reaches_a_shell(there: Path, text: str) -> None:
    with pytest.raises(UsageError):
        open_device(f"ssh:{text}")
