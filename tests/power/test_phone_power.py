# SPDX-License-Identifier: Apache-2.0
"""Power by the battery's gauge: known where sign and unit can be told, unknown elsewhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.power import phone_gauge
from host_tools.power.phone_calibration import Calibration, calibrate
from host_tools.power.phone_gauge import GaugeSample, parse_samples, sample_command
from host_tools.power.phone_power import read_power

ENOUGH_S = 60
FULL_UAH = 2_000_000


def gauge(
    drain_ma: float,
    *,
    per_ma: int = 1000,
    sign: int = -1,
    status: str = "discharging",
    counter_per_mah: int | None = None,
    seconds: int = ENOUGH_S,
) -> list[GaugeSample]:
    """A phone's gauge, a sample a second: *drain_ma* leave a battery of 3.9 V.

    It counts *per_ma* a mA, with *sign* while discharging; its charge counter, if any, counts
    *counter_per_mah* a mAh.
    """
    samples = []
    for second in range(seconds + 1):
        ripple = 1 + 0.02 * (second % 5 - 2)
        left_mah = FULL_UAH / 1000 - drain_ma * second / 3600
        samples.append(
            GaugeSample(
                time_s=500.0 + second,
                current=round(sign * drain_ma * ripple * per_ma),
                voltage_mv=3900,
                charge_counter=None if counter_per_mah is None else int(left_mah * counter_per_mah),
                status=status,
            )
        )
    return samples


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("counter_per_mah", [None, 1000])
@pytest.mark.parametrize(("per_ma", "unit_ua"), [(1000, 1), (1, 1000)])
@pytest.mark.parametrize("drain_ma", [60.0, 305.0, 1200.0])
def test_a_phone_on_battery_is_known_whatever_its_maker_counts(
    sign: int, counter_per_mah: int | None, per_ma: int, unit_ua: int, drain_ma: float
) -> None:
    samples = gauge(drain_ma, per_ma=per_ma, sign=sign, counter_per_mah=counter_per_mah)
    found = calibrate(samples)
    assert (found.unit_ua, found.discharge_sign) == (unit_ua, sign), found.why
    reading = read_power(samples, ())
    assert reading.power_mw == pytest.approx(drain_ma * 3.9, rel=0.02)
    assert reading.current_ua == pytest.approx(drain_ma * 1000, rel=0.02)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("per_ma", "unit_ua"), [(1000, 1), (1, 1000)])
def test_charging_calibrates_where_the_charge_counter_rises(
    sign: int, per_ma: int, unit_ua: int
) -> None:
    samples = gauge(-900, per_ma=per_ma, sign=sign, status="charging", counter_per_mah=1000)
    found = calibrate(samples)
    assert (found.unit_ua, found.discharge_sign) == (unit_ua, sign), found.why
    assert read_power(samples, ()).power_mw is None, "but it gives no power"


def test_a_charging_phone_that_drains_all_the_same() -> None:
    found = calibrate(gauge(400, sign=1, status="charging", counter_per_mah=1000))
    assert (found.unit_ua, found.discharge_sign) == (1, 1)


@pytest.mark.parametrize(
    ("samples", "why"),
    [
        (gauge(-900, status="charging"), "sign unknown: charging, but no charge counter"),
        (gauge(300, status="full"), "status is full"),
        (gauge(0.976, status="not charging"), "status is not charging"),
        (gauge(300)[:30] + gauge(300, status="charging")[30:], "status is not one and the same"),
        (gauge(300)[:30] + gauge(300, sign=1)[30:], "changes its sign while discharging"),
        (gauge(0), "the gauge gives no current"),
        (gauge(-300, counter_per_mah=1000), "but the charge counter rises"),
        (gauge(3), "3000 may be µA or mA"),
        (gauge(8), "8000 may be µA or mA"),
        (gauge(3000, per_ma=1), "3000 may be µA or mA"),
        (gauge(300, per_ma=500, counter_per_mah=1000), "fits the charge counter's slope neither"),
        ([], "the gauge gives no current"),
    ],
)
def test_what_stays_unknown(samples: list[GaugeSample], why: str) -> None:
    found = calibrate(samples)
    assert why in found.why
    assert found.unit_ua is None or found.discharge_sign is None
    assert read_power(samples, ()).power_mw is None


@pytest.mark.parametrize(
    ("samples", "powered_by", "why"),
    [
        (gauge(300), ("USB", "wireless"), "fed by USB, wireless"),
        (gauge(300), None, "not known whether the phone is fed"),
        (gauge(300)[:4], (), "4 samples of the gauge, 5 needed"),
        (gauge(300, seconds=9), (), "9.0 s of samples, 10 s needed"),
        (gauge(300)[:30] + gauge(300, status="full")[30:], (), "discharging, full"),
        ([GaugeSample(1.0 * n, -300_000, 3900, None, None) for n in range(20)], (), "unknown"),
        ([GaugeSample(n, -305, 3900, None, "discharging") for n in range(20)], (), "0 times"),
        ([GaugeSample(n, -305 - n, None, None, "discharging") for n in range(20)], (), "voltage"),
    ],
)
def test_no_power_and_the_reason(
    samples: list[GaugeSample], powered_by: tuple[str, ...] | None, why: str
) -> None:
    reading = read_power(samples, powered_by)
    assert reading.power_mw is None and why in reading.why


def test_an_earlier_calibration_lends_its_unit_but_not_against_the_samples() -> None:
    quiet = gauge(8)
    assert read_power(quiet, ()).power_mw is None
    lent = read_power(quiet, (), Calibration(1, -1, "µA by the slope of the charge counter"))
    assert lent.power_mw == pytest.approx(8 * 3.9, rel=0.02) and "unit as earlier" in lent.why
    other = read_power(quiet, (), Calibration(1, 1, "µA"))
    assert other.power_mw is None and "an earlier calibration says otherwise" in other.why


def test_an_almost_empty_battery_is_not_taken_for_one_that_counts_mah() -> None:
    samples = [
        GaugeSample(one.time_s, one.current, 3400, 15_000 - 83 * n, one.status)
        for n, one in enumerate(gauge(300))
    ]
    found = calibrate(samples)
    assert found.unit_ua is None and "neither as µA nor mA" in found.why


def test_a_charge_counter_in_mah() -> None:
    found = calibrate(gauge(900, per_ma=1, counter_per_mah=1, seconds=60))
    assert found.unit_ua == 1000 and "slope" in found.why


def test_a_charge_counter_that_trembles_shows_no_charging() -> None:
    for drift in (0, 1):
        trembling = [
            GaugeSample(
                one.time_s, one.current, 3900, 2_000_000 + n % 2 + drift * (n > 30), "charging"
            )
            for n, one in enumerate(gauge(300))
        ]
        found = calibrate(trembling)
        assert (found.unit_ua, found.discharge_sign) == (None, None), found.why


def test_a_coarse_charge_counter_decides_nothing() -> None:
    coarse = [
        GaugeSample(one.time_s, one.current, 3900, 2_000_000, one.status) for one in gauge(300)
    ]
    assert "more than a phone takes" in calibrate(coarse).why


def test_lines_of_samples_with_gaps() -> None:
    lines = "1.00|-305|3900|2000|Discharging\n1.50||3900||\n1.00|-1|||\nodd\n2.00|-306||| \n"
    assert parse_samples(lines) == [
        GaugeSample(1.0, -305, 3900, 2000, "discharging"),
        GaugeSample(2.0, -306),
    ]


@pytest.mark.parametrize("name", ["sh", "mksh"])  # mksh is Android's
def test_the_sampling_command_runs_in_a_shell(name: str) -> None:
    shell = shutil.which(name)
    if shell is None:
        pytest.skip(f"no {name} here")
    command = sample_command("no_such_supply", 2, 0.01)
    done = subprocess.run([shell, "-c", command], capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    assert len(lines) == 2 and all(line.endswith("||||") for line in lines)
    assert done.stderr == "" and parse_samples(done.stdout) == []


def test_samples_of_a_gauge_that_leaves_its_status_to_the_battery(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sh = shutil.which("sh")
    if sh is None:
        pytest.skip("no shell here")
    for path, value in (
        *(("bms/current_now", "-305112"), ("bms/voltage_now", "3901000")),
        *(("bms/charge_counter", "2100000"), ("battery/status", "Discharging")),
    ):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(f"{value}\n")
    monkeypatch.setattr(phone_gauge, "FOLDER", str(tmp_path))
    command = sample_command("bms", 2, 0.05)
    done = subprocess.run([sh, "-c", command], capture_output=True, text=True, check=True)
    samples = parse_samples(done.stdout)
    assert samples, done.stdout
    for one in samples:
        assert (one.current, one.voltage_mv) == (-305_112, 3901)
        assert (one.charge_counter, one.status) == (2_100_000, "discharging")


@pytest.mark.parametrize("name", ["", "a b", "$(reboot)", "../x;y", "a|b"])
def test_a_name_that_is_no_supply_gets_into_no_command(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a power supply"):
        sample_command(name, 1, 1.0)


VALUES = st.integers(-(10**20), 10**20)
SAMPLES = st.lists(
    st.builds(
        GaugeSample,
        time_s=st.floats(0, 1e9),
        current=VALUES,
        voltage_mv=st.none() | st.integers(2000, 20_000),
        charge_counter=st.none() | VALUES,
        status=st.sampled_from([None, "discharging", "charging", "full", "é"]),
    ),
    max_size=12,
).map(lambda samples: sorted(samples, key=lambda sample: sample.time_s))


@given(SAMPLES, st.none() | st.just(()))
def test_no_samples_make_a_reading_raise_or_a_power_negative(
    samples: list[GaugeSample], powered_by: tuple[str, ...] | None
) -> None:
    reading = read_power(samples, powered_by)
    assert reading.why
    assert reading.power_mw is None or reading.power_mw >= 0
