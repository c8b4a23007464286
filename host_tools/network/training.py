# SPDX-License-Identifier: Apache-2.0
"""Training from a folder of recordings to a checkpoint, resumable at any time."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from host_tools.errors import MissingDependency, UsageError
from host_tools.network import shards
from host_tools.network.audio_cache import AudioCache, build_cache
from host_tools.network.card import write_card
from host_tools.network.checkpoint import load_checkpoint, save_checkpoint
from host_tools.network.profile import Profile

if TYPE_CHECKING:
    from host_tools.network.trainer import Settings, Trainer

STATISTICS_SHARDS = 10
VALIDATION_SHARDS = 3
ROW_UPDATES = 50


class Interrupted(KeyboardInterrupt):
    """The user stopped the training; everything was saved for --resume."""


def train(
    data: Path | None,
    cache: Path,
    output: Path,
    profile: Profile,
    settings: Settings | None = None,
    minutes: float = 60.0,
    hours: float = 20.0,
    updates: int | None = None,
    resume: bool = False,
    clear_licenses_only: bool = False,
    check_minutes: float = 5.0,
    workers: int = 2,
    device_name: str = "auto",
    console: Console | None = None,
    start: Path | None = None,
) -> Path:
    """Train ``profile`` and write checkpoint, profile, record and curves to ``output``.

    ``data`` is the folder of recordings, needed until ``cache`` holds them decoded; ``hours`` of
    mixtures are made in the background. The run ends after ``minutes`` of training (or after
    ``updates``, which makes it repeatable exactly). ``start`` is a folder with a checkpoint of the
    same profile to begin with; ``settings.densities`` prunes it. Returns the checkpoint's path.
    Raises MissingDependency without PyTorch, DataError for bad inputs, Interrupted on Ctrl-C.
    """
    try:
        import torch

        from host_tools.network.trainer import STATE_NAME, Settings, Trainer
    except ImportError as error:
        raise MissingDependency(
            "training needs PyTorch; install it with pip install 'percepnet-kit[train]'"
        ) from error
    console = console or Console(stderr=True)
    settings = settings or Settings()
    if minutes <= 0 or hours <= 0:
        raise UsageError("--minutes and --hours must be positive")
    if device_name == "auto":
        device_name = "cuda" if torch.cuda.is_available() else "cpu"
    output.mkdir(parents=True, exist_ok=True)
    if not resume and (output / STATE_NAME).exists():
        raise UsageError(f"{output}: holds a training; continue with --resume or choose another")

    _decode(data, cache, console)
    count = max(STATISTICS_SHARDS, round(hours * 10))
    train_jobs = shards.shard_jobs(cache, "train", settings.seed, count, clear_licenses_only)
    validation_jobs = shards.shard_jobs(
        cache, "val", settings.seed, VALIDATION_SHARDS, clear_licenses_only
    )
    first = [*train_jobs[:STATISTICS_SHARDS], *validation_jobs]
    _make_shards(first, workers, console)
    maker = _ShardMaker(train_jobs[STATISTICS_SHARDS:], workers)

    trainer = Trainer(profile, settings, torch.device(device_name))
    first_train = [_load(job) for job in train_jobs[:STATISTICS_SHARDS]]
    trainer.set_statistics(*shards.feature_statistics(first_train))
    if start is not None:
        trainer.start_from(load_checkpoint(start))
    if resume:
        trainer.restore(output)
    run = _Run(
        trainer, output, console, minutes, updates, check_minutes, clear_licenses_only, hours
    )
    with maker, _stop_on_signal(run):
        run.loop([job.path for job in train_jobs], [_load(j) for j in validation_jobs], maker)
    write_card(output, AudioCache(cache, clear_licenses_only), run.facts())
    if run.stopped:
        raise Interrupted(f"stopped; continue with --resume --output {output}")
    return output / "checkpoint.safetensors"


def _load(job: shards.ShardJob) -> shards.Frames:
    import numpy as np

    loaded: shards.Frames = np.load(job.path, mmap_mode="r")
    return loaded


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


def _decode(data: Path | None, cache: Path, console: Console) -> None:
    if (cache / "index.json").exists():
        return
    if data is None:
        raise UsageError(f"{cache}: holds no decoded recordings; give their folder with --data")
    with _progress(console) as progress:
        task = progress.add_task("Decoding recordings", total=None, note="")
        for done, total in build_cache(data, cache):
            progress.update(task, completed=done, total=total, note=f"{done}/{total}")


def _make_shards(jobs: list[shards.ShardJob], workers: int, console: Console) -> None:
    missing = [job for job in jobs if not job.path.exists()]
    if not missing:
        return
    with _progress(console) as progress:
        task = progress.add_task("Making mixtures", total=len(missing), note="")
        for _ in shards.write_shards(missing, workers):
            progress.advance(task)


def _write_all(jobs: list[shards.ShardJob], workers: int) -> None:
    # Leaving by exception closes the pool; dying at once would leave its workers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for _ in shards.write_shards(jobs, workers):
        pass


class _ShardMaker:
    """Makes the missing shards in a process of its own while the network trains."""

    def __init__(self, jobs: list[shards.ShardJob], workers: int) -> None:
        missing = [job for job in jobs if not job.path.exists()]
        context = multiprocessing.get_context("spawn")
        self._process = (
            context.Process(target=_write_all, args=(missing, workers)) if missing else None
        )

    def __enter__(self) -> _ShardMaker:
        if self._process:
            self._process.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.terminate()
            self._process.join()

    def working(self) -> bool:
        """Say whether shards are still being made."""
        return self._process is not None and self._process.is_alive()


class _Run:
    """The loop over batches: time keeping, validation, saving, display."""

    def __init__(
        self,
        trainer: Trainer,
        output: Path,
        console: Console,
        minutes: float,
        updates: int | None,
        check_minutes: float,
        clear_licenses_only: bool,
        hours: float,
    ) -> None:
        self.trainer = trainer
        self.stopped = False
        self._output = output
        self._console = console
        self._minutes = minutes
        self._updates = updates
        self._check_seconds = check_minutes * 60.0
        self._facts = {
            "trained": "yes",
            "seed": str(trainer.settings.seed),
            "clear_licenses_only": "yes" if clear_licenses_only else "no",
            "mixture_hours": f"{hours:g}",
        }

    def facts(self) -> dict[str, str]:
        """Return what the checkpoint and the card say about this run."""
        trainer = self.trainer
        facts = {
            **self._facts,
            "updates": str(trainer.update),
            "minutes": f"{trainer.elapsed_seconds / 60.0:.1f}",
        }
        if trainer.rows:
            facts["hours_heard"] = f"{trainer.rows[-1].hours_heard:.2f}"
            facts["validation_loss"] = f"{trainer.rows[-1].validation_loss or 0.0:.5f}"
        return facts

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        """Signal handler: finish the batch, save and leave."""
        self.stopped = True

    def progress(self) -> float:
        """Return how much of the run is done, 0..1."""
        if self._updates is not None:
            return self.trainer.update / max(self._updates, 1)
        return self.trainer.elapsed_seconds / (self._minutes * 60.0)

    def loop(self, paths: list[Path], validation: list[shards.Frames], maker: _ShardMaker) -> None:
        """Train until the run is done or stopped; always leaves a saved state and a checkpoint."""
        from host_tools.network.data_stream import SequenceStream

        trainer = self.trainer
        stream = SequenceStream(
            paths,
            trainer.settings.batch,
            trainer.settings.seed,
            replace(trainer.position),
            maker.working,
        )
        last_check = trainer.elapsed_seconds
        with _progress(self._console) as display:
            task = display.add_task("Training", total=1.0, note="")
            while self.progress() < 1.0 and not self.stopped:
                started = time.monotonic()
                trainer.train_sequences(stream.next_batch(), self.progress())
                trainer.position = replace(stream.position)
                trainer.elapsed_seconds += time.monotonic() - started
                if trainer.elapsed_seconds - last_check >= self._check_seconds:
                    last_check = trainer.elapsed_seconds
                    self._check(validation)
                elif trainer.sums.count >= ROW_UPDATES * trainer.settings.threads:
                    trainer.finish_row(None)
                display.update(task, completed=self.progress(), note=self._note())
        self._check(validation)

    def _note(self) -> str:
        rows = self.trainer.rows
        loss = f"loss {rows[-1].loss:.4f}" if rows else ""
        return f"update {self.trainer.update} {loss}"

    def _check(self, validation: list[shards.Frames]) -> None:
        from host_tools.network.curves import draw_curves, write_rows

        trainer = self.trainer
        row = trainer.finish_row(trainer.validate(validation))
        trainer.save(self._output)
        save_checkpoint(trainer.checkpoint(self.facts()), self._output)
        write_rows(self._output, trainer.rows)
        draw_curves(self._output, trainer.rows)
        self._console.print(
            f"update {row.update}: {row.minutes:.1f} min, {row.hours_heard:.1f} h heard, "
            f"train {row.loss:.4f}, validation {row.validation_loss:.4f} "
            f"(gain {row.validation_gain_loss:.4f}, strength {row.validation_strength_loss:.4f}, "
            f"voice {row.validation_voice_loss:.4f}, "
            f"distortion {row.validation_distortion_loss:.4f}), gradient {row.gradient_norm:.3f}"
        )


@contextmanager
def _stop_on_signal(run: _Run) -> Iterator[None]:
    """Turn the first Ctrl-C or SIGTERM into an orderly stop."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, run.stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
