# SPDX-License-Identifier: Apache-2.0
"""The page of an evaluation: complete, harmless, alone in the world and the same every time."""

from __future__ import annotations

import base64
import importlib.util
import io
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from host_tools.errors import DataError, MissingDependency
from host_tools.measure.evaluation_result import EvaluationResult, ExampleClip, Interval
from host_tools.measure.situation import Figure, situation
from host_tools.quantize.fidelity import Fidelity
from host_tools.report import evaluation_html, html_page
from host_tools.report.evaluation_html import evaluation_page, write_evaluation_html
from host_tools.report.evaluation_rows import difference_verdict, fidelity_rows, situation_rows
from tests.needs import need
from tests.report.example_evaluation import METRICS, NAMES, example_clips, example_evaluation
from tests.report.page import Page

MINUS = "\N{MINUS SIGN}"
HOSTILE = "<script>alert('x')</script>\"&amp;'><img src=http://evil.example/>"


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    for name in ("jinja2", "matplotlib", "PIL"):
        found = importlib.util.find_spec(name) is not None
        need(found, f"{name} is not installed (pip install -e '.[evaluate]')")


@pytest.fixture(scope="module")
def result() -> EvaluationResult:
    return example_evaluation()


@pytest.fixture(scope="module")
def source(packages: None, result: EvaluationResult) -> str:
    return evaluation_page(result, example_clips(result))


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_the_same_evaluation_gives_the_same_bytes(
    tmp_path: Path, result: EvaluationResult, source: str
) -> None:
    write_evaluation_html(example_evaluation(), example_clips(result), tmp_path / "page.html")
    assert (tmp_path / "page.html").read_bytes() == source.encode("utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


def test_the_users_own_drawing_settings_change_nothing(
    result: EvaluationResult, source: str
) -> None:
    import matplotlib

    with matplotlib.rc_context({"lines.linewidth": 9.0, "svg.hashsalt": "mine", "font.size": 30}):
        assert evaluation_page(result, example_clips(result)) == source


def test_the_page_is_well_formed_and_its_ids_are_unique_and_its_links_lead_somewhere(
    page: Page,
) -> None:
    ids = [each.attributes["id"] for each in page.elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    links = [each.attributes["href"] for each in page.elements if "href" in each.attributes]
    assert links and all(link.removeprefix("#") in ids for link in links)
    referred = [
        name
        for each in page.elements
        for value in each.attributes.values()
        for name in re.findall(r"url\(#([^)]*)\)", value)
    ]
    assert referred and set(referred) <= set(ids)


def test_the_page_asks_the_network_for_nothing(source: str, page: Page) -> None:
    assert "http:" not in source and "https:" not in source
    assert "@import" not in source and "//" not in re.sub(r"base64,[\w+/=]*", "", source)
    for element in page.elements:
        for name in ("src", "srcset", "poster", "data", "action"):
            assert element.attributes.get(name, "data:").startswith("data:")
        assert element.attributes.get("href", "#").startswith("#")
    policies = [m for m in page.having("meta") if "http-equiv" in m.attributes]
    assert policies[0].attributes["content"].startswith("default-src 'none'")


def test_only_the_scripts_own_hash_may_run(source: str, page: Page) -> None:
    script = source.rpartition("<script>")[2].partition("</script>")[0]
    policy = next(m for m in page.having("meta") if "http-equiv" in m.attributes)
    assert html_page.policy_hash(script) in policy.attributes["content"]
    assert len(page.having("script")) == 1


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    names = ("noisy", f"model {HOSTILE}", f"peer {HOSTILE}")
    result = example_evaluation(names=names, text=HOSTILE)
    hostile = Page(evaluation_page(result, example_clips(result)))
    assert len(hostile.having("script")) == 1
    assert all(
        image.attributes["src"].startswith("data:image/png") for image in hostile.having("img")
    )
    assert re.sub(r"\s+", " ", HOSTILE) in hostile.text
    assert not any(name.startswith("on") for e in hostile.elements for name in e.attributes)


def test_a_name_that_is_no_utf_8_is_shown_with_a_mark(tmp_path: Path) -> None:
    result = example_evaluation(text=os.fsdecode(b"caf\xe9"))
    write_evaluation_html(result, [], tmp_path / "page.html")
    assert "caf?" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_head_and_table_of_systems_say_what_was_compared(
    result: EvaluationResult, page: Page
) -> None:
    for words in (
        result.model_digest,
        result.list_digest,
        "host, kernel scalar",
        f"12 ({MINUS}5, 0, 10 dB; 6 dry, 6 reverberant)",
        "note: rain",
        "960 samples 20.0 ms",
    ):
        assert words in page.text
    for system in result.systems:
        for words in (system.name, system.title, system.version, system.note):
            assert words in page.text


def test_every_signal_of_every_clip_has_picture_player_and_scores(
    result: EvaluationResult, page: Page
) -> None:
    for clip in example_clips(result):
        for name in ("clean speech", *NAMES):
            label = f"{name}, mixture {clip.mixture.index}"
            players = [a for a in page.having("audio") if a.attributes["aria-label"] == label]
            assert len(players) == 1 and "controls" in players[0].attributes
            pictures = [i.attributes["alt"] for i in page.having("img")]
            assert pictures.count(f"Spectrogram of {label}") == 1
        row = result.mixtures.index(clip.mixture)
        for name in NAMES:
            assert f"{result.scores[name][row]['stoi']:.3f}".replace("-", MINUS) in page.text


def test_the_players_hold_the_clips_themselves(result: EvaluationResult, page: Page) -> None:
    first = example_clips(result)[0]
    files = [
        base64.b64decode(audio.attributes["src"].partition(",")[2])
        for audio in page.having("audio")
    ]
    for file, samples in zip(files, [first.clean, *first.signals.values()], strict=False):
        heard, rate_hz = soundfile.read(io.BytesIO(file), dtype="int16")
        assert rate_hz == 48_000 and np.array_equal(heard, samples)


def test_every_metric_has_its_words_its_drawings_and_its_numbers(page: Page) -> None:
    for label in ("PESQ-WB", "STOI", "SI-SDR", "DNSMOS speech", "DNSMOS background"):
        assert f"{label}, dry" in page.text and f"{label}, reverberant" in page.text
        assert f"{label} in numbers" in page.text
    assert "nothing above 8 kHz" in page.text and "trained on 16 kHz audio" in page.text
    scatter = len(NAMES) - 1
    assert len(page.having("svg")) == 2 * len(METRICS) + scatter + len(NAMES)


def test_the_best_mean_and_the_sign_of_a_difference_are_words_not_only_colours(page: Page) -> None:
    assert page.text.count("★ best") == len(METRICS)
    assert "Against rnnoise: ▲ better in STOI, SI-SDR" in page.text
    assert "▼ worse in PESQ-WB" in page.text
    assert "Against noisy: ▲ better in PESQ-WB; ▼ worse in STOI" in page.text


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.1, 0.3, "better"),
        (-0.3, -0.1, "worse"),
        (-0.1, 0.1, "unclear"),
        (0.0, 0.1, "unclear"),
        (float("nan"), float("nan"), ""),
    ],
)
def test_a_difference_is_clear_when_its_interval_does_not_hold_zero(
    low: float, high: float, verdict: str
) -> None:
    assert difference_verdict(Interval(0.0, low, high, 5)) == verdict
    assert difference_verdict(None) == ""


