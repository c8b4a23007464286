# SPDX-License-Identifier: Apache-2.0
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from host_tools.errors import DataError
from host_tools.network.checkpoint import random_checkpoint
from host_tools.network.curves import Row, read_rows, write_rows
from host_tools.network.profile import Profile
from host_tools.network.prune import Densities
from host_tools.network.shards import (
    FRAME_RECORD,
    ShardJob,
    ShardPlan,
    feature_statistics,
    write_shard,
)
from tests.needs import need
from tests.network.recordings import make_cache

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra 'train')")

from host_tools.network.data_stream import GROUP_SHARDS, Position, SequenceStream  # noqa: E402
from host_tools.network.settings import Settings, learning_rate_at  # noqa: E402
from host_tools.network.trainer import Trainer  # noqa: E402

pytestmark = pytest.mark.training
SMALL = Profile("small", fc=8, conv1=16, conv2=16, gru=16, gru_gb=16, gru_rb=8)
SETTINGS = Settings(batch=4, chunk_frames=20, warmup_updates=2, threads=2)
CPU = torch.device("cpu")


def shard(seed: int, sequences: int = 6, frames: int = 60) -> np.ndarray:
    """Sequences whose gains follow from the features, so that there is something to learn."""
    generator = np.random.default_rng(seed)
    records = np.zeros((sequences, frames), FRAME_RECORD)
    records["features"] = generator.normal(9000, 3000, (sequences, frames, 70))
    records["gain_q15"] = np.where(records["features"][..., :34] > 9000, 30000, 2000)
    records["mask"] = 1
    return records


def write_shards(folder: Path, count: int) -> list[Path]:
    paths = [folder / f"shard-{number:05d}.npy" for number in range(count)]
    for number, path in enumerate(paths):
        np.save(path, shard(number))
    return paths


def new_trainer(settings: Settings = SETTINGS) -> Trainer:
    trainer = Trainer(SMALL, settings, CPU, torch.float32)
    trainer.set_statistics(*feature_statistics([shard(0)]))
    return trainer


def test_loss_falls_on_data_that_can_be_learnt(tmp_path: Path) -> None:
    trainer = new_trainer(replace(SETTINGS, learning_rate=3e-3))
    stream = SequenceStream(write_shards(tmp_path, 2), batch=4, seed=1)
    losses = []
    for _ in range(30):
        trainer.train_sequences(stream.next_batch(), progress=0.0)
        losses.append(trainer.finish_row(None).loss)
    assert losses[-1] < 0.6 * losses[0]


def test_resumed_training_continues_with_the_same_losses(tmp_path: Path) -> None:
    paths = write_shards(tmp_path, 2)
    trainer = new_trainer()
    stream = SequenceStream(paths, batch=4, seed=1)
    for _ in range(3):
        trainer.train_sequences(stream.next_batch(), progress=0.1)
    trainer.finish_row(None)
    trainer.position = replace(stream.position)
    trainer.save(tmp_path)

    resumed = new_trainer()
    resumed.restore(tmp_path)
    assert resumed.update == trainer.update and resumed.rows == trainer.rows
    resumed_stream = SequenceStream(paths, batch=4, seed=1, position=resumed.position)
    for _ in range(3):
        trainer.train_sequences(stream.next_batch(), progress=0.2)
        resumed.train_sequences(resumed_stream.next_batch(), progress=0.2)
        assert resumed.finish_row(None) == trainer.finish_row(None)


def test_same_seed_trains_to_the_same_network(tmp_path: Path) -> None:
    paths = write_shards(tmp_path, 1)
    results = []
    for _ in range(2):
        trainer = new_trainer()
        trainer.train_sequences(SequenceStream(paths, batch=4, seed=1).next_batch(), progress=0.0)
        results.append(trainer.checkpoint({}).tensors)
    assert all(np.array_equal(results[0][name], results[1][name]) for name in results[0])


def test_damaged_state_is_refused_in_one_line(tmp_path: Path) -> None:
    new_trainer().save(tmp_path)
    state = tmp_path / "training-state.pt"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(DataError, match="cannot be resumed") as caught:
        new_trainer().restore(tmp_path)
    assert "\n" not in str(caught.value)


