# SPDX-License-Identifier: Apache-2.0
"""Figures of a device with a real clock: its timed runs, its conditions, its power."""

from __future__ import annotations

import contextlib

from host_tools.devices import open_device
from host_tools.devices.base import Settings
from host_tools.measure.board_conditions import conditions, look_at
from host_tools.measure.clip import Clip
from host_tools.measure.device_facts import device_facts
from host_tools.measure.figures import Figures, counter_figures, measured_frame_time, measured_load
from host_tools.measure.phone_estimate import modelled_note
from host_tools.measure.power_result import power_output_rule, power_rules
from host_tools.measure.power_session import PowerPlan, PowerRun, load_audio, run_power
from host_tools.measure.runs import Plan, Progress
from host_tools.measure.timed import TimedRun, time_on_device
from host_tools.measure.validity import (
    Rule,
    clock_rule,
    complete_rule,
    hardware_rules,
    length_rule,
    repeat_rule,
    repeats_rule,
)
from host_tools.power.names import is_in_device, open_meter


def timed_figures(
    device: str,
    model: str,
    audio: Clip,
    plan: Plan,
    power: PowerPlan | None,
    progress: Progress,
) -> Figures:
    """Load, frame and stage times, and power, of a device with a real clock.

    ``power`` says with which meter, None: none. Ctrl-C keeps what is finished. Raises as measure.
    """
    with contextlib.ExitStack() as stack:
        # a meter outside the device may be what feeds it
        outer = None if power is None or is_in_device(power.meter) else power.meter
        meter = None if outer is None else stack.enter_context(open_meter(outer))
        facts = None if meter is None else meter.open()
        opened = stack.enter_context(open_device(device, model=model))
        if power is not None and meter is None:
            meter = stack.enter_context(open_meter(power.meter, opened))
            facts = meter.open()
        before = look_at(opened)
        run = time_on_device(opened, audio.noisy, plan, progress)
        used: PowerRun | None = None
        if power and meter and facts and not run.cadences.interrupted:
            opened.configure(Settings(kernel=plan.kernel, mode=plan.mode))
            try:
                used = run_power(opened, meter, facts, audio.noisy, power, progress)
            except KeyboardInterrupt:
                run.cadences.interrupted = "interrupted while power was measured"
        # an agent that is still running the audio answers nothing
        after = None if run.cadences.interrupted else look_at(opened)
        board_rules, board_notes = conditions(before, after, with_power=used is not None)
        where = None if run.cadences.interrupted else opened.whereabouts()
        modelled = None
        if used is not None and opened.phone_shell is not None:
            modelled = modelled_note(opened.phone_shell)
    rules = [] if used is None else [*power_rules(used), _load_output_rule(used, audio, model)]
    return Figures(
        output=run,
        load=measured_load(run),
        rules=[
            complete_rule(run.cadences.interrupted),
            *hardware_rules(run.identity.cpu_name),
            repeat_rule(run.digests),
            length_rule(audio.seconds),
            repeats_rule(min(map(len, run.cadences.runs.values()))),
            clock_rule(run.headline is not None and run.headline.load_percent is not None),
            *board_rules,
            *rules,
        ],
        frame_time=measured_frame_time(run),
        late_frames=None if run.headline is None else run.headline.deadline_misses,
        stages=run.stage_times_ns,
        instructions=counter_figures(run.counts) if run.counts else None,
        notes=[
            *([where] if where else []),
            *_cycle_notes(run),
            *([run.phone_counts] if run.phone_counts else []),
            *_pace_notes(run),
            *board_notes,
            *([modelled] if modelled else []),
            *(used.recording.notes if used is not None and used.recording is not None else ()),
        ],
        timed=run,
        power=used,
        facts=device_facts(before, after),
        device=opened.name,
        target=opened.target,
    )


def _load_output_rule(used: PowerRun, audio: Clip, model: str) -> Rule:
    """What the device computed while its power was measured, against this host's output."""
    with open_device("host", model=model) as host:
        expected = host.run(load_audio(audio.noisy, used.block_s)).digest
    return power_output_rule([run.digest for run in used.runs], expected)


def _cycle_notes(run: TimedRun) -> list[str]:
    if run.counts is None:
        return []
    return [f"{run.counts.cycles:,.0f} cycles a frame, core at {run.counts.core_mhz:.0f} MHz"]


def _pace_notes(run: TimedRun) -> list[str]:
    if run.headline is not None and run.headline.pace_ms:
        return []
    return ["unpaced: frames follow each other at once, so the governor sees a busy core"]
