# SPDX-License-Identifier: Apache-2.0
"""Program files: good ones are described, all others refused in one line."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_tools.errors import DataError
from host_tools.flash.image_file import read_image
from tests.flash.images import BUILD_ID, bare_metal_file, with_build_id
from tests.needs import need_build, need_program

same_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)


def complaint(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_image(path)
    message = str(caught.value)
    assert "\n" not in message and message.startswith(f"{path}: ")
    assert "host_tools build --target" in message
    return message


def test_a_kernel_is_described_and_sent_without_its_checksum_line(kernel: Path) -> None:
    image = read_image(kernel)
    assert (image.kind, image.machine, image.build_id) == ("bare-metal", "aarch64", BUILD_ID)
    assert image.file_bytes == kernel.read_bytes()
    assert image.data == image.file_bytes[:-74]


def test_the_built_kernel_is_good() -> None:
    image = read_image(need_build("rpi-bare-metal", "kernel8.img"))
    assert (image.kind, image.machine, len(image.build_id)) == ("bare-metal", "aarch64", 40)


@pytest.mark.parametrize(
    ("preset", "machine"),
    [("host", None), ("rpi-aarch64", "aarch64"), ("rpi-armv7", "armv7")],
)
def test_a_built_agent_is_described_as_readelf_does(preset: str, machine: str | None) -> None:
    path = need_build(preset, "percepnet_agent")
    image = read_image(path)
    command = [need_program("readelf"), "-n", str(path)]
    notes = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert image.kind == "linux" and image.build_id and f"Build ID: {image.build_id}" in notes
    assert machine is None or image.machine == machine


@same_folder
@given(cut=st.integers(1, len(bare_metal_file()) - 1))
def test_a_kernel_cut_anywhere_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.img"
    path.write_bytes(bare_metal_file()[:cut])
    assert "cut short" in complaint(path) or cut < 16


@same_folder
@given(at=st.integers(0, len(bare_metal_file()) - 1), bit=st.integers(0, 7))
def test_a_kernel_with_any_bit_changed_is_refused(tmp_path: Path, at: int, bit: int) -> None:
    data = bytearray(bare_metal_file())
    data[at] ^= 1 << bit
    path = tmp_path / "bit.img"
    path.write_bytes(bytes(data))
    complaint(path)


@same_folder
@given(share=st.floats(0, 1, exclude_max=True))
def test_an_agent_cut_anywhere_is_refused(agent: Path, tmp_path: Path, share: float) -> None:
    data = agent.read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(data[: 1 + int(share * (len(data) - 1))])
    assert "cut short" in complaint(path) or share * len(data) < 4


@same_folder
@given(change=st.binary(min_size=1, max_size=64), at=st.integers(4, 400))
def test_an_agent_with_damaged_headers_is_read_or_refused_in_one_line(
    agent: Path, tmp_path: Path, change: bytes, at: int
) -> None:
    data = agent.read_bytes()
    path = tmp_path / "damaged"
    path.write_bytes(data[:at] + change + data[at + len(change) :])
    try:
        assert read_image(path).kind == "linux"
    except DataError as error:
        assert "\n" not in str(error)


def test_a_kernel_for_another_machine_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kernel8.img"
    path.write_bytes(bare_metal_file(machine=0xAA65))
    assert "another machine" in complaint(path)


def test_a_kernel_shorter_than_its_header_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kernel8.img"
    path.write_bytes(bare_metal_file(image_bytes=1 << 20))
    assert "cut short" in complaint(path)


def test_a_program_for_another_kind_of_cpu_is_refused(agent: Path, tmp_path: Path) -> None:
    data = bytearray(agent.read_bytes())
    data[18] = 0xF3  # RISC-V
    path = tmp_path / "percepnet_agent"
    path.write_bytes(bytes(data))
    assert "no build for" in complaint(path)


def test_another_program_is_no_agent(tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_bytes(Path(need_program("true")).read_bytes())
    assert "no percepnet_agent" in complaint(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is empty"),
        (b"\xd0\x0d\xfe\xed" * 100, "neither"),
        (b"#!/bin/sh\nexit\n", "neither"),
        (b"\x7fELF", "cut short"),
        (b"PNSHA256 " + b"0" * 64 + b"\n", "neither"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert expected in complaint(path)


def test_absent_unreadable_and_huge_files_are_refused(tmp_path: Path) -> None:
    assert "No such file" in complaint(tmp_path / "absent")
    with pytest.raises(DataError, match="is no file"):
        read_image(Path("/dev/zero"))
    with pytest.raises(DataError, match="is no file"):
        read_image(tmp_path)
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate((64 << 20) + 1)
    assert "more than 64 MiB" in complaint(huge)


def test_the_build_id_can_be_exchanged_for_tests(agent: Path) -> None:
    changed = with_build_id(agent.read_bytes(), "12" * 20)
    assert len(changed) == agent.stat().st_size
    assert hashlib.sha256(changed).digest() != hashlib.sha256(agent.read_bytes()).digest()
