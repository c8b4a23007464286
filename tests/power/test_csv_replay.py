# SPDX-License-Identifier: Apache-2.0
"""A trace of another time in place of a meter."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from host_tools.errors import DataError, UsageError
from host_tools.power.csv_file import write_trace
from host_tools.power.names import open_meter
from host_tools.power.recording import Mark, recording


def write(path: Path, seconds: float, marks: tuple[Mark, ...] = (), first_s: float = 0.0) -> Path:
    times = first_s + np.arange(0.0, seconds, 0.01)
    write_trace(recording("test", times, np.full(len(times), 0.2), times * 0 + 3.7, marks), path)
    return path


def test_the_file_s_own_marks_are_kept(tmp_path: Path) -> None:
    marks = (Mark("idle_begin", 0.5, 0.01), Mark("idle_end", 1.5, 0.01))
    with open_meter(f"csv:{write(tmp_path / 'trace.csv', 2.0, marks)}") as meter:
        assert meter.open().is_replay
        meter.start()
        meter.mark("load_begin")
        assert meter.stop().marks == marks


def test_without_marks_those_of_the_run_count_from_the_first_sample(tmp_path: Path) -> None:
    with open_meter(f"csv:{write(tmp_path / 'trace.csv', 5.0, first_s=100.0)}") as meter:
        meter.open()
        time.sleep(0.2)
        before_s = time.monotonic()
        meter.start()
        time.sleep(0.1)
        meter.mark("idle_begin")
        elapsed_s = time.monotonic() - before_s
        record = meter.stop()
    (mark,) = record.marks
    assert mark.label == "idle_begin"
    assert 100.1 <= mark.time_s <= 100.0 + elapsed_s


def test_a_trace_shorter_than_the_run_is_refused(tmp_path: Path) -> None:
    with open_meter(f"csv:{write(tmp_path / 'trace.csv', 0.1)}") as meter:
        meter.open()
        meter.start()
        time.sleep(0.15)
        with pytest.raises(DataError, match=r"the trace has 0\.1 s, the run took 0\.\d s; record"):
            meter.stop()


def test_a_voltage_can_be_given(tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_text("Timestamp(ms),Current(uA)\n0,1000\n60000,1000\n")
    with open_meter(f"csv:{tmp_path / 'trace.csv'}?voltage_v=4.2") as meter:
        meter.open()
        meter.start()
        assert meter.stop().power_mw == pytest.approx([4.2, 4.2])


def test_a_file_that_is_not_there_is_told_when_it_is_opened(tmp_path: Path) -> None:
    meter = open_meter(f"csv:{tmp_path / 'absent.csv'}")
    with meter, pytest.raises(DataError, match=r"absent\.csv: cannot read: No such file"):
        meter.open()


def test_it_can_be_closed_twice_and_unopened(tmp_path: Path) -> None:
    meter = open_meter(f"csv:{tmp_path / 'absent.csv'}")
    meter.close()
    meter.close()


@pytest.mark.parametrize("name", ["csv:", "csv:a.csv?voltage=3", "csv:a.csv?voltage_v=0"])
def test_a_wrong_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"for example csv:trace\.csv"):
        open_meter(name)
