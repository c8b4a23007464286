# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.pipe import PipeTransport
from host_tools.errors import DataError, DeviceError, ProtocolError, ToolError
from host_tools.protocol.session import Timing

FAKE = Path(__file__).with_name("fake_agent.py")
TIMING = Timing(start_s=4.0, answer_s=0.4, tries=2)
QUICK = Timing(start_s=1.0, answer_s=0.4, tries=2)


def use(mode: str, timing: Timing = TIMING) -> None:
    """All that a command does with a device: start, configure nothing, run, close."""
    transport = PipeTransport([sys.executable, str(FAKE), mode], "fake")
    with AgentDevice("fake", transport, timing) as device:
        device.run(np.zeros(4800, np.int16))


@pytest.mark.parametrize(
    ("mode", "kind", "text"),
    [
        ("dies-at-once", DeviceError, "ended with exit code 3: no such instruction"),
        ("dies-in-run", DeviceError, "ended with exit code 7: segmentation fault, of course"),
        ("silent-in-run", DeviceError, "no answer to run within 1 s"),
        ("restarts-in-run", DeviceError, "restarted meanwhile"),
        ("other-version", ProtocolError, "speaks protocol 9"),
        ("other-rate", ProtocolError, "44100 Hz"),
        ("short-answers", ProtocolError, "too short"),
        ("wrong-checksums", ProtocolError, "output arrived damaged"),
        ("no-model", DataError, "the fake has no model"),
    ],
)
def test_each_misbehaviour_has_its_one_line(mode: str, kind: type[ToolError], text: str) -> None:
    with pytest.raises(kind, match=text) as caught:
        use(mode)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("fake")


@pytest.mark.parametrize(
    ("mode", "kind", "text"),
    [
        ("silent", DeviceError, "no answer to identify"),
        ("garbage", ProtocolError, "not the PercepNet agent"),
        ("text", ProtocolError, "not the PercepNet agent.*Debian"),
        ("echo", DeviceError, "no answer to identify"),
    ],
)
def test_strangers_are_found_out_in_time(mode: str, kind: type[ToolError], text: str) -> None:
    began = time.monotonic()
    with pytest.raises(kind, match=text):
        use(mode, QUICK)
    assert time.monotonic() - began < 5.0


def test_a_program_that_cannot_start_is_a_device_error(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="cannot start"):
        PipeTransport([str(tmp_path / "nothing")], "fake")
