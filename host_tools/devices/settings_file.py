# SPDX-License-Identifier: Apache-2.0
"""devices.toml: short names for devices.

    [device.bench-pi]
    url = "serial:/dev/ttyUSB0?baud=921600"
    description = "Pi 3 on the bench"

Read from the user's configuration folder and from the working folder; the latter wins.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from host_tools.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE_NAME = "devices.toml"
_KEYS = {"url", "description"}


@dataclass(frozen=True)
class NamedDevice:
    """One ``[device.NAME]`` table; ``source`` is the file that it stands in."""

    name: str
    url: str
    description: str
    source: Path


def default_files() -> tuple[Path, ...]:
    """Files that are read, the later one wins."""
    return (
        Path(platformdirs.user_config_dir("percepnet-kit")) / FILE_NAME,
        Path.cwd() / FILE_NAME,
    )


def named_devices(files: Sequence[Path] | None = None) -> dict[str, NamedDevice]:
    """All named devices. Raises UsageError for a file that cannot be used."""
    found: dict[str, NamedDevice] = {}
    for path in default_files() if files is None else files:
        if path.is_file():
            found.update(_read(path))
    return found


def _read(path: Path) -> dict[str, NamedDevice]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error
    tables = content.get("device", {})
    if not isinstance(tables, dict):
        raise UsageError(f"{path}: 'device' must be tables like [device.my-board]")
    return {name: _named(path, name, table) for name, table in tables.items()}


def _named(path: Path, name: str, table: Any) -> NamedDevice:
    where = f"{path}: [device.{name}]"
    if not isinstance(table, dict):
        raise UsageError(f"{where} must be a table with a url")
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise UsageError(f"{where}: unknown key '{unknown[0]}'; known: url, description")
    url = table.get("url")
    description = table.get("description", "")
    if not isinstance(url, str) or not url or not isinstance(description, str):
        raise UsageError(f'{where} needs url = "...", for example "emulator:cortex-a53"')
    if ":" in name or name == "host":
        raise UsageError(f"{where}: a name must not look like a device URL")
    return NamedDevice(name, url, description, path)
