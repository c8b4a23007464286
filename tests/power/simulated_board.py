# SPDX-License-Identifier: Apache-2.0
"""A board or phone whose /sys, /proc/uptime and vcgencmd are files here that change with a load.

The meters' shell commands run in a real shell; only the places of these files are others.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

UPTIME_OFFSET_S = 5000.0


class SimulatedBoard:
    """``files(load)`` gives texts by path below the root, for a load that is on or off."""

    def __init__(self, root: Path, files: Callable[[bool, float], dict[str, str]]) -> None:
        self.root, self._files = root, files
        self.load = False
        self.lost = False
        self._ended = threading.Event()
        (root / "bin").mkdir()
        self._write()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def run(self, command: str, /) -> str | None:
        """See Shell."""
        if self.lost:
            return None
        for place in ("/sys/", "/proc/uptime"):
            command = command.replace(place, f"{self.root}{place}")
        path = f"{self.root}/bin:{os.environ['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-c", command], capture_output=True, env={"PATH": path}, timeout=60
        )
        return done.stdout.decode()

    def add_program(self, name: str, script: str) -> None:
        """A shell script on the board's PATH; $ROOT stands for its root."""
        file = self.root / "bin" / name
        file.write_text("#!/bin/sh\n" + script.replace("$ROOT", str(self.root)))
        file.chmod(0o755)

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _live(self) -> None:
        while not self._ended.wait(0.005):
            self._write()

    def _write(self) -> None:
        uptime_s = time.monotonic() % 1000 + UPTIME_OFFSET_S
        texts = self._files(self.load, uptime_s)
        for path, text in {**texts, "proc/uptime": f"{uptime_s:.2f} 1.00"}.items():
            file = self.root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_suffix(".part")
            part.write_text(f"{text}\n")
            part.replace(file)
