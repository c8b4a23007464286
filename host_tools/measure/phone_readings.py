# SPDX-License-Identifier: Apache-2.0
"""A phone at one moment (PhoneSnapshot) and what happened between two moments.

Cores, frequencies and CPU time are read as from any Linux board; what only phones have comes from
Android's services. What a phone does not tell is None or empty, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from host_tools.devices.shell import AnswersAtOnce, Shell
from host_tools.measure import (
    phone_files,
    phone_identity,
    phone_screen,
    phone_thermal,
)
from host_tools.measure.board_readings import Difference, Snapshot, restarted
from host_tools.measure.phone_identity import PhoneIdentity
from host_tools.measure.phone_thermal import PhoneThermal
from host_tools.power import phone_battery, phone_rails
from host_tools.power.phone_battery import PhoneBattery
from host_tools.power.phone_rails import RailEnergy, RailPower
from host_tools.power.phone_supplies import PowerSupply, battery_status, read_supplies

_COMMANDS = (
    phone_identity.COMMAND,
    phone_battery.COMMAND,
    phone_thermal.COMMAND,
    phone_screen.COMMAND,
    phone_rails.COMMAND,
)


@dataclass(frozen=True)
class PhoneSnapshot:
    """Everything that was read of a phone at one moment.

    ``board`` holds what every Linux system tells: cores, policies, temperatures, CPU time.
    ``screen`` is "on", "dim" or "off"; ``rail_subsystems`` names what each metered supply feeds.
    """

    identity: PhoneIdentity = field(default_factory=PhoneIdentity)
    board: Snapshot = field(default_factory=Snapshot)
    battery: PhoneBattery | None = None
    supplies: tuple[PowerSupply, ...] = ()
    thermal: PhoneThermal | None = None
    screen: str | None = None
    rails: tuple[RailEnergy, ...] = ()
    rail_subsystems: dict[str, str] = field(default_factory=dict)

    @classmethod
    def take(cls, shell: Shell, process: int | None = None) -> PhoneSnapshot:
        """Read all of it, with the CPU time of *process* where one is given."""
        shell = AnswersAtOnce(shell, [phone_files.fetch_command(process), *_COMMANDS])
        files = phone_files.fetch(shell, process)
        board = Snapshot.take(files, "none" if process is None else str(process))
        return cls(
            identity=phone_identity.identify(
                shell.run(phone_identity.COMMAND), board.system.kernel
            ),
            board=board,
            battery=phone_battery.parse_battery(shell.run(phone_battery.COMMAND)),
            supplies=read_supplies(files),
            thermal=phone_thermal.parse_thermal(shell.run(phone_thermal.COMMAND)),
            screen=phone_screen.parse_screen(shell.run(phone_screen.COMMAND)),
            rails=phone_rails.read_energies(files),
            rail_subsystems=phone_rails.parse_channels(shell.run(phone_rails.COMMAND)),
        )

    @property
    def status(self) -> str | None:
        """What the battery does, such as "discharging": the kernel's word before Android's.

        Android's stays what it was while someone holds its state.
        """
        kernel = battery_status(self.supplies)
        if kernel is not None:
            return kernel
        return self.battery.status if self.battery and not self.battery.is_frozen else None

    @property
    def powered_by(self) -> tuple[str, ...] | None:
        """Sources that feed the phone; None when it does not tell, or someone holds its state."""
        return self.battery.powered_by if self.battery and not self.battery.is_frozen else None

    def since(self, before: PhoneSnapshot) -> PhoneDifference:
        """What happened after *before*; nothing is known across a restart of the phone."""
        if restarted(before.board, self.board):
            return PhoneDifference()
        return PhoneDifference(
            board=self.board.since(before.board),
            rails=phone_rails.rail_powers(before.rails, self.rails),
            level_percent=_level_change(before.battery, self.battery),
        )


@dataclass(frozen=True)
class PhoneDifference:
    """Between two snapshots: where time and energy went.

    ``rails`` is the mean power of each metered supply; ``level_percent`` is how much the battery's
    level rose (negative: fell), in points of 100.
    """

    board: Difference = field(default_factory=Difference)
    rails: tuple[RailPower, ...] = ()
    level_percent: float | None = None

    @property
    def cpu_power_mw(self) -> float | None:
        """Mean power of the supplies of all cores together; None when none is metered."""
        cores = [rail.power_mw for rail in self.rails if rail.is_cpu]
        return sum(cores) if cores else None


def _level_change(before: PhoneBattery | None, after: PhoneBattery | None) -> float | None:
    if before is None or after is None or before.is_frozen or after.is_frozen:
        return None
    if before.level_percent is None or after.level_percent is None:
        return None
    return round(after.level_percent - before.level_percent, 1)
