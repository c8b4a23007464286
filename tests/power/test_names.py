# SPDX-License-Identifier: Apache-2.0
"""Names of power meters."""

from __future__ import annotations

import subprocess
import sys

import pytest

from host_tools.errors import UsageError
from host_tools.power.meter import PowerMeter
from host_tools.power.names import METERS, list_meters, open_meter


@pytest.mark.parametrize("name", ["wattmeter:/dev/x", "", ":", "PPK2:/dev/ttyACM0", "ppk2 :x"])
def test_an_unknown_kind_lists_the_known_ones_with_examples(name: str) -> None:
    with pytest.raises(UsageError, match="unknown power meter") as caught:
        open_meter(name)
    for kind in METERS:
        assert kind.example in str(caught.value)


@pytest.mark.parametrize("kind", ["ppk2", "joulescope", "scpi", "lines", "csv"])
def test_the_examples_are_names_of_meters(kind: str) -> None:
    (entry,) = (entry for entry in METERS if entry.kind == kind)
    meter = open_meter(entry.example)
    assert isinstance(meter, PowerMeter)
    meter.close()


def test_the_list_for_help_has_a_line_for_each_kind() -> None:
    lines = list_meters().splitlines()
    assert len(lines) == len(METERS) == len({entry.kind for entry in METERS})
    for entry, line in zip(METERS, lines, strict=True):
        assert line.startswith(entry.example) and line.endswith(entry.what)


def test_naming_a_meter_loads_no_package_of_another() -> None:
    program = (
        "import sys; from host_tools.power.names import open_meter; "
        "open_meter('ppk2:/dev/ttyACM0?voltage_mv=3700'); open_meter('joulescope:'); "
        "sys.exit(any(name.startswith(('ppk2_api', 'pyjoulescope')) for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0
