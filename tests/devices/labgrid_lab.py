# SPDX-License-Identifier: Apache-2.0
"""A lab on this computer: labgrid's own coordinator and exporters, reached over loopback."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.needs import need_program

START_S = 60.0
STOP_S = 10.0
Resources = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Group, name and parameters, as in an exporter's configuration."""


class Lab:
    """A coordinator that knows *places* by the patterns of the resources that they match."""

    def __init__(self, folder: Path, places: Mapping[str, tuple[str, ...]]) -> None:
        for program in ("labgrid-coordinator", "labgrid-exporter", "labgrid-client"):
            need_program(program)
        self._folder = folder
        self._log = folder / "coordinator.log"
        listed = {name: _place(patterns) for name, patterns in places.items()}
        (folder / "places.yaml").write_text(json.dumps(listed))  # JSON is YAML
        self.address = f"127.0.0.1:{free_port()}"
        command = ["labgrid-coordinator", "--listen", self.address]
        self._running = _start(command, self._log, "Coordinator ready")

    def close(self) -> None:
        _stop(self._running)

    @contextlib.contextmanager
    def exporter(
        self, name: str, resources: Resources, *options: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """One that shows *resources*; its ser2net belongs to its process group."""
        settings = self._folder / f"{name}.yaml"
        settings.write_text(json.dumps(resources))
        command = ["labgrid-exporter", "--coordinator", self.address, "--name", name]
        command += ["--hostname", "127.0.0.1", *options, str(settings)]
        running = _start(command, self._folder / f"{name}.log", "creating poll task")
        try:
            yield running
        finally:
            _stop(running)

    def client(self, place: str, *arguments: str, user: str | None = None) -> str:
        """What labgrid-client prints for this or another user."""
        who = {"LG_USERNAME": user} if user else {}
        command = ["labgrid-client", "--coordinator", self.address, "--place", place, *arguments]
        return subprocess.run(
            command, env=os.environ | who, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    def changes(self, place: str) -> list[str]:
        """Who acquired the place and when it was released, as the coordinator wrote it down."""
        lines = self._log.read_text().splitlines()
        return [line.partition(": place ")[2] for line in lines if line.startswith(f"{place}: ")]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def lose(exporter: subprocess.Popen[bytes]) -> None:
    """As if its computer lost power."""
    os.killpg(exporter.pid, signal.SIGKILL)
    exporter.wait()


def _place(patterns: tuple[str, ...]) -> dict[str, Any]:
    keys = ("exporter", "group", "cls", "name")
    matches = [
        dict(zip(keys, (*pattern.split("/"), None), strict=False)) | {"rename": None}
        for pattern in patterns
    ]
    return {"matches": matches, "aliases": [], "tags": {}, "comment": "", "created": 0.0}


def _start(command: list[str], log: Path, ready: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        running = subprocess.Popen(
            command,
            cwd=log.parent,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_S
    while ready not in log.read_text():
        if running.poll() is not None or time.monotonic() > deadline:
            _stop(running)
            raise AssertionError(f"{command[0]} did not start:\n{log.read_text()}")
        time.sleep(0.05)
    return running


def _stop(running: subprocess.Popen[bytes]) -> None:
    """End it and what it started."""
    running.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        running.wait(STOP_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()
