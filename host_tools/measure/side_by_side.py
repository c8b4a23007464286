# SPDX-License-Identifier: Apache-2.0
"""Several devices measured at the same time, each by a process of its own."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from host_tools.devices import host
from host_tools.errors import INTERRUPTED_EXIT_CODE, UsageError
from host_tools.power.names import is_in_device

DEVICES_MAX = 64
_RESULTS = {0, 1, 5, INTERRUPTED_EXIT_CODE}
"""Exit codes with which a measurement may leave a result."""


@dataclass
class Outcome:
    """How the measurement of one device ended: its exit code, result.json, and last complaint."""

    device: str
    exit_code: int = INTERRUPTED_EXIT_CODE
    result: dict[str, Any] | None = None
    complaint: str = ""
    said: list[str] = field(default_factory=list)


Notice = Callable[[str, str], None]
"""Told (device, line) of what a measurement says."""


def device_list(text: str) -> list[str]:
    """The devices of "a,b,c", each once. Raises UsageError for an empty or repeated name."""
    names = [name.strip() for name in text.split(",")]
    if not all(names) or len(set(names)) != len(names) or len(names) > DEVICES_MAX:
        raise UsageError(
            f"'{text}': write different device names with commas between them, such as "
            "serial:/dev/ttyUSB0,adb:"
        )
    return names


def check_meter(meter: str | None, devices: Sequence[str]) -> None:
    """Raises UsageError for one meter that several devices would have to share."""
    if meter is not None and len(devices) > 1 and not is_in_device(meter):
        raise UsageError(
            f"{meter} measures one device; measure {', '.join(devices)} one after the other, or "
            "with a meter that is in each device"
        )


def measure_each(devices: Sequence[str], arguments: Sequence[str], notice: Notice) -> list[Outcome]:
    """Measure all devices with the same *arguments* of ``host_tools measure``.

    This computer comes first and alone: what runs beside it would be measured with it. Ctrl-C
    reaches all of them, and what each has finished is kept.
    """
    outcomes = {name: Outcome(name) for name in devices}
    alone = [name for name in devices if name == host.NAME]
    for group in (alone, [name for name in devices if name != host.NAME]):
        running = [
            threading.Thread(target=_measure, args=(outcomes[name], arguments, notice))
            for name in group
        ]
        for thread in running:
            thread.start()
        for thread in running:
            _join(thread)
    return list(outcomes.values())


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """The worst: Ctrl-C, then the first that gave no result, then void, then over budget."""
    codes = [outcome.exit_code for outcome in outcomes]
    if INTERRUPTED_EXIT_CODE in codes:
        return INTERRUPTED_EXIT_CODE
    failed = [code for code in codes if code not in _RESULTS]
    return failed[0] if failed else max(codes, default=0)


def _measure(outcome: Outcome, arguments: Sequence[str], notice: Notice) -> None:
    command = [sys.executable, "-m", "host_tools", "--json", "measure", "--device", outcome.device]
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stderr is not None and child.stdout is not None
        reader = threading.Thread(target=_listen, args=(child.stderr, outcome, notice))
        reader.start()
        text = child.stdout.read()
        reader.join()
    outcome.exit_code = (
        INTERRUPTED_EXIT_CODE if child.returncode == -signal.SIGINT else child.returncode
    )
    outcome.complaint = outcome.said[-1] if outcome.said and outcome.exit_code else ""
    if outcome.exit_code in _RESULTS:
        with contextlib.suppress(ValueError):
            outcome.result = json.loads(text)


def _listen(stream: Any, outcome: Outcome, notice: Notice) -> None:
    for line in stream:
        outcome.said.append(line.strip())
        notice(outcome.device, line.strip())


def _join(thread: threading.Thread) -> None:
    """Wait for the end; at Ctrl-C the children get it too and end by themselves."""
    while thread.is_alive():
        with contextlib.suppress(KeyboardInterrupt):
            thread.join()
