# SPDX-License-Identifier: Apache-2.0
"""Counts of a phone's process while it works, or why there are none."""

from __future__ import annotations

import pytest

from host_tools.devices.shell import Shell
from host_tools.errors import DeviceError
from host_tools.measure.phone_counters import PRESENCE_COMMAND, simpleperf_command
from host_tools.measure.phone_simpleperf import ProcessCounts, count_while, counts_note
from tests.measure.phone_shell import TextShell

COMMAND = simpleperf_command(4242, 1.5)
PRESENT = {PRESENCE_COMMAND: "/system/bin/simpleperf\n"}
OLD = """\
Performance counter statistics:

   3,000,000,000  instructions:u     # 0.5 cycles per instruction  (100%)
   1,500,000,000  cpu-cycles:u       # 2.000000 GHz                (100%)
  750.000000(ms)  task-clock         # 0.5 cpus used               (100%)

Total test time: 1.500000 seconds.
"""
NEW = """\
#          count  event_name       # count / runtime
   3,000,000,000  instructions:u   # 4.000 G/sec
   1,500,000,000  cpu-cycles:u     # 2.000000 GHz
  750.000000(ms)  task-clock       # 0.500000 cpus used

Total test time: 1.500000 seconds.
"""
REFUSED = "simpleperf E environment.cpp:9] perf_event_paranoid is 3, no permission\n"
UNSUPPORTED = "  750.000000(ms)  task-clock  # 0.5 cpus used\n  0  instructions:u  # 0 /sec\n"


def work() -> str:
    return "done"


@pytest.mark.parametrize("text", [OLD, NEW])
def test_both_headings_give_the_same_counts(text: str) -> None:
    done, counts, reason = count_while(
        TextShell(PRESENT | {COMMAND: text}), lambda: 4242, 1.5, work
    )
    assert (done, counts, reason) == ("done", ProcessCounts(3e9, 1.5e9, 750.0), "")
    assert counts is not None
    assert (counts.instructions_per_cycle, counts.core_mhz) == (2.0, 2000.0)
    assert counts_note(counts, "", 250_000) == (
        "simpleperf: 1,000,000 instructions a frame in user space, 2.00 a cycle, core at 2000 MHz"
    )


@pytest.mark.parametrize(
    ("answers", "process", "why"),
    [
        (PRESENT, None, "process is not known"),
        ({}, 4242, "has no simpleperf"),
        (PRESENT, 4242, "counted nothing; on the phone"),
        (PRESENT | {COMMAND: REFUSED}, 4242, "is 3, no permission; on the phone, try: setprop"),
        (PRESENT | {COMMAND: UNSUPPORTED}, 4242, "counted nothing"),
    ],
)
def test_without_counts_the_work_is_done_and_the_reason_told(
    answers: dict[str, str], process: int | None, why: str
) -> None:
    done, counts, reason = count_while(TextShell(answers), lambda: process, 1.5, work)
    assert (done, counts) == ("done", None)
    assert why in reason
    assert counts_note(None, reason, 250_000) == f"instructions unknown: {reason}"


def test_a_long_run_is_counted_for_a_part_of_its_time() -> None:
    shell = TextShell(PRESENT)
    count_while(shell, lambda: 4242, 600.0, work)
    assert shell.asked[1].endswith("--duration 20.000 2>&1")


def test_what_the_work_raises_is_not_lost_with_the_phone() -> None:
    class LostShell:
        def run(self, command: str, /) -> str | None:
            if command == PRESENCE_COMMAND:
                return "/system/bin/simpleperf"
            raise DeviceError("adb:X: the phone was lost")

    def fail() -> None:
        raise DeviceError("adb:X: the phone is gone")

    lost: Shell = LostShell()
    with pytest.raises(DeviceError, match="the phone is gone"):
        count_while(lost, lambda: 4242, 1.5, fail)
    assert count_while(lost, lambda: 4242, 1.5, work)[1:] == (None, "adb:X: the phone was lost")
