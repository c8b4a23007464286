# SPDX-License-Identifier: Apache-2.0
"""Drawings and sound of a measurement's report, with the words that say what they show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from host_tools.devices.base import SAMPLE_RATE_HZ
from host_tools.measure.pacing import histogram
from host_tools.measure.statistics import distribution
from host_tools.report.embedded_audio import encode_audio
from host_tools.report.example_cards import (
    Card,
    Tick,
    card_of,
    frequency_ticks,
    scale_ticks,
    time_ticks,
)
from host_tools.report.frame_table import FrameRun
from host_tools.report.html_page import data_url
from host_tools.report.run_plots import (
    histogram_plot,
    load_by_second,
    load_time_plot,
    power_plot,
    time_limits,
)
from host_tools.report.run_reader import KeptRun
from host_tools.report.run_words import number, pace_title
from host_tools.report.spectrogram import scale_png

AUDIO_LIMIT_BYTES = 600_000
"""Both clips together without loss; above it they are compressed with loss."""

MOST_AUDIO_S = 30


@dataclass(frozen=True)
class Panel:
    """One drawing; ``caption`` says in words what it shows."""

    caption: str
    svg: str


@dataclass(frozen=True)
class Sound:
    """The clip before and after: pictures and players of its first seconds."""

    cards: list[Card]
    format_text: str
    cut: str
    time_ticks: list[Tick]
    frequency_ticks: list[Tick]
    scale_picture: str
    scale_ticks: list[Tick]


def frame_time_panels(run: KeptRun) -> list[Panel]:
    """Frames by their time, a panel a cadence on one axis. Raises MissingDependency."""
    pacings = run.result.pacing
    if not pacings:
        return []
    limits = time_limits([entry.histogram for entry in pacings])
    panels = []
    for entry in pacings:
        times = entry.frame_time_us
        marks = [("p50", times.p50), ("p99", times.p99), ("max", times.max)]
        caption = (
            f"{pace_title(entry.pace_ms)}: half of {sum(entry.histogram.counts):,} frames took "
            f"{number(times.p50)} \N{MICRO SIGN}s or less"
        )
        svg = histogram_plot(entry.histogram, marks, limits, f"frames-{entry.pace_ms}")
        panels.append(Panel(caption, svg))
    return panels


def wake_up_panels(run: KeptRun) -> list[Panel]:
    """Periods by how late they were begun, a panel a paced cadence. Raises MissingDependency."""
    late = {pace_ms: _wake_ups(runs) for pace_ms, runs in run.frames.items()}
    bars = {pace_ms: histogram(values) for pace_ms, values in late.items() if len(values)}
    if not bars:
        return []
    limits = time_limits(list(bars.values()))
    panels = []
    for pace_ms, found in bars.items():
        times = distribution(late[pace_ms])
        marks = [("p50", times.p50), ("p99", times.p99), ("max", times.max)]
        caption = (
            f"{pace_title(pace_ms)}: half of {len(late[pace_ms]):,} periods began "
            f"{number(times.p50)} \N{MICRO SIGN}s late or less"
        )
        panels.append(Panel(caption, histogram_plot(found, marks, limits, f"wake-{pace_ms}")))
    return panels


def load_time_panels(run: KeptRun) -> list[Panel]:
    """Share of each second that frames took, a panel a paced cadence. Raises MissingDependency."""
    loads = {
        pace_ms: [load_by_second(each.time_us) for each in runs]
        for pace_ms, runs in run.frames.items()
        if pace_ms and min(len(each.time_us) for each in runs) >= 200
    }
    top = max((float(load.max()) for found in loads.values() for load in found), default=0.0)
    return [
        Panel(
            f"{pace_title(pace_ms)}: "
            + ("median and range of" if len(found) > 1 else "")
            + f" {len(found)} runs".replace(" 1 runs", "one run"),
            load_time_plot(found, top, f"load-{pace_ms}"),
        )
        for pace_ms, found in loads.items()
    ]


def power_svg(run: KeptRun) -> str:
    """Power over time; "" without a recording. Raises MissingDependency."""
    record, power = run.result.recording, run.result.power
    if record is None or power is None or len(record.time_s) < 2:
        return ""
    return power_plot(record, power.blocks, "power")


def sound_of(run: KeptRun) -> Sound:
    """Players of the clip, as far as it was kept. Raises MissingDependency."""
    most = MOST_AUDIO_S * SAMPLE_RATE_HZ
    signals = [
        ("noisy", "as it was handed to the device", run.result.noisy),
        ("enhanced", "as the device gave it back, delay removed", run.result.enhanced),
    ]
    signals = [(name, title, samples[:most]) for name, title, samples in signals if len(samples)]
    audio = encode_audio([samples for *_, samples in signals], AUDIO_LIMIT_BYTES)
    cards = [
        card_of(name, title, samples, audio, file, [])
        for (name, title, samples), file in zip(signals, audio.files, strict=True)
    ]
    seconds = max((len(samples) for *_, samples in signals), default=0) / SAMPLE_RATE_HZ
    whole_s = len(run.result.enhanced) / SAMPLE_RATE_HZ
    return Sound(
        cards=cards,
        format_text=audio.format_text,
        cut=f"the first {MOST_AUDIO_S} of {whole_s:.0f} s" if whole_s > MOST_AUDIO_S else "",
        time_ticks=time_ticks(seconds),
        frequency_ticks=frequency_ticks(),
        scale_picture=data_url("image/png", scale_png()),
        scale_ticks=scale_ticks(),
    )


def _wake_ups(runs: list[FrameRun]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.concatenate([run.wake_up_us for run in runs])
