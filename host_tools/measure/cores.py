# SPDX-License-Identifier: Apache-2.0
"""The named cores that loads are estimated for (cores.toml, with the source of each figure)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from host_tools.measure.toml_file import read_toml

CORES_FILE = Path(__file__).with_name("cores.toml")


@dataclass(frozen=True)
class Core:
    """One core. Frequencies in GHz, bandwidth in 10^9 bytes a second.

    ``mca_triple`` is llvm-mca's name for the instruction set.
    """

    name: str
    title: str
    frequency_ghz: float
    kernel: str
    mca_cpu: str
    mca_model: str
    single_loads: bool
    ipc_other: float
    read_gb_per_s: float
    bandwidth_source: str
    emulators: tuple[str, ...]
    mca_triple: str = "aarch64"


@cache
def cores() -> tuple[Core, ...]:
    """All cores, in the order of the file."""
    tables = read_toml(CORES_FILE)["core"]
    return tuple(
        Core(name=name, **{**table, "emulators": tuple(table["emulators"])})
        for name, table in tables.items()
    )


def core_of_emulator(cpu: str) -> Core | None:
    """The core whose load is the headline on ``emulator:<cpu>``; None: no estimate for it."""
    return next((core for core in cores() if cpu in core.emulators), None)
