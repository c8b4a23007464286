# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven over its DevTools pipe, that tells what a page does."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import signal
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

ANSWER_S = 60.0
_COMMANDS_TO_BROWSER = 3
_ANSWERS_FROM_BROWSER = 4
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)


@dataclass
class Seen:
    """What a page did while it was open: lines on the console, addresses that it asked for."""

    complaints: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


class Browser:
    """One page at a time. Use as a context manager."""

    def __init__(self, program: str) -> None:
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        to_browser, self._out = _high_pipe()
        self._in, from_browser = _high_pipe()
        self._process = os.posix_spawn(
            program,
            [program, *_FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_DUP2, to_browser, _COMMANDS_TO_BROWSER),
                (os.POSIX_SPAWN_DUP2, from_browser, _ANSWERS_FROM_BROWSER),
            ],
        )
        os.close(to_browser)
        os.close(from_browser)
        self._number = 0
        self._pending = b""
        self._session = ""
        self.seen = Seen()

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._out)
        os.close(self._in)
        self._profile.cleanup()

    def open(self, path: Path, width: int, *, dark: bool = False) -> None:
        """Show a file in a window of so many CSS pixels; narrow ones are those of phones."""
        self.seen = Seen()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=844,
            deviceScaleFactor=2 if width < 500 else 1,
            mobile=width < 500,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])
        self.call("Page.navigate", url=path.resolve().as_uri())
        deadline = time.monotonic() + ANSWER_S
        while self.value("document.readyState + location.protocol") != "completefile:":
            assert time.monotonic() < deadline, f"{path} did not load"
        self.value("document.fonts.ready.then(() => 1)")

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives in the page."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """Keep a PNG of the whole page."""
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self) -> bytes:
        """The page as it prints."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser and wait for its answer, noting events meanwhile."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session and not method.startswith("Target."):
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + ANSWER_S
        while True:
            answer = self._receive(deadline)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._pending:
            left_s = deadline - time.monotonic()
            ready, _, _ = select.select([self._in], [], [], max(0.0, left_s))
            assert ready, "the browser does not answer"
            piece = os.read(self._in, 1 << 16)
            assert piece, "the browser ended"
            self._pending += piece
        line, _, self._pending = self._pending.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _note(self, event: dict[str, Any]) -> None:
        method, about = event.get("method"), event.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.seen.complaints.append(json.dumps(about["args"]))
        elif method == "Runtime.exceptionThrown":
            self.seen.complaints.append(json.dumps(about["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.seen.complaints.append(about["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.seen.addresses.append(about["request"]["url"])


def _high_pipe() -> tuple[int, int]:
    """Both ends of a pipe, above the numbers that the browser wants them under."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]
