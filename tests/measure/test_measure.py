# SPDX-License-Identifier: Apache-2.0
"""A measurement with a clock: digests decide first, then the rules, then the budget."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soundfile

from host_tools.devices.base import DELAY_SAMPLES, Device, Samples, pcm_digest
from host_tools.errors import DataError, MissingDependency, UsageError
from host_tools.generate.model_file import ModelFile
from host_tools.measure import counted_figures as counted_module
from host_tools.measure import measure as measure_module
from host_tools.measure import timed_figures as timed_module
from host_tools.measure.clip import load_clip
from host_tools.measure.measure import measure
from host_tools.measure.result import result_schema
from host_tools.measure.runs import Plan
from tests.measure.fake_device import MODEL_DIGEST, Behaviour, FakeDevice

RATE = 48_000


@pytest.fixture
def behaviour(monkeypatch: pytest.MonkeyPatch) -> Behaviour:
    made = Behaviour()

    def open_fake(name: str, *, model: str) -> Device:
        assert name in ("host", "emulator:cortex-a53") and model == "percepnet"
        return FakeDevice(made)

    for module in (measure_module, timed_module, counted_module):
        monkeypatch.setattr(module, "open_device", open_fake)
    monkeypatch.setattr(
        measure_module, "find_model", lambda name: ModelFile(name, b"x" * 8_000_000, MODEL_DIGEST)
    )
    monkeypatch.setattr(measure_module, "build_target", lambda device: None)
    return made


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "noisy.wav"
    noise = np.random.default_rng(1).integers(-9000, 9000, 10 * RATE + 123).astype(np.int16)
    soundfile.write(path, noise, RATE)
    return path


def broken_rules(result: measure_module.MeasureResult) -> list[str]:
    return [rule.name for rule in result.validity if not rule.ok]


def flip_one_bit(number: int, pcm: Samples) -> Samples:
    changed = pcm.copy()
    changed[len(changed) // 2] ^= 1
    return changed


def test_an_undisturbed_measurement_passes_with_the_delay_removed_from_the_output(
    behaviour: Behaviour, clip: Path
) -> None:
    result = measure("host", clip)
    samples = load_clip(clip).noisy
    assert result.verdict == "pass" and result.exit_code == 0
    assert result.output_matches_host
    assert np.array_equal(result.enhanced, samples)
    assert result.output_digest == pcm_digest(samples)
    assert result.frames == -(-(len(samples) + DELAY_SAMPLES) // 480)
    jsonschema.Draft202012Validator(result_schema()).validate(json.loads(result.to_json()))
    assert behaviour.opened == behaviour.closed == 2


def test_load_is_the_median_of_the_repeats_without_warm_up_and_stage_run(
    behaviour: Behaviour, clip: Path
) -> None:
    # Run 0 warms up, runs 1 to 5 are timed, run 6 has stage times.
    behaviour.call_time_ns = lambda number: [9_000_000, 10_000, 30_000, 20_000, 50_000, 40_000][
        number % 6
    ]
    result = measure("host", clip)
    assert result.load.kind == "measured"
    assert result.load.percent_of_core == pytest.approx(0.30)
    assert result.load.low_percent == pytest.approx(0.10)
    assert result.load.high_percent == pytest.approx(0.50)
    assert result.frame_time_us.max == 50.0
    assert result.instructions_per_frame is None
    assert result.stages_unit == "nanoseconds" and set(result.stages) >= {"network", "pitch"}


def test_one_wrong_bit_in_the_output_voids_the_measurement(
    behaviour: Behaviour, clip: Path
) -> None:
    behaviour.spoil = flip_one_bit
    result = measure("host", clip, budget="phone")
    assert (result.verdict, result.exit_code) == ("void", 5)
    assert not result.output_matches_host
    assert broken_rules(result) == ["output_digest"]
    evidence = next(rule.evidence for rule in result.validity if rule.name == "output_digest")
    assert result.output_digest in evidence


def test_an_output_that_changes_between_repeats_voids_the_measurement(
    behaviour: Behaviour, clip: Path
) -> None:
    behaviour.spoil = lambda number, pcm: flip_one_bit(number, pcm) if number == 4 else pcm
    assert broken_rules(measure("host", clip)) == ["repeatable_output"]


def test_another_model_on_the_device_voids_the_measurement(
    behaviour: Behaviour, clip: Path
) -> None:
    behaviour.model_digest = "cd" * 32
    assert broken_rules(measure("host", clip)) == ["model_digest"]


def test_too_short_a_clip_or_too_few_repeats_void_a_timed_measurement(
    behaviour: Behaviour, tmp_path: Path, clip: Path
) -> None:
    short = tmp_path / "short.wav"
    soundfile.write(short, np.ones(RATE, np.int16), RATE)
    assert broken_rules(measure("host", short)) == ["audio_length"]
    assert broken_rules(measure("host", clip, plan=Plan(repeats=4))) == ["repeats"]


def test_without_a_clock_of_cpu_time_the_load_is_unknown_and_the_result_void(
    behaviour: Behaviour, clip: Path
) -> None:
    behaviour.cpu_clock = False
    result = measure("host", clip, budget="phone")
    assert (result.load.kind, result.load.percent_of_core) == ("unknown", None)
    assert broken_rules(result) == ["cpu_clock"]
    assert result.budget is not None
    assert result.budget.lines[0].ok is None


def test_a_slow_device_fails_the_budget_and_late_frames_are_counted(
    behaviour: Behaviour, clip: Path
) -> None:
    behaviour.call_time_ns = lambda number: 10_000_001
    result = measure("host", clip, budget="phone")
    assert (result.verdict, result.exit_code) == ("fail", 1)
    assert result.deadline_misses == 5 * result.frames
    assert result.budget is not None
    over = [line.name for line in result.budget.lines if line.ok is False]
    assert over == ["load_percent_of_core", "frame_time_p99_percent"]


def test_power_is_an_unknown_line_that_neither_passes_nor_fails(
    behaviour: Behaviour, clip: Path
) -> None:
    result = measure("host", clip, budget="phone")
    assert result.budget is not None
    line = next(line for line in result.budget.lines if line.name == "power_mw")
    assert (line.value, line.kind, line.ok) == (None, "unknown", None)
    assert result.verdict == "pass"


def test_packets_run_two_frames_a_call_and_give_the_same_output(
    behaviour: Behaviour, clip: Path
) -> None:
    frames = measure("host", clip)
    packets = measure("host", clip, plan=Plan(mode="packet"))
    assert packets.output_digest == frames.output_digest
    assert packets.frames % 2 == 0
    assert packets.load.percent_of_core == pytest.approx((frames.load.percent_of_core or 0) / 2)
    assert packets.frame_time_us.p50 == (frames.frame_time_us.p50 or 0) / 2
    assert all(s.mode == "packet" for s in behaviour.settings[-3:])


def test_the_reference_is_the_scalar_kernel_whatever_kernel_is_measured(
    behaviour: Behaviour, clip: Path
) -> None:
    result = measure("host", clip, plan=Plan(kernel="avx2"))
    assert [s.kernel for s in behaviour.settings] == ["scalar", "avx2", "avx2"]
    assert result.kernel == "avx2"


def test_an_emulator_that_cannot_count_still_proves_its_output(
    behaviour: Behaviour, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot_count(program: str) -> str:
        raise MissingDependency(f"{program} takes no plugins")

    monkeypatch.setattr(counted_module, "check_qemu", cannot_count)
    result = measure("emulator:cortex-a53", clip, budget="phone")
    assert result.output_matches_host and result.verdict == "pass"
    assert result.instructions is None and result.instructions_per_frame is None
    assert result.load.kind == "unknown" and result.frame_time_us.p50 is None
    assert any("instructions unknown: qemu-aarch64 takes no plugins" in n for n in result.notes)
    jsonschema.Draft202012Validator(result_schema()).validate(json.loads(result.to_json()))
    behaviour.spoil = flip_one_bit
    assert measure("emulator:cortex-a53", clip).exit_code == 5


def test_quality_is_given_only_with_a_clean_reference(behaviour: Behaviour, clip: Path) -> None:
    assert measure("host", clip).quality == {}
    bundled = measure("host").quality
    # The fake device changes nothing, so neither does any metric.
    assert bundled["si_sdr_db"].before == bundled["si_sdr_db"].after


@pytest.mark.parametrize("repeats", [0, -1, 1001])
def test_a_number_of_repeats_out_of_range_is_a_usage_error(repeats: int) -> None:
    with pytest.raises(UsageError, match="1 to 1000"):
        measure("host", plan=Plan(repeats=repeats))


def test_an_unknown_device_or_cpu_is_refused_before_anything_runs(behaviour: Behaviour) -> None:
    for name in ("toaster", "emulator:z80"):
        with pytest.raises(UsageError, match=name.split(":")[-1]):
            measure(name)
    assert behaviour.opened == 0


def test_a_reference_needs_its_clip_and_the_same_length(tmp_path: Path, clip: Path) -> None:
    with pytest.raises(DataError, match="--clip"):
        load_clip(None, clip)
    other = tmp_path / "other.wav"
    soundfile.write(other, np.ones(100, np.int16), RATE)
    with pytest.raises(DataError, match="must belong to the clip"):
        load_clip(clip, other)
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(10 * RATE + 123, np.int16), RATE)
    with pytest.raises(DataError, match="silent"):
        load_clip(clip, silent)


def test_the_bundled_clip_is_long_enough_and_has_its_reference() -> None:
    bundled = load_clip()
    assert bundled.seconds >= 10
    assert bundled.clean is not None and len(bundled.clean) == len(bundled.noisy)
