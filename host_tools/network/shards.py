# SPDX-License-Identifier: Apache-2.0
"""Training sequences on disk: features and targets of seeded mixtures.

A shard is one ``shard-NNNNN.npy`` of shape [sequences, frames] whose records hold one frame each.
"""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.files import make_folder, whole_file
from host_tools.network.audio_cache import AudioCache, Split
from host_tools.network.mixing import Mixer, Mixture
from host_tools.network.profile import BANDS, FEATURES
from host_tools.network.recipe import MixingRecipe
from host_tools.network.rooms import room_file
from host_tools.network.targets import make_targets

Q15 = 32767.0
FRAMES_PER_SECOND = 100
SHARD_FORMAT = 3  # raise when features or targets change
SHARD_SEQUENCES = 36  # of 10 s: a tenth of an hour

FRAME_RECORD = np.dtype(
    [
        ("features", "<i2", (FEATURES,)),
        ("gain_q15", "<u2", (BANDS,)),
        ("strength_q15", "<u2", (BANDS,)),
        ("mask", "u1", (BANDS,)),
        ("voice", "u1"),
    ]
)
Frames = npt.NDArray[np.void]


@dataclass(frozen=True)
class ShardPlan:
    """All that decides the content of shards; equal plans write equal bytes."""

    cache: Path
    seed: int
    recipe: MixingRecipe
    clear_licenses_only: bool = False

    def folder(self, split: Split) -> Path:
        """Return the folder of a split's shards; its name tells seed and recipe."""
        rooms = room_file(self.cache, "train", self.recipe.synthetic_rooms).name
        facts = f"{SHARD_FORMAT} {self.seed} {self.clear_licenses_only} {self.recipe} {rooms}"
        digest = hashlib.sha256(facts.encode()).hexdigest()[:8]
        return self.cache / f"sequences-{digest}" / split

    def jobs(self, split: Split, count: int) -> list[ShardJob]:
        """Return the jobs of the first ``count`` shards of a split."""
        return [ShardJob(self, split, index) for index in range(count)]


@dataclass(frozen=True)
class ShardJob:
    """One shard of a plan."""

    plan: ShardPlan
    split: Split
    index: int
    sequences: int = SHARD_SEQUENCES

    @property
    def path(self) -> Path:
        return self.plan.folder(self.split) / f"shard-{self.index:05d}.npy"


def frames_of(mixture: Mixture) -> Frames:
    """Run the library's front end on a mixture; return its FRAME_RECORDs [T]."""
    from host_tools import features

    measured = features.extract_training(mixture.noisy, mixture.clean)
    targets = make_targets(measured, mixture.bandwidth_hz)
    records = np.zeros(len(targets.voice), FRAME_RECORD)
    records["features"] = measured.features
    records["gain_q15"] = np.rint(targets.gain * Q15)
    records["strength_q15"] = np.rint(targets.strength * Q15)
    records["mask"] = targets.mask
    records["voice"] = targets.voice
    return records


def write_shard(job: ShardJob) -> Path:
    """Make the mixtures of one shard and write it whole; an existing shard is kept."""
    if job.path.exists():
        return job.path
    plan = job.plan
    mixer = Mixer(AudioCache(plan.cache, plan.clear_licenses_only), job.split, plan.recipe)
    sequences = []
    for number in range(job.sequences):
        generator = np.random.default_rng([plan.seed, job.index, number])
        sequences.append(frames_of(mixer.draw(generator)))
    make_folder(job.path.parent)
    packed = io.BytesIO()  # into a file NumPy writes by itself and never says that the disk is full
    np.save(packed, np.stack(sequences))
    with whole_file(job.path) as part:
        part.write_bytes(packed.getbuffer())
    return job.path


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(os, "nice"):
        os.nice(10)


def write_shards(jobs: list[ShardJob], workers: int) -> Iterator[Path]:
    """Write many shards with ``workers`` processes of lowered priority; yield each when done."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(max(1, workers), initializer=_start_worker) as pool:
        yield from pool.imap_unordered(write_shard, jobs)


def feature_statistics(shards: list[Frames]) -> tuple[npt.NDArray[np.float32], ...]:
    """Return (mean, standard deviation), each [70], of the features over all frames.

    The deviation is at least 16, so that a constant feature cannot blow up its noise.
    """
    count, total, squares = 0, np.zeros(FEATURES), np.zeros(FEATURES)
    for shard in shards:
        features = shard["features"].reshape(-1, FEATURES).astype(np.float64)
        count += len(features)
        total += features.sum(axis=0)
        squares += np.square(features).sum(axis=0)
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - np.square(mean), 0.0))
    return mean.astype(np.float32), np.maximum(deviation, 16.0).astype(np.float32)
