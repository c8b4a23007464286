# SPDX-License-Identifier: Apache-2.0
"""Estimated loads follow the stated formula and never claim to be measured."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from host_tools.measure import kernel_cycles as kc
from host_tools.measure.cores import Core, core_of_emulator, cores
from host_tools.measure.counts import InstructionCounts
from host_tools.measure.estimate import estimate_load
from host_tools.measure.host_model_error import model_error
from host_tools.measure.hot_loop import HotLoop, loop_in_listing
from host_tools.measure.kernel_cycles import LoopCycles, kernel_cycles, simulate
from host_tools.measure.statistics import Distribution
from tests.needs import need_program

LISTING = """
0000000000400720 <pn_gemv_s8_neon>:
  400720:      \tmov\tw8, wzr
  400724:      \tldp\tq0, q1, [x1], #0x20
  400728:      \tsmull\tv2.8h, v0.8b, v3.8b
  40072c:      \tsmlal\tv2.8h, v1.8b, v4.8b
  400730:      \tcbz\tw9, 0x40073c <pn_gemv_s8_neon+0x1c>
  400734:      \tsubs\tw3, w3, #0x1
  400738:      \tb.ne\t0x400724 <pn_gemv_s8_neon+0x4>
  40073c:      \tadd\tw8, w8, #0x8
  400740:      \tcmp\tw8, w4
  400744:      \tb.lt\t0x400720 <pn_gemv_s8_neon>
  400748:      \tstr\tw0, [x5], #0x4
  40074c:      \tb.hi\t0x400748 <pn_gemv_s8_neon+0x28>
  400750:      \tret
"""


LISTING_X86 = """
0000000000012450 <pn_gemv_s8_avx2>:
   12500:      \tvpbroadcastd\t(%rdx), %ymm7
   12505:      \tmovl\t$0x80808080, %r8d       # imm = 0x80808080
   12511:      \tvpsignb\t%ymm7, %ymm1, %ymm1
   1251b:      \tvpmaddubsw\t%ymm1, %ymm0, %ymm1
   12572:      \tcmpq\t%rdx, %rdi
   12575:      \tjne\t0x12500 <pn_gemv_s8_avx2+0xb0>
   12577:      \tvmovdqu\t%ymm6, (%r11)
   12598:      \tjne\t0x12500 <pn_gemv_s8_avx2+0xb0>
   1259e:      \tretq
