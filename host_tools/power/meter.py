# SPDX-License-Identifier: Apache-2.0
"""The one interface of all power meters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import TypeVar

from host_tools.power.recording import MarkLabel, MeterFacts, Recording

Meter = TypeVar("Meter", bound="PowerMeter")


class PowerMeter(ABC):
    """Records current and voltage while something else runs. Use as a context manager.

    The order is ``open``, ``start``, any number of ``mark``, ``stop``, ``close``. All raise
    DeviceError (absent, unplugged, silent), DataError (garbage) or MissingDependency, each in one
    line with the meter's name. A meter that is lost in the middle raises at ``mark`` or ``stop``.
    """

    @abstractmethod
    def open(self) -> MeterFacts:
        """Find the meter and make it ready; nothing is recorded yet."""

    @abstractmethod
    def start(self) -> None:
        """Begin to record."""

    @abstractmethod
    def mark(self, label: MarkLabel) -> None:
        """Remember this moment."""

    @abstractmethod
    def stop(self) -> Recording:
        """End the recording and hand it over."""

    @abstractmethod
    def close(self) -> None:
        """Free the meter, whatever state it is in; safe to call twice, never raises."""

    def __enter__(self: Meter) -> Meter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
