# SPDX-License-Identifier: Apache-2.0
"""Instruction counts as the QEMU plugin writes them, and what is read out of them.

Everything is per 10 ms frame, warm-up frames left out, and exact: the same program and input
give the same figures on every machine. The marks, and functions named as overhead, are left
out of every figure but ``overhead_per_frame``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from host_tools.errors import MeasurementInvalid
from host_tools.measure.statistics import Distribution, distribution

MATRIX_PREFIX = "pn_gemv"
"""Functions whose names start so compute the matrix products of the network."""

FORMAT = 1


@dataclass(frozen=True)
class InstructionCounts:
    """Instructions per frame.

    ``frames`` frames were counted after ``warmup_frames``; ``per_frame`` is their mean and
    ``distribution`` their percentiles. ``stages`` are means by stage and add up to
    ``per_frame``; ``symbols`` are means by function, matrix kernels included, largest first.
    ``overhead_per_frame`` is what marks and hooks took, counted in no other figure.
    """

    frames: int
    warmup_frames: int
    per_frame: float
    distribution: Distribution
    stages: dict[str, float]
    symbols: dict[str, float]
    network_matrix: float
    network_other: float
    overhead_per_frame: float

    @property
    def everything_but_matrix(self) -> float:
        """Instructions per frame outside the matrix kernels."""
        return self.per_frame - self.network_matrix


def read_counts(path: Path, *, frames_per_mark: int = 1) -> InstructionCounts:
    """Read the plugin's output file.

    ``frames_per_mark`` is the number of 10 ms frames between two frame marks (2 when the
    library is given packets). Raises MeasurementInvalid when nothing usable was counted.
    """
    try:
        raw = json.loads(path.read_text(encoding="ascii"))
    except OSError as error:
        raise MeasurementInvalid(
            f"{path}: the emulator wrote no instruction counts ({error.strerror}); "
            "the program under it ended abnormally"
        ) from error
    except ValueError as error:
        raise MeasurementInvalid(f"{path}: damaged instruction counts ({error})") from error
    if raw.get("format") != FORMAT:
        raise MeasurementInvalid(f"{path}: counts of format {raw.get('format')}, not {FORMAT}")
    if raw["vcpus"] != 1:
        raise MeasurementInvalid(
            f"the counted program ran {raw['vcpus']} threads; counts are exact for one only"
        )
    warmup = int(raw["warmup_frames"])
    per_mark = [int(n) for n in raw["frame_instructions"]][warmup:]
    if not per_mark or not any(per_mark):
        raise MeasurementInvalid(
            f"{len(raw['frame_instructions'])} frames were marked, {warmup} of them warm-up: "
            "nothing to count; use a longer clip and a program that is not stripped"
        )
    frames = len(per_mark) * frames_per_mark
    stages = {name: 0 for name in raw["stages"]}
    symbols: dict[str, float] = {}
    matrix = network = overhead = 0
    for symbol in raw["symbols"]:
        in_stages = dict(zip(raw["stages"], symbol["stages"], strict=True))
        total = sum(in_stages.values())
        if symbol["overhead"]:
            overhead += total
            continue
        if total:
            symbols[symbol["name"]] = total / frames
        for name, count in in_stages.items():
            stages[name] += count
        network += in_stages.get("network", 0)
        if symbol["name"].startswith(MATRIX_PREFIX):
            matrix += total
    return InstructionCounts(
        frames=frames,
        warmup_frames=warmup * frames_per_mark,
        per_frame=sum(per_mark) / frames,
        distribution=distribution([count / frames_per_mark for count in per_mark]),
        stages={name: count / frames for name, count in stages.items()},
        symbols=dict(sorted(symbols.items(), key=lambda item: (-item[1], item[0]))),
        network_matrix=matrix / frames,
        network_other=(network - matrix) / frames,
        overhead_per_frame=overhead / frames,
    )
