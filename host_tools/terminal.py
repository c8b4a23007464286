# SPDX-License-Identifier: Apache-2.0
"""How commands talk: results to standard output, logs and progress to standard error."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

_PIPE_WIDTH = 160
_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO, 2: logging.DEBUG}

Report = Callable[[str, int, int], None]
"""Called with (what is being done, steps done, steps in all)."""


class Terminal:
    """Output of one run of the command line.

    ``verbosity`` is -1 (errors only) to 2 (everything).
    """

    def __init__(self, *, as_json: bool = False, color: bool = True, verbosity: int = 0) -> None:
        self.as_json = as_json
        self.verbosity = max(-1, min(2, verbosity))
        self.out = _console(stderr=False, color=color)
        self.err = _console(stderr=True, color=color)
        logging.basicConfig(
            level=_LEVELS[self.verbosity],
            stream=sys.stderr,
            format="%(levelname)s %(name)s: %(message)s",
            force=True,
        )

    def result(self, value: Any, show: Callable[[Console], None]) -> None:
        """Print a result: as JSON when asked for, else by *show*."""
        if self.as_json:
            self.json_text(json.dumps(_plain(value), indent=2))
        else:
            show(self.out)

    def json_text(self, text: str) -> None:
        """Print ready JSON."""
        sys.stdout.write(text.rstrip("\n") + "\n")

    def say(self, message: str) -> None:
        """One line about what goes on, unless quiet."""
        if self.verbosity >= 0:
            self.err.print(message, highlight=False, markup=False)

    @contextlib.contextmanager
    def progress(self) -> Iterator[Report]:
        """A progress bar on standard error; silent when that is no terminal or with -q."""
        shown = self.err.is_terminal and self.verbosity >= 0
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.err, transient=True, disable=not shown) as bar:
            task = bar.add_task("", total=None, visible=False)

            def report(what: str, done: int, total: int) -> None:
                bar.update(task, description=what, completed=done, total=total, visible=True)

            yield report


def _console(*, stderr: bool, color: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PIPE_WIDTH
    return Console(stderr=stderr, no_color=None if color else True, width=width)


def _plain(value: Any) -> Any:
    """What JSON can hold; NaN and infinity become null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        return None
    return value
