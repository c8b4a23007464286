# SPDX-License-Identifier: Apache-2.0
"""First version of ``card.md``: what a network was trained on and how."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from host_tools.network.audio_cache import SAMPLE_RATE, AudioCache, Recording

CARD_NAME = "card.md"
_KINDS = {"speech": "speech", "noise": "noise", "room": "room responses"}


def source_table(recordings: Iterable[Recording]) -> str:
    """Return a Markdown table of the sources: kind, minutes, licence, whether it is clear."""
    minutes: dict[tuple[str, str, str, bool], float] = defaultdict(float)
    for recording in recordings:
        key = (recording.kind, recording.source, recording.license.strip(), recording.license_clear)
        minutes[key] += recording.samples / SAMPLE_RATE / 60.0
    lines = ["| kind | source | minutes | licence | origin clear |", "|---|---|---|---|---|"]
    order = list(_KINDS)
    for key in sorted(minutes, key=lambda k: (order.index(k[0]), k[1:])):
        kind, source, license_text, clear = key
        plain = license_text.replace("|", "/") or "not stated"
        cells = (_KINDS[kind], source, f"{minutes[key]:.1f}", plain, "yes" if clear else "no")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def hours_table(cache: AudioCache) -> str:
    """Return a Markdown table of the hours of speech and noise in each split."""
    lines = ["| split | speech h | noise h | rooms |", "|---|---|---|---|"]
    for split in ("train", "val", "test"):
        hours = [
            sum(r.samples for r in cache.recordings(kind, split)) / SAMPLE_RATE / 3600.0
            for kind in ("speech", "noise")
        ]
        rooms = len(cache.recordings("room", split))
        lines.append(f"| {split} | {hours[0]:.2f} | {hours[1]:.2f} | {rooms} |")
    return "\n".join(lines)


def write_card(folder: Path, cache: AudioCache, facts: Mapping[str, str]) -> None:
    """Write the card of a model folder unless somebody has written one."""
    path = folder / CARD_NAME
    if path.exists():
        return
    used = [r for kind in _KINDS for r in cache.recordings(kind, "train")]
    lines = [f"| {name} | {value} |" for name, value in facts.items()]
    parts = [
        f"# {folder.resolve().name}",
        "## Training",
        "\n".join(["| fact | value |", "|---|---|", *lines]),
        "Loss over time: `training.csv`, `training.png`.",
        "## Quality",
        "Not evaluated yet: `host_tools quantize`, then `host_tools evaluate --split test`.",
        "## Data",
        "Hours of recordings:",
        hours_table(cache),
        "Training sources:",
        source_table(used),
    ]
    path.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
