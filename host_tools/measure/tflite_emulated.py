# SPDX-License-Identifier: Apache-2.0
"""LiteRT under emulation of a 64-bit Arm CPU, told by forged files which core it runs on.

XNNPACK chooses kernels by /proc/cpuinfo and /sys, of which QEMU's user mode shows this computer's.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from host_tools.devices import emulator
from host_tools.errors import UsageError
from host_tools.measure.counts import InstructionCounts
from host_tools.measure.plugin import build_plugin, check_qemu, plugin_arguments
from host_tools.measure.tflite_arm64 import Arm64Python, build_launcher, fetched_python
from host_tools.measure.tflite_runs import Features, run_worker, write_inputs
from host_tools.measure.tflite_symbols import read_litert_counts

WORKER = Path(__file__).with_name("tflite_worker.py")
WARMUP_FRAMES = 50
LIMIT_S = 600.0


@dataclass(frozen=True)
class ArmCore:
    """What /proc/cpuinfo says of a core: Arm's part number, variant and features."""

    part: int
    variant: int
    features: str


_ARMV8 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid"
_ARMV8_2 = f"{_ARMV8} atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp"
CORES = {
    "cortex-a53": ArmCore(0xD03, 0, "fp asimd evtstrm crc32 cpuid"),
    "cortex-a72": ArmCore(0xD08, 0, "fp asimd evtstrm crc32 cpuid"),  # as a Raspberry Pi's
    "cortex-a76": ArmCore(0xD0B, 4, _ARMV8_2),
    "neoverse-n1": ArmCore(0xD0C, 3, _ARMV8_2),
}


@dataclass(frozen=True)
class LiteRtCounts:
    """Instructions of the network, and its ``answers`` [frames, 69]."""

    counts: InstructionCounts
    answers: NDArray[np.float32]


def find_core(device: str, cpu: str) -> ArmCore:
    """The core that LiteRT is told of. Raises UsageError for a CPU without one."""
    if cpu not in CORES:
        known = ", ".join(f"emulator:{name}" for name in CORES)
        raise UsageError(f"{device}: LiteRT is counted on {known}")
    return CORES[cpu]


def count_litert(cpu: str, model: bytes, features: Features) -> LiteRtCounts:
    """Run features [frames, 70] and count all frames after the warm-up; each costs the same.

    *cpu* is one of CORES. Raises UsageError, MissingDependency (QEMU, compilers, pip), DeviceError
    (nothing to fetch LiteRT from) and MeasurementInvalid.
    """
    device = f"{emulator.KIND}:{cpu}"
    core = find_core(device, cpu)
    emulated = emulator.find_cpu(cpu)
    check_qemu(emulated.program)
    python = fetched_python(device)
    with tempfile.TemporaryDirectory(prefix="percepnet-") as temporary:
        folder = Path(temporary)
        root = forged_root(folder / "root", python.root, core)
        build_launcher(folder / "python3.11", device)
        inputs = write_inputs(folder, model, features)
        counts, maps, out = folder / "counts.json", folder / "maps", folder / "run.npz"
        arguments = (*plugin_arguments(counts, warmup=WARMUP_FRAMES), "addresses=on")
        run_worker(
            [
                emulated.program,
                *("-cpu", emulated.qemu_name),
                *("-L", str(root)),
                *("-plugin", ",".join((str(build_plugin()), *arguments))),
                str(folder / "python3.11"),
                *("-P", "-s", "-B", str(WORKER), *map(str, inputs), str(out)),
                *("--count", "--maps", str(maps)),
            ],
            LIMIT_S,
            _environment(python),
        )
        with np.load(out) as found:
            return LiteRtCounts(read_litert_counts(counts, maps), found["answers"])


def forged_root(folder: Path, system: Path, core: ArmCore) -> Path:
    """A root for QEMU's -L: the libraries of *system*, and the files that describe one core."""
    for name in ("proc", "sys/devices/system/cpu"):
        (folder / name).mkdir(parents=True)
    for name in ("lib", "usr"):
        (folder / name).symlink_to(system / name)
    (folder / "proc/cpuinfo").write_text(
        "processor\t: 0\nBogoMIPS\t: 108.00\n"
        f"Features\t: {core.features}\n"
        "CPU implementer\t: 0x41\nCPU architecture: 8\n"
        f"CPU variant\t: {core.variant:#x}\nCPU part\t: {core.part:#05x}\nCPU revision\t: 1\n\n"
    )
    for name in ("possible", "present", "online", "kernel_max"):
        (folder / "sys/devices/system/cpu" / name).write_text("0\n")
    return folder


def _environment(python: Arm64Python) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    kept.pop("LD_LIBRARY_PATH", None)
    return kept | {
        "PYTHONHOME": str(python.root / "usr"),
        "PYTHONPATH": str(python.site),
        "OPENBLAS_NUM_THREADS": "1",  # numpy's; the counter takes one thread
    }
