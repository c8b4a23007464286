# SPDX-License-Identifier: Apache-2.0
"""Stands in for the module ``pyjoulescope_driver``: its publish and subscribe, no USB below.

Topics, messages and errors have the shapes that the driver 2.2 documents; ``BENCH`` is what is
connected and how it fails.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Callback = Callable[[str, dict[str, Any]], None]

RATES_HZ = {"js110": 2_000_000, "js220": 1_000_000, "js320": 1_000_000}


@dataclass
class Bench:
    """The instruments of the computer; the load is (current in A, voltage in V, power in W)."""

    paths: list[str] = field(default_factory=list)
    load: tuple[float, float, float] = (0.1, 3.7, 0.37)
    peak_a: float = 0.1
    clock_rate: float = 1.0
    skip_blocks: int = 0
    is_unplugged: bool = False
    is_busy: bool = False
    has_other_shape: bool = False
    published: dict[str, Any] = field(default_factory=dict)
    open_paths: set[str] = field(default_factory=set)
    drivers: int = 0


BENCH = Bench()


class Driver:
    def __init__(self, timeout: float | None = None) -> None:
        BENCH.drivers += 1
        self._subscribers: list[tuple[str, Callback]] = []
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def finalize(self, timeout: float | None = None) -> None:
        BENCH.drivers -= 1
        self._end()

    def device_paths(self, timeout: float | None = None) -> list[str]:
        return sorted(BENCH.paths)

    def open(self, device_prefix: str, mode: Any = None, timeout: float | None = None) -> None:
        if BENCH.is_busy:
            raise RuntimeError(f"jsdrv_open failed 14 UNAVAILABLE | {device_prefix}")
        BENCH.open_paths.add(device_prefix)

    def close(self, device_prefix: str, timeout: float | None = None) -> None:
        BENCH.open_paths.discard(device_prefix)

    def subscribe(self, topic: str, flags: Any, fn: Callback, timeout: float | None = None) -> None:
        self._subscribers.append((topic, fn))

    def unsubscribe(self, topic: str, fn: Callback, timeout: float | None = None) -> None:
        # the driver compares the callback's address
        if not any(known == topic and callback is fn for known, callback in self._subscribers):
            raise RuntimeError(f"jsdrv_unsubscribe failed 1 UNSPECIFIED | {topic}")
        self._subscribers = [pair for pair in self._subscribers if pair[1] is not fn]

    def publish(self, topic: str, value: Any, timeout: float | None = None) -> None:
        if BENCH.is_unplugged:
            raise TimeoutError(f"jsdrv_publish timed out | {topic}")
        BENCH.published[topic] = value
        if topic.endswith("/s/stats/ctrl"):
            if value in (1, "on"):
                prefix = topic.removesuffix("/s/stats/ctrl")
                self._thread = threading.Thread(
                    target=self._measure, args=(prefix,), name="js statistics", daemon=True
                )
                self._thread.start()
            else:
                self._end()

    def _end(self) -> None:
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _measure(self, prefix: str) -> None:
        model = prefix.split("/")[-2]
        if model == "js110" and any(
            BENCH.published.get(f"{prefix}/s/{signal}/ctrl") != "on" for signal in "ivp"
        ):
            return  # without streams the host has nothing to compute from
        rate_hz = RATES_HZ[model]
        block = BENCH.published[f"{prefix}/s/stats/scnt"]
        begin_s, number = time.monotonic(), 0
        while not self._ending.is_set() and not BENCH.is_unplugged:
            due = int((time.monotonic() - begin_s) * BENCH.clock_rate * rate_hz / block)
            while number < due:
                number += 1
                if BENCH.skip_blocks:
                    BENCH.skip_blocks -= 1
                    continue
                message = _statistics(1_000_000_000 + (number - 1) * block, block, rate_hz)
                for topic, callback in list(self._subscribers):
                    if topic == f"{prefix}/s/stats/value":
                        callback(topic, {} if BENCH.has_other_shape else message)
            time.sleep(0.001)


def _statistics(begin: int, count: int, rate_hz: int) -> dict[str, Any]:
    def signal(mean: float, peak: float, unit: str) -> dict[str, Any]:
        values = {"avg": mean, "std": 0.0, "min": 0.0, "max": peak, "p2p": peak}
        return {key: {"value": value, "units": unit} for key, value in values.items()}

    current_a, voltage_v, power_w = BENCH.load
    return {
        "time": {
            "samples": {"value": [begin, begin + count], "units": "samples"},
            "sample_freq": {"value": rate_hz, "units": "Hz"},
            "delta": {"value": count / rate_hz, "units": "s"},
        },
        "signals": {
            "current": signal(current_a, BENCH.peak_a, "A"),
            "voltage": signal(voltage_v, voltage_v, "V"),
            "power": signal(power_w, power_w, "W"),
        },
        "source": "sensor",
    }
