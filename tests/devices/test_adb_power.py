# SPDX-License-Identifier: Apache-2.0
"""Power of a phone by its battery's gauge, through adb, while its agent denoises in real time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from host_tools.devices import open_device
from host_tools.measure.power_result import power_of, power_rules
from host_tools.measure.power_session import PowerPlan, PowerRun, run_power
from host_tools.power.gauge import GaugeMeter
from host_tools.power.recording import MarkLabel
from tests.devices.adb_daemon import Phone
from tests.devices.phone_battery_simulator import IDLE_MA, VOLTAGE_V, PhoneBattery

pytestmark = pytest.mark.slow


class SwitchingMeter(GaugeMeter):
    """The gauge; the battery's load goes on and off at the marks, as if the agent had caused it."""

    battery: PhoneBattery

    def mark(self, label: MarkLabel) -> None:
        self.battery.load = label == "load_begin"
        super().mark(label)


@pytest.fixture(params=[False, True], ids=["on battery", "at a cable"])
def battery(request: pytest.FixtureRequest, phone: Phone) -> Iterator[PhoneBattery]:
    made = PhoneBattery(phone.sandbox, load_ma=40, usb=request.param)
    yield made
    made.close()


def measured(address: str, battery: PhoneBattery, model_path: str, block_s: float) -> PowerRun:
    with open_device(f"adb:{address}", model=model_path) as device:
        assert device.shell is not None
        meter = SwitchingMeter(device.shell)
        meter.battery = battery
        with meter:
            facts = meter.open()
            plan = PowerPlan("gauge", pairs=1, block_s=block_s)
            pcm = np.zeros(48_000, np.int16)
            return run_power(device, meter, facts, pcm, plan, lambda *_: None)


@pytest.mark.parametrize("server", ["installed"], indirect=True)
def test_a_phones_power_is_measured_on_battery_and_unknown_at_a_cable(
    phone: Phone,
    battery: PhoneBattery,
    model_path: str,
    request: pytest.FixtureRequest,
) -> None:
    if "at a cable" in request.node.name:
        power = power_of(measured(phone.address, battery, model_path, block_s=1.0))
        assert power.kind == "unknown" and "fed by USB" in power.method
        return
    run = measured(phone.address, battery, model_path, block_s=12.0)
    power = power_of(run)
    assert [rule.name for rule in power_rules(run) if not rule.ok] == []
    assert power.kind == "measured" and power.mw_above_idle is not None
    assert power.mw_above_idle == pytest.approx(40 * VOLTAGE_V, rel=0.05)
    assert power.idle_mw == pytest.approx(IDLE_MA * VOLTAGE_V, rel=0.01)
    assert power.measures == "the whole phone, from its battery"
