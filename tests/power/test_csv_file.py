# SPDX-License-Identifier: Apache-2.0
"""Power traces as CSV: ours there and back, those of other programs, damaged ones."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from host_tools.errors import DataError
from host_tools.power.csv_file import read_trace, write_trace
from host_tools.power.recording import Mark, Recording, recording


def trace_of(tmp_path: Path, text: str, voltage_v: float | None = None) -> Recording:
    path = tmp_path / "trace.csv"
    path.write_bytes(text.encode())
    return read_trace(path, voltage_v)


def a_recording(samples: int = 40_000) -> Recording:
    rng = np.random.default_rng(1)
    return recording(
        "test",
        0.1 + np.cumsum(rng.uniform(0.5e-3, 1.5e-3, samples)),
        rng.normal(0.3, 0.1, samples),
        rng.normal(3.7, 0.01, samples),
        (
            Mark("idle_begin", 0.05, 0.002),
            Mark("idle_end", 7.123456789012345, 1e-9 / 3),
            Mark("load_begin", 7.123456789012345),
            Mark("load_end", 1e6, 0.25),
        ),
        dropped_samples=3,
        saturated_samples=2,
        clock_error_ppm=-17.25 / 3,
        resolution_ma=0.1,
        notes=("voltage is set, not measured", 'a "note", with\na second line'),
    )


def assert_same(one: Recording, other: Recording) -> None:
    for name in Recording.__dataclass_fields__:
        a, b = getattr(one, name), getattr(other, name)
        assert np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b, name


def test_our_own_trace_comes_back_exactly(tmp_path: Path) -> None:
    record = a_recording()
    write_trace(record, tmp_path / "power.csv")
    assert_same(read_trace(tmp_path / "power.csv"), record)


def test_a_short_one_with_nothing_else_does_too(tmp_path: Path) -> None:
    record = recording("test", [0.0], [0.1], [3.7])
    write_trace(record, tmp_path / "power.csv")
    assert_same(read_trace(tmp_path / "power.csv"), record)


def test_its_table_begins_with_the_documented_headings(tmp_path: Path) -> None:
    record = recording("test", [0.0, 0.5], [0.1, 0.2], [3.7, 3.7], (Mark("load_begin", 0.25, 0.1),))
    write_trace(record, tmp_path / "power.csv")
    comment, *table = (tmp_path / "power.csv").read_text().splitlines()
    assert comment.startswith("# recording: {")
    assert table == [
        "time_s,current_a,voltage_v,mark",
        "0.0,0.1,3.7,",
        "0.25,,,load_begin+-0.1",
        "0.5,0.2,3.7,",
    ]


@pytest.mark.parametrize("cut_bytes", [1, 2, 5, 12, 40, 60, 1000, 50_000])
def test_our_own_trace_that_is_cut_off_is_refused(tmp_path: Path, cut_bytes: int) -> None:
    path = tmp_path / "power.csv"
    write_trace(a_recording(2000), path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut_bytes])
    with pytest.raises(DataError, match=r"power\.csv: .*(cut off|is no mark)"):
        read_trace(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "Power Profiler",
            "Timestamp(ms),Current(uA),D0-D7\n0,100000.5,00000000\n0.5,200001,00000001\n",
        ),
        ("with voltage", "time_s,current_ma,voltage_mv\n0,100.0005,3700\n0.0005,200.001,3700\n"),
        ("semicolon", '"Time (s)";"Main current (A)"\r\n0;0,1000005\r\n0,0005;0,200001\r\n'),
        ("tab", "Time [us]\tI [mA]\n0\t100.0005\n500\t200.001\n"),
        ("power", "time_s,power_w\n0,0.37000185\n0.0005,0.7400037\n"),
        ("comment as heading", "#time (s),current (A)\n0,0.1000005\n0.0005,0.200001\n"),
        (
            "lines before",
            "Instrument: X\n# made today\n\nseconds,amps\n0,0.1000005\n5e-4,0.200001\n\n# end\n",
        ),
        ("no last line end", "seconds,amps\n0,0.1000005\n0.0005,0.200001"),
        (
            "channels",
            "Timestamp,Main current (A),Aux current (A),Main current max (A)\n"
            "0,0.1000005,9,9\n0.0005,0.200001,9,9\n",
        ),
        ("Unix time", "timestamp,current_a\n1764132000,0.1000005\n1764132000.0005,0.200001\n"),
        ("Unix ms", "timestamp,current_a\n1764132000000,0.1000005\n1764132000000.5,0.200001\n"),
        ("Unix ms named", "time_ms,current_a\n1764132000000,0.1000005\n1764132000000.5,0.200001\n"),
        (
            "ISO 8601",
            "time,current_a\n2026-11-26T04:00:00Z,0.1000005\n2026-11-26T06:00:00.0005+02:00,"
            "0.200001\n",
        ),
        (
            "ISO 8601 local",
            "date,current_a\n2026-11-26 04:00:00.9998,0.1000005\n2026-11-26 04:00:01.0003,"
            "0.200001\n",
        ),
        ("quoted", '"time_s","current_a"\n"0","0.1000005"\n"0.0005","0.200001"\n'),
        ("byte order mark", "\ufefftime_s,current_a\n0,0.1000005\n0.0005,0.200001\n"),
    ],
)
def test_traces_of_other_programs_are_read(tmp_path: Path, name: str, text: str) -> None:
    has_voltage = "voltage" in text.splitlines()[0]
    record = trace_of(tmp_path, text, None if has_voltage else 3.7)
    assert record.time_s == pytest.approx([0.0, 0.0005], abs=3e-7), name
    assert record.current_a == pytest.approx([0.1000005, 0.200001]), name
    assert record.voltage_v == pytest.approx([3.7, 3.7]), name
    assert (record.dropped_samples, record.marks) == (0, ())


def test_a_micro_sign_in_another_character_set_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes("time (s),current (\u00b5A)\n0,100000\n1,100000\n".encode("latin-1"))
    assert read_trace(path, 3.7).current_a.tolist() == [0.1, 0.1]


def test_marks_on_rows_of_samples_are_read(tmp_path: Path) -> None:
    record = trace_of(
        tmp_path,
        "time_s,current_a,voltage_v,mark\n5,0.1,3.7,idle_begin\n6,0.1,3.7,\n7,0.1,3.7,idle_end\n",
    )
    assert record.marks == (Mark("idle_begin", 5.0), Mark("idle_end", 7.0))
    assert len(record.time_s) == 3


def test_marks_of_a_calendar_move_with_the_samples(tmp_path: Path) -> None:
    record = trace_of(
        tmp_path,
        "timestamp,current_a,voltage_v,mark\n1764132000000,0.1,3.7,\n"
        "1764132000500,,,load_begin+-0.01\n1764132001000,0.1,3.7,\n",
    )
    assert record.time_s.tolist() == [0.0, 1.0]
    assert record.marks == (Mark("load_begin", 0.5, 0.01),)


def test_empty_cells_and_nan_are_dropped_samples(tmp_path: Path) -> None:
    record = trace_of(
        tmp_path, "time_s,current_a,voltage_v\n0,0.1,3.7\n1,,3.7\n2,nan,3.7\n3,0.1,3.7\n"
    )
    assert record.dropped_samples == 2
    assert record.time_s.tolist() == [0.0, 3.0]


def test_a_gap_stays_a_gap(tmp_path: Path) -> None:
    record = trace_of(tmp_path, "time_s,current_a,voltage_v\n0,1,1\n1,1,1\n9,1,1\n10,1,1\n")
    assert record.longest_gap_s == 8.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"trace\.csv: is empty"),
        ("\n\n# nothing\n", "is empty"),
        ("time_s,current_a,voltage_v\n", "holds no samples, only headings"),
        ("0,0.1,3.7\n1,0.1,3.7\n", "line 1: no column of current or power in '0, 0.1, 3.7'"),
        ("x,y\n1,2\n", "line 1: no column of current or power in 'x, y'; name it with its unit"),
        ("current_a,voltage_v\n1,2\n", "line 1: no column of time"),
        ("time_s,current_a\n0,1\n", "no column of voltage .* give the supply voltage .*voltage_v="),
        ("time_s,power_mw\n0,1\n", "no column of voltage"),
        ("time_s,current,voltage_v\n0,1,2\n", r"line 1: column 'current' names no unit"),
        ("time_s,current_a,current_ma,voltage_v\n0,1,2,3\n", "'current_a', 'current_ma' all hold"),
        ("# x\ntime_s,current_a,voltage_v\n0,1,2\n1,abc,2\n", "line 4: 'abc' is not a number"),
        ("time_s,current_a,voltage_v\n0,1,2\n1,1\n", "line 3: 2 cells where the headings name"),
        ("time_s,current_a,voltage_v\n0,1,2\n1,1", "line 3: .* the file is cut off here"),
        ("time_s,current_a,voltage_v\n0,1,2\n1,1e", "line 3: .* the file is cut off here"),
        ("time_s,current_a,voltage_v\n0,1,2\n\n2,1,2\n1,1,2\n", "line 5: time does not rise: 1.0"),
        ("time_s,current_a,voltage_v\n0,1,2\n0,1,2\n", "line 3: time does not rise"),
        ("time,current_a,voltage_v\nnoon,1,2\n", "line 2: 'noon' is no time in s or ISO 8601"),
        ("time_s,current_a,voltage_v,mark\n0,1,2,begin\n", "line 2: 'begin' is no mark; there are"),
        ("time_s,current_a,voltage_v,mark\n0,1,2,idle_end+-x\n", "line 2: 'idle_end.*' is no mark"),
        ("# recording: {broken\ntime_s,current_a,voltage_v\n0,1,2\n", "first line is damaged"),
        ("x" * 70_000, "line 1: too long, this is no CSV file"),
        ("time_s,current_a,voltage_v\n0,\x00,2\n", "line 2: "),
    ],
)
def test_a_bad_file_is_told_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        trace_of(tmp_path, text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_times_must_rise_from_chunk_to_chunk_too(tmp_path: Path) -> None:
    rows = [f"{at},1,2\n" for at in range(16_384)] + ["16383,1,2\n"]
    with pytest.raises(DataError, match="line 16386: time does not rise"):
        trace_of(tmp_path, "time_s,current_a,voltage_v\n" + "".join(rows))


def test_a_binary_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "noise.csv").write_bytes(np.random.default_rng(1).bytes(100_000))
    for path in (tmp_path / "noise.csv", tmp_path, tmp_path / "absent.csv"):
        with pytest.raises(DataError, match=path.name):
            read_trace(path)


def test_a_fast_trace_is_kept_as_means_over_a_millisecond_in_little_memory(tmp_path: Path) -> None:
    path, samples = tmp_path / "long.csv", 100_000
    with path.open("w") as file:
        file.write("Timestamp(ms),Current(uA),Voltage(mV)\n")
        for at in range(samples):
            high = at // 50 % 2  # the voltage sags under the load
            file.write(f"{at / 100:.2f},{150_000 if high else at % 50},{3600 if high else 3700}\n")
        file.write("5000,nan,3700\n7000,0.0,3700\n")
    tracemalloc.start()
    record = read_trace(path)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(record.time_s) == 1001
    assert record.time_s[:3] == pytest.approx([0.5e-3, 1.5e-3, 2.5e-3])
    assert record.power_mw[:1000] == pytest.approx(540 / 2 + 3.7 * 24.5e-3 / 2)
    assert record.longest_gap_s == pytest.approx(6.001)
    assert record.dropped_samples == 1
    assert record.notes == ("means over 1 ms of a faster trace",)
    assert peak_bytes < 8e6


def test_our_own_fast_trace_is_not_thinned(tmp_path: Path) -> None:
    record = recording("test", np.arange(1000) / 1e5, np.full(1000, 0.1), np.full(1000, 3.7))
    write_trace(record, tmp_path / "power.csv")
    assert_same(read_trace(tmp_path / "power.csv"), record)
