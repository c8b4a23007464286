# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from host_tools.errors import DataError, UsageError
from host_tools.generate.source_tree import (
    MANIFEST,
    MODEL_IMAGE,
    check_tables,
    check_tree,
    generate_tree,
)

TABLE_SOURCE = "firmware/src/tables.c"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_two_runs_write_the_same_bytes(model_path: str, tmp_path: Path) -> None:
    generate_tree(model_path, tmp_path / "a")
    generate_tree(model_path, tmp_path / "b")
    first = contents(tmp_path / "a")
    assert len(first) > 20
    assert first == contents(tmp_path / "b")


def test_tree_holds_the_model_and_names_no_folder_of_this_machine(
    model_path: str, tmp_path: Path
) -> None:
    generate_tree(model_path, tmp_path / "tree")
    files = contents(tmp_path / "tree")
    assert files.pop(MODEL_IMAGE) == Path(model_path).read_bytes()
    here = str(Path(__file__).resolve().parents[2]).encode()
    assert [name for name, content in files.items() if here in content] == []


def test_manifest_gives_the_digest_of_every_file(model_path: str, tmp_path: Path) -> None:
    generate_tree(model_path, tmp_path / "tree")
    files = contents(tmp_path / "tree")
    manifest = json.loads(files.pop(MANIFEST))
    assert manifest["files"] == {
        name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())
    }


def test_fresh_tree_is_up_to_date(model_path: str, tmp_path: Path) -> None:
    generate_tree(model_path, tmp_path / "tree")
    assert check_tree(model_path, tmp_path / "tree") == []


def append_byte(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (TABLE_SOURCE, append_byte),
        (TABLE_SOURCE, Path.unlink),
        (MODEL_IMAGE, append_byte),
        (MODEL_IMAGE, Path.unlink),
        ("README.md", append_byte),
        (MANIFEST, append_byte),
    ],
)
def test_check_names_a_missing_or_changed_file_and_generate_mends_it(
    model_path: str, tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    tree = tmp_path / "tree"
    generate_tree(model_path, tree)
    damage(tree / name)
    assert check_tree(model_path, tree) == [name]
    generate_tree(model_path, tree)
    assert check_tree(model_path, tree) == []


def test_file_that_is_no_longer_generated_is_named_and_removed(
    model_path: str, tmp_path: Path
) -> None:
    generate_tree(model_path, tmp_path / "tree")
    stale = tmp_path / "tree" / "firmware" / "src" / "old.c"
    stale.write_text("int old;\n")
    manifest_path = tmp_path / "tree" / MANIFEST
    manifest = json.loads(manifest_path.read_text())
    manifest["files"]["firmware/src/old.c"] = hashlib.sha256(stale.read_bytes()).hexdigest()
    manifest_path.write_text(json.dumps(manifest))
    assert "firmware/src/old.c" in check_tree(model_path, tmp_path / "tree")
    generate_tree(model_path, tmp_path / "tree")
    assert not stale.exists()


def test_users_own_files_in_the_tree_are_left_alone(model_path: str, tmp_path: Path) -> None:
    generate_tree(model_path, tmp_path / "tree")
    own = tmp_path / "tree" / "build" / "notes.txt"
    own.parent.mkdir()
    own.write_text("mine")
    generate_tree(model_path, tmp_path / "tree")
    assert own.read_text() == "mine"
    assert check_tree(model_path, tmp_path / "tree") == []


def test_manifest_cannot_name_files_outside_the_tree(model_path: str, tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("keep")
    generate_tree(model_path, tmp_path / "tree")
    manifest_path = tmp_path / "tree" / MANIFEST
    manifest = json.loads(manifest_path.read_text())
    manifest["files"] |= {"../victim.txt": "0", str(victim): "0"}
    manifest_path.write_text(json.dumps(manifest))
    generate_tree(model_path, tmp_path / "tree")
    assert victim.read_text() == "keep"


def test_folder_with_other_files_is_refused(model_path: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "thesis.txt").write_text("words")
    with pytest.raises(UsageError, match="other files"):
        generate_tree(model_path, folder)
    assert contents(folder) == {"thesis.txt": b"words"}


def test_file_in_place_of_the_output_folder_is_refused(model_path: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a file"):
        generate_tree(model_path, Path(model_path))


@pytest.mark.parametrize("name", ["no-such-model", "no/such/file.pnm"])
def test_unknown_model_is_a_usage_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no model"):
        generate_tree(name, tmp_path / "tree")
    assert not (tmp_path / "tree").exists()


@pytest.mark.parametrize("position", [0, 4, 20, 500, -1])
def test_image_with_one_changed_byte_is_refused(
    model_path: str, tmp_path: Path, position: int
) -> None:
    image = bytearray(Path(model_path).read_bytes())
    image[position] ^= 1
    damaged = tmp_path / "damaged.pnm"
    damaged.write_bytes(bytes(image))
    with pytest.raises(DataError):
        generate_tree(str(damaged), tmp_path / "tree")
    assert not (tmp_path / "tree").exists()


def test_generated_tables_of_the_checkout_are_up_to_date() -> None:
    assert check_tables() == []
