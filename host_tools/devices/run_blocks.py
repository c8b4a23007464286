# SPDX-License-Identifier: Apache-2.0
"""Audio longer than a device's memory: its blocks as one run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from host_tools.devices.base import Progress, RunResult


def offset_progress(progress: Progress | None, start: int, frames: int) -> Progress | None:
    """Progress of a block that begins at frame *start* of *frames*, as progress of the whole."""
    if progress is None:
        return None
    return lambda done, _: progress(start + done, frames)


def joined(blocks: Sequence[RunResult]) -> RunResult:
    """One result of one or more blocks, in their order."""
    if len(blocks) == 1:
        return blocks[0]
    first = blocks[0]
    stages = [block.stage_times_ns for block in blocks if block.stage_times_ns is not None]
    cpu = [block.cpu_ns for block in blocks if block.cpu_ns is not None]
    counts = [block.call_counts for block in blocks if block.call_counts is not None]
    by_stage = [block.stage_counts for block in blocks if block.stage_counts is not None]
    wake_ups = [block.wake_ups_ns for block in blocks if block.wake_ups_ns is not None]
    return RunResult(
        pcm=np.concatenate([block.pcm for block in blocks]),
        frames=sum(block.frames for block in blocks),
        frames_per_call=first.frames_per_call,
        call_times_ns=np.concatenate([block.call_times_ns for block in blocks]),
        stage_times_ns=np.concatenate(stages) if stages else None,
        wall_ns=sum(block.wall_ns for block in blocks),
        cpu_ns=sum(cpu) if cpu else None,
        deadline_misses=sum(block.deadline_misses for block in blocks),
        pace_ms=first.pace_ms,
        kernel=first.kernel,
        call_counts=np.concatenate(counts) if counts else None,
        stage_counts=np.concatenate(by_stage) if by_stage else None,
        wake_ups_ns=np.concatenate(wake_ups) if wake_ups else None,
    )
