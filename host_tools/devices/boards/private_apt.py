# SPDX-License-Identifier: Apache-2.0
"""Debian packages of other architectures, fetched with an apt state of our own.

Nothing of the system changes: no sources, no architectures, no lists. Its proxies, logins and
other settings of apt hold here too, and its mirror is used where it has one of Debian.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from host_tools.errors import DeviceError, MissingDependency

SUITE = "bookworm"
"""Fixed, so that every computer boots the same kernel, give or take security updates."""
FALLBACK_MIRROR = "http://deb.debian.org/debian"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_APT_FOLDER = Path("/etc/apt")
_DEBIAN_SUITE = re.compile(
    r"(bullseye|bookworm|trixie|forky|sid|oldstable|stable|testing|unstable)"
)
_TIMEOUT_S = 900
_CONFIG = """\
#clear APT::Architectures;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "{user}";
APT::Update::Error-Mode "any";
Acquire::Retries "2";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State "{folder}/state";
Dir::State::lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
"""


class PrivateApt:
    """apt for one architecture, with all that it keeps below *folder*, which is empty at first.

    *name* is the device that asks; it appears in messages.
    """

    def __init__(self, folder: Path, architecture: str, name: str) -> None:
        self._name = name
        self._folder = folder
        for program, package in (("apt-get", "apt"), ("dpkg-deb", "dpkg")):
            if shutil.which(program) is None:
                raise MissingDependency(
                    f"{name}: {program} is not installed; on Debian: apt-get install {package}"
                )
        if not KEYRING.is_file():
            raise MissingDependency(
                f"{name}: no keys of Debian at {KEYRING}; apt-get install debian-archive-keyring"
            )
        for below in ("lists/partial", "cache/archives/partial", "state", "packages"):
            (folder / below).mkdir(parents=True)
        (folder / "status").touch()
        (folder / "sources.list").write_text(
            f"deb [arch={architecture} target=Packages signed-by={KEYRING}] "
            f"{system_mirror()} {SUITE} main\n"
        )
        user = "root" if os.geteuid() == 0 else "_apt"  # _apt may not read our folder
        (folder / "apt.conf").write_text(
            _CONFIG.format(folder=folder, architecture=architecture, user=user)
        )

    def update(self) -> None:
        """Fetch the list of packages. Raises DeviceError."""
        self._run("apt-get", "-q", "update")

    def real_package(self, package: str) -> str:
        """The package behind one without content, such as linux-image-arm64."""
        said = self._run("apt-cache", "--no-recommends", "--no-suggests", "depends", package)
        found = re.search(r"^\s+Depends: (linux-image-\S+)$", said, re.MULTILINE)
        if found is None:
            raise DeviceError(f"{self._name}: {package} of {SUITE} depends on no kernel package")
        return found[1]

    def download(self, packages: list[str]) -> list[Path]:
        """Fetch packages, without those that they depend on. Raises DeviceError."""
        self._run("apt-get", "-q", "download", *packages)
        return sorted((self._folder / "packages").glob("*.deb"))

    def _run(self, program: str, *arguments: str) -> str:
        command = [program, "-c", str(self._folder / "apt.conf"), *arguments]
        environment = {**os.environ, "LC_ALL": "C"}
        folder = self._folder / "packages"
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                timeout=_TIMEOUT_S,
            )
        except subprocess.TimeoutExpired as error:
            raise DeviceError(
                f"{self._name}: no packages within {_TIMEOUT_S} s; try again with a better network"
            ) from error
        if done.returncode:
            raise DeviceError(
                f"{self._name}: cannot fetch Debian packages: {_complaint(done.stdout)}; check the "
                "network and the proxy of apt (apt-get update must work), then run again"
            )
        return done.stdout


def system_mirror() -> str:
    """Address of the Debian mirror in this system's own package sources, else of Debian itself."""
    for address, suites in _sources():
        if address.startswith(("http://", "https://")) and any(
            _DEBIAN_SUITE.fullmatch(suite) for suite in suites
        ):
            return address.rstrip("/")
    return FALLBACK_MIRROR


def _sources() -> Iterator[tuple[str, list[str]]]:
    """Address and suites of each entry of the system's sources, in both formats."""
    lists = [_APT_FOLDER / "sources.list", *sorted(_APT_FOLDER.glob("sources.list.d/*.list"))]
    for path in lists:
        lines = re.findall(r"^deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+(\S+)", _text(path), re.MULTILINE)
        yield from ((address, [suite]) for address, suite in lines)
    for path in sorted(_APT_FOLDER.glob("sources.list.d/*.sources")):
        for stanza in re.split(r"\n\s*\n", _text(path)):
            fields = {
                key.lower(): value.split()
                for key, value in re.findall(r"^([\w-]+):[ \t]*(.*)$", stanza, re.MULTILINE)
            }
            enabled = fields.get("enabled", ["yes"]) != ["no"]
            for address in fields.get("uris", []) if enabled else []:
                yield address, fields.get("suites", [])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _complaint(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line[2:].strip() for line in lines if line.startswith("E:")]
    return errors[0] if errors else (lines[-1] if lines else "apt gave no reason")
