# SPDX-License-Identifier: Apache-2.0
"""Power as result.json holds it, and the rules that a measurement of power must keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from host_tools.measure.power_session import PowerRun
from host_tools.measure.validity import Rule
from host_tools.power.energy import Block, PowerFigures
from host_tools.power.recording import Recording

MAX_DRIFT_SHARE = 0.25
"""How far the first and the last idle block may differ, as a share of the load's power above idle;
its uncertainty where that is more."""
MAX_GAP_SHARE = 0.1
"""Of a block: the longest time without a sample."""
MAX_DROPPED_SHARE = 0.01
MAX_CLOCK_ERROR_PPM = 1000.0
MIN_BLOCK_S = 10.0


@dataclass(frozen=True)
class Power:
    """Power above idle while the device denoises in real time; None where it is unknown.

    ``kind`` "estimated" is a replayed recording: it was not made during this run.
    ``uncertainty_mw`` is expanded (about 95 %); ``uncertainty_parts_mw`` are its standard
    uncertainties by source.
    """

    mw_above_idle: float | None
    uncertainty_mw: float | None
    mj_per_audio_s: float | None
    uj_per_frame: float | None
    kind: Literal["measured", "estimated", "unknown"]
    meter: str
    measures: str
    method: str
    idle_mw: float | None
    load_mw: float | None
    drift_mw: float | None
    uncertainty_parts_mw: dict[str, float]
    blocks: tuple[Block, ...]
    samples: int
    sample_period_s: float
    dropped_samples: int
    saturated_samples: int
    clock_error_ppm: float | None


def power_of(run: PowerRun) -> Power:
    """The figures of a run with a meter."""
    record, figures, facts = run.recording, run.figures, run.facts
    parts = {} if figures is None else uncertainty_parts_mw(figures)
    method = (
        f"{run.plan.pairs} load blocks of {run.block_s:g} s, paced {run.plan.pace_ms} ms, between "
        f"idle blocks as long, {facts.settle_s:g} s left out at their ends"
    )
    known: Literal["measured", "estimated"] = "estimated" if facts.is_replay else "measured"
    return Power(
        mw_above_idle=None if figures is None else figures.mw_above_idle,
        uncertainty_mw=None if figures is None else figures.uncertainty_mw,
        mj_per_audio_s=None if figures is None else figures.mj_per_audio_s,
        uj_per_frame=None if figures is None else figures.uj_per_frame,
        kind="unknown" if figures is None else known,
        meter=facts.name,
        measures=facts.measures,
        method=method if figures is not None else run.why,
        idle_mw=None if figures is None else figures.idle_mw,
        load_mw=None if figures is None else figures.load_mw,
        drift_mw=None if figures is None else figures.drift_mw,
        uncertainty_parts_mw=parts,
        blocks=() if figures is None else figures.blocks,
        samples=0 if record is None else len(record.time_s),
        sample_period_s=0.0 if record is None else record.period_s,
        dropped_samples=0 if record is None else record.dropped_samples,
        saturated_samples=0 if record is None else record.saturated_samples,
        clock_error_ppm=None if record is None else record.clock_error_ppm,
    )


def uncertainty_parts_mw(figures: PowerFigures) -> dict[str, float]:
    """Standard uncertainties by source."""
    return {
        "noise": figures.noise_mw,
        "repeatability": figures.repeatability_mw,
        "resolution": figures.resolution_mw,
        "gain": figures.gain_mw,
    }


def power_rules(run: PowerRun) -> list[Rule]:
    """Each thing that makes a figure of power worthless, with its evidence."""
    record, figures = run.recording, run.figures
    known = Rule("power_known", figures is not None, run.why or f"by {run.facts.name}")
    length = Rule(
        "power_block_length",
        run.block_s >= MIN_BLOCK_S,
        f"blocks of {run.block_s:g} s, {MIN_BLOCK_S:g} s needed",
    )
    if record is None:
        return [known, length]
    rules = [known, length, *_trace_rules(record, run.block_s)]
    return rules if figures is None else [*rules, _drift_rule(figures)]


def power_output_rule(digests: list[str], expected: str) -> Rule:
    """The load blocks computed what the host computes from the same audio, bit for bit."""
    wrong = [digest for digest in digests if digest != expected]
    evidence = f"{len(digests)} load blocks and the host gave {expected}"
    if wrong:
        evidence = (
            f"{len(wrong)} of {len(digests)} load blocks gave {wrong[0]}, the host {expected}"
        )
    return Rule("power_output_digest", not wrong, evidence)


def _trace_rules(record: Recording, block_s: float) -> list[Rule]:
    samples = len(record.time_s)
    lost_share = record.dropped_samples / max(1, samples + record.dropped_samples)
    gap_s = record.longest_gap_s
    rules = [
        Rule(
            "power_trace_complete",
            lost_share <= MAX_DROPPED_SHARE and gap_s <= MAX_GAP_SHARE * block_s,
            f"{samples} samples, {record.dropped_samples} lost, longest gap {gap_s:.3g} s",
        ),
        Rule(
            "power_in_range",
            record.saturated_samples == 0,
            f"{record.saturated_samples} samples at the end of the meter's range"
            + ("; choose a larger one" if record.saturated_samples else ""),
        ),
    ]
    if record.clock_error_ppm is not None:
        ok = abs(record.clock_error_ppm) <= MAX_CLOCK_ERROR_PPM
        seen = f"{record.clock_error_ppm:+.0f} ppm against this computer's clock"
        rules.append(Rule("power_clock", ok, f"{seen}, {MAX_CLOCK_ERROR_PPM:g} allowed"))
    return rules


def _drift_rule(figures: PowerFigures) -> Rule:
    limit_mw = max(MAX_DRIFT_SHARE * abs(figures.mw_above_idle), figures.uncertainty_mw)
    return Rule(
        "power_baseline",
        abs(figures.drift_mw) <= limit_mw,
        f"idle changed by {figures.drift_mw:+.1f} mW from first to last block, "
        f"{limit_mw:.1f} mW allowed",
    )
