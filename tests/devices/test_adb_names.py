# SPDX-License-Identifier: Apache-2.0
"""What ``adb:`` names mean, what adb's list of phones says, and which cores are big."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_tools.devices import open_device
from host_tools.devices.adb_address import AdbAddress
from host_tools.devices.adb_client import AdbProgram, choose, find_adb
from host_tools.devices.adb_cores import cluster_cores, parse_clusters, parse_cores, pinned
from host_tools.devices.adb_server import Phone, parse_phones
from host_tools.errors import DeviceError, MissingDependency, UsageError

LISTING = """\
* daemon not running; starting now at tcp:5037
* daemon started successfully
List of devices attached
R5CT10ABCDE            device usb:1-4 product:b0q model:SM_S908B device:b0q transport_id:1
0123456789ABCDEF       device usb:1-2 product:x model:Copy device:x transport_id:5
0123456789ABCDEF       device usb:1-3 product:x model:Copy device:x transport_id:6
ZY22ABCDEF             unauthorized usb:3-1 transport_id:2
????????????           no permissions (user in plugdev group); see [http://x/y.html] usb:2-1
192.168.1.7:5555       offline product:a model:Pixel_7a device:lynx transport_id:3
emulator-5554          recovery transport_id:4

"""


def test_the_list_of_phones_is_understood() -> None:
    assert parse_phones(LISTING) == [
        Phone("R5CT10ABCDE", "device", "SM_S908B", "usb:1-4"),
        Phone("0123456789ABCDEF", "device", "Copy", "usb:1-2"),
        Phone("0123456789ABCDEF", "device", "Copy", "usb:1-3"),
        Phone("ZY22ABCDEF", "unauthorized", "", "usb:3-1"),
        Phone("????????????", "no permissions", "", "usb:2-1"),
        Phone("192.168.1.7:5555", "offline", "Pixel_7a"),
        Phone("emulator-5554", "recovery"),
    ]


def test_phones_of_one_serial_number_are_told_by_their_place() -> None:
    assert choose(parse_phones(LISTING), "usb:1-3").serial == "usb:1-3"


def test_no_phone_says_what_to_turn_on() -> None:
    with pytest.raises(DeviceError, match="no phone is attached; plug one in and turn USB"):
        choose([], "")


@pytest.mark.parametrize(
    ("text", "expected", "wireless"),
    [
        ("", AdbAddress(""), False),
        ("R5CT10ABCDE", AdbAddress("R5CT10ABCDE"), False),
        ("?core=7", AdbAddress("", core=7), False),
        ("usb:1-4", AdbAddress("usb:1-4"), False),
        ("emulator-5554?cluster=big", AdbAddress("emulator-5554", cluster="big"), False),
        ("192.168.1.7:5555", AdbAddress("192.168.1.7:5555"), True),
        ("phone.lan:41234?core=0", AdbAddress("phone.lan:41234", core=0), True),
        ("[fe80::1]:5555", AdbAddress("[fe80::1]:5555"), True),
    ],
)
def test_addresses_are_taken_apart(text: str, expected: AdbAddress, wireless: bool) -> None:
    address = AdbAddress.parse(text)
    assert (address, address.is_wireless) == (expected, wireless)


@pytest.mark.parametrize(
    "text",
    ["-s", "--help", "a b", "$(reboot)", "a;reboot", "a'b", "a\nb", "X?core=-1", "X?core=big",
     "X?core=1024", "X?cluster=huge", "X?core=1&cluster=big", "X?folder=/x", "X?core=",
     "host:0", "host:99999", "X?core=²"],
)  # fmt: skip
def test_a_wrong_address_is_a_usage_error_and_never_reaches_adb(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError):
        open_device(f"adb:{text}")


PIXEL_7A = "1803000 0 1 2 3\n2348000 4 5\n2850000 6 7\n"


@pytest.mark.parametrize(
    ("listing", "name", "cores"),
    [
        (PIXEL_7A, "little", {0, 1, 2, 3}),
        (PIXEL_7A, "mid", {4, 5}),
        (PIXEL_7A, "big", {6, 7}),
        ("3300000 7\n2260000 0 1\n2960000 5 6\n3150000 2 3 4\n", "mid", {2, 3, 4, 5, 6}),
        ("1400000 0\n1400000 1\n2000000 2\n2000000 3\n", "big", {2, 3}),
    ],
)
def test_clusters_go_by_their_highest_clock(listing: str, name: str, cores: set[int]) -> None:
    assert cluster_cores(parse_clusters(listing), name) == cores


@pytest.mark.parametrize(
    ("listing", "name"),
    [("", "big"), ("1800000 0 1 2 3", "big"), ("1 0\n2 1", "mid"), ("x", "mid")],
)
def test_a_cluster_that_is_not_there_is_a_usage_error(listing: str, name: str) -> None:
    with pytest.raises(UsageError, match=f"no {name} cluster here"):
        cluster_cores(parse_clusters(listing), name)


def test_cores_become_a_mask() -> None:
    assert pinned("x --y", parse_cores("4-5,7\n")) == "taskset b0 x --y"
    assert pinned("x", None) == "x"


def test_adb_is_found_in_the_sdk_or_named_as_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("ANDROID_SDK_ROOT", raising=False)
    monkeypatch.setenv("ANDROID_HOME", str(tmp_path / "sdk"))
    with pytest.raises(MissingDependency, match="on Debian: apt-get install adb"):
        open_device("adb:X")
    program = tmp_path / "sdk" / "platform-tools" / "adb"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nexec /bin/sleep 30\n")
    program.chmod(0o755)
    assert find_adb() == str(program)
    with pytest.raises(DeviceError, match="adb gave no answer within 0 s"):
        AdbProgram("adb:X").run("devices", timeout_s=0.3)
