# SPDX-License-Identifier: Apache-2.0
"""Tables and facts of a measurement's report, as text."""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.measure.result import MeasureResult
from host_tools.measure.statistics import Distribution
from host_tools.power.energy import COVERAGE
from host_tools.report.metric_words import number_text, words_for
from host_tools.report.run_words import number, pace_title, with_unit

US = "\N{MICRO SIGN}s"
KIB = 1024

Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class Tile:
    """A headline figure; ``kind`` is measured, estimated, exact or unknown."""

    title: str
    value: str
    kind: str
    note: str


@dataclass(frozen=True)
class Table:
    """Column headings and rows of text; the first cell of a row names it."""

    columns: list[str]
    rows: list[list[str]]


def tiles(result: MeasureResult) -> list[Tile]:
    """What a reader looks for first."""
    load, time, power = result.load, result.frame_time_us, result.power
    found = [
        Tile("Load of one core", with_unit(load.percent_of_core, "%"), load.kind, _range(result)),
    ]
    if time.p99 is not None:
        note = f"{number(time.p99 / 100)} % of its 10 ms"
        found.append(Tile("Frame time p99", with_unit(time.p99, US), "measured", note))
    if result.instructions is not None:
        value = f"{number(result.instructions.mean / 1e6)} million"
        found.append(Tile("Instructions a frame", value, "exact", "mean"))
    if power is not None:
        doubt = "" if power.uncertainty_mw is None else f"± {with_unit(power.uncertainty_mw, 'mW')}"
        value = with_unit(power.mw_above_idle, "mW")
        found.append(Tile("Power above idle", value, power.kind, doubt))
    if result.engine == "tflite":
        return [*found, Tile("Engine", "LiteRT", "exact", "the network alone")]
    same = "the same bits as the host" if result.output_matches_host else "NOT those of the host"
    found.append(Tile("Output", "same" if result.output_matches_host else "differs", "exact", same))
    return found


def frame_time_table(result: MeasureResult) -> Table:
    """Percentiles of each cadence."""
    rows = [
        [
            pace_title(entry.pace_ms),
            *_percentiles(entry.frame_time_us),
            number(entry.deadline_misses, 9),
        ]
        for entry in result.pacing
    ]
    return Table(["", "p50", "p95", "p99", "max", "late"], rows)


def wake_up_table(result: MeasureResult) -> Table:
    """Wake-ups of each paced cadence."""
    rows = [
        [
            pace_title(entry.pace_ms),
            *_percentiles(entry.wake_up_us),
            "unknown" if entry.drift_us is None else number(entry.drift_us),
        ]
        for entry in result.pacing
        if entry.wake_up_us is not None
    ]
    return Table(["", "p50", "p95", "p99", "max", "drift"], rows)


def cost_facts(result: MeasureResult) -> Facts:
    """What measuring itself cost."""
    facts = []
    if result.stage_cost_us is not None:
        cost = f"{with_unit(result.stage_cost_us, US)} a frame, in a run of its own"
        facts.append(("Timing the stages", cost))
    for entry in result.pacing:
        if entry.overhead_us_per_frame is not None:
            cost = f"{with_unit(entry.overhead_us_per_frame, US)} a frame, outside the frame times"
            facts.append(("Agent beside the library", cost))
    return facts


def power_facts(result: MeasureResult) -> Facts:
    """The power in numbers and how it was found."""
    power = result.power
    if power is None:
        return []
    facts: Facts = [("Meter", power.meter), ("What it measures", power.measures)]
    if power.mw_above_idle is not None:
        doubt = with_unit(power.uncertainty_mw, "mW")
        facts += [
            ("Above idle", f"{with_unit(power.mw_above_idle, 'mW')} ± {doubt} (about 95 %)"),
            ("Idle", with_unit(power.idle_mw, "mW")),
            ("Under load", with_unit(power.load_mw, "mW")),
            ("Energy", f"{with_unit(power.mj_per_audio_s, 'mJ')} for a second of audio"),
            ("", f"{with_unit(power.uj_per_frame, f'{US[0]}J')} for a frame of 10 ms"),
            ("Drift of idle", f"{with_unit(power.drift_mw, 'mW')}, last block minus first"),
        ]
    facts.append(("How" if power.mw_above_idle is not None else "Why unknown", power.method))
    if power.samples:
        rate = f", one every {number(1e3 * power.sample_period_s)} ms"
        facts.append(("Samples", f"{power.samples:,}{rate if power.sample_period_s else ''}"))
        lost = (
            f"{power.dropped_samples:,} lost, {power.saturated_samples:,} at the end of the range"
        )
        facts.append(("Of them", lost))
    if power.clock_error_ppm is not None:
        facts.append(("Clock of the meter", f"{number(power.clock_error_ppm)} ppm off this one's"))
    return facts


