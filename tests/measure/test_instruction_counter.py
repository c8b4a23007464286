# SPDX-License-Identifier: Apache-2.0
"""The QEMU plugin counts every instruction once and gives it to the right stage."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from host_tools.errors import MeasurementInvalid, MissingDependency
from host_tools.measure import plugin
from host_tools.measure.counts import InstructionCounts, read_counts
from host_tools.measure.plugin import build_plugin, check_qemu, plugin_arguments

Builder = Callable[..., Path]

PROGRAMS = [("aarch64", ()), ("arm", ("-marm",)), ("arm", ("-mthumb",))]
TURN = 3  # instructions in one turn of a loop
RETURN = 1

both_widths = pytest.mark.parametrize(("architecture", "flags"), PROGRAMS)


def run_counted(
    program: Path, architecture: str, out: Path, *arguments: str, warmup: int = 0
) -> dict[str, Any]:
    option = ",".join((str(build_plugin()), *plugin_arguments(out, warmup=warmup)))
    command = [f"qemu-{architecture}", "-plugin", option, str(program), *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    raw: dict[str, Any] = json.loads(out.read_text())
    return raw


def symbol(raw: dict[str, Any], name: str) -> dict[str, int]:
    entry = next(entry for entry in raw["symbols"] if entry["name"] == name)
    return dict(zip(raw["stages"], entry["stages"], strict=True))


@both_widths
def test_loops_of_known_length_are_counted_exactly_in_their_stage(
    build_marked: Builder, tmp_path: Path, architecture: str, flags: tuple[str, ...]
) -> None:
    raw = run_counted(build_marked(architecture, *flags), architecture, tmp_path / "counts.json")
    assert raw["stages"] == ["analysis", "network"]
    assert symbol(raw, "spin") == {
        "analysis": 10 * (TURN * 1000 + RETURN),
        "network": 10 * (TURN * 10 + RETURN),
    }
    assert symbol(raw, "pn_gemv_spin") == {"analysis": 0, "network": 10 * (TURN * 2000 + RETURN)}


@both_widths
def test_more_loop_turns_in_one_frame_change_that_frame_by_exactly_their_instructions(
    build_marked: Builder, tmp_path: Path, architecture: str, flags: tuple[str, ...]
) -> None:
    program = build_marked(architecture, *flags)
    plain = run_counted(program, architecture, tmp_path / "a.json", "6")["frame_instructions"]
    longer = run_counted(program, architecture, tmp_path / "b.json", "6", "12345")
    assert len(set(plain)) == 1
    changed = [b - a for a, b in zip(plain, longer["frame_instructions"], strict=True)]
    assert changed == [0, 0, 0, 0, 0, TURN * 12345]


@both_widths
def test_two_runs_give_the_same_counts(
    build_marked: Builder, tmp_path: Path, architecture: str, flags: tuple[str, ...]
) -> None:
    program = build_marked(architecture, *flags)
    first = run_counted(program, architecture, tmp_path / "a.json")
    second = run_counted(program, architecture, tmp_path / "b.json")
    assert first["frame_instructions"] == second["frame_instructions"]
    assert first["symbols"] == second["symbols"]


def counts_of(build_marked: Builder, tmp_path: Path, frames: int, warmup: int) -> InstructionCounts:
    out = tmp_path / "counts.json"
    run_counted(build_marked("aarch64"), "aarch64", out, str(frames), warmup=warmup)
    return read_counts(out)


def test_stages_and_functions_add_up_to_the_frame_and_marks_are_left_out(
    build_marked: Builder, tmp_path: Path
) -> None:
    counts = counts_of(build_marked, tmp_path, frames=8, warmup=3)
    assert (counts.frames, counts.warmup_frames) == (5, 3)
    assert sum(counts.stages.values()) == pytest.approx(counts.per_frame)
    assert sum(counts.symbols.values()) == pytest.approx(counts.per_frame)
    assert counts.network_matrix == TURN * 2000 + RETURN
    assert counts.network_other + counts.network_matrix == counts.stages["network"]
    assert not any(name.startswith(("pn_mark_", "pn_agent_")) for name in counts.symbols)
    # The idle loop of the agent and at least one instruction of each mark.
    assert counts.overhead_per_frame >= TURN * 77 + RETURN + 3


def test_warm_up_frames_leave_the_mean_of_equal_frames_unchanged(
    build_marked: Builder, tmp_path: Path
) -> None:
    without = counts_of(build_marked, tmp_path, frames=12, warmup=0)
    later = counts_of(build_marked, tmp_path, frames=12, warmup=7)
    assert later.per_frame == without.per_frame
    assert later.stages == without.stages


def test_packets_share_a_mark_between_two_frames(build_marked: Builder, tmp_path: Path) -> None:
    out = tmp_path / "counts.json"
    run_counted(build_marked("aarch64"), "aarch64", out)
    single, packet = read_counts(out), read_counts(out, frames_per_mark=2)
    assert packet.frames == 2 * single.frames
    assert packet.per_frame == single.per_frame / 2
    assert packet.distribution.p99 == single.distribution.p99 / 2


def test_a_stripped_program_counts_as_no_measurement(build_marked: Builder, tmp_path: Path) -> None:
    out = tmp_path / "counts.json"
    raw = run_counted(build_marked("aarch64", "-s"), "aarch64", out)
    assert raw["total_instructions"] > 10 * TURN * 2000
    with pytest.raises(MeasurementInvalid, match="not stripped"):
        read_counts(out)


def test_warm_up_longer_than_the_run_counts_as_no_measurement(
    build_marked: Builder, tmp_path: Path
) -> None:
    with pytest.raises(MeasurementInvalid, match="10 frames were marked, 10 of them warm-up"):
        counts_of(build_marked, tmp_path, frames=10, warmup=10)


@pytest.mark.parametrize("text", ["", "{", '{"format": 2}'])
def test_a_damaged_counts_file_counts_as_no_measurement(tmp_path: Path, text: str) -> None:
    out = tmp_path / "counts.json"
    out.write_text(text)
    with pytest.raises(MeasurementInvalid, match=r"counts\.json"):
        read_counts(out)


def test_counts_that_were_never_written_count_as_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(MeasurementInvalid, match="wrote no instruction counts"):
        read_counts(tmp_path / "absent.json")


def test_counts_of_a_program_with_threads_are_refused(tmp_path: Path) -> None:
    out = tmp_path / "counts.json"
    out.write_text(json.dumps({"format": 1, "vcpus": 2}))
    with pytest.raises(MeasurementInvalid, match="2 threads"):
        read_counts(out)


def test_the_plugin_is_compiled_once_and_again_when_its_source_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for file in plugin.SOURCE_FOLDER.iterdir():
        (source / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(plugin, "SOURCE_FOLDER", source)
    cache = tmp_path / "cache"
    first = build_plugin(cache)
    stamp = first.stat().st_mtime_ns
    assert build_plugin(cache) == first
    assert first.stat().st_mtime_ns == stamp
    main = source / "stage_count.c"
    main.write_text(main.read_text() + "/* changed */\n")
    assert build_plugin(cache) != first


def test_a_compiler_that_fails_leaves_no_plugin_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "false")
    with pytest.raises(MissingDependency, match="cannot compile"):
        build_plugin(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo qemu-aarch64 version 7.2.1", "takes no plugins"),
        ("echo qemu-aarch64 version 10.0.2 -plugin", r"needs QEMU 4\.2 to 8\.2"),
        ("echo something else", "does not state its version"),
    ],
)
def test_an_unfit_emulator_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    fake = tmp_path / "qemu-aarch64"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(MissingDependency, match=message):
        check_qemu("qemu-aarch64")


def test_an_emulator_that_is_not_installed_is_named_with_its_package() -> None:
    with pytest.raises(MissingDependency, match="apt-get install qemu-user"):
        check_qemu("qemu-no-such-machine")
