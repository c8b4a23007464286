# SPDX-License-Identifier: Apache-2.0
"""Places of a lab, asked for and held with the user's own labgrid-client."""

from __future__ import annotations

import ast
import contextlib
import getpass
import logging
import os
import re
import shutil
import socket
import subprocess
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from host_tools.errors import DeviceError, MissingDependency, UsageError

KIND = "labgrid"
PROGRAM = "labgrid-client"
COORDINATOR_VARIABLE = "LG_COORDINATOR"
DEFAULT_COORDINATOR = "127.0.0.1:20408"
COMMAND_S = 40.0
"""A coordinator that is switched off is given up by labgrid-client itself after 20 s."""
_EXAMPLE = "labgrid:rpi?coordinator=lab:20408"
_RESOURCE = re.compile(r"^Acquired resource '(.*)' \(([^/\n]+)/.*\):\n((?:  .*\n?)+)", re.MULTILINE)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PlaceAddress:
    """A place (name, alias, unique part of a name or ``+TOKEN``) and where to ask for it.

    ``coordinator`` None: that of LG_COORDINATOR. ``resource`` names one of several of the place.
    """

    place: str
    coordinator: str | None = None
    resource: str | None = None

    @classmethod
    def parse(cls, text: str) -> PlaceAddress:
        """Take apart ``PLACE[?coordinator=HOST:PORT][&resource=NAME]``. Raises UsageError."""
        place, _, query = text.partition("?")
        settings = parse_qs(query, keep_blank_values=True)
        if not place:
            raise UsageError(f"'{KIND}:{text}' names no place; write for example {_EXAMPLE}")
        if set(settings) - {"coordinator", "resource"} or [""] in settings.values():
            raise UsageError(
                f"'{KIND}:{text}': only coordinator and resource can be set, for example {_EXAMPLE}"
            )
        return cls(place, *(settings.get(key, [None])[-1] for key in ("coordinator", "resource")))

    @property
    def name(self) -> str:
        """The device name with this address."""
        return f"{KIND}:{self.place}"


@dataclass(frozen=True)
class Resource:
    """What a place has: its labgrid class and the parameters that say how to reach it."""

    name: str
    exporter: str
    kind: str
    available: bool
    params: dict[str, Any]


class Place:
    """A place that is ours until ``release``; one that was ours before stays so.

    ``name`` is that of the device, with the place's whole name.
    """

    def __init__(self, address: PlaceAddress) -> None:
        self._coordinator = address.coordinator
        self._taken = False
        shown = self._find(address)
        self._place = _place_name(shown)
        self.name = f"{KIND}:{self._place}"
        holder = _value(shown, "acquired")
        try:
            if holder == "None":
                self._acquire()
                shown = self._ask("show")
            elif not _is_ours(shown):
                raise DeviceError(
                    f"{self.name}: in use by {holder} (host/user); wait, or let them run there: "
                    f"{PROGRAM} -p {self._place} allow {_whoami()}"
                )
            self.resources = _resources(shown)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give the place back if it was taken here; safe to call twice."""
        if not self._taken:
            return
        self._taken = False
        try:
            self._ask("release-from", _whoami())  # never from somebody who has it by now
        except DeviceError as error:
            _log.warning("%s; not released, try: %s -p %s release", error, PROGRAM, self._place)

    def _acquire(self) -> None:
        self._taken = True  # at once: one that is interrupted may have succeeded
        try:
            self._ask("acquire")
        except _RefusedError:
            self._taken = False
            raise

    def _ask(self, *arguments: str) -> str:
        return _labgrid(self.name, self._coordinator, [f"--place={self._place}", *arguments])

    def _find(self, address: PlaceAddress) -> str:
        name, where = address.name, self._coordinator
        try:
            return _labgrid(name, where, [f"--place={address.place}", "show"])
        except _RefusedError as error:
            if "matches nothing" not in str(error):
                raise
        listed = _labgrid(name, where, ["places"]).splitlines()
        names = ", ".join(line.split()[0] for line in listed) or "none"
        raise UsageError(f"{name}: no such place at {_coordinator(where)}; places: {names}")


class _RefusedError(DeviceError):
    """labgrid-client answered with an error."""


@dataclass(frozen=True)
class ListedPlace:
    """A place as the list shows it; ``holder`` is HOST/USER, or None when we may use it."""

    name: str
    comment: str
    holder: str | None


def list_places(timeout_s: float) -> list[ListedPlace]:
    """Places of the coordinator in LG_COORDINATOR. Raises DeviceError or MissingDependency."""
    listed = _labgrid(f"{KIND}:", None, ["--verbose", "places"], timeout_s=timeout_s)
    return [_listed(text) for text in re.split(r"^(?=Place ')", listed, flags=re.MULTILINE)[1:]]


def _listed(shown: str) -> ListedPlace:
    holder = _value(shown, "acquired")
    usable = holder == "None" or _is_ours(shown)
    return ListedPlace(
        _place_name(shown), _value(shown, "comment") or "", None if usable else holder
    )


def _whoami() -> str:
    """How labgrid calls who runs this."""
    host = os.environ.get("LG_HOSTNAME") or socket.gethostname()
    return f"{host}/{os.environ.get('LG_USERNAME') or getpass.getuser()}"


def _coordinator(given: str | None) -> str:
    return given or os.environ.get(COORDINATOR_VARIABLE) or DEFAULT_COORDINATOR


def _place_name(shown: str) -> str:
    return shown.partition("'")[2].partition("'")[0]


def _value(shown: str, key: str) -> str | None:
    found = re.search(rf"^  {key}: (.*)$", shown, re.MULTILINE)
    return found[1] if found else None


def _is_ours(shown: str) -> bool:
    """Whether this user on this computer has the place, or was let in by who has it."""
    allowed = _value(shown, "allowed") or ""
    return _whoami() in (_value(shown, "acquired"), *allowed.split(", "))


def _resources(shown: str) -> list[Resource]:
    """What ``show`` tells; its tables are Python literals."""
    resources = []
    for name, exporter, table in _RESOURCE.findall(shown):
        content = ast.literal_eval(table.strip())
        resources.append(
            Resource(name, exporter, content["cls"], content["avail"], content["params"])
        )
    return resources


def _labgrid(
    name: str, coordinator: str | None, arguments: list[str], *, timeout_s: float = COMMAND_S
) -> str:
    """What labgrid-client prints. Raises _RefusedError, DeviceError or MissingDependency."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise MissingDependency(f"{name}: {PROGRAM} is not installed; try: pipx install labgrid")
    where = _coordinator(coordinator)
    command = [program, f"--coordinator={where}", *arguments]
    settings = {key: value for key, value in os.environ.items() if key != "LG_ENV"}
    running = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        env=settings,  # an environment file would name places of its own
        start_new_session=True,  # Ctrl-C is for us: what it does is not left half done
    )
    try:
        out, complaint = running.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        running.kill()
        running.communicate()
        raise DeviceError(f"{name}: no answer from {where} within {timeout_s:.0f} s") from error
    except BaseException:
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.communicate(timeout=timeout_s)
        running.kill()
        raise
    if running.returncode == 0:
        return out
    if "Could not connect to coordinator" in complaint:
        hint = f"set {COORDINATOR_VARIABLE} or add ?coordinator=HOST:PORT"
        raise DeviceError(f"{name}: no labgrid coordinator at {where}; {hint}")
    said = (complaint.strip() or f"exit code {running.returncode}").splitlines()[-1]
    raise _RefusedError(f"{name}: {said.rpartition('Error: ')[2]}")
