# SPDX-License-Identifier: Apache-2.0
"""One measurement from clip to verdict: host reference, the device's runs, figures, rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

import host_tools
from host_tools.devices import open_device, resolve
from host_tools.devices.base import DELAY_SAMPLES, SAMPLE_RATE_HZ
from host_tools.errors import UsageError
from host_tools.generate.model_file import find_model
from host_tools.measure.budget import check_budget, chosen_budget
from host_tools.measure.clip import load_clip
from host_tools.measure.counted_figures import board_figures, counted_figures
from host_tools.measure.figures import Figures, budget_figures
from host_tools.measure.opening import build_target, emulated_cpu, is_emulated_board
from host_tools.measure.power_result import power_of
from host_tools.measure.power_session import PowerPlan
from host_tools.measure.quality import Quality, quality
from host_tools.measure.result import SCHEMA_VERSION, MeasureResult, verdict
from host_tools.measure.runs import Plan, Progress, reference_run
from host_tools.measure.sizes import program_sizes
from host_tools.measure.timed_figures import timed_figures
from host_tools.measure.validity import digest_rule, model_rule

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
        figures = board_figures(device, model, audio, plan, report)
    elif cpu is None:
        figures = timed_figures(device, model, audio, plan, power, report)
    else:
        figures = counted_figures(device, cpu, model, image, audio, plan, report)
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


def _stages_unit(figures: Figures) -> Literal["instructions", "nanoseconds"] | None:
    if not figures.stages:
        return None
    return "nanoseconds" if figures.frame_time.p50 is not None else "instructions"


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total
