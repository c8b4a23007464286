# SPDX-License-Identifier: Apache-2.0
"""Several devices at once: names, one meter for all, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from host_tools.errors import UsageError
from host_tools.measure.side_by_side import Outcome, check_meter, device_list, exit_code
from tests.needs import need_build


def test_names_are_taken_apart_at_commas() -> None:
    assert device_list("host") == ["host"]
    assert device_list("host, serial:/dev/ttyUSB0?baud=921600,adb:") == [
        *("host", "serial:/dev/ttyUSB0?baud=921600", "adb:")
    ]


@pytest.mark.parametrize("text", ["", "host,", "a,,b", "host,host"])
def test_empty_and_repeated_names_are_usage_errors(text: str) -> None:
    with pytest.raises(UsageError, match="write different device names"):
        device_list(text)


def test_one_meter_serves_one_device_unless_it_is_in_each() -> None:
    check_meter("ppk2:/dev/ttyACM0", ["a"])
    check_meter("gauge", ["adb:1", "adb:2"])
    check_meter(None, ["a", "b"])
    with pytest.raises(UsageError, match="measures one device; measure a, b one after the other"):
        check_meter("ppk2:/dev/ttyACM0", ["a", "b"])


@pytest.mark.parametrize(
    ("codes", "worst"),
    [([0, 0], 0), ([0, 1], 1), ([1, 5, 0], 5), ([5, 3, 4], 3), ([0, 130, 3], 130)],
)
def test_the_exit_code_is_the_worst_of_all(codes: list[int], worst: int) -> None:
    assert exit_code([Outcome(str(at), code) for at, code in enumerate(codes)]) == worst


@pytest.mark.slow
def test_each_device_leaves_its_folder_and_a_lost_one_its_complaint(tmp_path: Path) -> None:
    need_build("host", "percepnet_agent")
    command = [sys.executable, "-m", "host_tools", "--json", "measure", "--quick", "--repeats=5"]
    command += ["--device", "host,serial:/dev/no-such-port", f"--output={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 3
    first, second = json.loads(done.stdout)
    assert first["result"]["verdict"] == "pass" and first["result"]["output_matches_host"]
    assert second["result"] is None and "no such port" in second["complaint"]
    assert [path.name[-5:] for path in tmp_path.iterdir()] == ["-host"]
