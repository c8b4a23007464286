# SPDX-License-Identifier: Apache-2.0
"""Means, differences and example clips are taken from the right mixtures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from host_tools.measure import summary
from host_tools.measure.evaluation_result import MixtureFacts, Scores, room_label, snr_label
from host_tools.measure.kept_scores import KeptScores

MIXTURES = [
    MixtureFacts(index, snr_db, reverberant, "s", ("rain",), "hall" if reverberant else "")
    for index, (snr_db, reverberant) in enumerate(
        (snr_db, reverberant)
        for snr_db in (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0)
        for reverberant in (False, True)
        for _ in range(5)
    )
]


def rows(values: list[float | None]) -> list[Scores]:
    return [{"pesq_wb": value} for value in values]


def test_means_are_of_the_mixtures_of_their_group() -> None:
    scores = {"model": rows([mixture.snr_db for mixture in MIXTURES])}
    by_snr = summary.means_by(scores, ["pesq_wb"], MIXTURES, lambda m: snr_label(m.snr_db))
    assert list(by_snr) == ["-5", "0", "5", "10", "15", "20"]
    assert all(
        means["model"]["pesq_wb"].mean == float(label) and means["model"]["pesq_wb"].count == 10
        for label, means in by_snr.items()
    )
    by_room = summary.means_by(scores, ["pesq_wb"], MIXTURES, room_label)
    assert {label: m["model"]["pesq_wb"].count for label, m in by_room.items()} == {
        "dry": 30,
        "reverberant": 30,
    }


def test_a_metric_that_nobody_has_is_in_no_mean_and_no_comparison() -> None:
    scores = {"noisy": rows([1.0, 2.0]), "model": rows([None, None])}
    assert summary.means(scores, ["pesq_wb"])["model"] == {}
    assert summary.comparisons(scores, ["pesq_wb"], "model") == []


def test_a_better_model_has_a_difference_above_zero_to_each_other_system() -> None:
    scores = {"noisy": rows([1.0, 2.0]), "model": rows([2.0, 3.5]), "peer": rows([1.5, 3.0])}
    found = {
        each.system: each.difference for each in summary.comparisons(scores, ["pesq_wb"], "model")
    }
    assert {name: value.mean for name, value in found.items()} == {"noisy": 1.25, "peer": 0.5}
    assert found["peer"].low == 0.5


def test_examples_cover_every_snr_and_hold_the_worst_and_the_best() -> None:
    gains = [0.1 * ((7 * number) % 60) for number in range(60)]
    gains[17], gains[41] = -3.0, 9.0
    picked = summary.pick_examples(MIXTURES, gains)
    assert {17, 41} <= set(picked) and len(picked) <= 8
    assert {MIXTURES[number].snr_db for number in picked} == {-5.0, 0.0, 5.0, 10.0, 15.0, 20.0}
    assert {MIXTURES[number].reverberant for number in picked} == {False, True}


def test_examples_are_picked_without_gains_and_from_few_mixtures() -> None:
    assert len(summary.pick_examples(MIXTURES, [None] * 60)) >= 6
    assert summary.pick_examples(MIXTURES[:1], [0.3]) == [0]


def test_kept_scores_come_back_for_their_key_only(tmp_path: Path) -> None:
    kept = KeptScores(tmp_path, {"system": "a", "version": "1"})
    kept.put("digest", {"pesq_wb": 1.5, "stoi": None})
    kept.save()
    again = KeptScores(tmp_path, {"version": "1", "system": "a"})
    assert again.get("digest") == {"pesq_wb": 1.5, "stoi": None}
    assert KeptScores(tmp_path, {"system": "a", "version": "2"}).get("digest") is None
    assert KeptScores(tmp_path, {"system": "a", "version": "1"}, fresh=True).get("digest") is None


def test_scoring_some_mixtures_anew_keeps_the_scores_of_the_others(tmp_path: Path) -> None:
    key = {"system": "a"}
    kept = KeptScores(tmp_path, key)
    kept.put("one", {"pesq_wb": 1.0})
    kept.put("other", {"pesq_wb": 2.0})
    kept.save()
    anew = KeptScores(tmp_path, key, fresh=True)
    assert anew.get("one") is None
    anew.put("one", {"pesq_wb": 3.0})
    assert anew.get("one") == {"pesq_wb": 3.0}
    anew.save()
    assert KeptScores(tmp_path, key).get("one") == {"pesq_wb": 3.0}
    assert KeptScores(tmp_path, key).get("other") == {"pesq_wb": 2.0}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": {}, "scores": {}}', "null"])
def test_a_damaged_file_of_scores_counts_as_empty(tmp_path: Path, content: str) -> None:
    kept = KeptScores(tmp_path, {"system": "a"})
    kept.put("digest", {"pesq_wb": 1.5})
    kept.save()
    assert json.loads(kept.path.read_text())["key"] == {"system": "a"}
    kept.path.write_text(content)
    assert KeptScores(tmp_path, {"system": "a"}).get("digest") is None
