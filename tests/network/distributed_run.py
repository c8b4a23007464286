# SPDX-License-Identifier: Apache-2.0
"""Train a tiny network on ready shards under torchrun: FOLDER UPDATES THREADS resume|begin."""

from __future__ import annotations

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


def main(folder: Path, updates: int, threads: int, resume: bool) -> None:
    settings = replace(Settings(), batch=4, chunk_frames=20, warmup_updates=2, threads=threads)
    paths = sorted(folder.glob("shard-*.npy"))
    profile = Profile("small", fc=8, conv1=16, conv2=16, gru=16, gru_gb=16, gru_rb=8)
    with join_ranks(False) as ranks:
        trainer = Trainer(profile, settings, torch.device("cpu"), torch.float32, ranks)
        trainer.set_statistics(*feature_statistics([np.load(paths[0])]))
        if resume:
            trainer.restore(folder)
        console = Console(quiet=True)
        run = Run(trainer, folder, console, 60.0, updates, 0.02, False, 1.0)
        with ShardMaker([], 1, False) as maker, stop_on_signal(run):
            run.loop(paths, [np.load(paths[0])], maker)
        print(f"rank {ranks.rank} of {ranks.count} stopped={run.stopped}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "resume")
