# SPDX-License-Identifier: Apache-2.0
"""An evaluation as one HTML file: tables, drawings and clips, readable without a network."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from host_tools import __version__
from host_tools.devices.base import SAMPLE_RATE_HZ
from host_tools.files import check_target, whole_file
from host_tools.measure.evaluation_result import EvaluationResult, ExampleClip, room_label
from host_tools.report.evaluation_figures import before_after_panels, legend, metric_figures
from host_tools.report.evaluation_rows import (
    difference_rows,
    fidelity_rows,
    mean_rows,
    situation_rows,
    summaries,
)
from host_tools.report.example_cards import examples_of
from host_tools.report.html_page import policy_hash, render, template_text
from host_tools.report.metric_words import number_text, words_for

TEMPLATE = "evaluation.html"


def write_evaluation_html(
    result: EvaluationResult, examples: list[ExampleClip], path: Path
) -> None:
    """Write the page, whole or not at all; the same input gives the same bytes.

    Raises DataError when ``path`` cannot be written, MissingDependency without the packages of
    the extra "evaluate".
    """
    check_target(path)
    page = evaluation_page(result, examples)
    with whole_file(path) as part:
        # File names that were no UTF-8 reach here as lone surrogates.
        part.write_bytes(page.encode("utf-8", "replace"))


def evaluation_page(result: EvaluationResult, examples: list[ExampleClip]) -> str:
    """The text of the page. Raises MissingDependency."""
    script = template_text("evaluation.js")
    return render(
        TEMPLATE,
        {
            "result": result,
            "version": __version__,
            "mixtures": _mixtures_text(result),
            "words": [words_for(metric) for metric in result.metrics],
            "delays_ms": [1000 * each.delay_samples / SAMPLE_RATE_HZ for each in result.systems],
            "summaries": summaries(result),
            "means": mean_rows(result),
            "differences": difference_rows(result),
            "legend": legend(result),
            "figures": metric_figures(result),
            "scatter": before_after_panels(result),
            "situations": situation_rows(result.situations),
            "fidelity": fidelity_rows(result.fidelity),
            "examples": examples_of(result, examples),
            "style": template_text("evaluation.css"),
            "script": script,
            "script_hash": policy_hash(script),
        },
    )


def _mixtures_text(result: EvaluationResult) -> str:
    """How many mixtures, of which SNRs and rooms."""
    levels = sorted({mixture.snr_db for mixture in result.mixtures})
    rooms = Counter(room_label(mixture) for mixture in result.mixtures)
    parts = [
        ", ".join(number_text(level, 1).removesuffix(".0") for level in levels) + " dB",
        ", ".join(f"{rooms[room]} {room}" for room in sorted(rooms)),
    ]
    return f"{len(result.mixtures)} ({'; '.join(parts)})" if levels else "0"
