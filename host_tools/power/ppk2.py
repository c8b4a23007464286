# SPDX-License-Identifier: Apache-2.0
"""``ppk2:PORT?voltage_mv=N``: Nordic Power Profiler Kit II."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import serial

from host_tools.errors import DataError, DeviceError, MissingDependency, UsageError
from host_tools.power.address import MeterAddress
from host_tools.power.clock import ClockFit
from host_tools.power.means import Means
from host_tools.power.ppk2_words import Words
from host_tools.power.recording import MeterFacts, Recording, recording
from host_tools.power.threaded_meter import ThreadedMeter

EXAMPLE = "ppk2:/dev/ttyACM0?voltage_mv=3700"
SAMPLE_RATE_HZ = 100_000
MEAN_OF_SAMPLES = 100
VOLTAGE_RANGE_MV = (800, 5000)
MOST_UA = 1e6
"""Its range ends at 1 A; the conversion goes on beyond, to some 12 A at the ADC's end."""

TYPICAL_ACCURACY_PERCENT = 15.0
"""Nordic's typical figure for the range of 60 mA to 1 A; 10 % below."""

_TRIES = 3
_QUIET_S = 0.05
_EMPTY_S = 0.002


class Ppk2(ThreadedMeter):
    """Supplies the device (``mode=source``) or sits in its supply line (``mode=ampere``).

    The voltage is not measured: it is what the PPK2 was set to or what the user says.
    """

    silence_s = 2.0

    def __init__(self, rest: str) -> None:
        """*rest* is what follows ``ppk2:``. Raises UsageError."""
        address = MeterAddress.parse("ppk2", rest, ("voltage_mv", "mode"), EXAMPLE)
        address.needs_target("port")
        super().__init__(address.name)
        self._port = address.target
        # no default: a wrong supply voltage destroys a board
        self._voltage_mv = round(address.number("voltage_mv", *VOLTAGE_RANGE_MV))
        self._mode = address.options.get("mode", "source")
        if self._mode not in ("source", "ampere"):
            raise UsageError(f"'{self.name}': mode={self._mode}; mode is source or ampere")
        self._api: Any = None

    def open(self) -> MeterFacts:
        """See PowerMeter. The device gets its supply here and keeps it after ``close``."""
        try:
            from ppk2_api.ppk2_api import PPK2_API
        except ImportError as error:
            raise MissingDependency(
                "a PPK2 needs the package ppk2-api: pip install -e '.[power]'"
            ) from error
        try:
            self._api = PPK2_API(self._port, timeout=0, write_timeout=1, exclusive=True)
        except (serial.SerialException, ValueError, OSError) as error:
            raise DeviceError(
                f"{self.name}: cannot be opened: {error}; "
                f"PPK2 found: {', '.join(PPK2_API.list_devices()) or 'none'}"
            ) from error
        with self._lost():
            self._read_calibration()
            if self._mode == "source":
                self._api.use_source_meter()
            else:
                self._api.use_ampere_meter()
            self._api.set_source_voltage(self._voltage_mv)  # in ampere mode for the calibration
            self._api.toggle_DUT_power("ON")
        step_a = 4 * self._api.adc_mult / self._api.modifiers["R"]["4"]
        return MeterFacts(
            name=self.name,
            measures=(
                "current from the PPK2 into the device"
                if self._mode == "source"
                else "current through the PPK2 in the device's supply line"
            ),
            resolution_ma=1e3 * step_a,
            accuracy_percent=TYPICAL_ACCURACY_PERCENT,
        )

    def start(self) -> None:
        """See PowerMeter."""
        self._words = Words()
        self._means = Means(MEAN_OF_SAMPLES)
        self._clock = ClockFit()
        self._saturated = 0
        with self._lost():
            self._drain()
            self._api.start_measuring()
        self.begin_reading(self._read, self._clock.newest_s)

    def stop(self) -> Recording:
        """See PowerMeter."""
        self.end_reading()
        self._api.stop_measuring()
        middles, means_ua = self._means.result()
        line = self._clock.line()
        return recording(
            self.name,
            line.at(middles / SAMPLE_RATE_HZ) - self.start_s,
            means_ua / 1e6,
            np.full(len(means_ua), self._voltage_mv / 1e3),
            self.marks(line.delay_s),
            dropped_samples=self._words.lost,
            saturated_samples=self._saturated,
            clock_error_ppm=line.error_ppm,
            notes=(
                f"means of {MEAN_OF_SAMPLES} samples; the voltage is the one "
                + ("set" if self._mode == "source" else "given, not measured"),
            ),
        )

    def close(self) -> None:
        """See PowerMeter."""
        super().close()
        if self._api is not None:
            with contextlib.suppress(OSError):
                self._api.ser.write(b"\x07")  # stop_measuring logs when the port is gone
            with contextlib.suppress(OSError):
                self._api.ser.close()

    def _read_calibration(self) -> None:
        """Raises DeviceError when nothing answers as a PPK2, DataError for a bad calibration."""
        for _ in range(_TRIES):
            self._api.stop_measuring()  # a run that was cut off may have left it on
            self._drain()
            with contextlib.suppress(UnicodeDecodeError):
                self._api.get_modifiers()
            # its first line: without it the answer was read in two parts and one is missing
            if self._api.modifiers["Calibrated"] is not None:
                break
        else:
            raise DeviceError(
                f"{self.name}: does not answer as a PPK2; switch it on, use its first port, "
                "end the Power Profiler application"
            )
        nominal = (1031.64, 101.65, 10.15, 0.94, 0.043)
        for wanted, (number, found) in zip(nominal, self._api.modifiers["R"].items(), strict=True):
            if not wanted / 3 < found < wanted * 3:
                raise DataError(
                    f"{self.name}: its calibration is damaged, shunt {number} has {found:g} ohm "
                    f"instead of about {wanted:g}; have it repaired by Nordic"
                )

    def _drain(self) -> None:
        """Throw away what comes until nothing does."""
        while self._api.get_data():
            time.sleep(_QUIET_S)

    def _read(self) -> bool:
        with self._lost():
            data = self._api.get_data()
        arrival_s = time.monotonic()
        piece = self._words.take(data, SAMPLE_RATE_HZ * (arrival_s - self.start_s))
        if piece is None:
            time.sleep(_EMPTY_S)
            return False
        if 5 * piece.jumps > len(piece.index) > MEAN_OF_SAMPLES:
            raise DataError(
                f"{self.name}: sends no samples of a PPK2; unplug it, plug it in and run again"
            )
        # whole words only: of fewer bytes it makes a sample that was not there
        values, _ = self._api.get_samples(piece.data)
        microamperes = np.array(values)
        if len(microamperes) != len(piece.index):
            raise DataError(f"{self.name}: a sample cannot be converted to a current")
        self._saturated += int(np.sum(np.abs(microamperes) > MOST_UA))
        self._means.add(piece.index, microamperes)
        self._clock.add((int(piece.index[-1]) + 1) / SAMPLE_RATE_HZ, arrival_s)
        return True

    @contextlib.contextmanager
    def _lost(self) -> Iterator[None]:
        try:
            yield
        except (OSError, TypeError) as error:  # TypeError: pyserial when closed while it reads
            raise DeviceError(
                f"{self.name}: the PPK2 is gone; check its cable and run again"
            ) from error
