# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from host_tools.errors import DataError
from host_tools.report.evaluation_markdown import BEGIN, END, evaluation_markdown, write_into_card
from tests.report.example_evaluation import example_evaluation


def test_tables_hold_every_system_and_its_difference() -> None:
    result = example_evaluation()
    text = evaluation_markdown(result)
    for system in result.systems:
        assert f"| {system.name} |" in text
    for line in text.splitlines():
        if line.startswith("|"):
            assert line.endswith(" |")


def test_card_gets_the_tables_once_and_keeps_the_rest(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"# A model\n\n{BEGIN}\nold\n{END}\n\n## Data\n")
    for _ in range(2):
        write_into_card(example_evaluation(), card)
    text = card.read_text()
    assert text.startswith("# A model") and text.endswith("## Data\n")
    assert text.count(BEGIN) == text.count(END) == 1 and "old" not in text


def test_card_without_marks_gets_them_at_the_end(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text("# A model\n")
    write_into_card(example_evaluation(), card)
    assert card.read_text().startswith("# A model\n\n## Evaluation\n\n" + BEGIN)


def test_broken_marks_are_an_error_and_leave_the_card_alone(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"{BEGIN}\nno end")
    with pytest.raises(DataError, match="mend the card"):
        write_into_card(example_evaluation(), card)
    assert card.read_text() == f"{BEGIN}\nno end"
