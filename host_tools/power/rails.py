# SPDX-License-Identifier: Apache-2.0
"""``rails``: what the supplies of a phone's cores deliver, by the energy counters on them."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from host_tools.devices.shell import Shell
from host_tools.devices.shell_files import ShellFiles
from host_tools.errors import DataError, DeviceError
from host_tools.power.phone_rails import RailEnergy, is_cpu_rail, parse_energies, read_energies
from host_tools.power.recording import Mark, MeterFacts, Recording, recording_of_power
from host_tools.power.shell_meter import ShellMeter, sampling_loop, turns

NAME = "rails"
PERIOD_S = 0.5
_SHOW = "cat /sys/bus/iio/devices/iio:device*/energy_value 2>/dev/null"


class RailsMeter(ShellMeter):
    """The CPU rails together. Charging does not disturb them; most phones ask for root."""

    def __init__(self, shell: Shell, period_s: float = PERIOD_S) -> None:
        super().__init__(NAME, shell, period_s)

    def find(self) -> MeterFacts:
        """See ShellMeter."""
        cpu_rails = [rail.name for rail in _cpu_rails(read_energies(ShellFiles(self.shell)))]
        if not cpu_rails:
            raise DeviceError(
                f"{NAME}: the device shows no energy of CPU rails (Pixel 6 and later do, with "
                "root: adb root); use the meter gauge or an external one (docs/power.md)"
            )
        return MeterFacts(
            name=f"{NAME}:{'+'.join(sorted(cpu_rails))}",
            measures="the supplies of the CPU cores",
            settle_s=2 * self.period_s,
            block_s=20.0,
        )

    def command(self, samples: int) -> str:
        """See ShellMeter."""
        return sampling_loop(samples, self.period_s, _SHOW)

    def understand(self, text: str, marks: tuple[Mark, ...]) -> Recording:
        """See ShellMeter: power between two readings stands at the middle of their time."""
        parts = turns(text)
        by_rail: dict[str, dict[float, float]] = defaultdict(dict)
        for _, rest in parts:
            for rail in _cpu_rails(parse_energies(rest)):
                by_rail[rail.name][rail.time_ms / 1e3] = rail.energy_uws / 1e3
        points = {name: np.array(sorted(found.items())).T for name, found in by_rail.items()}
        if not points or min(at.shape[1] for at in points.values()) < 3:
            raise DataError(f"{NAME}: {len(parts)} readings of the rails, too few that differ")
        for name, (_, energy_mj) in points.items():
            if np.any(np.diff(energy_mj) < 0):
                raise DataError(f"{NAME}: the energy of {name} ran backwards; was it restarted?")
        begin_s = max(at[0] for at, _ in points.values())
        end_s = min(at[-1] for at, _ in points.values())
        times = next(iter(points.values()))[0]
        times = times[(times >= begin_s) & (times <= end_s)]
        total_mj = sum(np.interp(times, at, energy_mj) for at, energy_mj in points.values())
        middle_s = (times[1:] + times[:-1]) / 2
        return recording_of_power(NAME, middle_s, np.diff(total_mj) / np.diff(times), marks)


def _cpu_rails(rails: list[RailEnergy] | tuple[RailEnergy, ...]) -> list[RailEnergy]:
    return [rail for rail in rails if is_cpu_rail(rail.name)]
