# SPDX-License-Identifier: Apache-2.0
"""The figures of an evaluation as Markdown, and their place in a model's card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from host_tools.errors import DataError
from host_tools.files import whole_file
from host_tools.report.metric_words import words_for

if TYPE_CHECKING:
    from host_tools.measure.evaluation_result import EvaluationResult, Interval

BEGIN = "<!-- evaluation: written by host_tools evaluate --card -->"
END = "<!-- end of evaluation -->"


def evaluation_markdown(result: EvaluationResult) -> str:
    """Tables of means, differences with intervals, means by SNR and room, and situations."""
    names = [system.name for system in result.systems]
    parts = [
        f"{len(result.mixtures)} mixtures of 10 s of split `{result.split}`, integer output of "
        f"image `{result.model_digest[:16]}`, list `{result.list_digest[:16]}`. Means:",
        _table(
            ["system", *(words_for(metric).label for metric in result.metrics)],
            [[name, *(_mean(result.means[name], m) for m in result.metrics)] for name in names],
        ),
    ]
    if result.comparisons:
        found = {(c.system, c.metric): c.difference for c in result.comparisons}
        others = list(dict.fromkeys(c.system for c in result.comparisons))
        parts += [
            f"{result.model} minus the other on the same mixtures, with 95 % intervals:",
            _table(
                ["other", *(words_for(metric).label for metric in result.metrics)],
                [
                    [other, *(_difference(found.get((other, m)), m) for m in result.metrics)]
                    for other in others
                ],
            ),
        ]
    for metric in ("pesq_wb", "dnsmos_ovrl"):
        if metric in result.metrics:
            groups = {**result.by_snr, **result.by_room}
            heads = [f"{key} dB" if key in result.by_snr else key for key in groups]
            rows = [[n, *(_mean(groups[key].get(n, {}), metric) for key in groups)] for n in names]
            parts += [
                f"{words_for(metric).label} by SNR and room:",
                _table(["system", *heads], rows),
            ]
    if result.situations:
        rows = [
            [
                each.title if number == 0 else "",
                figure.name,
                "unknown" if figure.value is None else f"{figure.value:.2f} {figure.unit}".strip(),
                "" if figure.limit is None else f"{figure.limit_kind} {figure.limit:g}",
            ]
            for each in result.situations
            for number, figure in enumerate(each.figures)
        ]
        parts += ["Situations:", _table(["situation", "figure", "value", "limit"], rows)]
    return "\n\n".join(parts)


def write_into_card(result: EvaluationResult, card: Path) -> None:
    """Replace what stands between the marks of a card, or add it at the end. Raises DataError."""
    try:
        text = card.read_text(encoding="utf-8") if card.exists() else f"# {result.model}\n"
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{card}: cannot be read ({error})") from error
    block = f"{BEGIN}\n\n{evaluation_markdown(result)}\n\n{END}"
    before, mark, rest = text.partition(BEGIN)
    after = rest.partition(END)[2] if mark else ""
    if mark and END not in rest:
        raise DataError(f"{card}: {BEGIN!r} has no {END!r} after it; mend the card")
    joined = before + block + after if mark else f"{text.rstrip()}\n\n## Evaluation\n\n{block}\n"
    with whole_file(card) as part:
        part.write_text(joined, encoding="utf-8")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines
    )


def _mean(means: dict[str, Interval], metric: str) -> str:
    found = means.get(metric)
    return "unknown" if found is None else f"{found.mean:.{words_for(metric).decimals}f}"


def _difference(found: Interval | None, metric: str) -> str:
    if found is None:
        return "unknown"
    n = words_for(metric).decimals
    return f"{found.mean:+.{n}f} [{found.low:+.{n}f}, {found.high:+.{n}f}]"
