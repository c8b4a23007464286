# SPDX-License-Identifier: Apache-2.0
"""Training from a folder of recordings to a checkpoint, resumable at any time."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from rich.console import Console

from host_tools.errors import DataError, MissingDependency, UsageError
from host_tools.files import make_folder
from host_tools.network import shards
from host_tools.network.audio_cache import AudioCache
from host_tools.network.card import write_card
from host_tools.network.checkpoint import load_checkpoint, save_checkpoint
from host_tools.network.preparation import (
    STATISTICS_SHARDS,
    Jobs,
    ShardMaker,
    decode,
    load_shard,
    prepare_rooms,
    prepare_shards,
    progress_bars,
)
from host_tools.network.profile import Profile
from host_tools.network.recipe import MixingRecipe

if TYPE_CHECKING:
    import torch

    from host_tools.network.data_stream import SequenceStream
    from host_tools.network.ranks import Ranks
    from host_tools.network.settings import Settings
    from host_tools.network.trainer import Trainer

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
    recipe: MixingRecipe | None = None,
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

        from host_tools.network.ranks import join_ranks
        from host_tools.network.settings import Settings
        from host_tools.network.trainer import STATE_NAME
    except ImportError as error:
        raise MissingDependency(
            "training needs PyTorch; install it with pip install 'percepnet-kit[train]'"
        ) from error
    console = console or Console(stderr=True)
    settings = settings or Settings()
    recipe = recipe or MixingRecipe()
    if minutes <= 0 or hours <= 0:
        raise UsageError("--minutes and --hours must be positive")
    if device_name == "auto":
        device_name = "cuda" if torch.cuda.is_available() else "cpu"
    make_folder(output)
    if not resume and (output / STATE_NAME).exists():
        raise UsageError(f"{output}: holds a training; continue with --resume or choose another")
    with join_ranks(device_name == "cuda") as ranks:
        if not ranks.first:
            console = Console(quiet=True)
        plan = shards.ShardPlan(cache, settings.seed, recipe, clear_licenses_only)
        jobs = Jobs(plan, max(STATISTICS_SHARDS, round(hours * 10)))
        if ranks.makes_data:
            decode(data, cache, console, clear_licenses_only)
            prepare_rooms(cache, recipe.synthetic_rooms, console)
            prepare_shards(jobs.first, workers, console)
        ranks.wait()
        maker = ShardMaker(jobs.later, workers, ranks.makes_data)
        trainer = _trainer(profile, settings, torch.device(device_name), ranks, jobs)
        if start is not None:
            trainer.start_from(load_checkpoint(start))
        if resume:
            trainer.restore(output)
        for network in (trainer.network, trainer.average):
            ranks.take_from_first(network.state_dict().values())
        run = Run(
            trainer, output, console, minutes, updates, check_minutes, clear_licenses_only, hours
        )
        with maker, stop_on_signal(run):
            run.loop(
                [job.path for job in jobs.train], [load_shard(j) for j in jobs.validation], maker
            )
        if ranks.first:
            write_card(output, AudioCache(cache, clear_licenses_only), run.facts())
    if run.stopped:
        raise Interrupted(f"stopped; continue with --resume --output {output}")
    return output / "checkpoint.safetensors"


def _trainer(
    profile: Profile, settings: Settings, device: torch.device, ranks: Ranks, jobs: Jobs
) -> Trainer:
    """A trainer that knows the statistics of the features."""
    from host_tools.network.ranks import local_processes
    from host_tools.network.trainer import Trainer

    threads = max(1, settings.threads // local_processes())
    trainer = Trainer(profile, replace(settings, threads=threads), device, ranks=ranks)
    first = [load_shard(job) for job in jobs.train[:STATISTICS_SHARDS]]
    trainer.set_statistics(*shards.feature_statistics(first))
    return trainer


class Run:
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

    def loop(self, paths: list[Path], validation: list[shards.Frames], maker: ShardMaker) -> None:
        """Train until the run is done or stopped; leaves a saved state and a checkpoint.

        Raises DataError, after saving, when training sequences are missing.
        """
        from host_tools.network.data_stream import SequenceStream

        trainer, ranks = self.trainer, self.trainer.ranks
        stream = SequenceStream(
            paths,
            trainer.settings.batch,
            trainer.settings.seed,
            replace(trainer.position),
            maker.working,
        )
        last_check = trainer.elapsed_seconds
        with progress_bars(self._console) as display:
            task = display.add_task("Training", total=1.0, note="")
            progress = ranks.of_first(self.progress())
            while progress < 1.0 and self._data_before_stop(stream):
                started = time.monotonic()
                trainer.train_sequences(self._next_batch(stream, validation), progress)
                trainer.position = replace(stream.position)
                trainer.elapsed_seconds += time.monotonic() - started
                if trainer.elapsed_seconds - last_check >= self._check_seconds:
                    last_check = trainer.elapsed_seconds
                    self._check(validation)
                elif trainer.sums.count >= ROW_UPDATES:
                    trainer.finish_row(None)
                progress = ranks.of_first(self.progress())
                display.update(task, completed=progress, note=self._note())
        self._check(validation)

    def _next_batch(self, stream: SequenceStream, validation: list[shards.Frames]) -> shards.Frames:
        """The next batch; saves what is trained when its data are missing."""
        try:
            return stream.next_batch()
        except DataError:
            self._check(validation)
            raise

    def _data_before_stop(self, stream: SequenceStream) -> bool:
        """Wait until every rank has data; False when one is told to stop before.

        All ask and answer together, or the others would wait for the one that left.
        """
        from host_tools.network.data_stream import WAIT_SECONDS

        ranks = self.trainer.ranks
        while True:
            stopped, waiting = ranks.any(self.stopped), ranks.any(not stream.ready())
            if stopped:  # never set to False here: a signal may have come during the question
                self.stopped = True
            if stopped or not waiting:
                return not stopped
            time.sleep(WAIT_SECONDS)

    def _note(self) -> str:
        rows = self.trainer.rows
        loss = f"loss {rows[-1].loss:.4f}" if rows else ""
        return f"update {self.trainer.update} {loss}"

    def _check(self, validation: list[shards.Frames]) -> None:
        from host_tools.network.curves import draw_curves, write_rows

        trainer = self.trainer
        if not trainer.ranks.first:
            trainer.finish_row(None)
            return
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
def stop_on_signal(run: Run) -> Iterator[None]:
    """Turn the first Ctrl-C or SIGTERM into an orderly stop."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, run.stop) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
