# SPDX-License-Identifier: Apache-2.0
"""The folder that a measurement leaves: runs/<UTC time>-<device>/."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path

import soundfile

from host_tools.devices.base import SAMPLE_RATE_HZ
from host_tools.errors import DataError
from host_tools.measure.result import MeasureResult

RESULT_NAME = "result.json"
ENHANCED_NAME = "enhanced.wav"


def write_run(result: MeasureResult, parent: Path) -> Path:
    """Write result.json and enhanced.wav into a new folder below ``parent``; gives its path.

    The folder appears under its name only when complete. Raises DataError when ``parent``
    cannot be written.
    """
    stamp = re.sub(r"[-:]", "", result.created_utc)
    device = re.sub(r"[^A-Za-z0-9._]+", "-", result.device).strip("-") or "device"
    temporary: Path | None = None
    try:
        parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".run-", dir=parent))
        temporary.chmod(0o755)
        (temporary / RESULT_NAME).write_text(result.to_json(), encoding="utf-8")
        soundfile.write(
            temporary / ENHANCED_NAME, result.enhanced, SAMPLE_RATE_HZ, subtype="PCM_16"
        )
        return _rename(temporary, parent, f"{stamp}-{device}")
    except (OSError, soundfile.LibsndfileError) as error:
        raise DataError(f"{parent}: cannot keep the run there ({error}); try --output") from error
    finally:
        if temporary is not None and temporary.exists():
            shutil.rmtree(temporary, ignore_errors=True)


def _rename(temporary: Path, parent: Path, name: str) -> Path:
    """Give the folder its name, with a number when two runs began in the same second."""
    for number in range(1, 1000):
        target = parent / (name if number == 1 else f"{name}-{number}")
        if target.exists():
            continue
        os.rename(temporary, target)
        return target
    raise OSError(f"{name} exists a thousand times")
