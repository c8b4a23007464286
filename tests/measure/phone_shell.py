# SPDX-License-Identifier: Apache-2.0
"""A phone's shell that answers with texts of phone_texts/."""

from __future__ import annotations

from pathlib import Path

from host_tools.measure import (
    phone_files,
    phone_identity,
    phone_screen,
    phone_thermal,
)
from host_tools.power import phone_battery, phone_rails

TEXTS = Path(__file__).parent / "phone_texts"
PROCESS = 4242
"""The process that files.txt tells of."""

PIXEL = {
    phone_files.fetch_command(PROCESS): "files",
    phone_identity.COMMAND: "properties_pixel",
    phone_battery.COMMAND: "battery_plain",
    phone_thermal.COMMAND: "thermal_pixel",
    phone_screen.COMMAND: "power_asleep",
    phone_rails.COMMAND: "rails_channels",
}
"""Names of texts by command: a Pixel on battery, its screen off."""


def text(name: str) -> str:
    """One of the texts."""
    return (TEXTS / f"{name}.txt").read_text()


class TextShell:
    """Answers each command with a text; with None where it has none.

    Several in one go (AnswersAtOnce) get their texts one behind the other.
    """

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def run(self, command: str, /) -> str | None:
        """See Shell."""
        self.asked.append(command)
        *several, end = command.split("\necho; echo =percepnet-next\n")
        if end:
            return self.answers.get(command)
        return "".join(f"{self.answers.get(one, '')}\n=percepnet-next\n" for one in several)


def pixel(**changes: str) -> TextShell:
    """The Pixel with other texts for "battery", "thermal", "screen" or "files"."""
    answers = {command: text(name) for command, name in PIXEL.items()}
    commands = {
        "battery": phone_battery.COMMAND,
        "thermal": phone_thermal.COMMAND,
        "screen": phone_screen.COMMAND,
        "files": phone_files.fetch_command(PROCESS),
    }
    return TextShell(answers | {commands[name]: changes[name] for name in changes})
