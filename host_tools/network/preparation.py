# SPDX-License-Identifier: Apache-2.0
"""What a training needs before it starts, and what is made beside it: recordings, rooms, shards."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from host_tools.errors import ToolError, UsageError
from host_tools.network.audio_cache import INDEX_NAME, AudioCache, build_cache
from host_tools.network.manifest import read_manifest
from host_tools.network.rooms import MADE_SPLITS, made_rooms, room_file, write_rooms
from host_tools.network.shards import Frames, ShardJob, ShardPlan, write_shards

STATISTICS_SHARDS = 10
VALIDATION_SHARDS = 3


class Jobs:
    """Shards of a run: of training in order, of validation, and those needed at the start."""

    def __init__(self, plan: ShardPlan, count: int) -> None:
        self.train = plan.jobs("train", count)
        self.validation = plan.jobs("val", VALIDATION_SHARDS)
        self.first = [*self.train[:STATISTICS_SHARDS], *self.validation]
        self.later = self.train[STATISTICS_SHARDS:]


def load_shard(job: ShardJob) -> Frames:
    loaded: Frames = np.load(job.path, mmap_mode="r")
    return loaded


def progress_bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def decode(
    data: Path | None, cache: Path, console: Console, clear_licenses_only: bool = False
) -> None:
    """Decode the folder of recordings unless ``cache`` holds it; says what was found and left out.

    Raises CacheError or UsageError; Ctrl-C keeps what is decoded for the next call.
    """
    if (cache / INDEX_NAME).exists():
        if data is not None and data.is_dir():
            AudioCache(cache).check_holds(read_manifest(data))
        return
    if data is None:
        raise UsageError(f"{cache}: holds no decoded recordings; give their folder with --data")
    manifest = read_manifest(data)
    if clear_licenses_only:
        manifest.check_licenses()
    if manifest.scanned:
        console.print(manifest.summary(), highlight=False, markup=False, soft_wrap=True)
    done = total = 0
    try:
        with progress_bars(console) as progress:
            task = progress.add_task("Decoding recordings", total=None, note="")
            for done, total in build_cache(manifest, cache):
                progress.update(task, completed=done, total=total, note=f"{done}/{total}")
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(
            f"stopped after {done} of {total} files; the same command goes on from there"
        ) from stop
    for line in AudioCache(cache).describe():
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def prepare_rooms(cache: Path, count: int, console: Console) -> None:
    missing = [s for s in MADE_SPLITS if count and not room_file(cache, s, count).exists()]
    if not missing:
        return
    with progress_bars(console) as progress:
        total = sum(made_rooms(split, count) for split in missing)
        task = progress.add_task("Making rooms", total=total, note="")
        for split in missing:
            for _ in write_rooms(cache, split, count):
                progress.advance(task)


def prepare_shards(jobs: list[ShardJob], workers: int, console: Console) -> None:
    missing = [job for job in jobs if not job.path.exists()]
    if not missing:
        return
    with progress_bars(console) as progress:
        task = progress.add_task("Making mixtures", total=len(missing), note="")
        for _ in write_shards(missing, workers):
            progress.advance(task)


def _write_all(jobs: list[ShardJob], workers: int) -> None:
    # Leaving by exception closes the pool; dying at once would leave its workers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for _ in write_shards(jobs, workers):
            pass
    except ToolError as error:
        # the training goes on with the mixtures that are there and ends when it needs these
        sys.exit(f"host_tools: no more mixtures are made: {error}")


class ShardMaker:
    """Makes the missing shards in a process of its own while the network trains.

    ``here`` is false on ranks that leave it to another process of their machine.
    """

    def __init__(self, jobs: list[ShardJob], workers: int, here: bool) -> None:
        missing = [job for job in jobs if here and not job.path.exists()]
        self._elsewhere = not here
        context = multiprocessing.get_context("spawn")
        self._process = (
            context.Process(target=_write_all, args=(missing, workers)) if missing else None
        )

    def __enter__(self) -> ShardMaker:
        if self._process:
            self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.terminate()
            self._process.join()

    def working(self) -> bool:
        """Say whether shards are still being made."""
        return self._elsewhere or (self._process is not None and self._process.is_alive())
