# SPDX-License-Identifier: Apache-2.0
"""A phone at one moment and between two, from texts; and texts that no phone gives."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.measure.board_times import read_process
from host_tools.measure.phone_counters import parse_simpleperf, simpleperf_path
from host_tools.measure.phone_estimate import parse_modelled_drain
from host_tools.measure.phone_files import FetchedFiles, fetch_command, parse_files, process_number
from host_tools.measure.phone_identity import PhoneIdentity, identify
from host_tools.measure.phone_readings import PhoneDifference, PhoneSnapshot
from host_tools.measure.phone_rules import rules
from host_tools.measure.phone_screen import parse_screen
from host_tools.measure.phone_thermal import parse_thermal
from host_tools.power.phone_battery import parse_battery
from host_tools.power.phone_gauge import parse_samples
from host_tools.power.phone_rails import parse_channels, parse_energies
from host_tools.power.phone_supplies import parse_uevent
from tests.measure.phone_shell import PROCESS, TextShell, pixel, text


def test_a_phone_at_one_moment() -> None:
    shell = pixel()
    seen = PhoneSnapshot.take(shell, PROCESS)
    assert len(shell.asked) == 1, "each takes its time"
    assert seen.identity == PhoneIdentity(
        maker="Google",
        model="Pixel 99a",
        android="16",
        sdk=36,
        build="AB1C.991231.001",
        soc_maker="Google",
        soc="Tensor G99",
        platform="gs999",
        abi="arm64-v8a",
        kernel="6.1.99-android14-11-g0123",
    )
    assert [core.name for core in seen.board.cores or ()] == ["Cortex-A55", "Cortex-X1"]
    assert [(policy.cpus, policy.max_khz) for policy in seen.board.policies or ()] == [
        ((0,), 1_800_000),
        ((1,), 2_850_000),
    ]
    assert seen.board.process is not None and seen.board.process.cpu_ms == 1600.0
    assert [thread.cpu_ms for thread in seen.board.threads] == [1602.0]
    assert (seen.status, seen.powered_by, seen.screen) == ("discharging", (), "off")
    assert [supply.name for supply in seen.supplies] == ["battery", "usb"]
    assert [rail.name for rail in seen.rails] == ["S4M_VDD_CPUCL0"]
    assert seen.rail_subsystems["S2M_VDD_CPUCL2"] == "CPU(BIG)"


def test_an_old_phone_is_named_by_its_platform() -> None:
    seen = identify(text("properties_old"), None)
    assert (seen.model, seen.market_name, seen.android, seen.sdk) == ("M9999X1", "Mi Test", "9", 28)
    assert (seen.soc, seen.platform, seen.kernel) == (None, "msm8999", None)


def test_a_phone_that_answers_nothing_is_unknown() -> None:
    assert PhoneSnapshot.take(TextShell({})) == PhoneSnapshot()


def test_what_happened_between_two_moments() -> None:
    before = PhoneSnapshot.take(pixel(), PROCESS)
    files = text("files")
    for first, later in (
        ("1000.50 1800.00", "1060.50 1850.00"),
        ("1800000 1000", "1800000 7000"),
        (" 0 150 10 ", " 0 210 10 "),
        ("1602000000 5 9", "2202000000 5 9"),
        ("=700000", "=760000"),
        ("], 3000000", "], 9000000"),
    ):
        files = files.replace(first, later)
    battery = text("battery_plain").replace("level: 52", "level: 51")
    passed = PhoneSnapshot.take(pixel(files=files, battery=battery), PROCESS).since(before)
    assert passed.board.elapsed_s == 60.0 and passed.board.process_ms == 600.0
    assert [use.cpu_ms for use in passed.board.threads] == [600.0]
    assert passed.board.time_in_state_ms == {"policy0": {300_000: 0, 1_800_000: 60_000}}
    assert passed.cpu_power_mw == 100.0
    assert passed.level_percent == -1.0


def test_a_restart_in_between_makes_all_of_it_unknown() -> None:
    before = PhoneSnapshot.take(pixel(), PROCESS)
    after = PhoneSnapshot.take(pixel(files=text("files").replace("abcd", "abce")), PROCESS)
    assert after.since(before) == PhoneDifference()


def test_a_held_state_is_not_believed_but_the_kernel_is() -> None:
    frozen = text("battery_oppo_frozen")
    seen = PhoneSnapshot.take(pixel(battery=frozen), PROCESS)
    assert (seen.status, seen.powered_by) == ("discharging", None)
    assert PhoneSnapshot.take(pixel(battery=frozen, files=""), PROCESS).status is None


def test_files_keep_their_blank_lines_and_line_ends() -> None:
    marked = "noise\r\n=percepnet-file /proc/a\r\n1\r\n\r\n2\r\n\r\n=percepnet-file /proc/b/c\r\n3"
    files = FetchedFiles(parse_files(marked))
    assert files.read_text("/proc/a") == "1\n\n2\n" and files.read_text("/proc/b/c") == "3"
    assert files.list_folder("/proc") == ["a", "b"] and files.list_folder("/proc/b/") == ["c"]
    assert files.read_text("/proc/d") is None and files.query_firmware("get_throttled") is None


@pytest.mark.parametrize("name", ["sh", "mksh"])  # mksh is Android's
def test_the_command_for_files_runs_in_a_shell(name: str) -> None:
    shell = shutil.which(name)
    if shell is None or not os.path.exists("/proc/self/stat"):
        pytest.skip(f"no {name} or no /proc here")
    command = fetch_command(os.getpid())
    done = subprocess.run([shell, "-c", command], capture_output=True, text=True, check=True)
    files = FetchedFiles(parse_files(done.stdout))
    with open("/proc/sys/kernel/osrelease") as file:
        assert files.read_text("/proc/sys/kernel/osrelease") == file.read()
    process = read_process(files, str(os.getpid()))
    assert process is not None and process.number == os.getpid()


@pytest.mark.parametrize(
    ("answer", "number"), [("4242\n", 4242), ("0", None), ("-1", None), ("", None), (None, None)]
)
def test_numbers_of_processes(answer: str | None, number: int | None) -> None:
    assert process_number(answer) == number


PARSERS = (
    *(parse_battery, parse_thermal, parse_screen, parse_channels, parse_energies, parse_uevent),
    *(parse_samples, parse_simpleperf, parse_modelled_drain, parse_files, identify),
    simpleperf_path,
)
PIECES = st.sampled_from(
    [
        *("Current Battery Service state:", "level: ", "scale: ", "status: ", "voltage: ", "\n"),
        *("LogBuffer]", "(UPDATES STOPPED)", "USB powered: true", "temperature: ", "50", "-1", "9"),
        *("Thermal Status: ", "HAL Ready: ", "Current temperatures from HAL:\n", "true", "NaN"),
        *(
            "Temperature{mValue=",
            ", mType=",
            ", mName=",
            ", mStatus=",
            "}",
            "CoolingDevice{mValue=",
        ),
        *("Current cooling devices from HAL:\n", "t=", "CH0(T=", ")[", "], ", "[", "]: [", "]"),
        *("=percepnet-file /sys/class/power_supply/battery/uevent\n", "POWER_SUPPLY_STATUS="),
        *("POWER_SUPPLY_CURRENT_NOW=", "99999999999999999999", "0", "3", "|", "(ms)", "\0", "é"),
        *("=percepnet-file /proc/uptime\n", "=percepnet-file ", "Display Power: state=", "\r\n"),
        *("=percepnet-file /sys/bus/iio/devices/iio:device0/energy_value\n", "CHARGE_COUNTER="),
        *("Estimated power use (mAh):\n", "Uid ", "Capacity: ", ": ", "9,0,i,vers,", ".", "1.5"),
        *("=percepnet-file /sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq\n", "cycles"),
    ]
)
ANSWERS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


@given(ANSWERS)
def test_no_text_makes_a_parser_raise(answer: str) -> None:
    for parser in PARSERS:
        parser(answer)


class Garbage:
    """A shell whose every answer is drawn at random."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def run(self, command: str, /) -> str | None:
        return self._data.draw(st.none() | ANSWERS)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_no_phone_makes_a_snapshot_or_its_rules_raise(data: st.DataObject) -> None:
    shell = Garbage(data)
    before, after = PhoneSnapshot.take(shell), PhoneSnapshot.take(shell, 7)
    after.since(before)
    rules(before, after)
