# SPDX-License-Identifier: Apache-2.0
"""A measurement as one HTML file, made from what its folder holds."""

from __future__ import annotations

from typing import Any

from host_tools import __version__
from host_tools.report import run_bars, run_figures, run_rows
from host_tools.report.html_page import policy_hash, render, template_text
from host_tools.report.run_reader import KeptRun
from host_tools.report.run_words import verdict_of

TEMPLATE = "run/page.html"

SECTIONS = {
    "budget": "Budget",
    "cadences": "Load at each cadence",
    "times": "Frame times",
    "wake-ups": "Wake-ups",
    "seconds": "Load over time",
    "stages": "Stages",
    "clocks": "Clocks of the cores",
    "power": "Power",
    "instructions": "Instructions",
    "estimates": "Estimated loads",
    "quality": "Quality",
    "sound": "Before and after",
    "sizes": "Memory",
    "rules": "Rules of validity",
    "notes": "Notes",
    "made": "How it was made",
}
"""Ids and titles of all sections in their order; those without data are left out."""


def run_page(run: KeptRun) -> str:
    """The text of the page; the same run gives the same text.

    Raises MissingDependency without the packages of the extra "report".
    """
    script = template_text("evaluation.js")
    parts = _parts(run)
    return render(
        TEMPLATE,
        {
            **parts,
            "result": run.result,
            "version": __version__,
            "verdict": verdict_of(run.result),
            "tiles": run_rows.tiles(run.result),
            "sections": {key: title for key, title in SECTIONS.items() if _there(key, parts)},
            "style": template_text("evaluation.css") + template_text("run/page.css"),
            "script": script,
            "script_hash": policy_hash(script),
        },
    )


def _parts(run: KeptRun) -> dict[str, Any]:
    """What each section shows, empty where nothing is known."""
    result = run.result
    return {
        "budget": run_bars.budget_bars(result),
        "cadences": run_bars.cadence_bars(result),
        "times": run_figures.frame_time_panels(run),
        "time_table": run_rows.frame_time_table(result),
        "wake_ups": run_figures.wake_up_panels(run),
        "wake_up_table": run_rows.wake_up_table(result),
        "seconds": run_figures.load_time_panels(run),
        "stages": run_bars.stage_bars(result),
        "costs": run_rows.cost_facts(result),
        "threads": run_bars.thread_bars(result),
        "clocks": run_bars.clock_groups(result.pacing),
        "power": run_rows.power_facts(result),
        "power_svg": run_figures.power_svg(run),
        "power_parts": run_bars.uncertainty_bars(result),
        "power_parts_words": run_rows.uncertainty_words(),
        "power_blocks": run_rows.block_table(result),
        "instructions": run_rows.instruction_facts(result),
        "functions": run_bars.function_bars(result),
        "estimates": run_bars.estimate_bars(result),
        "estimate_methods": [(each.title, each.method) for each in result.load_estimates],
        "quality": run_rows.quality_table(result),
        "sound": run_figures.sound_of(run),
        "sizes": run_rows.size_facts(result),
        "rules": result.validity,
        "notes": result.notes,
        "made": run_rows.made_facts(result),
    }


def _there(key: str, parts: dict[str, Any]) -> bool:
    """Whether a section has anything to show."""
    part = parts[key.replace("-", "_")]
    if key == "wake-ups":
        part = parts["wake_up_table"].rows
    elif key == "quality":
        part = parts["quality"].rows
    elif key == "sound":
        part = parts["sound"].cards
    return bool(part)
