# SPDX-License-Identifier: Apache-2.0
"""A made-up but complete result, for tests of what is done with results."""

from __future__ import annotations

import numpy as np

from host_tools.measure.budget import BudgetLine, BudgetReport
from host_tools.measure.estimate import LoadEstimate
from host_tools.measure.figures import NO_FRAME_TIME
from host_tools.measure.quality import Metric
from host_tools.measure.result import Instructions, Load, MeasureResult, Sizes
from host_tools.measure.validity import Rule


def example_result() -> MeasureResult:
    """As an emulated board would give it."""
    return MeasureResult(
        schema_version=2,
        created_utc="2026-01-02T03:04:05Z",
        tool_version="0.1.0",
        device="emulator:cortex-a53",
        cpu="Cortex-A53",
        kernel="neon",
        model="percepnet",
        model_digest="ab" * 32,
        clip="demo.flac",
        output_digest="cd" * 32,
        output_matches_host=True,
        frames=1173,
        delay_samples=1440,
        instructions_per_frame=2_900_000.0,
        instructions=Instructions(
            mean=2_900_000.0,
            p50=2_900_001,
            p95=2_900_100,
            p99=2_900_200,
            max=2_950_000,
            frames=1123,
            warmup_frames=50,
            network_matrix=2_400_000.0,
            network_other=80_000.0,
            everything_but_matrix=500_000.0,
            overhead_not_counted=212.0,
            top_functions={"pn_gemv_s8_neon": 2_400_000.0},
        ),
        stages={"pitch": 400_000.0, "network": 2_500_000.0},
        stages_unit="instructions",
        load=Load(40.0, "estimated", "Raspberry Pi 3", "a stated model", 30.0, 40.0),
        load_estimates=(
            LoadEstimate("rpi3-a53", "Raspberry Pi 3", 10.0, 30.0, 30.0, 40.0, 4000.0, "model"),
        ),
        frame_time_us=NO_FRAME_TIME,
        deadline_misses=None,
        pacing=(),
        stage_cost_us=None,
        threads=(),
        power=None,
        quality={"si_sdr_db": Metric(5.0, 12.0), "pesq_wb": Metric(None, None)},
        sizes=Sizes(200_000, 4000, 8_400_000, None),
        validity=(Rule("output_digest", True, "same"),),
        budget=BudgetReport(
            "phone",
            (
                BudgetLine("load_percent_of_core", 5.0, 40.0, "estimated", False),
                BudgetLine("power_mw", 20.0, None, "unknown", None),
                BudgetLine("flash_kib", None, 8203.0, "exact", True),
            ),
        ),
        verdict="fail",
        partial=False,
        notes=("a note",),
        enhanced=np.arange(-500, 500, dtype=np.int16),
        noisy=np.arange(500, -500, -1, dtype=np.int16),
        runs={},
        recording=None,
    )
