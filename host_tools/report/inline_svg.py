# SPDX-License-Identifier: Apache-2.0
"""A matplotlib figure as SVG that lives inside a page: its colours, its names, the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from host_tools.report.html_page import missing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#fd0000"
"""Stands for the colour of text; the page's style sheet decides what it is."""

FAINT = "#fd0001"
"""Stands for the colour of grids and frames."""

PAPER = "#fd0002"
"""Stands for the colour of the background."""

SERIES_COLOURS = 9

_VARIABLES = {
    INK: "var(--ink)",
    FAINT: "var(--line)",
    PAPER: "var(--paper)",
    **{f"#fe{index:04x}": f"var(--series-{index})" for index in range(SERIES_COLOURS)},
}


def series_colour(index: int) -> str:
    """Stands for the colour of a series, 0..SERIES_COLOURS-1."""
    return f"#fe{index:04x}"


@contextmanager
def page_style() -> Iterator[None]:
    """Draw within this: settings of the page, whatever the user's own settings are.

    Raises MissingDependency without matplotlib.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise missing(error) from error
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "svg.fonttype": "none",
                "svg.hashsalt": "percepnet",
                "font.size": 8.5,
                "axes.edgecolor": FAINT,
                "axes.facecolor": "none",
                "axes.labelcolor": INK,
                "axes.spines.top": False,
                "axes.spines.right": False,
                "figure.facecolor": "none",
                "grid.color": FAINT,
                "grid.linewidth": 0.5,
                "text.color": INK,
                "xtick.color": FAINT,
                "ytick.color": FAINT,
                "xtick.labelcolor": INK,
                "ytick.labelcolor": INK,
            }
        )
        yield


def inline_svg(figure: Figure, name: str) -> str:
    """The ``<svg>`` element; ``name`` is unique in the page and makes its ids so.

    To be called within ``page_style``. The element is hidden from screen readers: what holds it
    says in words what it shows.
    """
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    stream = io.StringIO()
    FigureCanvasSVG(figure).print_svg(
        stream, metadata={"Date": None, "Creator": None, "Format": None, "Type": None}
    )
    head, body = stream.getvalue().split("<svg", 1)[1].split(">", 1)
    head = re.sub(r'\s(xmlns(:xlink)?|version|width|height)="[^"]*"', "", head)
    # Its <style> would rule the whole page; the page's own style sheet says the same of drawings.
    unwanted = r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->"
    body = re.sub(unwanted, "", body, flags=re.DOTALL)
    text = f'<svg aria-hidden="true"{head}>{body}'.rstrip().replace("xlink:href=", "href=")
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, variable)
    return text
