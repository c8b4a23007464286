# SPDX-License-Identifier: Apache-2.0
"""``hwmon``: a current sensor on a Linux board's I2C bus (INA219, INA226, INA3221 and kin)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from host_tools.devices.reading_text import count, line, numbered, whole
from host_tools.devices.shell import Shell
from host_tools.devices.shell_files import ShellFiles
from host_tools.errors import DataError, DeviceError, UsageError
from host_tools.power.recording import Mark, MeterFacts, Recording, recording
from host_tools.power.shell_meter import ShellMeter, sampling_loop, turns

NAME = "hwmon"
PERIOD_S = 0.05
STEP_MA = 1.0
"""The kernel gives whole milliamperes, whatever the chip's step."""

_FOLDER = "/sys/class/hwmon"
_BUS_VOLTAGE = {"ina3221": "in{channel}_input"}
"""Files with the voltage of the supply in mV; the other chips have one: in1_input."""
_CHIPS = ("ina219", "ina220", "ina226", "ina230", "ina231", "ina238", "ina260", "ina3221")


@dataclass(frozen=True)
class _Sensor:
    chip: str
    current: str
    voltage: str
    update_ms: int | None


class HwmonMeter(ShellMeter):
    """*chip* None takes the only sensor there; *channel* 1..3 is the one of an INA3221."""

    def __init__(
        self, shell: Shell, chip: str | None = None, channel: int = 1, period_s: float = PERIOD_S
    ) -> None:
        super().__init__(NAME, shell, period_s)
        if channel not in (1, 2, 3):
            raise UsageError(f"{NAME}: channel {channel}: an INA3221 has 1, 2 and 3")
        self._chip, self._channel = chip, channel
        self._sensor: _Sensor | None = None

    def find(self) -> MeterFacts:
        """See ShellMeter."""
        found = _sensors(ShellFiles(self.shell), self._channel)
        wanted = [sensor for sensor in found if self._chip in (None, sensor.chip)]
        if len(wanted) != 1:
            names = ", ".join(sensor.chip for sensor in found) or "none"
            hint = f"name one, such as {NAME}:{found[0].chip}" if found else "is its driver loaded?"
            raise DeviceError(
                f"{NAME}: {len(wanted)} current sensors named {self._chip or 'INA...'} in "
                f"{_FOLDER} (there: {names}); {hint}"
            )
        self._sensor = wanted[0]
        update_s = (self._sensor.update_ms or 0) / 1e3
        return MeterFacts(
            name=f"{NAME}:{self._sensor.chip}",
            measures="the wire that the sensor's shunt is in",
            resolution_ma=STEP_MA,
            settle_s=update_s + self.period_s,
            block_s=10.0,
        )

    def command(self, samples: int) -> str:
        """See ShellMeter."""
        if self._sensor is None:
            raise UsageError(f"{NAME}: started before it was opened")
        current, voltage = self._sensor.current, self._sensor.voltage
        # one file a line, so that a reading that failed leaves its line out
        return sampling_loop(samples, self.period_s, f"cat {current} {voltage} 2>/dev/null")

    def understand(self, text: str, marks: tuple[Mark, ...]) -> Recording:
        """See ShellMeter."""
        parts = turns(text)
        read = [(time_s, *map(whole, rest.split())) for time_s, rest in parts]
        kept = [row for row in read if len(row) == 3 and None not in row]
        if len(kept) < 3:
            raise DataError(f"{NAME}: {len(kept)} readings that make sense, 3 needed")
        times, currents_ma, voltages_mv = np.array(kept, dtype=np.float64).T
        return recording(
            NAME,
            times,
            currents_ma / 1e3,
            voltages_mv / 1e3,
            marks,
            dropped_samples=len(parts) - len(kept),
        )


def _sensors(files: ShellFiles, channel: int) -> list[_Sensor]:
    found: list[_Sensor] = []
    for folder in numbered(files.list_folder(_FOLDER), "hwmon"):
        place = f"{_FOLDER}/{folder}"
        chip = line(files.read_text(f"{place}/name"))
        if chip not in _CHIPS:
            continue
        voltage = _BUS_VOLTAGE.get(chip, "in1_input").format(channel=channel)
        current = f"curr{channel if chip in _BUS_VOLTAGE else 1}_input"
        if whole(files.read_text(f"{place}/{current}")) is None:
            continue
        update_ms = count(files.read_text(f"{place}/update_interval"))
        found.append(_Sensor(chip, f"{place}/{current}", f"{place}/{voltage}", update_ms))
    return found
