# SPDX-License-Identifier: Apache-2.0
"""result.json back into a MeasureResult, of this version and of older ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from host_tools.errors import DataError
from host_tools.measure.board_readings import ThreadUse
from host_tools.measure.budget import BudgetLine, BudgetReport
from host_tools.measure.estimate import LoadEstimate
from host_tools.measure.pacing import Histogram, Pacing
from host_tools.measure.power_result import Power
from host_tools.measure.quality import Metric
from host_tools.measure.result import (
    SCHEMA_VERSION,
    FrameTime,
    Instructions,
    Load,
    MeasureResult,
    Sizes,
    result_schema,
)
from host_tools.measure.statistics import Distribution, Repeats
from host_tools.measure.validity import Rule
from host_tools.power.energy import Block

RESULT_NAME = "result.json"
OLDEST_VERSION = 1
_LONGEST_WORDS = 160

_SINCE_VERSION_2: dict[str, Any] = {
    "pacing": [],
    "stage_cost_us": None,
    "threads": [],
    "partial": False,
}
"""What version 1 did not hold, and the values that say that nothing is known."""


def result_path(path: Path) -> Path:
    """The result.json of a run folder, or the file itself."""
    return path if path.is_file() else path / RESULT_NAME


def read_result(path: Path) -> MeasureResult:
    """The result in a run folder or result.json, without audio, runs and recording.

    ``schema_version`` stays that of the file. Raises DataError with the file and what is wrong.
    """
    file = result_path(path)
    if not path.exists():
        raise DataError(f"{path}: there is no such run folder or result.json")
    try:
        text = file.read_text(encoding="utf-8")
        data = json.loads(text, parse_constant=_refuse)
    except FileNotFoundError:
        raise DataError(f"{file}: is missing; give the folder that a measurement left") from None
    except OSError as error:
        raise DataError(f"{file}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file}: is no whole JSON ({error}); copy it again") from error
    return _result(_checked(data, file))


def _checked(data: Any, file: Path) -> dict[str, Any]:
    """The data, raised to this version and valid by the schema but for its own version."""
    import jsonschema

    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise DataError(f"{file}: has no schema_version; give the result.json of a measurement")
    if version > SCHEMA_VERSION:
        raise DataError(
            f"{file}: written by a newer version, schema {version}; "
            f"this one reads {OLDEST_VERSION} to {SCHEMA_VERSION}"
        )
    if version < OLDEST_VERSION:
        raise DataError(f"{file}: schema_version {version}; there is none below {OLDEST_VERSION}")
    data = {"engine": "percepnet", "facts": {}, **data}  # both came late in version 2
    if version == 1:
        data = {**data, **_SINCE_VERSION_2, "power": None}
    schema = result_schema()
    validator = jsonschema.Draft202012Validator(schema)
    error = jsonschema.exceptions.best_match(
        validator.iter_errors({**data, "schema_version": SCHEMA_VERSION})
    )
    if error is not None:
        words = " ".join(error.message.split())
        words = words if len(words) <= _LONGEST_WORDS else words[:_LONGEST_WORDS] + " ..."
        raise DataError(f"{file}: at {error.json_path}: {words}; the file was changed")
    return {**data, "schema_version": version}


def _result(data: dict[str, Any]) -> MeasureResult:
    none = np.zeros(0, np.int16)
    counts, budget, power = data["instructions"], data["budget"], data["power"]
    parts = {
        "instructions": None if counts is None else Instructions(**counts),
        "load": Load(**data["load"]),
        "load_estimates": tuple(LoadEstimate(**each) for each in data["load_estimates"]),
        "frame_time_us": FrameTime(**data["frame_time_us"]),
        "pacing": tuple(map(_pacing, data["pacing"])),
        "threads": tuple(ThreadUse(**each) for each in data["threads"]),
        "power": None if power is None else _power(power),
        "quality": {name: Metric(**each) for name, each in data["quality"].items()},
        "sizes": Sizes(**data["sizes"]),
        "validity": tuple(Rule(**each) for each in data["validity"]),
        "budget": None
        if budget is None
        else BudgetReport(budget["name"], tuple(BudgetLine(**line) for line in budget["lines"])),
        "notes": tuple(data["notes"]),
    }
    return MeasureResult(**{**data, **parts}, enhanced=none, noisy=none, runs={}, recording=None)


def _pacing(data: dict[str, Any]) -> Pacing:
    load, wake_up, bars = data["load_percent"], data["wake_up_us"], data["histogram"]
    parts = {
        "load_percent": None if load is None else Repeats(**load),
        "frame_time_us": Distribution(**data["frame_time_us"]),
        "histogram": Histogram(tuple(bars["edges_us"]), tuple(bars["counts"])),
        "wake_up_us": None if wake_up is None else Distribution(**wake_up),
    }
    return Pacing(**{**data, **parts})


def _power(data: dict[str, Any]) -> Power:
    return Power(**{**data, "blocks": tuple(Block(**each) for each in data["blocks"])})


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number")
