# SPDX-License-Identifier: Apache-2.0
"""The page of a measurement: what it says, what it leaves out, and the same every time."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from host_tools.measure.figures import NO_FRAME_TIME
from host_tools.measure.result import Load, MeasureResult
from host_tools.measure.validity import Rule
from host_tools.report.run_folder import write_report, write_run
from host_tools.report.run_html import SECTIONS, run_page
from host_tools.report.run_plots import POWER_POINTS, load_by_second, thinned
from host_tools.report.run_reader import KeptRun, read_run
from host_tools.report.run_words import number, verdict_of
from tests.measure.example import example_result, example_timed_result
from tests.needs import need
from tests.report.page import Page

HOSTILE = "<script>alert('x')</script>\"&amp;'><img src=http://evil.example/>"
LIMIT_BYTES = 2_000_000


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    for name in ("jinja2", "matplotlib", "PIL"):
        found = importlib.util.find_spec(name) is not None
        need(found, f"{name} is not installed (pip install -e '.[report]')")


@pytest.fixture(scope="module")
def timed() -> MeasureResult:
    return example_timed_result(seconds=3.0)


@pytest.fixture(scope="module")
def folder(packages: None, timed: MeasureResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(timed, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def bare(result: MeasureResult) -> Page:
    """The page of a result of which nothing else is kept."""
    return Page(run_page(KeptRun(result, {})))


def section_ids(page: Page) -> list[str]:
    return [each.attributes["id"] for each in page.having("section")]


def test_a_fresh_page_and_one_drawn_anew_have_the_same_bytes(folder: Path) -> None:
    files = [folder / name for name in ("report.html", "junit.xml")]
    before = [file.read_bytes() for file in files]
    for file in files:
        file.unlink()
    write_report(folder)
    assert [file.read_bytes() for file in files] == before


def test_the_users_own_drawing_settings_change_nothing(folder: Path) -> None:
    import matplotlib

    run = read_run(folder)
    with matplotlib.rc_context({"lines.linewidth": 9.0, "svg.hashsalt": "mine", "font.size": 30}):
        assert run_page(run) == (folder / "report.html").read_text(encoding="utf-8")


def test_the_page_is_well_formed_and_its_ids_are_unique_and_its_links_lead_somewhere(
    page: Page,
) -> None:
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    links = [each.attributes["href"] for each in page.elements if "href" in each.attributes]
    assert links and all(link.removeprefix("#") in ids for link in links)


def test_the_page_holds_no_address_and_runs_only_its_own_script(folder: Path, page: Page) -> None:
    source = (folder / "report.html").read_text(encoding="utf-8")
    assert "http:" not in source and "https:" not in source and "@import" not in source
    for element in page.elements:
        assert element.attributes.get("src", "data:").startswith("data:")
    policy = next(m for m in page.having("meta") if "http-equiv" in m.attributes)
    assert policy.attributes["content"].startswith("default-src 'none'")
    assert len(page.having("script")) == 1


def test_hostile_names_stay_text(timed: MeasureResult) -> None:
    assert timed.power is not None
    hostile = replace(
        timed,
        device=HOSTILE,
        cpu=HOSTILE,
        clip=HOSTILE,
        stages={HOSTILE: 1.0},
        notes=(HOSTILE,),
        validity=(Rule(HOSTILE, False, HOSTILE),),
        verdict="void",
        power=replace(timed.power, meter=HOSTILE, measures=HOSTILE, method=HOSTILE),
        pacing=tuple(
            replace(entry, frequency_shares={HOSTILE: {"600": 1.0}}) for entry in timed.pacing
        ),
    )
    page = bare(hostile)
    assert len(page.having("script")) == 1
    assert all(each.attributes["src"].startswith("data:") for each in page.having("img"))
    assert page.text.count(re.sub(r"\s+", " ", HOSTILE)) >= 9
    assert not any(name.startswith("on") for e in page.elements for name in e.attributes)


def test_sections_without_data_are_left_out(page: Page, timed: MeasureResult) -> None:
    emulated = example_result()
    assert section_ids(page) == [
        each for each in SECTIONS if each not in ("instructions", "estimates")
    ]
    clockless = {"cadences", "times", "wake-ups", "seconds", "clocks", "power"}
    assert section_ids(bare(emulated)) == [each for each in SECTIONS if each not in clockless]
    little = replace(
        emulated,
        budget=None,
        stages={},
        stages_unit=None,
        instructions=None,
        load_estimates=(),
        quality={},
        notes=(),
        enhanced=np.zeros(0, np.int16),
        noisy=np.zeros(0, np.int16),
    )
    assert section_ids(bare(little)) == ["sizes", "rules", "made"]


def test_measured_estimated_exact_and_unknown_look_different(page: Page) -> None:
    kinds = {each.attributes["class"] for each in page.having("span") if "class" in each.attributes}
    for kind in ("measured", "exact", "unknown"):
        assert f"kind {kind}" in kinds
    assert "kind estimated" in {
        each.attributes.get("class", "") for each in bare(example_result()).having("span")
    }
    for words in ("● measured", "= exact", "? unknown"):
        assert words in page.text


def test_load_frame_times_and_wake_ups_stand_side_by_side_for_each_cadence(
    page: Page, timed: MeasureResult
) -> None:
    for entry, title in zip(timed.pacing, ("Unpaced", "Paced 10 ms", "Paced 20 ms"), strict=True):
        load, times = entry.load_percent, entry.frame_time_us
        assert load is not None
        assert f"{title} {number(load.median)} % ● measured" in page.text
        row = [times.p50, times.p95, times.p99, times.max]
        assert f"{title} {' '.join(map(number, row))} {entry.deadline_misses}" in page.text
        if entry.wake_up_us is not None and entry.drift_us is not None:
            woke = entry.wake_up_us
            row = [woke.p50, woke.p95, woke.p99, woke.max, entry.drift_us]
            assert f"{title} {' '.join(map(number, row))}" in page.text
    assert len(page.having("svg")) == 3 + 2 + 2 + 1  # frames, wake-ups, load over time, power


def test_power_is_told_with_its_uncertainty_its_parts_and_its_meter(
    page: Page, timed: MeasureResult
) -> None:
    power = timed.power
    assert power is not None and power.mw_above_idle is not None
    assert power.uncertainty_mw is not None
    doubt = number(power.uncertainty_mw)
    assert f"{number(power.mw_above_idle)} mW ± {doubt} mW (about 95 %)" in page.text
    for words in ("ppk2:example", "the 5 V supply of the board", "repeatability", "resolution"):
        assert words in page.text
    unknown = replace(power, mw_above_idle=None, kind="unknown", method="the meter went away")
    assert "Why unknown the meter went away" in bare(replace(timed, power=unknown)).text


def test_the_players_hold_the_clip_before_and_after(page: Page, timed: MeasureResult) -> None:
    players = {each.attributes["aria-label"]: each for each in page.having("audio")}
    assert list(players) == ["noisy", "enhanced"]
    for name, samples in (("noisy", timed.noisy), ("enhanced", timed.enhanced)):
        file = base64.b64decode(players[name].attributes["src"].partition(",")[2])
        heard, rate_hz = soundfile.read(io.BytesIO(file), dtype="int16")
        assert rate_hz == 48_000 and np.array_equal(heard, samples)


@pytest.mark.slow
def test_ten_minutes_of_noise_still_fit_and_the_page_says_what_is_heard(
    timed: MeasureResult,
) -> None:
    rng = np.random.default_rng(3)
    clip = rng.integers(-20_000, 20_000, 600 * 48_000).astype(np.int16)
    run = KeptRun(replace(timed, noisy=clip, enhanced=clip), {})
    source = run_page(run)
    assert len(source.encode()) <= LIMIT_BYTES
    assert "Opus, about 96 kbit/s, the first 30 of 600 s" in Page(source).text


def test_the_verdict_comes_first_with_its_reason(page: Page, timed: MeasureResult) -> None:
    reason = "load of one core: 40 % (estimated), at most 5 % allowed"
    places = [page.text.index(words) for words in ("✗ Fail", reason, "Frame time p99", "Limits of")]
    assert places == sorted(places)
    broken = Rule("complete", False, "interrupted after 2 of 5 unpaced runs")
    partial = replace(timed, partial=True, verdict="void", validity=(broken,))
    assert verdict_of(partial).state == "partial"
    assert "◐ Partial complete: interrupted after 2 of 5 unpaced runs" in bare(partial).text
    void = replace(timed, verdict="void", validity=(Rule("repeats", False, "2 of 5"),))
    assert "⊘ Void repeats: 2 of 5" in bare(void).text
    passed = replace(timed, verdict="pass", budget=None)
    assert "✓ Pass all 1 rules were kept; no budget was asked for" in bare(passed).text


def test_margins_of_the_budget_are_words(page: Page) -> None:
    assert "✗ Load of one core 40 % ≈ estimated at most 5 %: over by 700 %" in page.text
    assert "Power above idle unknown ? unknown at most 20 mW" in page.text
    assert "✓ Code, tables and model 8,203 KiB = exact stated, without a limit" in page.text


def test_a_folder_of_version_1_has_a_page(folder: Path, tmp_path: Path) -> None:
    data = json.loads((folder / "result.json").read_text())
    data.update(schema_version=1, power=None)
    for name in ("pacing", "stage_cost_us", "threads", "partial"):
        del data[name]
    (tmp_path / "result.json").write_text(json.dumps(data))
    (tmp_path / "enhanced.wav").write_bytes((folder / "enhanced.wav").read_bytes())
    write_report(tmp_path)
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "schema 1" in page.text and len(page.having("audio")) == 1


def test_a_result_without_any_clock_says_unknown_and_never_nan() -> None:
    result = replace(
        example_result(),
        load=Load(None, "unknown", "A15", "no model", None, None),
        frame_time_us=NO_FRAME_TIME,
    )
    text = bare(result).text
    assert "Load of one core unknown ? unknown no model" in text
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b", text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (3.14159, "3.14"),
        (145.4, "145"),
        (8574.6, "8,575"),
        (40.0, "40"),
        (0.0302, "0.0302"),
        (-1.5, "\N{MINUS SIGN}1.50"),
        (1e-9, "0.000000"),
        (float("nan"), "unknown"),
        (float("inf"), "unknown"),
    ],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_the_load_of_a_second_is_what_its_hundred_frames_took() -> None:
    times_us = np.concatenate([np.full(100, 500.0), np.full(100, 1000.0), np.full(50, 9.0)])
    assert load_by_second(times_us).tolist() == [5.0, 10.0]


def test_a_long_trace_is_thinned_without_losing_its_peaks() -> None:
    at = np.arange(100_000) / 1e3
    power = np.ones(100_000)
    power[77_777] = 50.0
    middle, low, mean, high = thinned(at, power)
    assert len(middle) == len(low) == len(mean) == len(high) == POWER_POINTS
    assert high.max() == 50.0 and low.min() == 1.0
    assert float(mean.mean()) == pytest.approx(power.mean())
    short = thinned(at[:3], power[:3])
    assert short[0].tolist() == at[:3].tolist()
