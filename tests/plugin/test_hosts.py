# SPDX-License-Identifier: Apache-2.0
"""The plugin in other hosts: ffmpeg, emulated ARM, the sanitizers; and the files for PipeWire."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from host_tools.measure.clip import load_clip
from tests.needs import ROOT, need, need_build, need_program
from tests.plugin.ladspa import Floats, Instance, descriptor, plugin_path, to_float

DELAY = 1920
FOLDER = ROOT / "firmware" / "plugin"
SYSROOTS = {
    "rpi-aarch64": ("qemu-aarch64", "/usr/aarch64-linux-gnu"),
    "rpi-armv7": ("qemu-arm", "/usr/arm-linux-gnueabihf"),
}


def c_host(preset: str) -> list[str]:
    """The command that runs the C host of a preset."""
    program = str(need_build(preset, "ladspa_host"))
    if preset not in SYSROOTS:
        return [program]
    emulator, sysroot = SYSROOTS[preset]
    need(Path(sysroot).exists(), f"{sysroot} is missing (make setup)")
    return [need_program(emulator), "-L", sysroot, program]


def run_c_host(preset: str, samples: Floats, *arguments: object) -> Floats:
    plugin = plugin_path(preset)
    command = [*c_host(preset), str(plugin), *map(str, arguments)]
    done = subprocess.run(command, input=samples.tobytes(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert f"latency: {DELAY}\n" in done.stderr.decode()
    return np.frombuffer(done.stdout, np.float32)


def test_ffmpeg_gives_the_samples_of_the_program(tmp_path: Path) -> None:
    ffmpeg, plugin = need_program("ffmpeg"), plugin_path()
    filters = subprocess.run([ffmpeg, "-v", "0", "-filters"], capture_output=True, text=True)
    need(" ladspa " in filters.stdout, "this ffmpeg was built without LADSPA")
    source, expected, out = (tmp_path / f"{name}.wav" for name in ("in", "expected", "out"))
    soundfile.write(source, load_clip().noisy, 48_000, "PCM_16")
    subprocess.run([need_build("host", "percepnet_denoise"), source, expected], check=True)
    graph = f"apad=pad_len={DELAY},ladspa=file={plugin}:plugin=percepnet_mono:controls=c0=100|c1=0"
    command = [
        ffmpeg,
        "-v",
        "error",
        "-i",
        str(source),
        "-af",
        graph,
        "-c:a",
        "pcm_s16le",
        str(out),
    ]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    samples, rate = soundfile.read(out, dtype="int16")
    assert rate == 48_000
    assert np.array_equal(samples[DELAY:], soundfile.read(expected, dtype="int16")[0])


@pytest.mark.parametrize("preset", ["host-asan", "rpi-aarch64", "rpi-armv7"])
def test_other_builds_give_the_samples_of_this_machine(preset: str) -> None:
    samples = to_float(load_clip().noisy[:96_000])
    samples[20_000:20_050] = np.nan
    out = run_c_host(preset, samples, 1023, 20, 0.5)
    assert np.array_equal(out, Instance(limit_db=20, gate=0.5).run(samples))


@pytest.mark.parametrize("block", [1, 480, 4801])
def test_the_sanitizers_find_nothing_at_any_block_size(block: int) -> None:
    samples = np.full(5000, 9.0, np.float32)
    assert len(run_c_host("host-asan", samples, block, 0, 1)) == 5000


@pytest.mark.parametrize("preset", ["rpi-aarch64", "rpi-armv7"])
def test_the_arm_plugins_need_no_more_than_the_c_library(preset: str) -> None:
    listing = subprocess.run(
        [need_program("readelf"), "-d", plugin_path(preset)], capture_output=True, text=True
    ).stdout
    needed = set(re.findall(r"NEEDED.*\[(.*)\]", listing))
    assert needed <= {"libm.so.6", "libc.so.6", "ld-linux-armhf.so.3", "ld-linux-aarch64.so.1"}


def test_the_pipewire_file_names_the_plugin_and_its_ports() -> None:
    text = (FOLDER / "percepnet-source.conf").read_text()
    plugin = descriptor()
    controls = re.search(r"control = \{(.*?)\}", text, re.DOTALL)
    assert controls is not None
    named = re.findall(r'"(.*?)"\s*=', controls[1])
    names = [name.decode() for name in plugin.port_names[: plugin.port_count]]
    assert named and set(named) <= set(names)
    assert re.search(r"label\s*= percepnet_mono\n", text)
    assert re.search(rf"plugin\s*= {plugin_path().stem}\n", text)


def test_the_service_starts_the_pipewire_file() -> None:
    assert (
        "pipewire -c percepnet-source.conf\n" in (FOLDER / "percepnet-source.service").read_text()
    )


def test_plugin_and_files_are_installed_where_hosts_look(tmp_path: Path) -> None:
    plugin_path()
    command = [need_program("cmake"), "--install", str(ROOT / "build" / "host")]
    subprocess.run([*command, "--prefix", str(tmp_path)], check=True, capture_output=True)
    assert (tmp_path / "lib/ladspa/percepnet_ladspa.so").exists()
    for name in ("percepnet-source.conf", "percepnet-source.service"):
        assert (tmp_path / "share/percepnet" / name).read_bytes() == (FOLDER / name).read_bytes()
