# SPDX-License-Identifier: Apache-2.0
"""host_tools export and host_tools import."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from host_tools.cli import main


def test_what_export_writes_import_reads(
    litert: None, small_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, folder = tmp_path / "m.tflite", tmp_path / "mine"
    arguments = ["--model", str(small_folder), "--precision", "int8", "--output", str(file)]
    assert main(["export", *arguments]) == 0
    assert f"{file}: {file.stat().st_size} bytes, int8, model " in capsys.readouterr().out
    assert main(["import", str(file), "--output", str(folder), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["profile"]["gru_gb"] == 48
    assert report["image"] == str(folder / "mine.pnm")
    assert report["difference"]["mean"] < 0.01


def test_import_says_what_to_do_next(
    litert: None, exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(exported), "--output", str(tmp_path / "mine")]) == 0
    out = capsys.readouterr().out
    assert f"next: host_tools quantize --checkpoint {tmp_path / 'mine'}" in out


def test_features_from_another_model_are_used_when_the_file_has_none(
    small_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from safetensors.numpy import load_file, save_file

    tensors = load_file(small_folder / "checkpoint.safetensors")
    save_file({n: t for n, t in tensors.items() if "feature" not in n}, tmp_path / "m.safetensors")
    arguments = ["import", str(tmp_path / "m.safetensors"), "--output", str(tmp_path / "mine")]
    assert main(arguments) == 4
    assert "--features-from MODEL" in capsys.readouterr().err
    assert main([*arguments, "--features-from", str(small_folder)]) == 0


def test_pt_files_without_pytorch_name_the_extra(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    (tmp_path / "m.pt").write_bytes(b"anything")
    assert main(["import", str(tmp_path / "m.pt"), "--output", str(tmp_path / "mine")]) == 6
    assert "pip install -e '.[train]'" in capsys.readouterr().err
