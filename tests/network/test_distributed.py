# SPDX-License-Identifier: Apache-2.0
"""Training in two processes that torchrun starts, against the same training in one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from host_tools.errors import UsageError
from host_tools.network.checkpoint import load_checkpoint
from host_tools.network.curves import read_rows
from host_tools.network.settings import Settings

torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install -e '.[train]')")

from host_tools.network.data_stream import WAIT_SECONDS  # noqa: E402
from host_tools.network.ranks import Ranks  # noqa: E402
from host_tools.network.training import Run  # noqa: E402
from tests.network.distributed_run import LATE_SHARD, PART_UPDATES  # noqa: E402
from tests.network.test_training import shard, write_shards  # noqa: E402

pytestmark = [pytest.mark.training, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]


def torchrun(processes: int, module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += [f"--nproc-per-node={processes}", "-m", f"tests.network.{module}", *arguments]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # to end all of them at once
    )


def start(folder: Path, processes: int, updates: int, mode: str = "begin") -> subprocess.Popen[str]:
    arguments = (str(folder), str(updates), str(2 // processes), mode)
    return torchrun(processes, "distributed_run", *arguments)


def finish(process: subprocess.Popen[str]) -> str:
    """Return what was printed; a failure or a hang fails the test."""
    try:
        output, _ = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail("the processes wait for each other: " + process.communicate()[0])
    assert process.returncode == 0, output
    return output


def run(folder: Path, processes: int, updates: int, mode: str = "begin") -> str:
    return finish(start(folder, processes, updates, mode))


def wait_for(path: Path) -> Path:
    deadline = time.monotonic() + 60
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert path.exists()
    return path


def prepare(folder: Path) -> Path:
    folder.mkdir()
    write_shards(folder, 2)
    return folder


def test_two_processes_learn_what_one_process_learns(tmp_path: Path) -> None:
    one, two = prepare(tmp_path / "one"), prepare(tmp_path / "two")
    run(one, 1, 9)
    output = run(two, 2, 9)
    assert "rank 0 of 2" in output and "rank 1 of 2" in output
    alone, together = load_checkpoint(one).tensors, load_checkpoint(two).tensors
    for name, tensor in alone.items():
        assert np.allclose(tensor, together[name], atol=1e-6), name
    last_alone, last_together = read_rows(one)[-1], read_rows(two)[-1]
    assert last_alone.update == last_together.update == 9
    assert last_alone.validation_loss == pytest.approx(last_together.validation_loss, abs=1e-4)


def test_training_goes_on_with_another_number_of_processes(tmp_path: Path) -> None:
    whole, parts = prepare(tmp_path / "whole"), prepare(tmp_path / "parts")
    run(whole, 1, 9)
    run(parts, 2, 9, "part")
    stopped = load_checkpoint(parts).tensors
    assert read_rows(parts)[-1].update == PART_UPDATES
    run(parts, 1, 9, "resume")
    expected, found = load_checkpoint(whole).tensors, load_checkpoint(parts).tensors
    for name, tensor in expected.items():
        assert np.allclose(tensor, found[name], atol=1e-6), name
    assert not np.allclose(expected["conv1.weight"], stopped["conv1.weight"], atol=1e-5)
    assert read_rows(parts)[-1].update == 9


@pytest.mark.parametrize("told", ["all ranks", "one rank"])
def test_stopping_saves_the_state_and_ends_every_process(tmp_path: Path, told: str) -> None:
    folder = prepare(tmp_path / "run")
    process = start(folder, 2, 1_000_000)
    wait_for(folder / "training-state.pt")
    if told == "all ranks":
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    else:
        os.kill(int((folder / "rank-1.pid").read_text()), signal.SIGTERM)
        output = finish(process)
    assert "rank 0 of 2 stopped=True" in output and "rank 1 of 2 stopped=True" in output
    state = torch.load(folder / "training-state.pt", weights_only=True)
    assert state["update"] == read_rows(folder)[-1].update > 0


def test_one_rank_that_is_stopped_while_it_waits_for_data_takes_the_others_along(
    tmp_path: Path,
) -> None:
    folder = prepare(tmp_path / "run")
    process = start(folder, 2, 1_000_000, "wait")
    numbers = [int(wait_for(folder / f"rank-{rank}.pid").read_text()) for rank in range(2)]
    time.sleep(2 * WAIT_SECONDS)
    os.kill(numbers[1], signal.SIGTERM)
    time.sleep(2 * WAIT_SECONDS)
    late = folder / "late.partial"
    late.write_bytes((folder / "shard-00000.npy").read_bytes())
    late.rename(folder / LATE_SHARD)
    output = finish(process)
    assert "rank 0 of 2 stopped=True" in output and "rank 1 of 2 stopped=True" in output
    assert (folder / "training-state.pt").exists()


def test_a_signal_while_the_ranks_ask_each_other_is_not_lost(tmp_path: Path) -> None:
    class AskingRanks:
        asked = 0

        def any(self, value: bool) -> bool:
            self.asked += 1
            if self.asked == 1:
                run.stop(signal.SIGTERM, None)  # comes too late for this round
            return value

    trainer = SimpleNamespace(ranks=AskingRanks(), settings=Settings())
    stream = SimpleNamespace(ready=lambda: True)
    run = Run(trainer, tmp_path, Console(quiet=True), 60.0, 1, 0.02, False, 1.0)
    assert run._data_before_stop(stream)
    assert not run._data_before_stop(stream)
    assert run.stopped


def test_mean_of_gradients_is_that_of_distributed_data_parallel_to_the_bit() -> None:
    output = finish(torchrun(2, "distributed_gradients"))
    assert "rank 0: equal=True exchanged=True" in output
    assert "rank 1: equal=True exchanged=True" in output


def test_batch_that_cannot_be_shared_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be shared by 4 processes"):
        Ranks(1, 4).share_of(shard(0))


def test_ranks_share_a_batch_without_overlap() -> None:
    frames = shard(0)
    shares = [Ranks(rank, 2).share_of(frames) for rank in range(2)]
    together = np.concatenate(shares)["features"][:, 0, 0]
    assert sorted(together) == sorted(frames["features"][:, 0, 0])
