# SPDX-License-Identifier: Apache-2.0
"""How far the load model was off where it could be checked: host_model_check.toml in words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from host_tools.measure.toml_file import read_toml

CHECK_FILE = Path(__file__).with_name("host_model_check.toml")


@cache
def model_error(kept: Path = CHECK_FILE) -> str:
    """One sentence part for the method of an estimate; "" when no check is kept.

    Raises DataError when the file is damaged.
    """
    if not kept.is_file():
        return ""
    check = read_toml(kept)
    middle = _span([case["middle_to_measured"] for case in check["case"]])
    upper = _span([case["upper_to_measured"] for case in check["case"]])
    return (
        f"error of the model on {check['cpu']}, the one CPU it was checked on ({check['date']}): "
        f"middle of the range {middle}, upper end {upper} times the measured load"
    )


def _span(ratios: list[float]) -> str:
    return f"{min(ratios):.2f} to {max(ratios):.2f}"
