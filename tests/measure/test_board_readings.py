# SPDX-License-Identifier: Apache-2.0
"""Readings of boards: five boards as texts, and texts that no board gives."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from host_tools.devices.board_files import LocalFiles, this_machine
from host_tools.devices.reading_text import cpu_list, decimal, line, whole
from host_tools.measure.board_cores import parse_cpuinfo, parse_time_in_state
from host_tools.measure.board_heat import (
    Throttling,
    parse_firmware_clock,
    parse_firmware_temperature,
    parse_throttled,
)
from host_tools.measure.board_readings import Difference, Snapshot, System, restarted
from host_tools.measure.board_rules import rules
from host_tools.measure.board_times import parse_processors, parse_task
from host_tools.power.board_rails import parse_rails
from tests.devices.board_tree import board_at, unpack, write
from tests.timing import in_real_time

ALL_BITS = ("under-voltage", "frequency capped", "throttled", "soft temperature limit")


def test_a_raspberry_pi_3(tmp_path: Path) -> None:
    seen = Snapshot.take(unpack("pi3", tmp_path))
    assert seen.system == System(
        board="Raspberry Pi 3 Model B Plus Rev 1.3",
        kernel="6.6.31-v8+",
        boot="5a1f0b1c-0000-4000-8000-000000000003",
        uptime_s=930.42,
        load=(0.21, 0.14, 0.05),
        memory_kib=931_000,
        memory_available_kib=720_000,
    )
    assert seen.cores is not None and len(seen.cores) == 4
    assert {(core.name, core.implementer_name) for core in seen.cores} == {("Cortex-A53", "Arm")}
    assert seen.policies is not None
    [policy] = seen.policies
    assert (policy.name, policy.cpus, policy.governor) == ("policy0", (0, 1, 2, 3), "ondemand")
    assert (policy.min_khz, policy.frequency_khz, policy.max_khz) == (600_000, 600_000, 1_400_000)
    assert (policy.hardware_min_khz, policy.hardware_max_khz) == (600_000, 1_400_000)
    assert policy.time_in_state_ms == {600_000: 885_000, 1_400_000: 45_300}
    assert [(t.source, t.name, t.temperature_c, t.passive_c) for t in seen.temperatures] == [
        ("thermal_zone0", "cpu-thermal", 47.236, None),
        ("hwmon0/temp1", "cpu_thermal", 47.236, None),
    ]
    assert seen.throttling == Throttling((), ()), "from the kernel, for there is no vcgencmd"
    assert seen.firmware_clock_khz is None and seen.rails is None
    assert seen.process is not None and seen.process.cpu_ms == 5210
    assert [(t.number, t.name, t.user_ms, t.system_ms, t.run_ns) for t in seen.threads] == [
        (642, "percepnet_agent", 5120, 90, None)
    ]


def test_a_throttled_raspberry_pi_4(tmp_path: Path) -> None:
    seen = Snapshot.take(unpack("pi4_throttled", tmp_path))
    assert seen.throttling == Throttling(ALL_BITS, ALL_BITS), "vcgencmd before the kernel"
    assert seen.firmware_clock_khz == 1_000_266
    assert (
        seen.temperatures[-1].source == "firmware" and seen.temperatures[-1].temperature_c == 83.7
    )
    assert seen.rails is None, "the firmware of a Raspberry Pi 4 knows no such question"
    assert [(thread.name, thread.run_ns) for thread in seen.threads] == [
        ("percepnet_agent", 90_412_345_678),
        ("pn (worker) 1", 3_021_000_000),
    ]
    (tmp_path / "vcgencmd" / "get_throttled").unlink()
    kernel = Snapshot.take(board_at(tmp_path)).throttling
    assert kernel is not None
    assert kernel.now == ("under-voltage", "throttled", "soft temperature limit")


def test_the_rails_of_a_raspberry_pi_5(tmp_path: Path) -> None:
    seen = Snapshot.take(unpack("pi5", tmp_path))
    assert seen.cores is not None and seen.cores[3].name == "Cortex-A76"
    assert seen.rails is not None and len(seen.rails.rails) == 12
    power_mw = {rail.name: rail.power_mw for rail in seen.rails.rails}
    assert power_mw["VDD_CORE"] == pytest.approx(1500.0)
    assert power_mw["DDR_VDDQ"] == 0
    assert seen.rails.power_mw == pytest.approx(sum(power_mw.values()))
    assert 3000 < seen.rails.power_mw < 4000
    assert seen.rails.voltages_v == {"EXT5V": 5.09066, "BATT": 0.0}
    assert seen.rails.currents_a == {}
    assert seen.throttling == Throttling((), ())
    assert seen.firmware_clock_khz == 2_400_019
    assert [t.name for t in seen.temperatures] == ["cpu-thermal", "cpu_thermal", "rp1_adc", "soc"]
    (tmp_path / "vcgencmd" / "get_throttled").unlink()
    (tmp_path / "sys/devices/platform/soc@107c000000/soc@107c000000:firmware").joinpath(
        "get_throttled"
    ).write_text("50000\n")
    kernel = Snapshot.take(board_at(tmp_path)).throttling
    assert kernel == Throttling((), ("under-voltage", "throttled"))


def test_a_virtual_machine_tells_little_and_nothing_is_made_up(tmp_path: Path) -> None:
    seen = Snapshot.take(unpack("virt", tmp_path))
    assert seen.cores is not None and [core.index for core in seen.cores] == [0, 1]
    assert seen.policies is None and seen.temperatures == () and seen.throttling is None
    assert seen.rails is None and seen.firmware_clock_khz is None
    assert seen.system.board == "linux,dummy-virt"
    assert set(seen.processors) == {"cpu", "cpu0", "cpu1"}


def test_an_odd_board_gives_what_is_sound_and_nothing_else(tmp_path: Path) -> None:
    seen = Snapshot.take(unpack("odd", tmp_path))
    assert seen.system == System()
    assert seen.cores is not None
    assert [(core.index, core.part, core.name) for core in seen.cores] == [
        (1, 0xFFF, None),
        (2, None, None),
    ]
    assert seen.policies is not None and [p.name for p in seen.policies] == ["policy0", "policy4"]
    for policy in seen.policies:
        assert {value for name, value in vars(policy).items() if name != "name"} == {None}
    assert [(t.name, t.temperature_c, t.passive_c) for t in seen.temperatures] == [
        ("thermal_zone4", 41.0, None),
        ("hwmon1", 39.5, None),
    ]
    assert seen.throttling is None and seen.firmware_clock_khz is None
    assert seen.rails is not None and seen.rails.rails == () and seen.rails.power_mw == 0
    assert seen.rails.voltages_v == {"VDD_CORE": 0.87} and seen.rails.currents_a == {"ALONE": 0.5}
    assert set(seen.processors) == {"cpu1"}
    assert seen.process is None
    assert [(t.number, t.name, t.cpu_ms) for t in seen.threads] == [(6, "a) (b ) S 1", 150)]


def test_an_empty_root_gives_an_empty_snapshot(tmp_path: Path) -> None:
    assert Snapshot.take(LocalFiles(tmp_path)) == Snapshot()


def test_what_happened_between_two_snapshots(tmp_path: Path) -> None:
    files = unpack("pi4_throttled", tmp_path)
    before = Snapshot.take(files)
    write(tmp_path, "/proc/uptime", "1211.77 2960.20\n")
    processors = (tmp_path / "proc/stat").read_text().splitlines()
    numbers = [int(word) for word in processors[1].split()[1:]]
    numbers[0] += 750
    numbers[3] += 250
    processors[1] = "cpu0 " + " ".join(str(number) for number in numbers)
    write(tmp_path, "/proc/stat", "\n".join(processors))
    write(tmp_path, "/proc/777/task/777/schedstat", "97412345678 1 1\n")
    stat = (tmp_path / "proc/777/stat").read_text()
    write(tmp_path, "/proc/777/stat", stat.replace(" 9300 43 ", " 10000 43 "))
    write(tmp_path, "/sys/class/thermal/thermal_zone0/temp", "84730\n")
    policy = "/sys/devices/system/cpu/cpufreq/policy0/stats/time_in_state"
    write(tmp_path, policy, "600000 51000\n700000 120\n1500000 40057\n1800000 30000\n")
    passed = Snapshot.take(files).since(before)
    assert passed.elapsed_s == 10.0
    assert passed.busy_shares == {"cpu0": 0.75}, "no time passed on the others"
    assert passed.process_ms == 7000
    assert [(use.name, use.cpu_ms) for use in passed.threads] == [
        ("percepnet_agent", 7000.0),
        ("pn (worker) 1", 0.0),
    ]
    assert passed.temperature_rises_c["thermal_zone0"] == 1.0
    assert passed.time_in_state_ms["policy0"][1_500_000] == 10_000
    assert sum(passed.time_in_state_ms["policy0"].values()) == 10_000


def test_a_restart_in_between_makes_all_of_it_unknown(tmp_path: Path) -> None:
    files = unpack("pi5", tmp_path)
    before = Snapshot.take(files)
    write(tmp_path, "/proc/sys/kernel/random/boot_id", "another")
    after = Snapshot.take(files)
    assert restarted(before, after) and after.since(before) == Difference()
    (tmp_path / "proc/sys/kernel/random/boot_id").unlink()
    write(tmp_path, "/proc/uptime", "10.00 1.00")
    assert restarted(before, Snapshot.take(files)), "the clock of the system went back"


def test_a_thread_with_a_number_used_before_counts_from_its_beginning(tmp_path: Path) -> None:
    files = unpack("virt", tmp_path)
    before = Snapshot.take(files)
    stat = (tmp_path / "proc/301/task/301/stat").read_text()
    write(tmp_path, "/proc/301/task/301/stat", stat.replace(" 4100 ", " 5200 "))
    write(tmp_path, "/proc/301/task/301/schedstat", "90000000 1 1")
    passed = Snapshot.take(files).since(before)
    assert [use.cpu_ms for use in passed.threads] == [90.0]


@in_real_time
def test_this_machine_counts_the_time_that_a_loop_takes() -> None:
    files = this_machine()
    before = Snapshot.take(files)
    if before.process is None:
        pytest.skip("no /proc here")
    until_s = time.process_time() + 0.25
    while time.process_time() < until_s:
        pass
    passed = Snapshot.take(files).since(before)
    assert passed.process_ms is not None and passed.process_ms >= 200
    assert max(use.cpu_ms for use in passed.threads) >= 200
    assert passed.elapsed_s is not None and passed.elapsed_s >= 0.2
    assert 0 < passed.busy_shares["cpu"] <= 1


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        ("0-3\n", (0, 1, 2, 3)),
        ("0,2-3,7", (0, 2, 3, 7)),
        ("0 1 2 3", (0, 1, 2, 3)),
        ("5", (5,)),
        *((text, None) for text in ("", "3-1", "0-", "-1", "0-9999999", "a", "0,,1", "0x1")),
    ],
)
def test_lists_of_processors(text: str, cpus: tuple[int, ...] | None) -> None:
    assert cpu_list(text) == cpus


@pytest.mark.parametrize("text", ["", "1_000", "0x10", "1e3", "nan", "inf", "²", "1 2", "9" * 5000])
def test_what_is_no_number(text: str) -> None:
    assert whole(text) is None and decimal(text) is None


PARSERS = (
    *(parse_cpuinfo, parse_time_in_state, parse_firmware_clock, parse_firmware_temperature),
    *(parse_throttled, parse_rails, parse_processors, parse_task, cpu_list, decimal, line, whole),
)
PIECES = st.sampled_from(
    [
        *("cpu0", "cpu", "processor", ":", "\n", "\n\n", " ", "\t", "(", ")", "0x", "-", ",", "="),
        *("temp=", "'C", "throttled=", "frequency(48)=", "_A current(7)=", "_V volt(1)=", "A", "V"),
        *("CPU part", "CPU implementer", "\0", "1", "99999999999999999999", "nan", "0.5", "é"),
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=60).map("".join)))
@example("1 (" + ")" * 30 + " 1" * 30)
def test_no_text_makes_a_parser_raise(text: str) -> None:
    for parser in PARSERS:
        parser(text)


class Garbage:
    """Files of a board where every text is drawn at random."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data
        self._texts = st.none() | st.text(max_size=40) | st.lists(PIECES, max_size=20).map("".join)
        self._names = st.lists(
            st.sampled_from(
                [
                    *("policy0", "thermal_zone0", "hwmon0", "temp1_input", "soc", "soc:firmware"),
                    *("trip_point_0_type", "7", "policy99999999", "..", "", "\0", "é"),
                ]
            ),
            max_size=4,
        )

    def read_text(self, path: str) -> str | None:
        return self._data.draw(self._texts)

    def list_folder(self, path: str) -> list[str]:
        return self._data.draw(self._names)

    def query_firmware(self, what: str) -> str | None:
        return self._data.draw(self._texts)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_no_board_makes_a_snapshot_or_its_rules_raise(data: st.DataObject) -> None:
    files = Garbage(data)
    before, after = Snapshot.take(files), Snapshot.take(files)
    after.since(before)
    rules(before, after)
