# SPDX-License-Identifier: Apache-2.0
"""The real agents with a small untrained model: one output everywhere, exact counts."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
import soundfile

from host_tools.devices.emulator import CPUS
from host_tools.measure.cadences import UNPACED
from host_tools.measure.clip import load_clip
from host_tools.measure.measure import measure
from host_tools.measure.result import MeasureResult
from host_tools.measure.runs import Plan
from host_tools.network.checkpoint import random_checkpoint
from host_tools.network.profile import Profile
from host_tools.quantize.image import save_image
from host_tools.quantize.weights import quantize_checkpoint
from tests.needs import need_build, need_program

STAGE_NAMES = ["analysis", "pitch", "comb", "features", "network", "gains", "synthesis"]
SECONDS = 2
SMALL = Profile("small", fc=32, conv1=64, conv2=64, gru=64, gru_gb=48, gru_rb=32)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "noisy.wav"
    soundfile.write(path, load_clip().noisy[48_000 : (1 + SECONDS) * 48_000], 48_000)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model") / "small.pnm"
    save_image(quantize_checkpoint(random_checkpoint(SMALL, seed=11)), path)
    return str(path)


def measured(cpu: str, clip: Path, model: str, plan: Plan | None = None) -> MeasureResult:
    need_program(CPUS[cpu].program)
    need_build("host", "percepnet_agent")
    need_build(CPUS[cpu].target, "percepnet_agent")
    return measured_once(cpu, clip, model, plan or Plan())


@functools.cache
def measured_once(cpu: str, clip: Path, model: str, plan: Plan) -> MeasureResult:
    """Runs that several tests look at are made once."""
    return measure(f"emulator:{cpu}", clip, model=model, budget="phone", plan=plan)


@pytest.mark.parametrize("cpu", ["cortex-a53", "cortex-a76", "max", "cortex-a7"])
def test_an_emulated_cpu_gives_the_hosts_output_and_exact_counts_by_stage(
    cpu: str, clip: Path, model: str
) -> None:
    result = measured(cpu, clip, model)
    assert result.output_matches_host
    assert all(rule.ok for rule in result.validity), result.validity
    assert list(result.stages) == STAGE_NAMES
    assert result.instructions is not None and result.instructions_per_frame is not None
    assert sum(result.stages.values()) == pytest.approx(result.instructions_per_frame, abs=1)
    assert result.instructions.network_matrix + result.instructions.network_other == (
        pytest.approx(result.stages["network"], abs=1)
    )
    assert result.instructions.max < 1.5 * result.instructions.p50
    assert result.load.kind != "measured"
    assert result.frame_time_us.p50 is None and result.deadline_misses is None


def test_counting_twice_gives_the_same_counts(clip: Path, model: str) -> None:
    first = measured("cortex-a53", clip, model)
    second = measured_once.__wrapped__("cortex-a53", clip, model, Plan())
    assert first.instructions == second.instructions
    assert first.stages == second.stages
    assert first.output_digest == second.output_digest
    assert first.load_estimates == second.load_estimates


def test_a_64_bit_emulator_estimates_cores_of_every_kernel_and_heads_with_its_own(
    clip: Path, model: str
) -> None:
    result = measured("cortex-a76", clip, model)
    assert result.load.kind == "estimated"
    assert "Raspberry Pi 5" in result.load.core
    cores = {estimate.core for estimate in result.load_estimates}
    assert {"rpi3-a53", "rpi4-a72", "rpi5-a76", "phone-a55", "phone-x1"} <= cores
    for estimate in result.load_estimates:
        assert 0 < estimate.low_percent <= estimate.high_percent


def test_a_forced_scalar_kernel_gives_the_same_output_for_more_instructions(
    clip: Path, model: str
) -> None:
    fast = measured("cortex-a53", clip, model)
    slow = measured("cortex-a53", clip, model, Plan(kernel="scalar"))
    assert slow.output_digest == fast.output_digest
    assert slow.instructions is not None and fast.instructions is not None
    assert slow.instructions.network_matrix > 2 * fast.instructions.network_matrix
    # No core would choose the scalar kernel, so no core's load follows from its counts.
    assert slow.load.kind == "unknown" and slow.load_estimates == ()


def test_packets_give_the_same_output_for_fewer_matrix_instructions(clip: Path, model: str) -> None:
    single = measured("cortex-a53", clip, model)
    packet = measured("cortex-a53", clip, model, Plan(mode="packet"))
    assert packet.output_digest == single.output_digest
    assert packet.instructions is not None and single.instructions is not None
    assert packet.instructions.network_matrix < single.instructions.network_matrix


def test_the_host_runs_the_same_clip_with_every_stage_timed(model: str) -> None:
    need_build("host", "percepnet_agent")
    plan = Plan(paces_ms=(UNPACED,))
    result = measure("host", model=model, budget="phone", plan=plan)
    assert result.output_matches_host
    assert result.load.kind == "measured"
    assert result.load.percent_of_core is not None and result.load.percent_of_core > 0
    assert list(result.stages) == STAGE_NAMES
    assert result.frame_time_us.p99 is not None
    assert result.frame_time_us.p50 is not None
    assert 0 < result.frame_time_us.p50 <= result.frame_time_us.p99
    assert result.verdict != "void"
