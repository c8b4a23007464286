# SPDX-License-Identifier: Apache-2.0
"""The folder that a measurement leaves: runs/<UTC time>-<device>/."""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
from pathlib import Path

import soundfile

from host_tools.devices.base import SAMPLE_RATE_HZ, Samples
from host_tools.errors import DataError, MissingDependency
from host_tools.files import whole_file
from host_tools.measure.result import MeasureResult
from host_tools.power.csv_file import write_trace
from host_tools.report.frame_table import write_frames
from host_tools.report.junit import junit_xml
from host_tools.report.result_reader import RESULT_NAME
from host_tools.report.run_html import run_page
from host_tools.report.run_reader import (
    ENHANCED_NAME,
    FRAMES_NAME,
    NOISY_NAME,
    POWER_NAME,
    KeptRun,
    read_run,
)

JUNIT_NAME = "junit.xml"
HTML_NAME = "report.html"


def write_run(result: MeasureResult, parent: Path) -> Path:
    """Keep a measurement in a new folder below ``parent``; gives its path.

    It holds result.json, noisy.wav, enhanced.wav, junit.xml and report.html; frames.csv of timed
    runs, power.csv of a recording. Without the packages of the extra "report" all but report.html
    is kept, with a warning. The folder appears under its name only when complete. Raises DataError
    when ``parent`` cannot be written.
    """
    stamp = re.sub(r"[-:]", "", result.created_utc)
    device = re.sub(r"[^A-Za-z0-9._]+", "-", result.device).strip("-") or "device"
    temporary: Path | None = None
    try:
        parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".run-", dir=parent))
        temporary.chmod(0o755)
        _write_data(result, temporary)
        try:
            _try_report(temporary)
        finally:
            # also when somebody interrupts the drawing: what was measured is kept
            folder = _rename(temporary, parent, f"{stamp}-{device}")
        return folder
    except (OSError, soundfile.LibsndfileError) as error:
        raise DataError(f"{parent}: cannot keep the run there ({error}); try --output") from error
    finally:
        if temporary is not None and temporary.exists():
            shutil.rmtree(temporary, ignore_errors=True)


def write_report(folder: Path) -> KeptRun:
    """Draw junit.xml and report.html of a run folder from its other files; gives what they hold.

    The same files give the same bytes. Raises DataError with the file that cannot be read or
    written, MissingDependency without the packages of report.html (junit.xml is then there).
    """
    run = read_run(folder)
    with whole_file(folder / JUNIT_NAME) as part:
        part.write_bytes(junit_xml(run.result))
    page = run_page(run)
    with whole_file(folder / HTML_NAME) as part:
        part.write_bytes(page.encode("utf-8", "replace"))
    return run


def _try_report(folder: Path) -> None:
    """Draw what can be drawn; a report that cannot is no reason to lose a measurement."""
    log = logging.getLogger(__name__)
    try:
        write_report(folder)
    except MissingDependency as error:
        log.warning("no %s: %s", HTML_NAME, error)
    except Exception as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        log.warning("no %s (%s); host_tools report draws it anew", HTML_NAME, what)


def _write_data(result: MeasureResult, folder: Path) -> None:
    """What was measured; everything else is drawn from it."""
    (folder / RESULT_NAME).write_text(result.to_json(), encoding="utf-8")
    _write_wav(result.enhanced, folder / ENHANCED_NAME)
    _write_wav(result.noisy, folder / NOISY_NAME)
    if result.runs:
        write_frames(result.runs, folder / FRAMES_NAME)
    if result.recording is not None and len(result.recording.time_s):
        write_trace(result.recording, folder / POWER_NAME)


def _write_wav(samples: Samples, path: Path) -> None:
    soundfile.write(path, samples, SAMPLE_RATE_HZ, subtype="PCM_16", format="WAV")


def _rename(temporary: Path, parent: Path, name: str) -> Path:
    """Give the folder its name, with a number when two runs began in the same second."""
    for number in range(1, 1000):
        target = parent / (name if number == 1 else f"{name}-{number}")
        if target.exists():
            continue
        os.rename(temporary, target)
        return target
    raise OSError(f"{name} exists a thousand times")
