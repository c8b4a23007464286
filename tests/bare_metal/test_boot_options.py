# SPDX-License-Identifier: Apache-2.0
"""Options from cmdline.txt, found in the device tree that the firmware hands over."""

from __future__ import annotations

import ctypes
import struct
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.needs import ROOT, need_program

Read = Callable[[bytes | None], tuple[int, bool]]
BEGIN, END, PROPERTY, NOTHING, FINISH = 1, 2, 3, 4, 9


class Options(ctypes.Structure):
    _fields_ = (("baud", ctypes.c_uint32), ("mini_uart", ctypes.c_bool))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """The parser, built for this computer."""
    path = tmp_path_factory.mktemp("options") / "options.so"
    source = ROOT / "firmware" / "bare_metal" / "boot_options.c"
    need_program("cc")
    flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fPIC", "-shared"]
    subprocess.run(["cc", *flags, str(source), "-o", str(path)], check=True)
    loaded = ctypes.CDLL(str(path))
    loaded.pn_boot_options_read.restype = Options
    loaded.pn_boot_options_read.argtypes = [ctypes.c_void_p]
    loaded.pn_boot_options_parse.restype = Options
    loaded.pn_boot_options_parse.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    return loaded


def read(library: ctypes.CDLL, tree: bytes) -> tuple[int, bool]:
    memory = ctypes.create_string_buffer(tree, len(tree) + 8)
    aligned = ctypes.addressof(memory)
    assert aligned % 8 == 0
    options = library.pn_boot_options_read(aligned)
    return options.baud, options.mini_uart


def parse(library: ctypes.CDLL, text: bytes) -> tuple[int, bool]:
    options = library.pn_boot_options_parse(text, len(text))
    return options.baud, options.mini_uart


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def node(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", BEGIN) + padded(name + b"\0") + content + struct.pack(">I", END)


def prop(name_at: int, value: bytes) -> bytes:
    return struct.pack(">III", PROPERTY, len(value), name_at) + padded(value)


def tree(bootargs: bytes, chosen: bytes = b"chosen") -> bytes:
    """A device tree as `dtc` would write it, with little in it."""
    strings = b"model\0bootargs\0#address-cells\0#size-cells\0"
    one = struct.pack(">I", 1)
    cells = prop(strings.index(b"#address"), one) + prop(strings.index(b"#size"), one)
    memory = node(b"other", prop(0, b"percepnet.baud=9600\0"))
    options = node(chosen, struct.pack(">I", NOTHING) + prop(6, bootargs + b"\0"))
    root = cells + prop(0, b"a board\0") + memory + options
    structure = node(b"", root) + struct.pack(">I", FINISH)
    start = 40 + 16  # no reserved memory: an empty entry
    at = start + len(structure)
    sizes = (len(strings), len(structure))
    head = (0xD00DFEED, at + len(strings), start, at, 40, 17, 16, 0, *sizes)
    return struct.pack(">10I", *head) + bytes(16) + structure + strings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", (115_200, False)),
        (b"percepnet.baud=921600", (921_600, False)),
        (b"console=ttyS0 percepnet.uart=mini percepnet.baud=3000000 quiet\n", (3_000_000, True)),
        (b"percepnet.uart=pl011", (115_200, False)),
        (b"percepnet.baud=9600 percepnet.baud=57600", (57_600, False)),
        (b"percepnet.baud=", (115_200, False)),
        (b"percepnet.baud=99999999999999999999", (115_200, False)),
        (b"percepnet.baud=12x", (115_200, False)),
        (b"xpercepnet.baud=9600", (115_200, False)),
    ],
)
def test_words_of_the_command_line(
    library: ctypes.CDLL, text: bytes, expected: tuple[int, bool]
) -> None:
    assert parse(library, text) == expected
    assert read(library, tree(text)) == expected


def test_only_the_node_chosen_counts(library: ctypes.CDLL) -> None:
    assert read(library, tree(b"percepnet.baud=9600", b"choosen")) == (115_200, False)


def test_without_a_tree_there_are_defaults(library: ctypes.CDLL) -> None:
    options = library.pn_boot_options_read(None)
    assert (options.baud, options.mini_uart) == (115_200, False)


@given(st.data())
def test_a_damaged_tree_is_harmless(library: ctypes.CDLL, data: st.DataObject) -> None:
    good = bytearray(tree(b"percepnet.baud=921600 percepnet.uart=mini"))
    size = len(good)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(8, size - 1))
        good[at] = data.draw(st.integers(0, 255))
    baud, _ = read(library, bytes(good))
    assert 9_600 <= baud <= 4_000_000


@given(st.binary(max_size=200))
def test_any_text_gives_a_usable_baud_rate(library: ctypes.CDLL, text: bytes) -> None:
    baud, _ = parse(library, text)
    assert 9_600 <= baud <= 4_000_000
