# SPDX-License-Identifier: Apache-2.0
"""``gauge``: what a phone takes from its battery, by the battery's own gauge."""

from __future__ import annotations

from itertools import pairwise

from host_tools.devices.shell import Shell
from host_tools.devices.shell_files import ShellFiles
from host_tools.errors import DeviceError, MeasurementInvalid
from host_tools.power.phone_battery import COMMAND, parse_battery
from host_tools.power.phone_gauge import GaugeSample, parse_samples, sample_command
from host_tools.power.phone_power import read_power
from host_tools.power.phone_supplies import battery_gauge, read_supplies
from host_tools.power.recording import Mark, MeterFacts, Recording, recording
from host_tools.power.shell_meter import ShellMeter

NAME = "gauge"
PERIOD_S = 0.25
SETTLE_S = 5.0
BLOCK_S = 60.0
"""Gauges give a new value every 0.25 to 10 s, some of them a mean of the seconds before."""


class GaugeMeter(ShellMeter):
    """Sign and unit are found out from the samples; where they cannot be, power is unknown."""

    def __init__(self, shell: Shell, period_s: float = PERIOD_S) -> None:
        super().__init__(NAME, shell, period_s)
        self._supply = ""

    def find(self) -> MeterFacts:
        """See ShellMeter."""
        gauge = battery_gauge(read_supplies(ShellFiles(self.shell)))
        if gauge is None:
            raise DeviceError(
                f"{NAME}: the device shows no gauge of one battery in /sys/class/power_supply; "
                "use another meter (docs/power.md)"
            )
        self._supply = gauge.name
        return MeterFacts(
            name=f"{NAME}:{gauge.name}",
            measures="the whole phone, from its battery",
            settle_s=SETTLE_S,
            block_s=BLOCK_S,
        )

    def command(self, samples: int) -> str:
        """See ShellMeter."""
        return sample_command(self._supply, samples, self.period_s)

    def understand(self, text: str, marks: tuple[Mark, ...]) -> Recording:
        """See ShellMeter. Raises MeasurementInvalid when the gauge cannot be understood."""
        samples = parse_samples(text)
        battery = parse_battery(self.shell.run(COMMAND))
        reading = read_power(samples, battery.powered_by if battery is not None else None)
        if reading.count_ua is None:
            raise MeasurementInvalid(f"{NAME}: power is unknown: {reading.why}")
        complete = [sample for sample in samples if sample.voltage_mv is not None]
        return recording(
            NAME,
            [sample.time_s for sample in complete],
            [reading.count_ua * sample.current / 1e6 for sample in complete],
            [(sample.voltage_mv or 0) / 1e3 for sample in complete],
            marks,
            dropped_samples=text.count("\n") - len(complete),
            resolution_ma=abs(reading.count_ua) * _step(complete) / 1e3,
            notes=(f"{NAME}: {reading.why}",),
        )


def _step(samples: list[GaugeSample]) -> int:
    """The smallest change that the gauge showed, in its counts."""
    changes = {abs(first.current - second.current) for first, second in pairwise(samples)} - {0}
    return min(changes, default=0)
