# SPDX-License-Identifier: Apache-2.0
"""Memory that a built library needs: flash from its sections, RAM and stack by running it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from host_tools.errors import DataError, MissingDependency
from host_tools.generate.checkout import checkout_root

STACK_METHOD = "measured by painting the stack over 3 s of noise bursts and tones"

_EMULATORS = {"host": None, "rpi-aarch64": "qemu-aarch64", "rpi-armv7": "qemu-arm"}
_TIMEOUT_S = 120
_EXECUTABLE = 0x4  # ELF section flags
_ALLOCATED = 0x2


@dataclass(frozen=True)
class FlashSize:
    """Bytes of a library that lie in flash (or on disk), by use."""

    code_bytes: int
    table_bytes: int
    model_bytes: int
    writable_bytes: int


@dataclass(frozen=True)
class SizeReport:
    """Sizes of one build. Stack: deepest use by one call, ``stack_method`` says how found."""

    target: str
    kernel: str
    flash: FlashSize
    state_bytes: int
    stack_create_bytes: int
    stack_process_bytes: int
    stack_method: str = STACK_METHOD


def built_targets() -> list[str]:
    """Targets that ``make build`` or ``host_tools build`` has built here, in a fixed order."""
    return [
        name
        for name in _EMULATORS
        if _library(name).exists() and (_folder(name) / "percepnet_sizes").exists()
    ]


def size_report(target: str, model: Path | None = None) -> SizeReport:
    """Sizes of the build of *target* (see built_targets) with *model* or the embedded one.

    Raises MissingDependency (no such build, no emulator), DataError (the library refuses).
    """
    if target not in built_targets():
        raise MissingDependency(
            f"no build of {target} here; run 'host_tools build --target {target}'"
        )
    probe = str(_folder(target) / "percepnet_sizes")
    arguments = [] if model is None else [str(model)]
    facts = _run_probe([*_emulator(target), probe, *arguments])
    flash = flash_size(_library(target))
    if model is not None:
        flash = replace(flash, model_bytes=model.stat().st_size)
    return SizeReport(
        target,
        facts["kernel"],
        flash,
        int(facts["state_bytes"]),
        int(facts["stack_create_bytes"]),
        int(facts["stack_process_bytes"]),
    )


def size_lines(reports: Sequence[SizeReport]) -> list[str]:
    """The reports as a text table, one column a target, bytes; empty without reports."""
    if not reports:
        return []
    rows = [
        ("bytes", [report.target for report in reports]),
        ("code", [str(report.flash.code_bytes) for report in reports]),
        ("tables", [str(report.flash.table_bytes) for report in reports]),
        ("model", [str(report.flash.model_bytes) for report in reports]),
        ("state per channel", [str(report.state_bytes) for report in reports]),
        ("stack, create", [str(report.stack_create_bytes) for report in reports]),
        ("stack, process", [str(report.stack_process_bytes) for report in reports]),
    ]
    lines = [f"{name:<18}" + "".join(f"{value:>14}" for value in values) for name, values in rows]
    return [*lines, f"stack: {STACK_METHOD}, {', '.join(r.kernel for r in reports)} kernels"]


def flash_size(library: Path) -> FlashSize:
    """Sizes of a shared library: code, constant tables, embedded model, writable data."""
    code = constant = writable = 0
    try:
        with library.open("rb") as file:
            elf = ELFFile(file)
            for section in elf.iter_sections():
                flags, size = section["sh_flags"], section["sh_size"]
                if flags & _EXECUTABLE:
                    code += size
                elif section.name.startswith((".rodata", ".data.rel.ro")):
                    constant += size
                elif flags & _ALLOCATED and section.name in (".data", ".bss"):
                    writable += size
            model = _model_bytes(elf)
    except (OSError, ELFError) as error:
        raise DataError(f"{library}: is no ELF library ({error}); build it again") from error
    return FlashSize(code, constant - model, model, writable)


def _model_bytes(elf: ELFFile) -> int:
    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return 0
    symbols = table.get_symbol_by_name("pn_embedded_model_start")
    return int(symbols[0]["st_size"]) if symbols else 0


def _folder(target: str) -> Path:
    return checkout_root() / "build" / target / "firmware"


def _library(target: str) -> Path:
    return _folder(target) / "libpercepnet.so"


def _emulator(target: str) -> list[str]:
    name = _EMULATORS[target]
    if name is None:
        return []
    if shutil.which(name) is None:
        raise MissingDependency(f"{name} is missing; on Debian: apt-get install -y qemu-user")
    return [name]


def _run_probe(command: Sequence[str]) -> dict[str, str]:
    """Run percepnet_sizes and return its "name value" lines."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DataError(f"{command[-1]}: did not run ({error}); build it again") from error
    if done.returncode != 0:
        reason = done.stderr.strip() or f"exit code {done.returncode}"
        raise DataError(f"sizes could not be measured: {reason}")
    return dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
