# SPDX-License-Identifier: Apache-2.0
"""Reading TOML: the standard library's reader, or its twin on Python 3.10."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from host_tools.errors import DataError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises DataError when it is missing or malformed."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); check the path") from error
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path}: not valid TOML ({error}); mend that line") from error
