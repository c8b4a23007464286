# SPDX-License-Identifier: Apache-2.0
"""This computer as a core of the load model: exact counts under QEMU, clock, read bandwidth.

Only to check the model where it can be timed; x86-64 Linux.
"""

from __future__ import annotations

import platform
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from host_tools.devices import host
from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.base import Samples, Settings
from host_tools.devices.binaries import find_agent, model_arguments
from host_tools.devices.emulator import EXIT_WAIT_S, TIMING
from host_tools.devices.pipe import PipeTransport
from host_tools.errors import DataError, DeviceError, MissingDependency
from host_tools.measure.cores import Core
from host_tools.measure.counts import InstructionCounts, read_counts
from host_tools.measure.hot_loop import llvm_tool
from host_tools.measure.plugin import build_plugin, check_qemu, compiled, plugin_arguments
from host_tools.measure.runs import WARMUP_CALLS, Plan, padded
from host_tools.measure.toml_file import read_toml

ASSUMPTIONS_FILE = Path(__file__).with_name("host_model.toml")
PROBE_SOURCE = Path(__file__).with_name("host_model_probe.c")
PROBE_FLAGS = ("-std=c11", "-O2", "-mavx2", "-Wall", "-Wextra")
PROBE_TIMEOUT_S = 60.0
QEMU = "qemu-x86_64"
KERNEL = "avx2"
"""The fastest x86-64 kernel that QEMU 7.2 emulates."""


@dataclass(frozen=True)
class HostSpeed:
    """Measured on one core of this computer: clock in GHz, reading in 10^9 bytes a second."""

    frequency_ghz: float
    read_gb_per_s: float


def host_cpu() -> str:
    """LLVM's name of this computer's CPU, for example "znver4".

    Raises MissingDependency without llvm-mca, DeviceError when this is not x86-64.
    """
    if platform.machine() not in ("x86_64", "AMD64"):
        raise DeviceError(f"this is {platform.machine()}; the check of estimates runs on x86-64")
    done = subprocess.run(
        [llvm_tool("llvm-mca"), "--version"], capture_output=True, text=True, check=False
    )
    name = re.search(r"Host CPU:\s*(\S+)", done.stdout)
    if name is None:
        raise DataError("llvm-mca --version names no host CPU; use LLVM 19")
    return name[1]


def assumptions(cpu: str) -> dict[str, Any]:
    """What host_model.toml says of a core. Raises DataError when it has no such core."""
    known = read_toml(ASSUMPTIONS_FILE)["core"]
    if cpu not in known:
        raise DataError(
            f"{ASSUMPTIONS_FILE.name} has no published IPC for this CPU ({cpu}); it has: "
            + ", ".join(known)
        )
    return dict(known[cpu])


def host_core(cpu: str, speed: HostSpeed, kernel: str = KERNEL) -> Core:
    """This computer as the model sees it; ``cpu`` is LLVM's name of it. Raises DataError."""
    assumed = assumptions(cpu)
    return Core(
        name="host",
        title=assumed["title"],
        frequency_ghz=speed.frequency_ghz,
        kernel=kernel,
        mca_cpu=cpu,
        mca_model=assumed["title"],
        single_loads=False,
        ipc_other=assumed["ipc_other"],
        read_gb_per_s=speed.read_gb_per_s,
        bandwidth_source="measured on this computer",
        emulators=(),
        mca_triple="x86_64",
    )


def build_probe(cache: Path | None = None) -> Path:
    """The program that times clock and reading. Raises MissingDependency without a compiler."""
    return compiled("host_speed", [PROBE_SOURCE], PROBE_FLAGS, "the timer of this CPU", cache)


def host_speed(probe: Path, read_bytes: int) -> HostSpeed:
    """Time the clock, and reading ``read_bytes`` of memory over and over; 0.3 s.

    Raises DeviceError when the probe fails.
    """
    try:
        done = subprocess.run(
            [str(probe), str(read_bytes)],
            capture_output=True,
            text=True,
            check=True,
            timeout=PROBE_TIMEOUT_S,
        )
        frequency_ghz, read_gb_per_s = map(float, done.stdout.split())
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise DeviceError(f"{probe}: cannot time this CPU ({error})") from error
    return HostSpeed(frequency_ghz, read_gb_per_s)


def count_on_host(pcm: Samples, plan: Plan, model: Path) -> InstructionCounts:
    """Instructions that this computer's agent takes for a clip, counted under QEMU.

    Raises MissingDependency without QEMU or when it does not emulate the plan's kernel, and
    what running a device raises.
    """
    check_qemu(QEMU)
    with tempfile.TemporaryDirectory(prefix="percepnet-") as folder:
        out = Path(folder) / "counts.json"
        plugin = ",".join((str(build_plugin()), *plugin_arguments(out, warmup=WARMUP_CALLS)))
        agent = [str(find_agent(host.TARGET, host.NAME)), *model_arguments(model)]
        command = [QEMU, "-cpu", "max", "-plugin", plugin, *agent]
        link = PipeTransport(command, QEMU, exit_wait_s=EXIT_WAIT_S)
        with AgentDevice(QEMU, link, TIMING) as device:
            if plan.kernel not in device.identify().kernels_available:
                raise MissingDependency(
                    f"{QEMU} does not emulate kernel {plan.kernel}; use QEMU 7.2 to 8.2"
                )
            device.configure(Settings(kernel=plan.kernel, mode=plan.mode, stage_marks=True))
            device.run(padded(pcm, plan))
        return read_counts(out, frames_per_mark=plan.frames_per_call)
