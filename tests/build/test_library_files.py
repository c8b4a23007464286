# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from host_tools.generate.size_report import flash_size, size_report
from tests.needs import ROOT, need, need_build, need_program

PRESETS = ("host", "rpi-aarch64", "rpi-armv7")
STATE_LIMIT_BYTES = 256 * 1024
STACK_LIMIT_BYTES = 16 * 1024


@pytest.mark.parametrize("preset", PRESETS)
def test_shared_library_exports_the_public_header_and_nothing_else(preset: str) -> None:
    header = (ROOT / "firmware/include/percepnet/percepnet.h").read_text()
    declared = set(re.findall(r"^PN_API [^(]*?(pn_\w+)\(", header, re.MULTILINE))
    with need_build(preset, "libpercepnet.so").open("rb") as file:
        table = ELFFile(file).get_section_by_name(".dynsym")
        exported = {
            symbol.name
            for symbol in table.iter_symbols()
            if symbol["st_shndx"] != "SHN_UNDEF" and symbol["st_info"]["bind"] != "STB_LOCAL"
        }
    assert exported == declared


@pytest.mark.parametrize("preset", PRESETS)
def test_shared_library_carries_its_version(preset: str) -> None:
    with need_build(preset, "libpercepnet.so").open("rb") as file:
        dynamic = ELFFile(file).get_section_by_name(".dynamic")
        names = [tag.soname for tag in dynamic.iter_tags("DT_SONAME")]
    assert names == ["libpercepnet.so.0"]


@pytest.mark.parametrize("preset", PRESETS)
def test_state_and_stack_stay_within_their_limits(preset: str) -> None:
    need_build(preset, "percepnet_sizes")
    if preset != "host":
        need_program({"rpi-aarch64": "qemu-aarch64", "rpi-armv7": "qemu-arm"}[preset])
    model = ROOT / "models" / "percepnet" / "percepnet.pnm"
    need(model.exists(), "models/percepnet/percepnet.pnm is missing (host_tools quantize)")
    report = size_report(preset, model)
    assert 0 < report.state_bytes <= STATE_LIMIT_BYTES
    assert 0 < report.stack_process_bytes <= STACK_LIMIT_BYTES
    assert 0 < report.stack_create_bytes <= STACK_LIMIT_BYTES


@pytest.mark.parametrize("preset", ("rpi-aarch64", "rpi-armv7"))
def test_library_keeps_no_writable_data_of_its_own(preset: str) -> None:
    # up to 16 bytes are the C run time's own (__dso_handle, frame_dummy)
    assert flash_size(need_build(preset, "libpercepnet.so")).writable_bytes <= 16


def test_second_configure_changes_nothing(tmp_path: Path) -> None:
    command = [need_program("cmake"), "-G", "Ninja", "-S", str(ROOT), "-B", str(tmp_path)]
    command += ["-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"]
    need_program("ninja")
    plans = []
    for _ in range(2):
        subprocess.run(command, check=True, capture_output=True)
        plans.append((tmp_path / "compile_commands.json").read_bytes())
    assert b"percepnet_lab" in plans[0]
    assert plans[0] == plans[1]
