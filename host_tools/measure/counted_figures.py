# SPDX-License-Identifier: Apache-2.0
"""Figures of emulated devices, whose clock is not real: output and instruction counts."""

from __future__ import annotations

from host_tools.devices import emulator, open_device
from host_tools.errors import MissingDependency
from host_tools.generate.model_file import ModelFile
from host_tools.measure import emulated
from host_tools.measure.clip import Clip
from host_tools.measure.figures import (
    Figures,
    counter_figures,
    estimated_load,
    instruction_figures,
    unknown_load,
)
from host_tools.measure.plugin import check_qemu
from host_tools.measure.runs import (
    Plan,
    Progress,
    count_on_board,
    count_on_emulator,
    single_run,
)
from host_tools.measure.validity import counted_rule


def board_figures(device: str, model: str, audio: Clip, plan: Plan, progress: Progress) -> Figures:
    """Output of a whole emulated board, whose clock is not real, and counts where it counts.

    Raises as measure.
    """
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


def counted_figures(
    device: str, cpu: str, model: str, image: ModelFile, audio: Clip, plan: Plan, progress: Progress
) -> Figures:
    """Instruction counts of an emulated device, and estimates for named cores.

    An emulator that cannot count gives only its output. Raises as measure.
    """
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
