# SPDX-License-Identifier: Apache-2.0
"""Estimated load of a named core that is not here, from exact instruction counts.

compute = matrix instructions x llvm-mca cycles per instruction + all others / assumed IPC
memory  = weight bytes / published read bandwidth (no cache level holds the weights)
load    = between max(compute, memory), if a core hides one behind the other completely, and
          compute + memory, if it hides nothing

The upper end is the figure that budgets are compared with. An emulator's own speed enters
nowhere. What the model leaves out: cache misses of everything but weights, wake-ups, governors.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_tools.measure.cores import Core
from host_tools.measure.counts import MATRIX_PREFIX, InstructionCounts
from host_tools.measure.host_model_error import model_error
from host_tools.measure.kernel_cycles import LoopCycles, kernel_cycles

FRAMES_PER_SECOND = 100.0


@dataclass(frozen=True)
class LoadEstimate:
    """Estimated percent of one core, never measured.

    ``low_percent`` and ``high_percent`` bound the load; ``frame_time_p99_us`` is the upper
    load's time for a frame with the 99th percentile of instructions.
    """

    core: str
    title: str
    compute_percent: float
    memory_percent: float
    low_percent: float
    high_percent: float
    frame_time_p99_us: float
    method: str


def estimate_load(
    counts: InstructionCounts,
    core: Core,
    *,
    kernel: str,
    weight_bytes_per_frame: float,
    program: Path | None,
) -> LoadEstimate | None:
    """Load of ``core`` for a program whose instructions were counted.

    ``kernel`` is the one that was counted: None is returned when it is not the one this core
    would choose, or when no timing of its matrix kernel is known. ``program`` is the counted
    AArch64 program (None: use kept timings). ``weight_bytes_per_frame`` is read once a frame.
    """
    if kernel != core.kernel:
        return None
    matrix = _matrix_cycles(counts, core, program)
    if matrix is None:
        return None
    matrix_cycles, timing = matrix
    other = counts.everything_but_matrix
    cycles = matrix_cycles + other / core.ipc_other
    cycles_per_second = core.frequency_ghz * 1e9
    compute = 100.0 * FRAMES_PER_SECOND * cycles / cycles_per_second
    memory = 100.0 * FRAMES_PER_SECOND * weight_bytes_per_frame / (core.read_gb_per_s * 1e9)
    high = compute + memory
    tail = counts.distribution.p99 / counts.per_frame
    each = matrix_cycles / counts.network_matrix
    method = (
        f"{counts.network_matrix:.0f} matrix instructions at {each:.3f} "
        f"cycles each ({timing.note}, {core.mca_model} model) + {other:.0f} others at an assumed "
        f"{core.ipc_other:g} a cycle, {core.frequency_ghz:g} GHz; "
        f"{weight_bytes_per_frame / 1e6:.2f} MB of weights a frame at {core.read_gb_per_s:g} GB/s "
        f"({core.bandwidth_source}); from max to sum of the two, the sum is stated"
    )
    if model_error():
        method += f"; {model_error()}"
    return LoadEstimate(
        core=core.name,
        title=core.title,
        compute_percent=compute,
        memory_percent=memory,
        low_percent=max(compute, memory),
        high_percent=high,
        frame_time_p99_us=high / 100.0 * 1e6 / FRAMES_PER_SECOND * tail,
        method=method,
    )


def _matrix_cycles(
    counts: InstructionCounts, core: Core, program: Path | None
) -> tuple[float, LoopCycles] | None:
    """Cycles per frame in the matrix kernels, and the timing of the busiest one."""
    symbols = {
        name: count for name, count in counts.symbols.items() if name.startswith(MATRIX_PREFIX)
    }
    timings = {name: kernel_cycles(program, name, core) for name in symbols}
    busiest = next((timing for timing in timings.values() if timing is not None), None)
    if busiest is None:
        return None
    cycles = sum(
        count * (timings[name] or busiest).cycles_per_instruction for name, count in symbols.items()
    )
    return cycles, busiest
