# SPDX-License-Identifier: Apache-2.0
"""Rules from readings before and after a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from host_tools.measure.board_heat import Temperature, Throttling
from host_tools.measure.board_readings import Snapshot
from host_tools.measure.board_rules import rules
from host_tools.measure.validity import Rule
from tests.devices.board_tree import unpack, write

STATES = "/sys/devices/system/cpu/cpufreq/policy0/stats/time_in_state"
POLICY = "/sys/devices/system/cpu/cpufreq/policy0"


def by_name(kept: list[Rule]) -> dict[str, Rule]:
    named = {rule.name: rule for rule in kept}
    assert len(named) == len(kept)
    return named


def test_a_cool_board_at_one_frequency_keeps_every_rule(tmp_path: Path) -> None:
    files = unpack("pi5", tmp_path)
    before = Snapshot.take(files)
    write(tmp_path, "/proc/uptime", "942.10 3400.00")
    write(tmp_path, STATES, "1500000 0\n1600000 0\n2400000 94210\n")
    write(tmp_path, "/sys/class/thermal/thermal_zone0/temp", "55250")
    kept, notes = rules(before, Snapshot.take(files))
    found = by_name(kept)
    assert notes == []
    assert {name: rule.ok for name, rule in found.items()} == {
        "not_throttled": True,
        "temperature": True,
        "frequency_unchanged": True,
        "governor_stated": True,
    }
    assert found["temperature"].evidence == (
        "51.2 C before, 55.2 C after the run (cpu-thermal), 24.8 C below the limit"
    )
    assert found["frequency_unchanged"].evidence == "policy0: 100.0 % of 12.00 s at 2400 MHz"
    assert found["governor_stated"].evidence == "policy0: performance"


def test_a_hot_board_with_a_weak_supply_breaks_what_it_breaks(tmp_path: Path) -> None:
    files = unpack("pi4_throttled", tmp_path)
    before = Snapshot.take(files)
    write(tmp_path, STATES, "600000 51000\n700000 120\n1500000 39657\n1800000 30600\n")
    kept, notes = rules(before, Snapshot.take(files))
    found = by_name(kept)
    assert not found["not_throttled"].ok
    assert "under-voltage before the run" in found["not_throttled"].evidence
    assert "restart the board to be sure" in notes[0]
    assert not found["temperature"].ok and "limit 80 C" in found["temperature"].evidence
    assert not found["frequency_unchanged"].ok
    assert "50.0 % of 12.00 s at 1500 MHz, 95 % needed" in found["frequency_unchanged"].evidence
    assert found["governor_stated"].ok


def test_a_limit_that_came_and_went_during_the_run_is_seen(tmp_path: Path) -> None:
    before = Snapshot.take(unpack("pi5", tmp_path))
    after = replace(before, throttling=Throttling((), ("throttled",)))
    rule = by_name(rules(before, after)[0])["not_throttled"]
    assert not rule.ok and rule.evidence == "throttled in between"


def test_a_limit_before_the_run_hides_a_later_one_and_a_note_says_so(tmp_path: Path) -> None:
    board = Snapshot.take(unpack("pi5", tmp_path))
    tired = replace(board, throttling=Throttling((), ("under-voltage",)))
    kept, notes = rules(tired, tired)
    assert by_name(kept)["not_throttled"].ok
    assert len(notes) == 1 and notes[0].startswith("throttling: under-voltage had occurred before")


def test_a_board_that_says_it_is_emulated_voids_its_times_and_notes_what_it_lacks(
    tmp_path: Path,
) -> None:
    machine = Snapshot.take(unpack("virt", tmp_path))
    kept, notes = rules(machine, machine)
    assert [(rule.name, rule.ok) for rule in kept] == [("real_hardware", False)]
    assert "measure it as board: instead" in kept[0].evidence
    assert notes == [
        "throttling: not readable",
        "temperature: not readable",
        "CPU frequency: not readable",
        "governor: not readable",
    ]


def test_an_odd_board_gives_no_rules_but_a_note_for_each_policy(tmp_path: Path) -> None:
    board = Snapshot.take(unpack("odd", tmp_path))
    kept, notes = rules(board, board)
    assert kept == []
    assert "governor of policy0: not readable" in notes
    assert "CPU frequency of policy4: not readable" in notes
    assert any("slows down is not known" in note for note in notes)


def test_without_times_two_readings_of_the_frequency_are_compared(tmp_path: Path) -> None:
    files = unpack("pi3", tmp_path)
    (tmp_path / STATES.strip("/")).unlink()
    before = Snapshot.take(files)
    rule = by_name(rules(before, before)[0])["frequency_unchanged"]
    assert rule.ok and rule.evidence.startswith("policy0: 600 MHz before and after")
    write(tmp_path, f"{POLICY}/scaling_cur_freq", "1400000")
    rule = by_name(rules(before, Snapshot.take(files))[0])["frequency_unchanged"]
    assert not rule.ok and "600 MHz before, 1400 MHz after" in rule.evidence


def test_a_governor_that_changed_is_told(tmp_path: Path) -> None:
    files = unpack("pi3", tmp_path)
    before = Snapshot.take(files)
    write(tmp_path, f"{POLICY}/scaling_governor", "powersave")
    rule = by_name(rules(before, Snapshot.take(files))[0])["governor_stated"]
    assert not rule.ok and rule.evidence == "policy0: ondemand before, powersave after"


def test_only_the_busy_cores_must_keep_their_frequency(tmp_path: Path) -> None:
    files = unpack("pi3", tmp_path)
    first = Snapshot.take(files)
    assert first.policies is not None
    policy = first.policies[0]
    small = replace(policy, name="policy0", cpus=(0, 1), time_in_state_ms=None)
    large = replace(policy, name="policy2", cpus=(2, 3), time_in_state_ms=None)
    before = replace(first, policies=(small, large))
    rows = (tmp_path / "proc/stat").read_text().splitlines()
    for at, busy in ((1, 2), (2, 2), (3, 400), (4, 400)):
        name, *numbers = rows[at].split()
        values = [int(number) for number in numbers]
        values[0] += busy
        values[3] += 402 - busy
        rows[at] = " ".join([name, *map(str, values)])
    write(tmp_path, "/proc/stat", "\n".join(rows))
    moved = replace(small, frequency_khz=1_000_000)
    after = replace(Snapshot.take(files), policies=(moved, large))
    rule = by_name(rules(before, after)[0])["frequency_unchanged"]
    assert rule.ok and "policy0" not in rule.evidence


def test_the_kernels_own_limit_counts_where_it_is_lower() -> None:
    warm = Snapshot(temperatures=(Temperature("thermal_zone0", "soc-thermal", 71.0, 70.0),))
    rule = by_name(rules(warm, warm)[0])["temperature"]
    assert not rule.ok and "limit 70 C" in rule.evidence


def test_a_restart_is_the_only_thing_told(tmp_path: Path) -> None:
    files = unpack("pi5", tmp_path)
    before = Snapshot.take(files)
    write(tmp_path, "/proc/sys/kernel/random/boot_id", "another")
    kept, notes = rules(before, Snapshot.take(files))
    assert [rule.name for rule in kept] == ["same_boot"] and not kept[0].ok and notes == []
