# SPDX-License-Identifier: Apache-2.0
"""Counting on emulators, and the loads of named cores that follow from the counts."""

from __future__ import annotations

from dataclasses import replace

from host_tools.devices.base import SAMPLE_RATE_HZ, Samples
from host_tools.errors import ToolError
from host_tools.measure.cores import Core, core_of_emulator, cores
from host_tools.measure.estimate import LoadEstimate, estimate_load
from host_tools.measure.host_model_error import model_error
from host_tools.measure.opening import emulated_program
from host_tools.measure.runs import CountedRun, Plan, Progress, count_on_emulator
from host_tools.measure.validity import Rule, counted_rule

ALL_KERNELS_DEVICE = "emulator:max"
EXCERPT_S = 3

PACKET_WEIGHT_SHARE = 0.7
"""Share of the weights read per frame in packets: input sides (60 %) once for both frames,
recurrent sides (40 %) again for each, as if no cache kept them in between."""


def rule(run: CountedRun) -> Rule:
    """Every frame after the warm-up was counted."""
    return counted_rule(run.counts.frames, run.expected_frames)


def estimates(
    device: str,
    model: str,
    model_bytes: int,
    main: CountedRun,
    pcm: Samples,
    plan: Plan,
    progress: Progress,
) -> tuple[list[LoadEstimate], list[str]]:
    """Loads of the named cores, and notes.

    Cores whose kernel is not the one that ``main`` counted are estimated from a short run of
    that kernel on another emulated CPU, unless a kernel was asked for.
    """
    if main.identity.cpu_arch != "aarch64":
        return [], ["loads are estimated for 64-bit cores only; measure an emulated 64-bit one"]
    by_kernel = {main.kernel: main}
    notes = []
    for kernel in sorted({core.kernel for core in cores()} - {main.kernel}):
        if plan.kernel != "auto" or kernel not in main.identity.kernels_compiled:
            continue
        try:
            by_kernel[kernel] = count_on_emulator(
                ALL_KERNELS_DEVICE,
                model,
                pcm[: EXCERPT_S * SAMPLE_RATE_HZ],
                replace(plan, kernel=kernel),
                _labelled(progress, kernel),
            )
        except ToolError as error:
            notes.append(f"cores with kernel {kernel} are not estimated: {error}")
            continue
        notes.append(f"cores with kernel {kernel} are estimated from {EXCERPT_S} s of the clip")
    share = PACKET_WEIGHT_SHARE if plan.mode == "packet" else 1.0
    found = []
    for core in cores():
        estimate = _estimate(device, core, by_kernel.get(core.kernel), share * model_bytes)
        if estimate is not None:
            found.append(estimate)
    if found and model_error():
        notes.append(f"estimated loads: {model_error()}")
    return found, notes


def headline(cpu: str, found: list[LoadEstimate]) -> LoadEstimate | None:
    """The estimate that stands for an emulated CPU; None when there is none."""
    core = core_of_emulator(cpu)
    return next((e for e in found if core is not None and e.core == core.name), None)


def _estimate(
    device: str, core: Core, run: CountedRun | None, weight_bytes: float
) -> LoadEstimate | None:
    if run is None:
        return None
    return estimate_load(
        run.counts,
        core,
        kernel=run.kernel,
        weight_bytes_per_frame=weight_bytes,
        program=emulated_program(device),
    )


def _labelled(progress: Progress, kernel: str) -> Progress:
    return lambda what, done, total: progress(f"{what}, kernel {kernel}", done, total)
