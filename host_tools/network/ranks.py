# SPDX-License-Identifier: Apache-2.0
"""One process among several that train together, as torchrun starts them.

Each rank takes its share of every batch; weights start as those of the first rank and the mean of
the gradients goes to all, in one message, as DistributedDataParallel does. (Its hooks sit on
``backward``, which this training does not call: gradients come from threads of their own, see
``trainer``.)
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

from host_tools.errors import UsageError
from host_tools.network.shards import Frames

PATIENCE = timedelta(hours=6)  # a first rank may decode for long before the others go on
T = TypeVar("T")


@dataclass(frozen=True)
class Ranks:
    """This process's place: ``rank`` of ``count``, ``local_rank`` on its machine.

    With a count of 1 nothing is sent.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @property
    def first(self) -> bool:
        """Whether this rank writes files and reports."""
        return self.rank == 0

    @property
    def makes_data(self) -> bool:
        """Whether this rank decodes and mixes for its machine."""
        return self.local_rank == 0

    def share_of(self, frames: Frames) -> Frames:
        """Return this rank's part of a batch [B, T]. Raises UsageError when B cannot be shared."""
        if len(frames) % self.count:
            raise UsageError(
                f"a batch of {len(frames)} sequences cannot be shared by {self.count} processes; "
                "start a number of them that divides it"
            )
        share = len(frames) // self.count
        return frames[self.rank * share : (self.rank + 1) * share]

    def mean(self, values: list[Tensor]) -> list[Tensor]:
        """Return the mean over all ranks of each tensor."""
        if self.count == 1:
            return values
        bucket = torch.cat([value.reshape(-1) for value in values])
        # Divided before the sum, to round as DistributedDataParallel does.
        dist.all_reduce(bucket.mul_(1.0 / self.count))
        parts = bucket.split([value.numel() for value in values])
        return [part.view_as(value) for part, value in zip(parts, values, strict=True)]

    def take_from_first(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite tensors, in the same order on every rank, with those of the first."""
        if self.count > 1:
            for tensor in tensors:
                dist.broadcast(tensor, src=0)

    def any(self, flag: bool) -> bool:
        """Say whether the flag is set on one rank at least."""
        if self.count == 1:
            return flag
        told = [False] * self.count
        dist.all_gather_object(told, flag)
        return any(told)

    def of_first(self, value: T) -> T:
        """Return what the first rank has; the values of the others do not count."""
        if self.count == 1:
            return value
        told = [value]
        dist.broadcast_object_list(told, src=0)
        return told[0]

    def wait(self) -> None:
        """Go on when all ranks are here."""
        if self.count > 1:
            dist.barrier()


@contextmanager
def join_ranks(cuda: bool) -> Iterator[Ranks]:
    """Join the processes that torchrun started (environment RANK, WORLD_SIZE, LOCAL_RANK).

    Without torchrun: one process alone. Messages go by NCCL between GPUs, else by Gloo.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks()
        return
    ranks = Ranks(int(os.environ["RANK"]), count, int(os.environ.get("LOCAL_RANK", "0")))
    if cuda:
        torch.cuda.set_device(ranks.local_rank)
    dist.init_process_group("nccl" if cuda else "gloo", timeout=PATIENCE)
    try:
        yield ranks
        # Who leaves while others still talk makes them fail.
        ranks.wait()
    finally:
        dist.destroy_process_group()


def local_processes() -> int:
    """Return how many processes of this training share the machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
