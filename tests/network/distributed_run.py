# SPDX-License-Identifier: Apache-2.0
"""Train a tiny network on ready shards under torchrun.

Arguments: FOLDER UPDATES THREADS begin|resume|part|wait; ``part`` stops after the first updates,
``wait`` asks for a shard that is not there yet. Each rank writes its process number to
``rank-N.pid``.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console

from host_tools.network.preparation import ShardMaker
from host_tools.network.profile import Profile
from host_tools.network.ranks import join_ranks
from host_tools.network.settings import Settings
from host_tools.network.shards import feature_statistics
from host_tools.network.trainer import Trainer
from host_tools.network.training import Run, stop_on_signal

LATE_SHARD = "shard-late.npy"
PART_UPDATES = 6


class PartOfRun(Run):
    """Stops by itself in the middle, as if told to."""

    def progress(self) -> float:
        self.stopped = self.trainer.update >= PART_UPDATES
        return super().progress()


def main(folder: Path, updates: int, threads: int, mode: str) -> None:
    settings = replace(Settings(), batch=4, chunk_frames=20, warmup_updates=2, threads=threads)
    paths = sorted(folder.glob("shard-*.npy"))
    first = np.load(paths[0])
    if mode == "wait":
        paths.append(folder / LATE_SHARD)
    profile = Profile("small", fc=8, conv1=16, conv2=16, gru=16, gru_gb=16, gru_rb=8)
    with join_ranks(False) as ranks:
        trainer = Trainer(profile, settings, torch.device("cpu"), torch.float32, ranks)
        trainer.set_statistics(*feature_statistics([first]))
        if mode == "resume":
            trainer.restore(folder)
        console = Console(quiet=True)
        kind = PartOfRun if mode == "part" else Run
        run = kind(trainer, folder, console, 60.0, updates, 0.02, False, 1.0)
        with ShardMaker([], 1, False) as maker, stop_on_signal(run):
            (folder / f"rank-{ranks.rank}.pid").write_text(str(os.getpid()))
            run.loop(paths, [first], maker)
        print(f"rank {ranks.rank} of {ranks.count} stopped={run.stopped}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
