# SPDX-License-Identifier: Apache-2.0
"""A Debian 12 for 64-bit ARM in a folder, run by an emulator; made once, then copied."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from host_tools.devices.boards.private_apt import system_mirror
from tests.needs import need, need_program

SUITE = "bookworm"
NAME = f"debian-arm64-root-{SUITE}-1"  # another number when root() makes something else
SEARCH_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

# The kernel starts the emulator for files with the first bytes of an ARM program.
FORMAT = (
    r":{name}:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
    r":\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
    r":{emulator}:F"
)

# In the root the emulator lies with its loader and libraries, out of the way of those of ARM.
EMULATOR = "mnt/emulator"
STARTER = f"""
#include <unistd.h>
int main(int count, char **arguments) {{
  char *all[count + 4];
  all[0] = "/{EMULATOR}/loader";
  all[1] = "--library-path";
  all[2] = "/{EMULATOR}";
  all[3] = "/{EMULATOR}/qemu-aarch64";
  for (int i = 1; i <= count; i++) all[i + 3] = arguments[i];
  return execv(all[0], all);
}}
"""

# Runs in mounts of its own, which end with this shell; so does the format where users have theirs.
ENTER = r"""
set -eu
read -r go
exec sh -euc '
  root=$1 format=$2 name=$3 shared=$4
  shift 4
  mount -t binfmt_misc none "$root/media"
  if [ "$shared" = yes ]; then
    trap "echo -1 >\"$root/media/$name\"" EXIT
    trap "exit 130" HUP INT TERM
  fi
  printf %s "$format" >"$root/media/register"
  mount --rbind /dev "$root/dev"
  mount --rbind /proc "$root/proc"
  chroot "$root" "$@" </dev/null
' enter "$@"
"""


def has_own_formats() -> bool:
    """Whether a user namespace has program formats of its own (Linux 6.7)."""
    version = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return version is not None and (int(version[1]), int(version[2])) >= (6, 7)


def need_namespaces() -> None:
    """Skip where the root can't be entered."""
    need(os.geteuid() == 0, "only root may install into a root of its own")
    for program in ("debootstrap", "qemu-aarch64", "cc", "ldd", "unshare", "chroot"):
        need_program(program)
    done = subprocess.run([*unshare(), "true"], capture_output=True, check=False)
    need(done.returncode == 0, "this machine allows no namespaces")


def unshare() -> list[str]:
    own = ["--user"] if has_own_formats() else []
    return ["unshare", *own, "--mount"]


def run(
    root: Path, *command: str, timeout: float = 300, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in the root with *settings* as its environment; output and errors in one."""
    name = f"percepnet-arm64-{os.getpid()}"
    text = FORMAT.format(name=name, emulator=root / EMULATOR / "start")
    shared = "no" if has_own_formats() else "yes"
    environment = {"PATH": SEARCH_PATH, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    with subprocess.Popen(
        [*unshare(), "sh", "-c", ENTER, "enter", str(root), text, name, shared, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment | settings,
        start_new_session=True,
    ) as process:
        try:
            if shared == "no":
                map_users(process.pid)
            output, _ = process.communicate("go\n", timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)  # else the emulated programs stay
            raise
    return subprocess.CompletedProcess(command, process.returncode, output)


def map_users(process: int) -> None:
    """Give a process in a new user namespace all users under their own numbers."""
    own = os.readlink("/proc/self/ns/user")
    while os.readlink(f"/proc/{process}/ns/user") == own:
        time.sleep(0.001)  # unshare takes a moment
    for kind in ("uid_map", "gid_map"):
        Path(f"/proc/{process}/{kind}").write_text("0 0 65536\n")


def apt_network() -> list[str]:
    """Lines of this machine's apt configuration about how to fetch, for example proxies."""
    done = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True)
    return re.findall(r"^Acquire::(?:https?\b|Check-).*$", done.stdout, re.MULTILINE)


def fetch_settings() -> dict[str, str]:
    """Environment for debootstrap, which fetches with wget and doesn't ask apt for proxies."""
    environment = dict(os.environ)
    for line in apt_network():
        if match := re.fullmatch(r'Acquire::(https?)::Proxy "([^"]+)";', line):
            environment.setdefault(f"{match[1]}_proxy", match[2])
    return environment


def boards() -> Path:
    """The folder of root and other things that are slow to make."""
    default = Path(platformdirs.user_cache_dir("percepnet-kit")) / "boards"
    return Path(os.environ.get("PERCEPNET_BOARDS") or default)


def add_emulator(folder: Path) -> None:
    """Copy the emulator of this machine with all it loads; a static one isn't always there."""
    folder.mkdir(parents=True)
    emulator = need_program("qemu-aarch64")
    shutil.copy(emulator, folder / "qemu-aarch64")
    done = subprocess.run(["ldd", emulator], capture_output=True, text=True, check=True)
    for library in re.findall(r"=> (/\S+)", done.stdout):
        shutil.copy(library, folder)
    loader = re.search(r"^\s*(/\S+) \(", done.stdout, re.MULTILINE)
    assert loader, done.stdout
    shutil.copy(loader[1], folder / "loader")
    command = ["cc", "-static", "-x", "c", "-", "-o", str(folder / "start")]
    subprocess.run(command, input=STARTER, text=True, check=True)


def make(root: Path) -> None:
    """Fill a new folder with the packages of a minimal Debian."""
    command = ["debootstrap", "--arch=arm64", "--foreign", "--variant=minbase", SUITE]
    done = subprocess.run(
        [*command, str(root), system_mirror()], capture_output=True, text=True, env=fetch_settings()
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (root / "etc/dpkg/dpkg.cfg.d/unsafe-io").write_text("force-unsafe-io\n")  # a copy, no loss
    (root / "etc/apt/apt.conf.d/90network").write_text("\n".join(apt_network()) + "\n")
    if (root / "proc").is_symlink():  # debootstrap leaves a link to that of this machine
        (root / "proc").unlink()
        (root / "proc").mkdir()
    (root / "media").mkdir(exist_ok=True)
    add_emulator(root / EMULATOR)
    # "lxc": as in a container, devices are there and can't be made
    stage = run(root, "/debootstrap/debootstrap", "--second-stage", container="lxc")
    assert stage.returncode == 0, stage.stdout
    for package in (root / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()


def cached_root() -> Path:
    """The root that all tests copy; made when it is missing, in a minute or two."""
    path = boards() / NAME
    if path.exists():
        return path
    boards().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=boards(), prefix=f".{NAME}-") as folder:
        new = Path(folder) / "root"
        make(new)
        try:
            new.rename(path)
        except OSError:
            assert path.exists()  # someone else was faster
    return path


def copied_root(folder: Path) -> Iterator[Path]:
    """A copy to change, removed afterwards."""
    root = folder / "root"
    command = ["cp", "-a", "--reflink=auto", str(cached_root()), str(root)]
    subprocess.run(command, check=True)
    yield root
    shutil.rmtree(root)
