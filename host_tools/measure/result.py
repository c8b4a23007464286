# SPDX-License-Identifier: Apache-2.0
"""What a measurement hands out, and its JSON form (result.schema.json)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from host_tools.devices.base import RunResult
from host_tools.measure.board_readings import ThreadUse
from host_tools.measure.budget import BudgetReport
from host_tools.measure.estimate import LoadEstimate
from host_tools.measure.pacing import Pacing
from host_tools.measure.power_result import Power
from host_tools.measure.quality import Metric
from host_tools.measure.validity import Rule
from host_tools.power.recording import Recording

SCHEMA_VERSION = 2
NOT_IN_JSON = ("enhanced", "noisy", "runs", "recording")
SCHEMA_FILE = Path(__file__).with_name("result.schema.json")


@dataclass(frozen=True)
class Load:
    """Percent of one core: CPU time over audio time x 100.

    ``low_percent`` and ``high_percent`` are the smallest and largest repeat of a measured load,
    or the bounds of an estimated one. All None when ``kind`` is "unknown".
    """

    percent_of_core: float | None
    kind: Literal["measured", "estimated", "unknown"]
    core: str
    method: str
    low_percent: float | None
    high_percent: float | None


@dataclass(frozen=True)
class FrameTime:
    """Microseconds per 10 ms frame; all None where no real clock ran (emulators)."""

    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


@dataclass(frozen=True)
class Instructions:
    """Exact instructions per 10 ms frame (counts.InstructionCounts, percentiles flattened).

    None where only an emulator's plugin could tell and a board's own counter counted.
    """

    mean: float
    p50: float
    p95: float
    p99: float
    max: float
    frames: int
    warmup_frames: int
    network_matrix: float | None
    network_other: float | None
    everything_but_matrix: float | None
    overhead_not_counted: float | None
    top_functions: dict[str, float]


@dataclass(frozen=True)
class Sizes:
    """Memory of one channel and of the program, bytes; None: unknown."""

    state_bytes: int | None
    stack_bytes: int | None
    flash_bytes: int | None
    model_bytes: int | None


@dataclass(frozen=True)
class MeasureResult:
    """One measurement; field names are those of result.json.

    ``stages`` is per frame, in ``stages_unit``; empty when neither counts nor times are known.
    ``stage_cost_us`` is how much longer a frame took while its stages were timed; ``threads`` the
    CPU time of the agent's threads over all timed runs; ``partial``: Ctrl-C ended it early.
    ``facts`` are what the device told of itself and its state, in words.
    ``engine`` "tflite": LiteRT ran the network, and every figure is of the network alone.
    The JSON leaves out ``enhanced`` and ``noisy`` (48 kHz int16 [samples], delay removed), ``runs``
    (timed runs by pace in ms) and ``recording`` (of the power meter).
    """

    schema_version: int
    created_utc: str
    tool_version: str
    device: str
    cpu: str
    kernel: str
    model: str
    model_digest: str
    clip: str
    output_digest: str
    output_matches_host: bool
    frames: int
    delay_samples: int
    instructions_per_frame: float | None
    instructions: Instructions | None
    stages: dict[str, float]
    stages_unit: Literal["instructions", "nanoseconds"] | None
    load: Load
    load_estimates: tuple[LoadEstimate, ...]
    frame_time_us: FrameTime
    deadline_misses: int | None
    pacing: tuple[Pacing, ...]
    stage_cost_us: float | None
    threads: tuple[ThreadUse, ...]
    power: Power | None
    quality: dict[str, Metric]
    sizes: Sizes
    validity: tuple[Rule, ...]
    budget: BudgetReport | None
    verdict: Literal["pass", "fail", "void"]
    partial: bool
    notes: tuple[str, ...]
    enhanced: NDArray[np.int16] = field(repr=False, compare=False)
    noisy: NDArray[np.int16] = field(repr=False, compare=False)
    runs: dict[int, list[RunResult]] = field(repr=False, compare=False)
    recording: Recording | None = field(repr=False, compare=False)
    engine: Literal["percepnet", "tflite"] = "percepnet"
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 pass, 1 over budget, 5 void, 130 partial because somebody pressed Ctrl-C."""
        return 130 if self.partial else {"pass": 0, "fail": 1, "void": 5}[self.verdict]

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, dictionaries, numbers and text."""
        none = np.zeros(0, np.int16)
        bare = asdict(replace(self, enhanced=none, noisy=none, runs={}, recording=None))
        fields = {name: value for name, value in bare.items() if name not in NOT_IN_JSON}
        plain: dict[str, Any] = json.loads(json.dumps(fields))
        return plain

    def to_json(self) -> str:
        """The text of result.json, valid by result.schema.json."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n"


def verdict(
    rules: tuple[Rule, ...], budget: BudgetReport | None
) -> Literal["pass", "fail", "void"]:
    """Void when a rule is broken, else fail when the budget is, else pass."""
    if not all(rule.ok for rule in rules):
        return "void"
    return "fail" if budget is not None and not budget.ok else "pass"


@cache
def result_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of result.json."""
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return schema