"""


def counts(matrix: float = 800_000.0, other: float = 300_000.0) -> InstructionCounts:
    total = matrix + other
    return InstructionCounts(
        frames=1000,
        warmup_frames=50,
        per_frame=total,
        distribution=Distribution(total, total, 1.1 * total, 1.2 * total),
        stages={"network": matrix, "pitch": other},
        symbols={"pn_gemv_s8_dotprod": matrix, "pn_pitch": other},
        network_matrix=matrix,
        network_other=0.0,
        overhead_per_frame=7.0,
    )


def core_named(name: str) -> Core:
    return next(core for core in cores() if core.name == name)


@pytest.fixture
def half_a_cycle(monkeypatch: pytest.MonkeyPatch) -> None:
    timing = LoopCycles(instructions=30, cycles=15, note="for the test")
    monkeypatch.setattr("host_tools.measure.estimate.kernel_cycles", lambda *_: timing)


@pytest.mark.usefixtures("half_a_cycle")
def test_load_is_cycles_over_frequency_and_bytes_over_bandwidth() -> None:
    core = core_named("rpi5-a76")
    found = estimate_load(
        counts(), core, kernel="dotprod", weight_bytes_per_frame=8e6, program=None
    )
    assert found is not None
    cycles_per_second = 100 * (800_000 * 0.5 + 300_000 / core.ipc_other)
    assert found.compute_percent == pytest.approx(100 * cycles_per_second / 2.4e9)
    assert found.memory_percent == pytest.approx(100 * 100 * 8e6 / 13.98e9)
    assert found.low_percent == max(found.compute_percent, found.memory_percent)
    assert found.high_percent == found.compute_percent + found.memory_percent
    # 1 % of a core is 100 us of a 10 ms frame; the tail has 1.1 times the instructions.
    assert found.frame_time_p99_us == pytest.approx(found.high_percent * 100 * 1.1)
    assert "for the test" in found.method and "assumed" in found.method
    assert model_error() and model_error() in found.method


@pytest.mark.usefixtures("half_a_cycle")
def test_counts_of_another_kernel_give_no_estimate_for_a_core() -> None:
    core = core_named("rpi3-a53")
    assert (
        estimate_load(counts(), core, kernel="dotprod", weight_bytes_per_frame=8e6, program=None)
        is None
    )


def test_without_any_timing_of_the_kernel_there_is_no_estimate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("host_tools.measure.estimate.kernel_cycles", lambda *_: None)
    core = core_named("rpi5-a76")
    assert (
        estimate_load(counts(), core, kernel="dotprod", weight_bytes_per_frame=8e6, program=None)
        is None
    )


def test_every_core_states_its_sources_and_each_emulator_has_one_headline_core() -> None:
    emulators = [name for core in cores() for name in core.emulators]
    assert len(emulators) == len(set(emulators))
    for core in cores():
        assert core.bandwidth_source and core.mca_model and core.title
        assert core.frequency_ghz > 0.5 and core.ipc_other > 0 and core.read_gb_per_s > 0
    assert core_of_emulator("cortex-a53") == core_named("rpi3-a53")
    assert core_of_emulator("cortex-a15") is None


def test_the_hot_loop_is_the_innermost_one_with_the_products() -> None:
    loop = loop_in_listing("pn_gemv_s8_neon", LISTING)
    assert loop is not None
    assert loop.lines == (
        "ldp q0, q1, [x1], #0x20",
        "smull v2.8h, v0.8b, v3.8b",
        "smlal v2.8h, v1.8b, v4.8b",
        "cbz w9, .Lend",
        "subs w3, w3, #0x1",
        "b.ne .Lloop",
    )


def test_the_hot_loop_of_an_x86_program_is_found_too() -> None:
    loop = loop_in_listing("pn_gemv_s8_avx2", LISTING_X86)
    assert loop is not None
    assert loop.lines[0] == "vpbroadcastd (%rdx), %ymm7"
    assert loop.lines[-2:] == ("cmpq %rdx, %rdi", "jne .Lloop")


def test_a_function_without_products_in_a_loop_has_no_hot_loop() -> None:
    kept = [line for line in LISTING.splitlines() if "smull" not in line and "smlal" not in line]
    assert loop_in_listing("pn_gemv_s8_neon", "\n".join(kept)) is None


def test_a_load_of_several_registers_becomes_single_loads_from_the_same_bytes() -> None:
    loop = HotLoop(
        "k",
        (
            "ldp q0, q1, [x1, #0x20]",
            "ldp q2, q3, [x1], #0x20",
            "ldp x0, x1, [sp]",
            "ld1 { v4.16b, v15.16b }, [x2], #32",
            "ld1 { v6.16b, v7.16b }, [x2]",
            "ld1r { v16.4s }, [x5], #4",
        ),
    )
    assert loop.with_single_loads().lines == (
        "ldr q0, [x1, #32]",
        "ldr q1, [x1, #48]",
        "ldr q3, [x1, #16]",
        "ldr q2, [x1], #32",
        "ldp x0, x1, [sp]",
        "ldr q15, [x2, #16]",
        "ldr q4, [x2], #32",
        "ldr q6, [x2, #0]",
        "ldr q7, [x2, #16]",
        "ld1r { v16.4s }, [x5], #4",
    )


def test_llvm_mca_times_a_loop_and_no_core_loads_more_than_its_ports_allow() -> None:
    need_program("llvm-mca-19")
    loop = HotLoop("k", tuple(f"ldr q{i}, [x1, #{16 * i}]" for i in range(8)))
    in_order = simulate(loop, core_named("phone-a55"))
    wide = simulate(loop, core_named("phone-x1"))
    assert in_order.instructions == wide.instructions == 8
    # One load port on the A55, three on the X1.
    assert in_order.cycles >= 8
    assert 8 / 3 <= wide.cycles < in_order.cycles


def test_kept_timings_stand_in_for_llvm_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kernel_cycles.toml"
    kept.write_text(
        '[[loop]]\nsymbol = "pn_gemv_x"\nmca_cpu = "neoverse-n1"\n'
        'instructions = 30\ncycles = 9\nloop_sha256 = "0"\n'
    )
    monkeypatch.setattr(kc, "CACHE_FILE", kept)
    found = kernel_cycles(None, "pn_gemv_x", core_named("rpi5-a76"))
    assert found is not None
    assert found.cycles_per_instruction == 0.3
    assert "kept" in found.note and "earlier build" in found.note
    assert kernel_cycles(None, "pn_gemv_x", core_named("rpi3-a53")) is None
    assert kernel_cycles(None, "pn_gemv_y", core_named("rpi5-a76")) is None


def test_renewing_writes_a_timing_for_each_core_that_runs_the_kernel(tmp_path: Path) -> None:
    for tool in ("llvm-mca-19", "llvm-objdump-19", "llvm-nm-19"):
        need_program(tool)
    compiler = need_program("aarch64-linux-gnu-gcc")
    source = tmp_path / "kernel.c"
    source.write_text(
        "int pn_gemv_s8_neon(const int *w, const int *x, int n) {\n"
        "  int sum = 0;\n  for (int i = 0; i < n; i++) sum += w[i] * x[i];\n  return sum;\n}\n"
        "int main(void) { return 0; }\n"
    )
    program = tmp_path / "kernel"
    subprocess.run([compiler, "-O1", "-static", str(source), "-o", str(program)], check=True)
    text = kc.renew([program])
    for core in cores():
        assert (f'mca_cpu = "{core.mca_cpu}"' in text) == (core.kernel == "neon")