def test_what_is_unknown_is_called_unknown(result: EvaluationResult) -> None:
    scores = {
        name: [{**row, "dnsmos_sig": None} for row in rows] for name, rows in result.scores.items()
    }
    less = {
        name: {metric: value for metric, value in row.items() if metric != "dnsmos_sig"}
        for name, row in result.means.items()
    }
    partly = replace(
        result,
        scores=scores,
        means=less,
        comparisons=[each for each in result.comparisons if each.metric != "dnsmos_sig"],
    )
    page = Page(evaluation_page(partly, example_clips(result)))
    assert "DNSMOS speech unknown DNSMOS background" in page.text  # beneath a player
    assert page.text.count("? unknown in DNSMOS speech") == len(NAMES) - 1
    assert not re.search(r"\bnan\b|\bNone\b(?! was)", page.text)


def test_situations_show_figures_limits_and_verdicts_in_words(result: EvaluationResult) -> None:
    figures = [
        Figure("PESQ-WB", 4.31, "", 4.2, ">="),
        Figure("worst band", -1.53, "dB", -1.0, ">="),
        Figure("loudest", None, "dB", 3.0, "<="),
        Figure("level", None, "dB"),
    ]
    found = [
        situation("clean", HOSTILE, figures),
        situation("noise", "Noise alone", figures[:1]),
        situation("music", "Music", figures[3:]),
        situation("long", "Ten minutes", figures[2:]),
    ]
    rows = situation_rows(found)
    assert [row.verdict for row in rows] == ["not ok", "ok", "no limit", "unknown"]
    assert [figure.verdict for figure in rows[0].figures] == ["ok", "not ok", "unknown", "no limit"]
    text = Page(evaluation_page(replace(result, situations=found), [])).text
    assert HOSTILE in text
    assert f"worst band {MINUS}1.53 dB at least {MINUS}1 dB ✗ not ok" in text
    assert "PESQ-WB 4.310 at least 4.2 ✓ ok" in text
    assert "loudest unknown at most 3 dB unknown" in text


