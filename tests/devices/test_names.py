# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from pathlib import Path

import pytest

from host_tools.devices import emulator, open_device, probe_all, resolve
from host_tools.devices.base import per_frame
from host_tools.devices.emulator import CPUS, EmulatorDevice
from host_tools.devices.settings_file import named_devices
from host_tools.errors import MissingDependency, UsageError
from tests.needs import ROOT


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder and an empty configuration folder."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.mark.parametrize("name", ["", "hots", "usb:1", "HOST", "emulator"])
def test_an_unknown_device_is_a_usage_error_that_shows_the_way(folder: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"unknown device.*host_tools devices"):
        open_device(name)


def test_an_unknown_cpu_gets_the_list_of_known_ones(folder: Path) -> None:
    with pytest.raises(UsageError) as caught:
        open_device("emulator:cortex-a55")
    assert all(f"emulator:{name}" in str(caught.value) for name in CPUS)


def test_a_missing_emulator_is_a_missing_dependency(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match=r"qemu-arm is not installed.*apt-get install"):
        EmulatorDevice("cortex-a7")
    results = {result.name: result for result in emulator.probe()}
    assert not any(result.ready for result in results.values())


def test_names_of_the_working_folder_win_over_the_user_s(folder: Path) -> None:
    config = folder.parent / "config" / "percepnet-kit"
    config.mkdir(parents=True)
    (config / "devices.toml").write_text(
        '[device.a]\nurl = "emulator:cortex-a7"\n[device.b]\nurl = "host"\n'
    )
    (folder / "devices.toml").write_text(
        '[device.a]\nurl = "emulator:max"\ndescription = "big one"\n'
    )
    assert resolve("a") == "emulator:max"
    assert resolve("b") == "host"
    listed = {result.name: result for result in probe_all()}
    assert "emulator:max" in listed["a"].detail
    with pytest.raises(UsageError, match=r"devices\.toml has: a, b"):
        resolve("c")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[device.a]\n", "needs url"),
        ("[device.a]\nurl = 5\n", "needs url"),
        ('[device.a]\nurl = "host"\nbaud = 9600\n', "unknown key 'baud'"),
        ("device = 3\n", "must be tables"),
        ("[device]\na = 3\n", "must be a table"),
        ('[device.host]\nurl = "host"\n', "must not look like"),
        ("[device.a\n", "not valid TOML"),
        ("\xff\xfe", "not valid TOML"),
    ],
)
def test_a_bad_devices_file_is_named_with_its_problem(
    folder: Path, text: str, problem: str
) -> None:
    path = folder / "devices.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=problem) as caught:
        named_devices()
    assert str(path) in str(caught.value)


def test_a_name_that_points_nowhere_is_a_usage_error(folder: Path) -> None:
    (folder / "devices.toml").write_text('[device.a]\nurl = "nowhere"\n')
    with pytest.raises(UsageError, match="'nowhere' is no device"):
        open_device("a")


def test_packet_times_are_shared_by_their_frames() -> None:
    import numpy as np

    times = np.array([10, 20, 7], np.uint32)
    assert per_frame(times, 5, 2).tolist() == [5.0, 5.0, 10.0, 10.0, 7.0]
    assert per_frame(times, 6, 2).tolist() == [5.0, 5.0, 10.0, 10.0, 3.5, 3.5]
    assert per_frame(times, 3, 1).tolist() == [10.0, 20.0, 7.0]


def test_the_python_example_of_the_documentation_runs(
    agent: Path, model_path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "docs" / "devices.md").read_text()
    code = text.split("```python\n")[1].split("```")[0]
    exec(code.replace('model="percepnet"', f"model={model_path!r}"), {})
    assert "scalar" in capsys.readouterr().out
