# SPDX-License-Identifier: Apache-2.0
"""The real agents: every emulated CPU and the host give one output; counts are exact."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from host_tools.devices.emulator import CPUS
from host_tools.generate.model_file import model_names
from host_tools.measure.clip import load_clip
from host_tools.measure.measure import measure
from host_tools.measure.result import MeasureResult
from tests.needs import need, need_build, need_program

STAGE_NAMES = ["analysis", "pitch", "comb", "features", "network", "gains", "synthesis"]
SECONDS = 2


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "noisy.wav"
    soundfile.write(path, load_clip().noisy[48_000 : (1 + SECONDS) * 48_000], 48_000)
    return path


def measured(cpu: str, clip: Path) -> MeasureResult:
    need("percepnet" in model_names(), "models/percepnet has no model image")
    need_program(CPUS[cpu].program)
    need_build("host", "percepnet_agent")
    need_build(CPUS[cpu].target, "percepnet_agent")
    return measure(f"emulator:{cpu}", clip, budget="phone")


@pytest.mark.slow
@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a76", "max", "cortex-a7"])
def test_an_emulated_cpu_gives_the_hosts_output_and_exact_counts_by_stage(
    cpu: str, clip: Path
) -> None:
    result = measured(cpu, clip)
    assert result.output_matches_host
    assert all(rule.ok for rule in result.validity), result.validity
    assert list(result.stages) == STAGE_NAMES
    assert result.instructions is not None and result.instructions_per_frame is not None
    assert sum(result.stages.values()) == pytest.approx(result.instructions_per_frame, abs=1)
    assert result.instructions.network_matrix + result.instructions.network_other == (
        pytest.approx(result.stages["network"], abs=1)
    )
    assert result.instructions.max < 1.2 * result.instructions.p50
    assert result.load.kind != "measured"
    assert result.frame_time_us.p50 is None and result.deadline_misses is None


@pytest.mark.slow
def test_counting_twice_gives_the_same_counts(clip: Path) -> None:
    first, second = measured("cortex-a53", clip), measured("cortex-a53", clip)
    assert first.instructions == second.instructions
    assert first.stages == second.stages
    assert first.output_digest == second.output_digest
    assert first.load_estimates == second.load_estimates
