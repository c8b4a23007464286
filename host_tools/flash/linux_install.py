# SPDX-License-Identifier: Apache-2.0
"""``ssh:user@host``: the agent among the user's programs there, on demand as a service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_tools.devices.binaries import AGENT_NAME, find_agent
from host_tools.devices.remote_shell import RemoteShell, SshAddress
from host_tools.devices.ssh_deploy import choose_target, send_if_other
from host_tools.errors import DataError, DeviceError
from host_tools.flash.image_file import LINUX_TARGETS, read_image
from host_tools.generate.checkout import checkout_root

DEFAULT_FOLDER = "$HOME/.local/bin"
DEFAULT_BAUD = 115_200
UNIT = "percepnet-agent.service"
_UNIT_FOLDER = "$HOME/.config/systemd/user"
_USER_BUS = 'export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"'
"""Where systemctl --user finds the user's services; a command by ssh may lack it."""


@dataclass(frozen=True)
class Installed:
    """An agent there: ``agent`` is its path, ``version`` what it says; ``lingers`` whether the
    user's services run without a login (None: no service was asked for)."""

    device: str
    target: str
    agent: str
    version: str
    build: str
    sent: bool
    service: str | None
    lingers: bool | None

    @property
    def lines(self) -> tuple[str, ...]:
        """For people."""
        how = "installed" if self.sent else "was there already"
        told = [f"{self.device}: {self.agent} {how}, {self.version}, build {self.build[:12]}"]
        if self.service is not None:
            told.append(f"{UNIT} runs and starts at every login: {self.service}")
        if self.lingers is False:
            told.append("To have it without a login, run there: sudo loginctl enable-linger $USER")
        return tuple(told)


@dataclass(frozen=True)
class Uninstalled:
    """Files that are gone there, as paths."""

    device: str
    removed: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """For people."""
        return (f"{self.device}: removed {', '.join(self.removed) or 'nothing, it was not there'}",)


def install(
    address: SshAddress, path: Path | None, *, service: bool, baud: int = DEFAULT_BAUD
) -> Installed:
    """Put the agent in *path* (None: the kit's build for it) there and ask it for its version.

    *service*: also a systemd service of the user that serves /dev/serial0 at *baud* bit/s.
    Raises DeviceError (connection, room, permission, no systemd) or DataError (image).
    """
    with RemoteShell(address) as shell:
        target = choose_target(shell)
        image = read_image(path or find_agent(target, shell.name))
        if image.kind != "linux" or LINUX_TARGETS[image.machine] != target:
            raise DataError(
                f"{image.path}: for {image.kind} on {image.machine}, but {shell.name} needs the "
                f"build {target}"
            )
        if service:
            _check_systemd(shell)
        place = address.folder or DEFAULT_FOLDER
        sent = send_if_other(shell, place, AGENT_NAME, image.path)
        agent = shell.run(f'readlink -f "{place}/{AGENT_NAME}"')
        version = shell.run(f"'{agent}' --version")
        command = _start_service(shell, agent, baud) if service else None
        return Installed(
            device=shell.name,
            target=target,
            agent=agent,
            version=version,
            build=image.build_id,
            sent=sent,
            service=command,
            lingers=_lingers(shell) if service else None,
        )


def uninstall(address: SshAddress) -> Uninstalled:
    """Stop the service, if any, and delete what was installed. Raises DeviceError."""
    place = address.folder or DEFAULT_FOLDER
    agent, unit = f'"{place}/{AGENT_NAME}"', f'"{_UNIT_FOLDER}/{UNIT}"'
    with RemoteShell(address) as shell:
        shell.run(
            f"{_USER_BUS}; if test -e {unit}; then "
            f"systemctl --user disable --now {UNIT} && rm -f {unit}.gone && mv {unit} {unit}.gone "
            "&& systemctl --user daemon-reload; fi"
        )
        removed = shell.run(
            f'for f in {unit}.gone {agent} {agent}.before {agent}.part; do if test -e "$f"; '
            'then rm -f "$f" && echo "$f"; fi; done'
        )
    return Uninstalled(
        shell.name, tuple(line.removesuffix(".gone") for line in removed.splitlines())
    )


def _check_systemd(shell: RemoteShell) -> None:
    if shell.run("command -v systemctl || echo none") == "none":
        raise DeviceError(
            f"{shell.name}: no systemd there (systemctl); leave --service out and start "
            f"{AGENT_NAME} --tty /dev/serial0,{DEFAULT_BAUD} by that system's own means"
        )


def _start_service(shell: RemoteShell, agent: str, baud: int) -> str:
    """Write the unit, start it and see it stay; the command that it runs."""
    template = checkout_root() / "firmware" / "raspberry_pi" / UNIT
    quoted = '"' + agent.replace("%", "%%") + '"'
    unit = template.read_text().replace("@AGENT@", quoted).replace("@BAUD@", str(baud))
    file = f'"{_UNIT_FOLDER}/{UNIT}"'
    shell.run(
        f'mkdir -p "{_UNIT_FOLDER}" && cat >{file}.part && mv -f {file}.part {file}', unit.encode()
    )
    shell.run(
        f"{_USER_BUS}; systemctl --user daemon-reload && systemctl --user enable {UNIT} && "
        f"systemctl --user restart {UNIT}"
    )
    state = shell.run(f"{_USER_BUS}; sleep 1; systemctl --user is-active {UNIT} || true")
    if state != "active":
        raise DeviceError(
            f"{shell.name}: {UNIT} does not stay up ({state}); see there: "
            f"journalctl --user -u {UNIT}"
        )
    return f"{agent} --tty /dev/serial0,{baud}"


def _lingers(shell: RemoteShell) -> bool:
    told = shell.run('loginctl show-user "$(id -un)" --property=Linger 2>/dev/null || true')
    return told == "Linger=yes"
