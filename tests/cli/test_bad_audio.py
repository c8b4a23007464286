# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from host_tools.cli import main
from tests.audio.conftest import BAD_FILES


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_audio_is_one_line_exit_code_4_and_no_output(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, kind: str
) -> None:
    spoil, pattern = BAD_FILES[kind]
    source, target = tmp_path / "in.wav", tmp_path / "out.wav"
    spoil(source)
    assert main(["denoise", str(source), str(target)]) == 4
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    assert re.search(pattern, said.err) and str(source) in said.err
    assert [name for name in os.listdir(tmp_path) if name != "in.wav"] == []
