# SPDX-License-Identifier: Apache-2.0
"""The folder that an evaluation leaves: evaluation.json, evaluation.csv and evaluation.html."""

from __future__ import annotations

import csv
import importlib.util
import io
from pathlib import Path

from host_tools.files import make_folder, whole_file
from host_tools.measure.evaluation_result import EvaluationResult, ExampleClip, room_label
from host_tools.report.html_page import missing

REPORT_PACKAGES = ("jinja2", "matplotlib", "PIL")
JSON_NAME = "evaluation.json"
CSV_NAME = "evaluation.csv"
HTML_NAME = "evaluation.html"


def prepare_folder(folder: Path) -> None:
    """Make the folder; to be called before long work.

    Raises DataError, and MissingDependency when a package of the HTML report is not installed.
    """
    for package in REPORT_PACKAGES:
        if importlib.util.find_spec(package) is None:
            raise missing(ImportError(name=package))
    make_folder(folder)


def write_evaluation(result: EvaluationResult, examples: list[ExampleClip], folder: Path) -> None:
    """Write the three files, each whole or not at all. Raises as prepare_folder does."""
    from host_tools.report.evaluation_html import write_evaluation_html

    prepare_folder(folder)
    with whole_file(folder / JSON_NAME) as part:
        part.write_text(result.to_json(), encoding="utf-8")
    with whole_file(folder / CSV_NAME) as part:
        part.write_text(csv_text(result), encoding="utf-8")
    write_evaluation_html(result, examples, folder / HTML_NAME)


def csv_text(result: EvaluationResult) -> str:
    """One row per mixture and system; an unknown score is an empty field."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ["mixture", "snr_db", "room", "response", "speaker", "noises", "system", *result.metrics]
    )
    for number, mixture in enumerate(result.mixtures):
        facts = [
            mixture.index,
            f"{mixture.snr_db:g}",
            room_label(mixture),
            mixture.room,
            mixture.speaker,
            " + ".join(mixture.noises),
        ]
        for system, rows in result.scores.items():
            values = [rows[number][metric] for metric in result.metrics]
            shown = ["" if value is None else f"{value:.6f}" for value in values]
            writer.writerow([*facts, system, *shown])
    return stream.getvalue()