def test_integers_and_float_are_compared_where_that_was_done(result: EvaluationResult) -> None:
    same = replace(result, fidelity=Fidelity(float("inf"), 0.0, 0.0, 0.0, 600))
    other = replace(result, fidelity=Fidelity(38.21, 0.0061, 0.01, 0.009, 600))
    assert fidelity_rows(same.fidelity)[0] == ("Float output over its change", "same")
    text = Page(evaluation_page(other, [])).text
    assert "Float output over its change 38.2 dB" in text and "Frames of 10 ms 600" in text
    assert "Integers" not in Page(evaluation_page(result, [])).text


def test_an_evaluation_with_nothing_in_it_is_still_a_page(result: EvaluationResult) -> None:
    bare = replace(
        result,
        mixtures=[],
        scores={name: [] for name in NAMES},
        means={name: {} for name in NAMES},
        by_snr={},
        by_room={},
        comparisons=[],
    )
    page = Page(evaluation_page(bare, []))
    assert "None was kept." in page.text and "None was run." in page.text


def test_silent_and_very_short_clips_are_shown(result: EvaluationResult) -> None:
    clips = [
        ExampleClip(result.mixtures[0], silence, {"noisy": silence})
        for silence in (np.zeros(samples, np.int16) for samples in (0, 1, 479, 24_000))
    ]
    assert len(Page(evaluation_page(result, clips)).having("audio")) == 8


@pytest.mark.slow
def test_eight_clips_of_seven_systems_and_ten_seconds_fit_in_a_mail() -> None:
    result = example_evaluation(names=("noisy", "percepnet", "a", "b", "c", "d", "e"))
    two_clips = example_clips(result, seconds=10.0)
    assert 4 * len(evaluation_page(result, two_clips)) < 25_000_000


def test_a_page_that_cannot_be_written_is_one_clear_error_and_leaves_nothing(
    tmp_path: Path, result: EvaluationResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match="does not exist"):
        write_evaluation_html(result, [], tmp_path / "none" / "page.html")
    with pytest.raises(DataError, match="is a folder"):
        write_evaluation_html(result, [], tmp_path)
    monkeypatch.setattr(evaluation_html, "evaluation_page", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_evaluation_html(result, [], tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["jinja2", "matplotlib"])
def test_a_missing_package_is_named_with_what_to_install(
    result: EvaluationResult, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependency, match=rf"{package}.*percepnet-kit\[report\]"):
        evaluation_page(result, [])
