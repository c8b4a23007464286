# SPDX-License-Identifier: Apache-2.0
"""One measurement from clip to verdict: host reference, the device's runs, figures, rules."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

import host_tools
from host_tools.devices import emulator, open_device, resolve
from host_tools.devices.base import DELAY_SAMPLES, SAMPLE_RATE_HZ, Settings
from host_tools.errors import MissingDependency, UsageError
from host_tools.generate.model_file import ModelFile, find_model
from host_tools.measure import emulated
from host_tools.measure.board_conditions import conditions, look_at
from host_tools.measure.budget import check_budget, chosen_budget
from host_tools.measure.clip import Clip, load_clip
from host_tools.measure.device_facts import device_facts
from host_tools.measure.figures import (
    Figures,
    budget_figures,
    counter_figures,
    estimated_load,
    instruction_figures,
    measured_frame_time,
    measured_load,
    unknown_load,
)
from host_tools.measure.opening import build_target, emulated_cpu, is_emulated_board
from host_tools.measure.phone_estimate import modelled_note
from host_tools.measure.plugin import check_qemu
from host_tools.measure.power_result import power_of, power_output_rule, power_rules
from host_tools.measure.power_session import PowerPlan, PowerRun, load_audio, run_power
from host_tools.measure.quality import Quality, quality
from host_tools.measure.result import (
    SCHEMA_VERSION,
    MeasureResult,
    verdict,
)
from host_tools.measure.runs import (
    Plan,
    Progress,
    count_on_board,
    count_on_emulator,
    reference_run,
    single_run,
)
from host_tools.measure.sizes import program_sizes
from host_tools.measure.timed import TimedRun, time_on_device
from host_tools.measure.validity import (
    Rule,
    clock_rule,
    complete_rule,
    counted_rule,
    digest_rule,
    hardware_rules,
    length_rule,
    model_rule,
    repeat_rule,
    repeats_rule,
)
from host_tools.power.names import is_in_device, open_meter

DELAY_MS = 1000.0 * DELAY_SAMPLES / SAMPLE_RATE_HZ
MAX_REPEATS = 1000


def measure(
    device: str,
    clip: Path | None = None,
    reference: Path | None = None,
    *,
    model: str = "percepnet",
    budget: str | None = None,
    limits: Mapping[str, float] | None = None,
    plan: Plan | None = None,
    power: PowerPlan | None = None,
    progress: Progress | None = None,
) -> MeasureResult:
    """Measure ``device`` (a name as for --device) on a clip.

    ``clip`` and ``reference`` are audio files (None: the bundled pair, 11.7 s of noisy speech);
    ``reference`` is the clean speech in the clip. ``model`` is a name under models/ or the path of
    an image. ``budget`` names limits of budgets.toml, which
    ``limits`` change or, without it, are. ``power`` says with which meter, None: none.
    ``progress`` is told what runs. Timed runs happen only on devices with a real clock; on
    emulators instructions are counted and the load is estimated.

    Raises UsageError, DeviceError, ProtocolError, DataError, MissingDependency; a measurement
    that breaks a rule is returned, with the verdict "void". One that Ctrl-C ended is returned as
    partial and void if a timed run was finished, else KeyboardInterrupt goes on.
    """
    plan = plan or Plan()
    if not 1 <= plan.repeats <= MAX_REPEATS:
        raise UsageError(f"{plan.repeats} repeats; give a number from 1 to {MAX_REPEATS}")
    report = progress or _silent
    cpu = emulated_cpu(device)
    if power is not None and (cpu is not None or is_emulated_board(device)):
        raise UsageError(f"{device}: an emulator takes no power of a device's; leave --meter out")
    wanted = chosen_budget(budget, limits or {})
    image = find_model(model)
    audio = load_clip(clip, reference)
    began = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    with open_device("host", model=model) as host:
        expected = reference_run(host, audio.noisy, plan, report)
    if is_emulated_board(device):
        figures = _on_board(device, model, audio, plan, report)
    elif cpu is None:
        figures = _timed(device, model, audio, plan, power, report)
    else:
        figures = _counted(device, cpu, model, image, audio, plan, report)
    output = figures.output
    target = figures.target or build_target(device)
    sizes, size_notes = program_sizes(target, model, output.identity.state_bytes)
    heard = Quality({}, ())
    if audio.clean is not None:
        heard = quality(audio.clean, audio.noisy, output.enhanced)
    energy = None if figures.power is None else power_of(figures.power)
    rules = (
        digest_rule(output.digests[0], expected.digests[0]),
        model_rule(output.identity.model_digest, image.digest),
        *figures.rules,
    )
    lines = None
    if wanted is not None:
        values = budget_figures(
            figures.load, figures.frame_time, figures.headline, sizes, DELAY_MS, energy
        )
        lines = check_budget(*wanted, values)
    return MeasureResult(
        schema_version=SCHEMA_VERSION,
        created_utc=began,
        tool_version=host_tools.__version__,
        device=figures.device or resolve(device),
        cpu=output.identity.cpu_name,
        kernel=output.kernel,
        model=image.name,
        model_digest=output.identity.model_digest,
        clip=audio.name,
        output_digest=output.digests[0],
        output_matches_host=output.digests[0] == expected.digests[0],
        frames=output.frames,
        delay_samples=DELAY_SAMPLES,
        instructions_per_frame=figures.instructions.mean if figures.instructions else None,
        instructions=figures.instructions,
        stages={name: round(value, 1) for name, value in figures.stages.items()},
        stages_unit=_stages_unit(figures),
        load=figures.load,
        load_estimates=tuple(figures.estimates),
        frame_time_us=figures.frame_time,
        deadline_misses=figures.late_frames,
        pacing=figures.pacings,
        stage_cost_us=None if figures.timed is None else figures.timed.stage_cost_us,
        threads=() if figures.timed is None else figures.timed.cadences.threads,
        power=energy,
        quality=heard.metrics,
        sizes=sizes,
        validity=rules,
        budget=lines,
        verdict=verdict(rules, lines),
        facts=figures.facts,
        partial=figures.timed is not None and bool(figures.timed.cadences.interrupted),
        notes=(*figures.notes, *size_notes, *heard.notes),
        enhanced=output.enhanced,
        noisy=audio.noisy,
        runs={} if figures.timed is None else figures.timed.cadences.runs,
        recording=None if figures.power is None else figures.power.recording,
    )


def _timed(
    device: str,
    model: str,
    audio: Clip,
    plan: Plan,
    power: PowerPlan | None,
    progress: Progress,
) -> Figures:
    """Load, frame and stage times, and power, of a device with a real clock."""
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


def _on_board(device: str, model: str, audio: Clip, plan: Plan, progress: Progress) -> Figures:
    """Output of a whole emulated board, whose clock is not real, and counts where it counts."""
    with open_device(device, model=model) as opened:
        run = count_on_board(opened, audio.noisy, plan, progress)
    load = unknown_load(run.identity.cpu_name, "an emulated board has no real speed")
    if run.counts is None:
        return Figures(run, load, rules=[], notes=["instructions unknown: Linux counts none here"])
    return Figures(
        output=run,
        load=load,
        rules=[counted_rule(run.counts.frames, run.expected_frames)],
        instructions=counter_figures(run.counts),
        stages=run.counts.stages,
        notes=["instructions are exact: the board's own counter in instruction-counting mode"],
    )


def _counted(
    device: str, cpu: str, model: str, image: ModelFile, audio: Clip, plan: Plan, progress: Progress
) -> Figures:
    """Instruction counts of an emulated device, and estimates for named cores."""
    try:
        check_qemu(emulator.find_cpu(cpu).program)
    except MissingDependency as error:
        return _uncounted(device, cpu, model, audio, plan, progress, str(error))
    main = count_on_emulator(device, model, audio.noisy, plan, progress)
    estimates, notes = emulated.estimates(
        device, model, len(image.image), main, audio.noisy, plan, progress
    )
    headline = emulated.headline(cpu, estimates)
    if headline is None:
        why = f"no timing model of {cpu} with kernel {main.kernel}; estimates are by named core"
        load = unknown_load(cpu, why)
    else:
        load = estimated_load(headline)
    return Figures(
        output=main,
        load=load,
        rules=[emulated.rule(main)],
        instructions=instruction_figures(main.counts),
        stages=main.counts.stages,
        headline=headline,
        estimates=estimates,
        notes=notes,
    )


def _uncounted(
    device: str, cpu: str, model: str, audio: Clip, plan: Plan, progress: Progress, why: str
) -> Figures:
    """Only the output of an emulated device whose emulator cannot count."""
    with open_device(device, model=model) as opened:
        output = single_run(opened, audio.noisy, plan, progress)
    load = unknown_load(cpu, "it follows from instruction counts, and there are none")
    return Figures(output, load, rules=[], notes=[f"instructions unknown: {why}"])


def _cycle_notes(run: TimedRun) -> list[str]:
    if run.counts is None:
        return []
    return [f"{run.counts.cycles:,.0f} cycles a frame, core at {run.counts.core_mhz:.0f} MHz"]


def _pace_notes(run: TimedRun) -> list[str]:
    if run.headline is not None and run.headline.pace_ms:
        return []
    return ["unpaced: frames follow each other at once, so the governor sees a busy core"]


def _stages_unit(figures: Figures) -> Literal["instructions", "nanoseconds"] | None:
    if not figures.stages:
        return None
    return "nanoseconds" if figures.frame_time.p50 is not None else "instructions"


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total
