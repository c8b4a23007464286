# SPDX-License-Identifier: Apache-2.0
"""A battery of the phone of adb_daemon.py that gives more current while the agent works."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.devices.adb_daemon_shell import Sandbox

VOLTAGE_V = 3.85
IDLE_MA = 310
BATTERY = """Current Battery Service state:
  AC powered: false
  USB powered: {usb}
  Wireless powered: false
  Dock powered: false
  status: {status}
  health: 2
  present: true
  level: 57
  scale: 100
  voltage: 3850
  temperature: 287
"""


class PhoneBattery:
    """``load_ma`` is what the load adds, as ``load`` says; numbers as the kernel wants them."""

    def __init__(self, sandbox: Sandbox, load_ma: int, *, usb: bool = False) -> None:
        self._folder = sandbox.supplies / "battery"
        self._folder.mkdir()
        self._load_ma = load_ma
        self.load = False
        text = BATTERY.format(usb=str(usb).lower(), status=2 if usb else 3)
        sandbox.put("dumpsys", f"[ \"$*\" = battery ] && cat <<'END'\n{text}END")
        self._write("type", "Battery")
        self._write("status", "Charging" if usb else "Discharging")
        self._write("voltage_now", str(round(VOLTAGE_V * 1e6)))
        self._ended = threading.Event()
        self._tick = 0
        self._step()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _live(self) -> None:
        while not self._ended.wait(0.1):
            self._step()

    def _step(self) -> None:
        self._tick += 1
        current_ma = IDLE_MA + (self._load_ma if self.load else 0) + self._tick % 3 - 1
        self._write("current_now", str(-1000 * current_ma))

    def _write(self, name: str, text: str) -> None:
        part = Path(f"{self._folder}.part")
        part.write_text(f"{text}\n")
        part.replace(self._folder / name)
