# SPDX-License-Identifier: Apache-2.0
"""Rules that a run must keep for its figures to mean anything, each with its evidence."""

from __future__ import annotations

from dataclasses import dataclass

MIN_AUDIO_S = 10.0
MIN_REPEATS = 5
MIN_COUNTED_FRAMES = 100


@dataclass(frozen=True)
class Rule:
    """A rule by name, whether it was kept, and what was seen."""

    name: str
    ok: bool
    evidence: str


def digest_rule(device: str, host: str) -> Rule:
    """The device computed what the host computed, bit for bit."""
    if device == host:
        return Rule("output_digest", True, f"device and host scalar both gave {host}")
    return Rule("output_digest", False, f"device gave {device}, host scalar {host}")


def repeat_rule(digests: list[str]) -> Rule:
    """Every repeat gave the same output."""
    different = len(set(digests))
    return Rule(
        "repeatable_output", different == 1, f"{len(digests)} runs, {different} different outputs"
    )


def model_rule(device: str, host: str) -> Rule:
    """Device and host ran the same model image."""
    if device == host:
        return Rule("model_digest", True, f"device and host both hold {host}")
    return Rule("model_digest", False, f"device holds {device}, host {host}")


def length_rule(audio_s: float) -> Rule:
    """Enough audio in each timed run."""
    return Rule(
        "audio_length",
        audio_s >= MIN_AUDIO_S,
        f"{audio_s:.2f} s a run, {MIN_AUDIO_S:g} s needed",
    )


def repeats_rule(count: int) -> Rule:
    """Enough timed runs."""
    return Rule("repeats", count >= MIN_REPEATS, f"{count} timed runs, {MIN_REPEATS} needed")


def counted_rule(counted: int, expected: int) -> Rule:
    """The emulator counted every frame but the warm-up, and enough of them."""
    ok = counted == expected and counted >= MIN_COUNTED_FRAMES
    return Rule(
        "counted_frames",
        ok,
        f"{counted} frames counted of {expected} after warm-up, {MIN_COUNTED_FRAMES} needed",
    )


def clock_rule(has_cpu_clock: bool) -> Rule:
    """A measured load needs a clock of CPU time."""
    seen = "device has a CPU-time clock" if has_cpu_clock else "device has no CPU-time clock"
    return Rule("cpu_clock", has_cpu_clock, seen)


def hardware_rules(cpu: str) -> list[Rule]:
    """A broken rule for a CPU that says itself that it is emulated; not all emulated ones do."""
    if "qemu" not in cpu.lower():
        return []
    return [Rule("real_hardware", False, f"the CPU is '{cpu}': its time is the emulator's")]


def complete_rule(interrupted: str) -> Rule:
    """Nobody ended the measurement before its time."""
    return Rule("complete", not interrupted, interrupted or "all runs were made")
