# SPDX-License-Identifier: Apache-2.0
"""A login to an emulated board over ssh: a key for one boot, and settings for the system's ssh.

The board's network reaches this computer and nothing else, and only at one port of 127.0.0.1.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from host_tools.devices.boards.board_line import KIND
from host_tools.devices.boards.debian_kernels import DROPBEAR, boards_folder, fetched
from host_tools.devices.boards.linux_boards import Extras
from host_tools.errors import DeviceError, MissingDependency

_MODULES = (
    "failover",
    "net_failover",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "virtio_net",
)
_NETWORK = ("ip link set lo up", "ip address add 10.0.2.15/24 dev eth0", "ip link set eth0 up")
_ANSWER_S = 30.0
_LOOK_S = 0.2
_SETTINGS = """\
Host {host}
  HostName 127.0.0.1
  Port {port}
  User root
  IdentityFile "{folder}/key"
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile "{folder}/known_hosts"
  StrictHostKeyChecking accept-new
"""


class SshAccess:
    """Key, port and settings for one boot of a board; close it, or use it as a context manager.

    ``host`` is the board's name for ssh, ``settings`` the file that makes ssh know it. A copy lies
    in ``settings_folder()`` until close, for an Include line of the user's own settings.
    Raises MissingDependency (no ssh-keygen, no apt) or DeviceError (dropbear cannot be fetched).
    """

    def __init__(self, board: str) -> None:
        self._name = f"{KIND}:{board}"
        program = shutil.which("ssh-keygen")
        if program is None:
            raise MissingDependency(
                f"{self._name}: ssh-keygen is not installed; apt-get install openssh-client"
            )
        self._dropbear = fetched(DROPBEAR, self._name)
        self._temporary = tempfile.TemporaryDirectory(prefix="percepnet-board-ssh-")
        folder = Path(self._temporary.name)
        self.host = f"percepnet-{board}"
        self.port = _free_port()
        self.settings = folder / "config"
        command = [program, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(folder / "key")]
        try:
            subprocess.run(command, check=True, capture_output=True)
            self._text = _SETTINGS.format(host=self.host, port=self.port, folder=folder)
            self.settings.write_text(self._text)
            settings_folder().mkdir(parents=True, exist_ok=True)
            (settings_folder() / self.host).write_text(self._text)
        except (OSError, subprocess.CalledProcessError) as error:
            self._temporary.cleanup()
            raise DeviceError(f"{self._name}: cannot make a key for ssh: {error}") from error

    def extras(self) -> Extras:
        """What the board needs besides its agent."""
        network = f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:22"
        card = "virtio-net-pci,netdev=net,romfile="  # no image to boot from the network
        libraries = {f"lib/{path.name}": path for path in (self._dropbear / "lib").iterdir()}
        return Extras(
            options=("-netdev", network, "-device", card),
            modules=_MODULES,
            commands=_NETWORK,
            # -R: makes its host key, -s: no passwords, -F: ends when it fails
            services=("/bin/dropbear -F -R -s 2>/dev/kmsg",),
            files={"bin/dropbear": self._dropbear / "dropbear", **libraries},
            texts={
                "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
                "etc/dropbear/README": "host keys of this boot\n",
                "root/.ssh/authorized_keys": self.settings.with_name("key.pub").read_text(),
            },
        )

    def wait(self) -> None:
        """Wait until the board's ssh server answers. Raises DeviceError."""
        deadline = time.monotonic() + _ANSWER_S
        while time.monotonic() < deadline:
            if self._answers():
                return
            time.sleep(_LOOK_S)
        raise DeviceError(f"{self._name}: its ssh server does not answer within {_ANSWER_S:.0f} s")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as probe:
                return probe.recv(4) == b"SSH-"
        except OSError:  # QEMU takes the call and hangs up while nobody listens on the board
            return False

    def close(self) -> None:
        """Forget key and settings."""
        shared = settings_folder() / self.host
        with contextlib.suppress(OSError):
            if shared.read_text() == self._text:  # else of a later boot of the same board
                shared.unlink()
        self._temporary.cleanup()

    def __enter__(self) -> SshAccess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def settings_folder() -> Path:
    """Folder with the settings of all boards that run now, for ``Include FOLDER/*``."""
    return boards_folder() / "ssh"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
