# SPDX-License-Identifier: Apache-2.0
"""The agent installed on another computer, through a real sshd and a stand-in."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from host_tools.cli import main
from host_tools.devices.remote_shell import SshAddress
from host_tools.errors import DataError, DeviceError
from host_tools.flash import linux_install
from host_tools.flash.image_file import ProgramImage
from tests.devices.test_ssh_device import put_program
from tests.needs import need_build

BOARD = SshAddress("board")


def with_systemd(there: Path, state: str = "active", linger: str = "no") -> Path:
    """Stand-ins for systemd's programs; gives the file that holds what they were asked."""
    log = there / "asked"
    put_program(
        there / "bin",
        "systemctl",
        f'echo "$*" >>"{log}"\n'
        f'case "$*" in *is-active*) echo {state}; test {state} = active;; esac',
    )
    put_program(there / "bin", "loginctl", f"echo Linger={linger}")
    return log


def test_the_agent_is_installed_through_real_ssh_and_taken_away_again(
    sshd: str, tmp_path: Path, agent: Path, capsys: pytest.CaptureFixture[Any]
) -> None:
    folder = tmp_path / "opt"
    device = f"ssh:{sshd}?folder={folder}"
    assert main(["flash", "--device", device]) == 0
    told = capsys.readouterr().out
    assert f"{folder}/percepnet_agent installed, percepnet_agent " in told
    file = folder / "percepnet_agent"
    assert file.read_bytes() == agent.read_bytes()
    subprocess.run([str(file), "--version"], check=True, stdout=subprocess.DEVNULL)
    assert main(["flash", "--device", device]) == 0
    assert "was there already" in capsys.readouterr().out
    assert main(["flash", "--device", device, "--remove"]) == 0
    assert f"removed {file}" in capsys.readouterr().out
    assert list(folder.iterdir()) == []


def test_the_usual_place_is_among_the_users_programs(there: Path, agent: Path) -> None:
    done = linux_install.install(BOARD, None, service=False)
    file = there / ".local" / "bin" / "percepnet_agent"
    assert done.agent == str(file) and done.sent and done.service is None
    assert file.read_bytes() == agent.read_bytes()


def test_a_service_is_written_started_and_taken_away(there: Path, agent: Path) -> None:
    log = with_systemd(there)
    done = linux_install.install(BOARD, None, service=True, baud=921_600)
    unit = there / ".config" / "systemd" / "user" / "percepnet-agent.service"
    program = there / ".local" / "bin" / "percepnet_agent"
    assert f'ExecStart="{program}" --tty /dev/serial0,921600\n' in unit.read_text()
    assert "@" not in unit.read_text()
    asked = log.read_text()
    assert "--user daemon-reload" in asked and "--user enable percepnet-agent.service" in asked
    assert "--user restart percepnet-agent.service" in asked
    assert done.lingers is False
    assert any("sudo loginctl enable-linger" in line for line in done.lines)
    gone = linux_install.uninstall(BOARD)
    assert set(gone.removed) == {str(unit), str(program)}
    assert "--user disable --now percepnet-agent.service" in log.read_text()
    assert linux_install.uninstall(BOARD).removed == ()


def test_a_user_who_lingers_is_told_nothing_about_it(there: Path, agent: Path) -> None:
    with_systemd(there, linger="yes")
    done = linux_install.install(BOARD, None, service=True)
    assert done.lingers is True and not any("enable-linger" in line for line in done.lines)


def test_a_service_that_does_not_stay_up_is_a_device_error(there: Path, agent: Path) -> None:
    with_systemd(there, state="activating")
    with pytest.raises(DeviceError, match=r"does not stay up \(activating\).*journalctl --user"):
        linux_install.install(BOARD, None, service=True)


def test_systemd_that_refuses_is_quoted(there: Path, agent: Path) -> None:
    put_program(there / "bin", "systemctl", "echo 'Failed to connect to bus' >&2; exit 1")
    with pytest.raises(DeviceError, match="ssh:board: Failed to connect to bus"):
        linux_install.install(BOARD, None, service=True)


def test_without_systemd_nothing_is_installed(there: Path, agent: Path, tmp_path: Path) -> None:
    # a PATH of its own: this computer may have systemctl
    put_program(
        tmp_path / "programs",
        "ssh",
        f'for last; do :; done\ncase "$*" in *"-O exit"*) exit 0;; esac\nexport HOME="{there}"\n'
        'command() { return 1; }\neval "$last"',
    )
    with pytest.raises(DeviceError, match=r"no systemd there.*leave --service out"):
        linux_install.install(BOARD, None, service=True)
    assert not (there / ".local").exists()


def test_a_program_for_another_machine_is_not_sent(there: Path, kernel: Path) -> None:
    with pytest.raises(DataError, match=r"for bare-metal on aarch64, but ssh:board needs"):
        linux_install.install(BOARD, kernel, service=False)
    put_program(there / "bin", "uname", "echo aarch64")
    with pytest.raises(DataError, match="but ssh:board needs the build rpi-aarch64"):
        linux_install.install(BOARD, need_build("host", "percepnet_agent"), service=False)
    assert not (there / ".local").exists()


def test_a_given_program_is_installed(there: Path, other: ProgramImage) -> None:
    done = linux_install.install(BOARD, other.path, service=False)
    assert done.build == "5a" * 20
    assert (there / ".local" / "bin" / "percepnet_agent").read_bytes() == other.data


def test_a_full_disk_leaves_what_was_there(there: Path, agent: Path) -> None:
    file = there / ".local" / "bin" / "percepnet_agent"
    file.parent.mkdir(parents=True)
    file.write_text("an older one")
    put_program(there / "bin", "cat", "head -c 100\necho 'cat: No space left' >&2; exit 1")
    with pytest.raises(DeviceError, match="ssh:board: cat: No space left"):
        linux_install.install(BOARD, None, service=False)
    assert file.read_text() == "an older one"


def test_what_does_not_start_there_is_reported(there: Path, agent: Path) -> None:
    put_program(there / "bin", "readlink", "echo /nonexistent/percepnet_agent")
    with pytest.raises(DeviceError, match="not found"):
        linux_install.install(BOARD, None, service=False)
