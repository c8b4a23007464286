# SPDX-License-Identifier: Apache-2.0
"""Energy of metered supplies, counters of simpleperf and Android's own estimates."""

from __future__ import annotations

import pytest

from host_tools.measure.phone_counters import parse_simpleperf, simpleperf_path
from host_tools.measure.phone_estimate import COMMAND as DRAIN_COMMAND
from host_tools.measure.phone_estimate import modelled_note, parse_modelled_drain
from host_tools.measure.phone_files import FetchedFiles
from host_tools.power.phone_rails import (
    RailEnergy,
    RailPower,
    parse_channels,
    parse_energies,
    rail_powers,
    read_energies,
)
from tests.measure.phone_shell import TextShell, text

DEVICES = "/sys/bus/iio/devices"


def test_power_between_two_readings_by_name_in_any_order() -> None:
    before = tuple(parse_energies(text("rails_before")))
    after = tuple(parse_energies(text("rails_after")))
    powers = {rail.name: rail for rail in rail_powers(before, after)}
    assert {name: rail.power_mw for name, rail in powers.items()} == {
        "PPVAR_VSYS_PWR_DISP": 0.0,
        "S4M_VDD_CPUCL0": 100.0,
        "S2M_VDD_CPUCL2": 200.0,
        "S3M_VDD_CPUCL1": 10.0,
    }, "the modem's counter ran backwards"
    assert {rail.elapsed_s for rail in powers.values()} == {60.0}
    assert [name for name, rail in powers.items() if rail.is_cpu] == [
        "S4M_VDD_CPUCL0",
        "S2M_VDD_CPUCL2",
        "S3M_VDD_CPUCL1",
    ]


@pytest.mark.parametrize(
    ("name", "is_cpu"),
    [
        *(("S2M_VDD_CPUCL2", True), ("VDD_CPUCL0_M", True), ("S1M_VDD_CPU", True)),
        *(("S10M_VDD_TPU", False), ("S1M_VDD_MIF", False), ("VDD_CPUX", False)),
    ],
)
def test_supplies_of_cores_by_name(name: str, is_cpu: bool) -> None:
    assert RailPower(name, 1.0, 1.0).is_cpu is is_cpu


def test_lines_without_a_time_take_the_first_lines() -> None:
    assert parse_energies("CH0[A], 1\nt=5\nCH0[A], 7\nCH1(T=6)[B C], 8\nCH2(T=x)[D], 9\n") == [
        RailEnergy("A", 7, 5),
        RailEnergy("B C", 8, 6),
    ]


def test_a_name_of_two_chips_is_left_out() -> None:
    files = FetchedFiles(
        {
            f"{DEVICES}/iio:device0/energy_value": "t=1\nCH0[A], 1\nCH1[B], 1\n",
            f"{DEVICES}/iio:device1/energy_value": "t=2\nCH0[A], 5\n",
            f"{DEVICES}/iio:trigger/energy_value": "t=2\nCH0[C], 5\n",
        }
    )
    assert read_energies(files) == (RailEnergy("B", 1, 1),)


def test_no_time_passed_gives_no_power() -> None:
    rails = (RailEnergy("A", 1, 5),)
    assert rail_powers(rails, rails) == () and rail_powers((), rails) == ()


def test_what_the_supplies_feed() -> None:
    assert parse_channels(text("rails_channels")) == {
        "S2M_VDD_CPUCL2": "CPU(BIG)",
        "S3M_VDD_CPUCL1": "CPU(MID)",
        "VSYS_PWR_MODEM": "Modem",
    }


def test_simpleperf_of_two_versions() -> None:
    assert parse_simpleperf(text("simpleperf_old")) == {
        "cpu-cycles": 2_000_400_100.0,
        "instructions:u": 900_000_001.0,
        "task-clock_ms": 500.25,
        "context-switches": 42.0,
        "total-time_ms": 10_005.0,
    }
    assert parse_simpleperf(text("simpleperf_new")) == {
        "cpu-cycles": 12_345_678.0,
        "task-clock_ms": 61.5,
        "total-time_ms": 3000.0,
    }
    assert parse_simpleperf("simpleperf E cmd_stat.cpp: event 1 is not supported\n") == {}


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ("/system/bin/simpleperf\n", "/system/bin/simpleperf"),
        *((odd, None) for odd in (None, "", "sh: command: not found", "simpleperf")),
    ],
)
def test_whether_simpleperf_is_there(answer: str | None, path: str | None) -> None:
    assert simpleperf_path(answer) == path


def test_androids_estimate() -> None:
    seen = parse_modelled_drain(text("batterystats"))
    assert seen is not None
    assert (seen.capacity_mah, seen.computed_mah) == (4000.0, 120.0)
    assert seen.users_mah == {"u0a999": 3.25, "0": 0.5}, "nothing behind the section"
    assert parse_modelled_drain("Battery History\n") is None


def test_androids_model_of_the_shells_drain_is_noted_as_a_model() -> None:
    told = text("batterystats").replace("UID 0: 0.5", "UID 2000: 0.75")
    note = modelled_note(TextShell({DRAIN_COMMAND: told}))
    assert note is not None and "model (batterystats), no measurement: 0.75 mAh" in note
    assert modelled_note(TextShell({DRAIN_COMMAND: text("batterystats")})) is None
    assert modelled_note(TextShell({})) is None
