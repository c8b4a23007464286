# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

from host_tools.network.card import source_table, write_card
from tests.network.recordings import make_cache


def test_card_names_every_training_source_with_licence_and_minutes(tmp_path: Path) -> None:
    cache = make_cache(tmp_path)
    write_card(tmp_path, cache, {"seed": "7"})
    text = (tmp_path / "card.md").read_text()
    assert "| seed | 7 |" in text
    assert "| speech | made | 0.1 | CC0 | yes |" in text
    assert "| noise | made | 0.1 | CC0 | no |" in text


def test_sources_left_out_of_training_are_not_named(tmp_path: Path) -> None:
    cache = make_cache(tmp_path, clear_licenses_only=True)
    assert "| no |" not in source_table(cache.recordings("noise", "train"))


def test_card_that_somebody_wrote_is_kept(tmp_path: Path) -> None:
    cache = make_cache(tmp_path)
    (tmp_path / "card.md").write_text("mine")
    write_card(tmp_path, cache, {})
    assert (tmp_path / "card.md").read_text() == "mine"
