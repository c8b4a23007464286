# SPDX-License-Identifier: Apache-2.0
"""What the README says can be done can be done."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from host_tools.cli import app
from tests.needs import ROOT

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])
README = (ROOT / "README.md").read_text()
COMMANDS = re.findall(r"^host_tools (\S+)(.*)$", README, re.MULTILINE)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text())
    inside = [link for link in links if not link.startswith(("http:", "https:"))]
    assert [link for link in inside if not (path.parent / link).exists()] == []


def test_readme_shows_commands() -> None:
    assert len(COMMANDS) >= 8


@pytest.mark.parametrize(("verb", "rest"), COMMANDS)
def test_command_of_the_readme_exists_with_its_options(verb: str, rest: str) -> None:
    group = typer.main.get_command(app)
    known = group.commands[verb]  # type: ignore[attr-defined]
    options = {name for parameter in known.params for name in parameter.opts} | {"--help", "--json"}
    assert set(re.findall(r"--[a-z-]+", rest.split("#")[0])) <= options


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    shown = re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)", README, re.MULTILINE)
    assert shown
    for at_start, quoted in shown:
        target = at_start or quoted
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
