# SPDX-License-Identifier: Apache-2.0
"""A PPK2 at the level of its bytes: commands in, calibration text and sample words out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tests.power.wires import Instrument, PtyWire

RATE_HZ = 100_000
ADC_VOLTS = 1.8 / 163_840

SHUNTS_OHM = (1008.2, 102.4, 10.41, 0.978, 0.0574)
GAINS = (1.0, 0.9614, 0.9534, 0.9415, 0.9521)
CURVES = (0.0, 138.4, 21.6, 3.013, 0.0876)
VOLTAGE_TERMS_A = (-9e-9, -6.4e-8, -5.12e-7, -4.891e-6, 0.002447)
OFFSETS_A = (4.4e-8, 3.64e-7, 6.1e-5, -2.549e-4, -0.0077)
ADC_OFFSETS = (110.0, 105.0, 98.0, 95.0, 90.0)
LIMITS_A = (50e-6, 500e-6, 5e-3, 60e-3)
"""From where on the next range is used."""

_LENGTHS = {0x06: 1, 0x07: 1, 0x0C: 2, 0x0D: 3, 0x11: 2, 0x19: 1}


def metadata() -> str:
    rows = ["Calibrated: 1"]
    for name, values in (
        ("R", SHUNTS_OHM),
        ("GS", CURVES),
        ("GI", GAINS),
        ("O", ADC_OFFSETS),
        ("S", VOLTAGE_TERMS_A),
        ("I", OFFSETS_A),
        ("UG", (1.0,) * 5),
    ):
        rows += [f"{name}{at}: {value:.9f}" for at, value in enumerate(values)]
    return "\n".join([*rows, "VDD: 3300", "HW: 54350", "mode: 2", "IA: 58", "END", ""])


def step_a(current_a: float) -> float:
    """One step of the ADC at a current; the curve of the calibration stretches it a little."""
    return 4 * ADC_VOLTS / SHUNTS_OHM[range_of(current_a)] * 1.2


def range_of(current_a: float) -> int:
    return sum(current_a > limit for limit in LIMITS_A)


class SimulatedPpk2(Instrument):
    """``current_a`` is a function of its seconds since ``start_s``; the rest are its faults.

    It never loses samples by itself, however late this computer fetches them.
    """

    def __init__(self, current_a: Callable[[float], float]) -> None:
        super().__init__(PtyWire())
        self.current_a = current_a
        self.voltage_mv: int | None = None
        self.mode: int | None = None
        self.device_is_on = False
        self.is_measuring = False
        self.commands: list[bytes] = []
        self.text = metadata()
        self.answers_in_halves = 0
        self.clock_rate = 1.0
        self.lose = 0
        self.lost = 0
        self.at_adc_end = 0
        self.is_silent = False
        self.is_garbage = False
        self._sent = 0
        self._input = b""
        self._buffer = b""
        self.start_s = 0.0
        self.begin()

    def step(self) -> None:
        self._input += self.wire.read(0.002)
        while self._input and len(self._input) >= _LENGTHS.get(self._input[0], 1):
            length = _LENGTHS.get(self._input[0], 1)
            self._obey(self._input[:length])
            self._input = self._input[length:]
        if self.is_measuring and not self.is_silent:
            self._measure()
        self._buffer = self._buffer[self.wire.write_what_fits(self._buffer) :]

    def _obey(self, command: bytes) -> None:
        self.commands.append(command)
        if command[0] == 0x19:
            half = len(self.text) // 2 if self.answers_in_halves else 0
            self.answers_in_halves = max(0, self.answers_in_halves - 1)
            self.wire.write(self.text[:half].encode())
            time.sleep(0.15 if half else 0.0)
            self.wire.write(self.text[half:].encode())
        elif command[0] == 0x0D:
            self.voltage_mv = (command[1] - 3) * 256 + command[2] - 32 + 800
        elif command[0] == 0x11:
            self.mode = command[1]
        elif command[0] == 0x0C:
            self.device_is_on = command[1] == 1
        elif command[0] == 0x06:
            self.is_measuring, self._sent, self.start_s = True, 0, time.monotonic()
        elif command[0] == 0x07:
            self.is_measuring, self._buffer = False, b""

    def _measure(self) -> None:
        due = int((time.monotonic() - self.start_s) * RATE_HZ * self.clock_rate)
        if self.lose and not self._buffer:
            self._sent, self.lost, self.lose = self._sent + self.lose, self.lost + self.lose, 0
        if due <= self._sent:
            return
        counters = np.arange(self._sent, due)
        self._sent = due
        if self.is_garbage:
            self._buffer += np.random.default_rng(1).bytes(4 * len(counters))
            return
        self._buffer += self._words(counters).astype("<u4").tobytes()

    def _words(self, counters: NDArray[np.int64]) -> NDArray[np.int64]:
        # the load is the same for a millisecond
        first, last = int(counters[0]) // 100, int(counters[-1]) // 100
        each = [self._word(self.current_a(at / 1e3)) for at in range(first, last + 1)]
        words: NDArray[np.int64] = np.array(each)[counters // 100 - first]
        if self.at_adc_end:
            words[: self.at_adc_end] = 4 << 14 | 0x3FFF
            self.at_adc_end = max(0, self.at_adc_end - len(words))
        return words | (counters % 64) << 18

    def _word(self, current_a: float) -> int:
        """The ADC value that the calibration turns into *current_a*."""
        at = range_of(current_a)
        wanted_a = current_a - VOLTAGE_TERMS_A[at] * (self.voltage_mv or 0) / 1e3 - OFFSETS_A[at]
        a, b = CURVES[at], GAINS[at]
        bare_a = (math.sqrt(b * b + 4 * a * wanted_a) - b) / (2 * a) if a else wanted_a / b
        adc = round((bare_a * SHUNTS_OHM[at] / ADC_VOLTS + ADC_OFFSETS[at]) / 4)
        return at << 14 | min(max(adc, 0), 0x3FFF)
