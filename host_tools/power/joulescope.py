# SPDX-License-Identifier: Apache-2.0
"""``joulescope:`` JS110, JS220 and JS320 through the maker's driver.

Takes the instrument's statistics, means over all samples of 50 ms: small, and no sample between
them is missed.
"""

from __future__ import annotations

import contextlib
import threading
import time
from array import array
from typing import Any

import numpy as np

from host_tools.errors import DataError, DeviceError, MissingDependency, UsageError
from host_tools.power.clock import ClockFit
from host_tools.power.meter import PowerMeter
from host_tools.power.recording import Mark, MarkLabel, MeterFacts, Recording, recording

EXAMPLE = "joulescope:001234"
RATE_HZ = 20
_FULL_RATES_HZ = {"js110": 2_000_000, "js220": 1_000_000, "js320": 1_000_000}
_MOST_A = 10.0
"""Where the largest range of each ends."""

_LAST_BLOCKS = 2


class Joulescope(PowerMeter):
    """Current times voltage is the instrument's own mean power, which a product of means is not."""

    silence_s = 2.0

    def __init__(self, rest: str) -> None:
        """*rest* is "" (the only one connected), a serial number or a path of the driver.

        Raises UsageError.
        """
        if "?" in rest:
            raise UsageError(f"'joulescope:{rest}': no options; write for example {EXAMPLE}")
        self._wanted = rest
        self._name = f"joulescope:{rest}"
        self._driver: Any = None
        self._path: str | None = None
        self._is_running = False
        self._came = threading.Condition()
        self._callback = self._on_statistics  # the driver knows a subscription by this object

    def open(self) -> MeterFacts:
        """See PowerMeter."""
        try:
            import pyjoulescope_driver
        except ImportError as error:
            raise MissingDependency(
                "a Joulescope needs the package pyjoulescope-driver: pip install -e '.[power]'"
            ) from error
        try:
            self._driver = pyjoulescope_driver.Driver()
            path = self._find(self._driver.device_paths())
            self._driver.open(path)
            self._path = path
            self._name = f"joulescope:{path.removeprefix('u/')}"
            self._set("s/i/range/select" if self._model == "js110" else "s/i/range/mode", "auto")
            if self._model == "js110":  # its statistics are computed from the streams
                for signal in "ivp":
                    self._set(f"s/{signal}/ctrl", "on")
            self._set("s/stats/scnt", _FULL_RATES_HZ[self._model] // RATE_HZ)
        except (RuntimeError, TimeoutError) as error:
            raise DeviceError(
                f"{self._name}: {error}; close other programs that use it, plug it in anew"
            ) from error
        return MeterFacts(name=self._name, measures="current from IN to OUT of the Joulescope")

    def start(self) -> None:
        """See PowerMeter."""
        self._samples = array("d")
        self._clock = ClockFit()
        self._end: int | None = None
        self._blocks = self._lost_blocks = self._saturated = 0
        self._error: Exception | None = None
        self._marks: list[tuple[MarkLabel, float]] = []
        self._start_s = self._last_s = time.monotonic()
        try:
            self._driver.subscribe(f"{self._path}/s/stats/value", "pub", self._callback)
            self._set("s/stats/ctrl", "on" if self._model == "js110" else 1)
        except (RuntimeError, TimeoutError) as error:
            raise DeviceError(f"{self._name}: does not start: {error}; plug it in anew") from error
        self._is_running = True
        self._wait_for(1)

    def mark(self, label: MarkLabel) -> None:
        """See PowerMeter."""
        self._check()
        self._marks.append((label, time.monotonic()))

    def stop(self) -> Recording:
        """See PowerMeter."""
        self._wait_for(self._blocks + _LAST_BLOCKS)
        self._end_stream()
        line = self._clock.line()
        middles_s, currents, voltages = (self._samples[at::3] for at in range(3))
        return recording(
            self._name,
            line.at(np.array(middles_s)) - self._start_s,
            currents,
            voltages,
            tuple(Mark(label, at_s - self._start_s, line.delay_s) for label, at_s in self._marks),
            dropped_samples=self._lost_blocks,
            saturated_samples=self._saturated,
            clock_error_ppm=line.error_ppm,
        )

    def close(self) -> None:
        """See PowerMeter."""
        if self._driver is None:
            return
        with contextlib.suppress(Exception):
            self._end_stream()
        with contextlib.suppress(Exception):
            if self._path is not None:
                self._driver.close(self._path)
        with contextlib.suppress(Exception):
            self._driver.finalize()
        self._driver = None

    @property
    def _model(self) -> str:
        assert self._path is not None
        return self._path.split("/")[-2]

    def _set(self, topic: str, value: str | int) -> None:
        self._driver.publish(f"{self._path}/{topic}", value)

    def _find(self, paths: list[str]) -> str:
        """The path of the wanted instrument. Raises DeviceError, UsageError."""
        known = [path for path in paths if path.split("/")[-2] in _FULL_RATES_HZ]
        names = ", ".join(f"joulescope:{path.split('/')[-1]}" for path in known)
        if not known:
            raise DeviceError(
                f"{self._name}: no Joulescope is connected; check its USB cable and, on Linux, "
                "its udev rules (joulescope.com)"
            )
        found = [
            path for path in known if self._wanted in (path, path[2:], path.split("/")[-1], "")
        ]
        if not found:
            raise DeviceError(f"{self._name}: not connected; there is {names}")
        if len(found) > 1:
            raise UsageError(f"{self._name}: several are connected, name one: {names}")
        return found[0]

    def _on_statistics(self, topic: str, value: dict[str, Any]) -> None:
        """Called by a thread of the driver, which swallows exceptions."""
        arrival_s = time.monotonic()
        try:
            self._add(value, arrival_s)
        except (KeyError, TypeError, ValueError) as error:
            self._error = DataError(
                f"{self._name}: statistics of an unknown shape ({error!r}); "
                "install another version of pyjoulescope-driver"
            )
        with self._came:
            self._blocks += 1
            self._last_s = arrival_s
            self._came.notify_all()

    def _add(self, value: dict[str, Any], arrival_s: float) -> None:
        begin, end = value["time"]["samples"]["value"]
        rate_hz = value["time"]["sample_freq"]["value"]
        signals = value["signals"]
        voltage_v = signals["voltage"]["avg"]["value"]
        power_w = signals["power"]["avg"]["value"]
        current_a = power_w / voltage_v if voltage_v else signals["current"]["avg"]["value"]
        if self._end is not None and begin > self._end:
            self._lost_blocks += max(1, round((begin - self._end) / (end - begin)))
        self._end = end
        peak_a = max(abs(signals["current"][key]["value"]) for key in ("min", "max"))
        self._saturated += peak_a >= _MOST_A
        self._samples.extend(((begin + end) / 2 / rate_hz, current_a, voltage_v))
        self._clock.add(end / rate_hz, arrival_s)

    def _check(self) -> None:
        """Raises DataError, or DeviceError after a silence."""
        if self._error is not None:
            raise self._error
        if time.monotonic() - self._last_s > self.silence_s:
            raise DeviceError(
                f"{self._name}: no samples for {self.silence_s:g} s; "
                "check its USB cable, then run again"
            )

    def _wait_for(self, blocks: int) -> None:
        with self._came:
            while self._blocks < blocks:
                self._check()
                self._came.wait(0.1)
        self._check()

    def _end_stream(self) -> None:
        if self._is_running:
            self._is_running = False
            self._driver.unsubscribe(f"{self._path}/s/stats/value", self._callback)
            self._set("s/stats/ctrl", "off" if self._model == "js110" else 0)
