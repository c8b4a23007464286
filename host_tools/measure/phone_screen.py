# SPDX-License-Identifier: Apache-2.0
"""Whether a phone's screen is on, which takes more power than the denoiser."""

from __future__ import annotations

import re

COMMAND = "dumpsys power; dumpsys deviceidle; true"

_DISPLAY = re.compile(r"Display Power: state=([A-Z_]+)")
_SCREEN = re.compile(r"\bmScreenOn=(true|false)\b")
_WAKEFULNESS = re.compile(r"\bmWakefulness=([A-Za-z]+)")
_DISPLAY_STATES = {"ON": "on", "OFF": "off", "DOZE": "dim", "DOZE_SUSPEND": "dim", "VR": "on"}
_SCREEN_STATES = {"true": "on", "false": "off"}
_WAKE_STATES = {"Awake": "on", "Dreaming": "on", "Dozing": "dim", "Asleep": "off"}


def parse_screen(text: str | None) -> str | None:
    """From ``dumpsys power`` or ``dumpsys deviceidle``: "on", "off" or "dim", the clock shown at
    rest; None when they do not tell. The display's own state comes before what others think of it.
    """
    for pattern, states in (
        (_DISPLAY, _DISPLAY_STATES),
        (_SCREEN, _SCREEN_STATES),
        (_WAKEFULNESS, _WAKE_STATES),
    ):
        found = [states[word] for word in pattern.findall(text or "") if word in states]
        if found:
            return "on" if "on" in found else found[0]
    return None