def block_density(weight: np.ndarray) -> float:
    rows, columns = weight.shape
    blocks = weight.reshape(rows // 16, 16, columns // 4, 4)
    return float(np.mean(np.any(blocks != 0, axis=(1, 3))))


def test_gradual_pruning_reaches_its_densities_in_the_exported_network() -> None:
    wanted = Densities(conv1=1.0, conv2=0.5, update=0.25, reset=0.25, candidate=0.5)
    profile = replace(SMALL, gru_rb=16)
    settings = replace(SETTINGS, densities=wanted, prune_share=0.5, prune_interval=2)
    trainer = Trainer(profile, settings, CPU, torch.float32)
    for step in range(8):
        trainer.train_sequences(shard(step)[:4], progress=step / 8)
    tensors = trainer.checkpoint({}).tensors
    assert block_density(tensors["conv1.weight"]) == 1.0
    assert block_density(tensors["conv2.weight"]) == 0.5
    for gate, share in zip(
        np.split(tensors["gru1.input_weight"], 3), (0.25, 0.25, 0.5), strict=True
    ):
        assert block_density(gate) == share


def test_resumed_pruning_keeps_its_blocks(tmp_path: Path) -> None:
    settings = replace(SETTINGS, densities=Densities(), prune_share=0.5, prune_interval=2)
    profile = replace(SMALL, gru_rb=16)
    trainer = Trainer(profile, settings, CPU, torch.float32)
    for step in range(3):
        trainer.train_sequences(shard(step)[:4], progress=0.3 * step)
    trainer.save(tmp_path)
    resumed = Trainer(profile, settings, CPU, torch.float32)
    resumed.restore(tmp_path)
    for one in (trainer, resumed):
        one.train_sequences(shard(9)[:4], progress=0.7)
    before, after = trainer.checkpoint({}).tensors, resumed.checkpoint({}).tensors
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_training_starts_from_the_weights_of_a_checkpoint() -> None:
    first, second = new_trainer(), new_trainer(replace(SETTINGS, seed=5))
    second.start_from(first.checkpoint({}))
    assert all(
        np.array_equal(tensor, second.checkpoint({}).tensors[name])
        for name, tensor in first.checkpoint({}).tensors.items()
    )
    with pytest.raises(DataError, match="another profile"):
        second.start_from(random_checkpoint(replace(SMALL, fc=24), seed=1))


def test_infinite_gradient_changes_nothing() -> None:
    trainer = new_trainer()
    before = trainer.checkpoint({}).tensors
    with torch.no_grad():
        trainer.network.dense["fc_gb"].weight[0, 0] = float("nan")
    trainer.train_sequences(shard(0)[:4], progress=0.0)
    assert trainer.update == 0
    after = trainer.checkpoint({}).tensors
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_every_pass_sees_every_group_of_shards_once_in_another_order(tmp_path: Path) -> None:
    paths = write_shards(tmp_path, 2 * GROUP_SHARDS)
    stream = SequenceStream(paths, batch=6, seed=1)
    passes: list[list[int]] = []
    while stream.position.epoch < 2:
        if stream.position == Position(len(passes), 0, 0):
            passes.append([])
        passes[-1].extend(stream.next_batch()["features"][:, 0, 0].tolist())
    assert sorted(passes[0]) == sorted(passes[1])
    assert passes[0] != passes[1]


def test_missing_shard_is_an_error_when_nobody_makes_it(tmp_path: Path) -> None:
    stream = SequenceStream([tmp_path / "shard-00000.npy"], batch=2, seed=1)
    with pytest.raises(DataError, match="missing"):
        stream.next_batch()


def test_learning_rate_warms_up_then_falls_to_its_final_ratio() -> None:
    settings = Settings(learning_rate=1.0, warmup_updates=10, final_rate_ratio=0.05)
    assert learning_rate_at(settings, 0, 0.0) == pytest.approx(0.1)
    rates = [learning_rate_at(settings, 100, step / 10) for step in range(11)]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == pytest.approx(1.0) and rates[-1] == pytest.approx(0.05)


def test_record_survives_its_file(tmp_path: Path) -> None:
    rows = [Row(1, 0.5, 0.25, 1e-3, 2.0, 1.5, 1.0, 0.5, 0.125, -2.0), Row(2, *[0.5] * 14)]
    write_rows(tmp_path, rows)
    assert read_rows(tmp_path) == rows


def test_shard_of_real_features_is_the_same_for_the_same_job(tmp_path: Path) -> None:
    from host_tools.features import lab_library_path
    from host_tools.network.recipe import MixingRecipe

    need(lab_library_path().is_file(), "the host library is not built (make build)")
    make_cache(tmp_path)
    recipe = replace(MixingRecipe(), seconds=1.0, synthetic_rooms=0)
    shards = []
    for _ in range(2):
        job = ShardJob(ShardPlan(tmp_path / "cache", 3, recipe), "train", 0, sequences=2)
        shards.append(np.load(write_shard(job)))
        job.path.unlink()
    assert shards[0].shape == (2, 100)
    assert np.array_equal(shards[0], shards[1])
    assert shards[0]["gain_q15"].max() <= 32767 and shards[0]["features"].any()