def uncertainty_words() -> str:
    """How the parts of an uncertainty become the whole."""
    return (
        f"Standard uncertainties. The stated one is {COVERAGE:g} times the root of the sum of "
        "squares of the larger of noise and repeatability, of resolution and of gain."
    )


def block_table(result: MeasureResult) -> Table:
    """Idle and load blocks."""
    blocks = () if result.power is None else result.power.blocks
    rows = [
        [
            each.kind,
            f"{each.begin_s:.1f} to {each.end_s:.1f}",
            number(each.power_mw, 4),
            number(each.noise_mw, 2),
            f"{each.samples:,}",
        ]
        for each in blocks
    ]
    return Table(["Block", "s", "mW", "noise", "samples"], rows)


def instruction_facts(result: MeasureResult) -> Facts:
    """Exact counts a frame."""
    count = result.instructions
    if count is None:
        return []
    named = [
        ("Mean", count.mean),
        ("p50", count.p50),
        ("p95", count.p95),
        ("p99", count.p99),
        ("Max", count.max),
        ("Matrix products", count.network_matrix),
        ("The network's rest", count.network_other),
        ("All but matrix products", count.everything_but_matrix),
        ("Left out: measuring itself", count.overhead_not_counted),
    ]
    facts = [(name, f"{value:,.0f}") for name, value in named if value is not None]
    return [*facts, ("Frames", f"{count.frames:,} after {count.warmup_frames} to warm up")]


def quality_table(result: MeasureResult) -> Table:
    """Metrics of the noisy input and of the output."""
    rows = []
    for name, metric in result.quality.items():
        words = words_for(name)
        texts = [number_text(value, words.decimals) for value in (metric.before, metric.after)]
        gain = number_text(metric.gain, words.decimals, sign=True)
        rows.append([f"{words.label} {words.unit}".rstrip(), *texts, gain])
    return Table(["", "noisy", "enhanced", "gain"], rows)


def size_facts(result: MeasureResult) -> Facts:
    """Memory of a channel and of the program."""
    sizes = result.sizes
    named = [
        ("State of one channel", sizes.state_bytes),
        ("Deepest stack of a call", sizes.stack_bytes),
        ("Code, tables and model", sizes.flash_bytes),
        ("Of it model", sizes.model_bytes),
    ]
    return [
        (name, "unknown" if size is None else f"{size / KIB:,.1f} KiB ({size:,} bytes)")
        for name, size in named
    ]


def made_facts(result: MeasureResult) -> Facts:
    """On what, of what and when it was made."""
    return [
        ("Device", result.device),
        ("Processor", f"{result.cpu}, kernel {result.kernel}"),
        *((name.replace("_", " ").capitalize(), text) for name, text in result.facts.items()),
        ("Model", result.model),
        ("Model digest", result.model_digest),
        ("Clip", f"{result.clip}, {result.frames:,} frames of 10 ms"),
        ("Output digest", result.output_digest),
        ("Delay", f"{result.delay_samples / 48:g} ms ({result.delay_samples} samples)"),
        ("Load", f"{result.load.method} ({result.load.core})"),
        ("When", result.created_utc.replace("T", " ").replace("Z", " UTC")),
        ("Made with", f"host_tools {result.tool_version}, schema {result.schema_version}"),
    ]


def _range(result: MeasureResult) -> str:
    load = result.load
    if load.percent_of_core is None or load.low_percent is None or load.high_percent is None:
        return load.method
    spread = f"{number(load.low_percent)} to {number(load.high_percent)} %"
    return f"repeats {spread}" if load.kind == "measured" else f"{spread}, upper end shown"


def _percentiles(times: Distribution | None) -> list[str]:
    if times is None:
        return ["unknown"] * 4
    return [number(value) for value in (times.p50, times.p95, times.p99, times.max)]
