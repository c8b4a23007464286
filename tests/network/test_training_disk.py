# SPDX-License-Identifier: Apache-2.0
"""Training on a disk that fills up: one line, and nothing that was learnt is lost."""

from __future__ import annotations

import contextlib
import resource
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from host_tools.errors import DataError
from host_tools.network.curves import Row, draw_curves, write_rows
from host_tools.network.recipe import MixingRecipe
from host_tools.network.shards import ShardJob, ShardPlan, write_shard
from tests.needs import need
from tests.network.recordings import make_cache

pytest.importorskip("torch", reason="PyTorch is not installed (extra 'train')")

from host_tools.network.data_stream import GROUP_SHARDS
from host_tools.network.preparation import ShardMaker
from host_tools.network.trainer import STATE_NAME
from host_tools.network.training import Run
from tests.network.test_training import new_trainer, shard, write_shards

pytestmark = pytest.mark.training

ROWS = [Row(1, 0.5, 0.25, 1e-3, 2.0, 1.5, 1.0, 0.5, 0.125, -2.0)]


@contextlib.contextmanager
def room_for(size: int) -> Iterator[None]:
    """Files cannot grow beyond *size* bytes meanwhile; the system says so as of a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        (STATE_NAME, lambda folder: new_trainer().save(folder)),
        ("training.csv", lambda folder: write_rows(folder, ROWS)),
        ("training.png", lambda folder: draw_curves(folder, ROWS)),
    ],
)
def test_a_full_disk_is_one_line_and_keeps_the_file_of_before(
    tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    write(tmp_path)
    before = (tmp_path / name).read_bytes()
    with room_for(100), pytest.raises(DataError, match=f"{name}: cannot write: File too large"):
        write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == before


def test_a_shard_on_a_full_disk_is_one_line_and_no_shard(tmp_path: Path) -> None:
    from host_tools.features import lab_library_path

    need(lab_library_path().is_file(), "the host library is not built (make build)")
    make_cache(tmp_path)
    recipe = replace(MixingRecipe(), seconds=1.0, synthetic_rooms=0)
    job = ShardJob(ShardPlan(tmp_path / "cache", 3, recipe), "train", 0, sequences=1)
    with room_for(1000), pytest.raises(DataError, match="cannot write: File too large"):
        write_shard(job)
    assert not list(job.path.parent.iterdir())


def test_what_was_learnt_is_saved_when_the_next_sequences_are_missing(tmp_path: Path) -> None:
    trainer = new_trainer()
    paths = [*write_shards(tmp_path, GROUP_SHARDS), tmp_path / "shard-missing.npy"]
    run = Run(trainer, tmp_path, Console(quiet=True), 60.0, 10**6, 60.0, False, 1.0)
    with (
        ShardMaker([], 1, True) as maker,
        pytest.raises(DataError, match=r"shard-missing\.npy: training sequences are missing"),
    ):
        run.loop(paths, [shard(0)], maker)
    assert trainer.update > 0
    resumed = new_trainer()
    resumed.restore(tmp_path)
    assert resumed.update == trainer.update
