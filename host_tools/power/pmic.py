# SPDX-License-Identifier: Apache-2.0
"""``pmic``: what the power chip of a Raspberry Pi 5 delivers to its rails."""

from __future__ import annotations

from host_tools.devices.shell import Shell
from host_tools.devices.shell_files import ShellFiles
from host_tools.errors import DataError, DeviceError
from host_tools.power.board_rails import parse_rails
from host_tools.power.recording import Mark, MeterFacts, Recording, recording_of_power
from host_tools.power.shell_meter import ShellMeter, sampling_loop, turns

NAME = "pmic"
PERIOD_S = 0.1
QUESTION = "pmic_read_adc"


class PmicMeter(ShellMeter):
    """Sum of current times voltage of all rails that the chip measures."""

    def __init__(self, shell: Shell, period_s: float = PERIOD_S) -> None:
        super().__init__(NAME, shell, period_s)

    def find(self) -> MeterFacts:
        """See ShellMeter."""
        rails = parse_rails(ShellFiles(self.shell).query_firmware(QUESTION))
        if rails is None or not rails.rails:
            raise DeviceError(
                f"{NAME}: vcgencmd {QUESTION} tells no rails there: only a Raspberry Pi 5 has "
                "such a chip; is vcgencmd installed, and the user in the group video?"
            )
        return MeterFacts(
            name=NAME,
            measures=f"{len(rails.rails)} rails behind the power chip: not its own loss, USB and "
            "what hangs at the pins",
            settle_s=2 * self.period_s,
            block_s=20.0,
        )

    def command(self, samples: int) -> str:
        """See ShellMeter."""
        return sampling_loop(samples, self.period_s, f"vcgencmd {QUESTION} 2>/dev/null")

    def understand(self, text: str, marks: tuple[Mark, ...]) -> Recording:
        """See ShellMeter. Readings with other rails than most are dropped."""
        parts = turns(text)
        parsed = ((uptime_s, parse_rails(rest)) for uptime_s, rest in parts)
        found = [
            (uptime_s, len(rails.rails), rails.power_mw)
            for uptime_s, rails in parsed
            if rails is not None
        ]
        whole = max((count for _, count, _ in found), default=0)
        kept = [(uptime_s, power_mw) for uptime_s, count, power_mw in found if count == whole]
        if len(kept) < 3:
            raise DataError(f"{NAME}: {len(kept)} whole readings of {len(parts)}, 3 needed")
        return recording_of_power(
            NAME,
            [uptime_s for uptime_s, _ in kept],
            [power_mw for _, power_mw in kept],
            marks,
            dropped_samples=len(parts) - len(kept),
        )
