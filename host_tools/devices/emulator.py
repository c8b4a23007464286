# SPDX-License-Identifier: Apache-2.0
"""``emulator:CPU``: the real ARM binary under QEMU's user-mode emulation of that CPU."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.base import ProbeResult
from host_tools.devices.binaries import agent_path, find_agent, model_arguments
from host_tools.devices.pipe import PipeTransport
from host_tools.errors import MissingDependency, UsageError
from host_tools.protocol.session import Timing

KIND = "emulator"
TIMING = Timing(start_s=60.0, answer_s=60.0, tries=2)
"""A counting plugin on a busy machine can take seconds for one frame."""
EXIT_WAIT_S = 20.0
"""Plugins write their results when the emulated program ends."""


@dataclass(frozen=True)
class EmulatedCpu:
    """A CPU that QEMU 7.2 emulates: which QEMU, its name for the CPU, which build of the agent."""

    program: str
    qemu_name: str
    target: str


_AARCH64 = "rpi-aarch64"
_ARMV7 = "rpi-armv7"

CPUS: Mapping[str, EmulatedCpu] = {
    "cortex-a53": EmulatedCpu("qemu-aarch64", "cortex-a53", _AARCH64),
    "cortex-a72": EmulatedCpu("qemu-aarch64", "cortex-a72", _AARCH64),
    "cortex-a76": EmulatedCpu("qemu-aarch64", "cortex-a76", _AARCH64),
    "neoverse-n1": EmulatedCpu("qemu-aarch64", "neoverse-n1", _AARCH64),
    "max": EmulatedCpu("qemu-aarch64", "max", _AARCH64),
    "cortex-a7": EmulatedCpu("qemu-arm", "cortex-a7", _ARMV7),
    "cortex-a15": EmulatedCpu("qemu-arm", "cortex-a15", _ARMV7),
}


class EmulatorDevice(AgentDevice):
    """An emulated CPU.

    *plugin* is a QEMU plugin (.so) to load, *plugin_args* its arguments, each ``key=value``;
    with a plugin the dynamic qemu is required. *agent* is another binary than the built one,
    *model* an image to use instead of the one in it.
    """

    def __init__(
        self,
        cpu: str,
        *,
        plugin: Path | None = None,
        plugin_args: tuple[str, ...] = (),
        agent: Path | None = None,
        model: Path | None = None,
        timing: Timing | None = None,
    ) -> None:
        name = f"{KIND}:{cpu}"
        emulated = find_cpu(cpu)
        program = _find_qemu(emulated.program, needs_plugin=plugin is not None)
        if program is None:
            raise MissingDependency(f"{name}: {_missing_text(emulated.program)}")
        binary = agent or find_agent(emulated.target, name)
        command = [program, "-cpu", emulated.qemu_name]
        if plugin is not None:
            command += ["-plugin", ",".join((str(plugin), *plugin_args))]
        command += [str(binary), *model_arguments(model)]
        link = PipeTransport(command, name, exit_wait_s=EXIT_WAIT_S)
        super().__init__(name, link, timing or TIMING)


def find_cpu(cpu: str) -> EmulatedCpu:
    """The entry of CPUS. Raises UsageError with the list of those that exist."""
    if cpu not in CPUS:
        raise UsageError(
            f"no emulator for CPU '{cpu}'; available: "
            + ", ".join(f"{KIND}:{name}" for name in CPUS)
        )
    return CPUS[cpu]


def probe() -> list[ProbeResult]:
    """One line a CPU: QEMU installed and agent built?"""
    return [_probe_cpu(name, cpu) for name, cpu in CPUS.items()]


def _probe_cpu(name: str, cpu: EmulatedCpu) -> ProbeResult:
    device = f"{KIND}:{name}"
    if _find_qemu(cpu.program, needs_plugin=False) is None:
        return ProbeResult(device, False, _missing_text(cpu.program))
    if not agent_path(cpu.target).is_file():
        hint = f"agent not built; try: host_tools build --target {cpu.target}"
        return ProbeResult(device, False, hint)
    bits = "64-bit" if cpu.target == _AARCH64 else "32-bit"
    return ProbeResult(device, True, f"emulated {bits} ARM CPU (exact counts, no real speed)")


def _find_qemu(program: str, *, needs_plugin: bool) -> str | None:
    """The static build of QEMU runs programs just as well, but loads no plugins."""
    found = shutil.which(program)
    if found is None and not needs_plugin:
        found = shutil.which(f"{program}-static")
    return found


def _missing_text(program: str) -> str:
    return f"{program} is not installed; on Debian: apt-get install qemu-user"
