# SPDX-License-Identifier: Apache-2.0
"""The kit's part of config.txt and cmdline.txt; everything else in them stays as it is.

Texts here are as read with ``newline=""``: line ends are kept.
"""

from __future__ import annotations

from host_tools.errors import DataError

_BEGIN = "# percepnet begin: from host_tools flash, which --remove takes away"
_END = "# percepnet end"
_SETTINGS = (
    "[all]",
    "arm_64bit=1",
    "kernel=kernel8.img",
    "enable_uart=1",
    "init_uart_clock=48000000",
    "# pins 8 and 10 get the good UART, otherwise Bluetooth has it",
    "dtoverlay=disable-bt",
)
_BAUD = "percepnet.baud="


def has_block(config: str) -> bool:
    """Whether config.txt has the kit's part."""
    return _BEGIN in map(str.strip, config.splitlines())


def with_block(config: str) -> str:
    """config.txt with the kit's part at its end, once. Raises DataError (see without_block)."""
    others = without_block(config)
    gap = "" if not others or others.endswith("\n") else "\n"
    return others + gap + "\n".join((_BEGIN, *_SETTINGS, _END)) + "\n"


def without_block(config: str) -> str:
    """config.txt without the kit's part. Raises DataError when its end cannot be found."""
    lines = config.splitlines(keepends=True)
    names = [line.strip() for line in lines]
    while _BEGIN in names:
        begin = names.index(_BEGIN)
        if _END not in names[begin:]:
            raise DataError(f"config.txt: '{_BEGIN}' without '{_END}'; mend it by hand")
        end = names.index(_END, begin) + 1
        del lines[begin:end], names[begin:end]
    return "".join(lines)


def has_baud(cmdline: str) -> bool:
    """Whether cmdline.txt sets the agent's rate."""
    return any(word.startswith(_BAUD) for word in cmdline.split())


def with_baud(cmdline: str, baud: int) -> str:
    """cmdline.txt, of which only the first line counts, with the agent's rate in bit/s."""
    first, rest = _first_line(without_baud(cmdline))
    return f"{first} {_BAUD}{baud}".lstrip() + (rest or "\n")


def without_baud(cmdline: str) -> str:
    """cmdline.txt without the agent's rate."""
    first, rest = _first_line(cmdline)
    if not has_baud(first):
        return cmdline
    return " ".join(word for word in first.split(" ") if not word.startswith(_BAUD)) + rest


def _first_line(text: str) -> tuple[str, str]:
    """The first line, and its end with all that follows."""
    first = text.splitlines()[0] if text else ""
    return first, text[len(first) :]
