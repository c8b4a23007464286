# SPDX-License-Identifier: Apache-2.0
"""Checks the load model where it can be timed: this computer's load, predicted and measured.

Run it with ``python -m host_tools.measure.host_model_check``; ``--keep`` writes the figures to
host_model_check.toml, from where every estimate states them.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime, timezone

import numpy as np

from host_tools.devices import Device, host, open_device
from host_tools.devices.base import SAMPLE_RATE_HZ, Samples, Settings
from host_tools.devices.binaries import find_agent
from host_tools.errors import DataError, ToolError, VerdictFailed
from host_tools.generate.model_file import model_path
from host_tools.measure.clip import load_clip
from host_tools.measure.cores import Core
from host_tools.measure.counts import InstructionCounts
from host_tools.measure.emulated import EXCERPT_S, PACKET_WEIGHT_SHARE
from host_tools.measure.estimate import LoadEstimate, estimate_load
from host_tools.measure.host_model import (
    KERNEL,
    assumptions,
    build_probe,
    count_on_host,
    host_core,
    host_cpu,
    host_speed,
)
from host_tools.measure.host_model_error import CHECK_FILE
from host_tools.measure.pacing import pacing
from host_tools.measure.runs import Plan, padded

ROUNDS = 7
TOLERANCE = 0.3
"""The middle of the predicted range may be off by this share of the measured load."""
CASES = (("percepnet", "frame"), ("percepnet", "packet"), ("percepnet-sparse", "frame"))


@dataclass(frozen=True)
class Checked:
    """One model and call, medians over rounds in which clock, reading and load were measured.

    Loads are percent of one core; the ratios are of the predicted range's middle and upper end
    to the measured load of the same round.
    """

    model: str
    mode: str
    matrix_instructions: float
    other_instructions: float
    frequency_ghz: float
    read_gb_per_s: float
    lower_percent: float
    upper_percent: float
    measured_percent: float
    middle_to_measured: float
    upper_to_measured: float

    @property
    def holds(self) -> bool:
        """Whether the middle is within the tolerance."""
        return abs(self.middle_to_measured - 1.0) <= TOLERANCE


def check_case(model: str, plan: Plan, rounds: int = ROUNDS) -> Checked:
    """Predict and measure this computer's unpaced load with one model, in turns.

    Raises MissingDependency without QEMU, LLVM or a compiler, DataError on a CPU of which
    host_model.toml says nothing, and what running the host's agent raises.
    """
    cpu = host_cpu()
    assumptions(cpu)
    clip = load_clip().noisy
    image = model_path(model)
    size = image.stat().st_size
    weight_bytes = size * (PACKET_WEIGHT_SHARE if plan.mode == "packet" else 1.0)
    counts = count_on_host(clip[: EXCERPT_S * SAMPLE_RATE_HZ], plan, image)
    probe = build_probe()
    rows = []
    with open_device(host.NAME, model=model) as device:
        device.configure(Settings(kernel=plan.kernel, mode=plan.mode))
        audio = padded(clip, plan)
        device.run(audio)
        for _ in range(rounds):
            speed = host_speed(probe, size)
            found = _predict(counts, host_core(cpu, speed, plan.kernel), weight_bytes)
            measured = undisturbed_load(device, audio)
            low, high = found.low_percent, found.high_percent
            ratios = (low + high) / 2.0 / measured, high / measured
            rows.append((speed.frequency_ghz, speed.read_gb_per_s, low, high, measured, *ratios))
    medians = (round(float(value), 4) for value in np.median(rows, axis=0))
    matrix, other = round(counts.network_matrix, 1), round(counts.everything_but_matrix, 1)
    return Checked(model, plan.mode, matrix, other, *medians)


def undisturbed_load(device: Device, audio: Samples) -> float:
    """Percent of one core that a run takes beside which no other program runs.

    Other programs can only raise CPU time and the median frame time: the smaller is taken.
    """
    found = pacing([device.run(audio)], {})
    loads = [found.frame_time_us.p50 / 100.0]  # a frame has 10 000 us
    if found.load_percent is not None:
        loads.append(found.load_percent.median)
    return min(loads)


def _predict(counts: InstructionCounts, core: Core, weight_bytes: float) -> LoadEstimate:
    found = estimate_load(
        counts,
        core,
        kernel=core.kernel,
        weight_bytes_per_frame=weight_bytes,
        program=find_agent(host.TARGET, host.NAME),
    )
    if found is None:
        raise DataError(f"llvm-mca times no matrix kernel {core.kernel} of the host's agent")
    return found


def as_toml(cases: list[Checked], cpu: str, when: datetime) -> str:
    """The kept file's text; ``cpu`` is LLVM's name."""
    lines = [
        "# SPDX-License-Identifier: Apache-2.0",
        "# The load model against measured loads of one CPU: percent of one core, ratios to the",
        "# measured load. Renew: python -m host_tools.measure.host_model_check --keep",
        "",
        f'date = "{when:%Y-%m-%d}"',
        f'cpu = "{assumptions(cpu)["title"]}"',
        f'llvm_cpu = "{cpu}"',
        f'kernel = "{KERNEL}"',
    ]
    for case in cases:
        lines += ["", "[[case]]"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in asdict(case).items()]
    return "\n".join(lines) + "\n"


def _line(case: Checked) -> str:
    return (
        f"{case.model}, {case.mode}: estimated {case.lower_percent:.2f} to "
        f"{case.upper_percent:.2f} %, measured {case.measured_percent:.2f} % of one core; middle "
        f"{case.middle_to_measured:.2f}, upper end {case.upper_to_measured:.2f} of measured"
    )


def main(arguments: list[str]) -> int:
    """Print the check; exit code 1 when it does not hold, 0 when it does."""
    if arguments not in ([], ["--keep"]):
        print("usage: python -m host_tools.measure.host_model_check [--keep]", file=sys.stderr)
        return 2
    cases = []
    try:
        for model, mode in CASES:
            plan = Plan(kernel=KERNEL, mode="packet" if mode == "packet" else "frame")
            cases.append(check_case(model, plan))
            print(_line(cases[-1]), flush=True)
        if arguments:
            _keep(as_toml(cases, host_cpu(), datetime.now(timezone.utc)))
        if not all(case.holds for case in cases):
            raise VerdictFailed(f"the middle is off by more than {100 * TOLERANCE:.0f} %")
    except ToolError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _keep(text: str) -> None:
    with tempfile.NamedTemporaryFile(
        "w", dir=CHECK_FILE.parent, delete=False, encoding="ascii"
    ) as file:
        file.write(text)
    os.replace(file.name, CHECK_FILE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
