# SPDX-License-Identifier: Apache-2.0
"""Pages of measurements in a headless Chromium: a phone, a desk, dark, and paper."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from host_tools.report.history import read_history
from host_tools.report.history_plot import write_history_plot
from host_tools.report.run_folder import write_run
from tests.measure.example import example_result, example_timed_result
from tests.needs import need, need_program
from tests.report.browser import Browser

LIMIT_BYTES = 2_000_000
WIDTHS = (320, 390, 1200)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser(need_program("chromium")) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    for name in ("jinja2", "matplotlib", "PIL"):
        found = importlib.util.find_spec(name) is not None
        need(found, f"{name} is not installed (pip install -e '.[report]')")
    runs = tmp_path_factory.mktemp("runs")
    timed = write_run(example_timed_result(seconds=12.0), runs)
    emulated = write_run(example_result(), runs)
    history = runs / "history.html"
    write_history_plot(read_history(runs), history)
    return {
        "timed": timed / "report.html",
        "emulated": emulated / "report.html",
        "history": history,
    }


@pytest.fixture(params=["timed", "emulated", "history"])
def page(request: pytest.FixtureRequest, pages: dict[str, Path]) -> Path:
    return pages[request.param]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_complains_of_nothing_asks_no_host_and_needs_no_sideways_scrolling(
    browser: Browser, page: Path, width: int
) -> None:
    browser.open(page, width)
    assert browser.value("document.documentElement.scrollWidth") <= width
    outside = (
        "[...document.querySelectorAll('body *')].filter(e => !e.closest('svg, .skip, .wide') &&"
        f" e.getBoundingClientRect().right > {width} + 0.5).map(e => e.outerHTML.slice(0, 80))"
    )
    assert browser.value(outside) == []
    assert browser.seen.complaints == []
    asked = [url for url in browser.seen.addresses if not url.startswith("data:")]
    assert asked == [page.resolve().as_uri()]
    assert page.stat().st_size <= LIMIT_BYTES


def test_no_table_needs_scrolling_on_a_phone(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["timed"], 390)
    wide = "[...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth)"
    assert browser.value(f"{wide}.map(e => e.getAttribute('aria-label'))") == []


def test_a_page_that_does_wrong_is_caught(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "wrong.html"
    path.write_text(
        "<!DOCTYPE html><p style='width: 900px'>wide</p><img src='http://127.0.0.1:9/a.png'>"
        "<script>console.error('wrong')</script>"
    )
    browser.open(path, 390)
    assert browser.value("document.documentElement.scrollWidth") > 390
    assert any("wrong" in line for line in browser.seen.complaints)
    assert "http://127.0.0.1:9/a.png" in browser.seen.addresses


def test_the_page_follows_a_dark_screen(browser: Browser, pages: dict[str, Path]) -> None:
    colours = []
    for dark in (False, True):
        browser.open(pages["timed"], 390, dark=dark)
        colours.append(browser.value("getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(15, 19, 24)"]


def test_letters_on_badges_and_verdicts_stand_out_in_light_and_dark(
    browser: Browser, pages: dict[str, Path]
) -> None:
    """Contrast of 4.5 to 1 (WCAG 2, level AA) for every badge and verdict."""
    script = """
    (() => {
      const rgb = text => text.match(/[\\d.]+/g).map(Number);
      const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
      const paper = e => {
        const found = rgb(getComputedStyle(e).backgroundColor);
        return found.length === 4 && found[3] === 0 ? paper(e.parentElement) : found;
      };
      const marked = document.querySelectorAll(".kind, .verdict strong, .verdict p, .note, .label");
      return Math.min(...[...marked].map(e => {
        const pair = [light(rgb(getComputedStyle(e).color)), light(paper(e))].sort((a, b) => b - a);
        return (pair[0] + 0.05) / (pair[1] + 0.05);
      }));
    })()
    """
    for name in ("timed", "emulated"):
        for dark in (False, True):
            browser.open(pages[name], 390, dark=dark)
            assert browser.value(script) >= 4.5


def test_the_page_prints_on_few_sheets_without_players(
    browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages["timed"], 1200)
    sheets = browser.pdf()
    assert sheets.startswith(b"%PDF") and 2 <= sheets.count(b"/Type /Page\n") <= 10
    browser.call("Emulation.setEmulatedMedia", media="print")
    hidden = "[...document.querySelectorAll('audio, nav')].every(e => e.offsetParent === null)"
    assert browser.value(hidden) is True


def test_starting_a_player_stops_the_other(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["timed"], 390)
    play = "document.querySelectorAll('audio')[{}].play().then(() => true)"
    browser.call("Runtime.evaluate", expression=play.format(0), userGesture=True, awaitPromise=True)
    browser.call("Runtime.evaluate", expression=play.format(1), userGesture=True, awaitPromise=True)
    states = "[...document.querySelectorAll('audio')].map(player => player.paused)"
    assert browser.value(states) == [True, False]
