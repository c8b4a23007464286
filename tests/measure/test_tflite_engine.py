# SPDX-License-Identifier: Apache-2.0
"""LiteRT as another engine: the same network, timed on the host and counted on emulated Arm."""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from host_tools.commands.measure import check_engine
from host_tools.errors import DataError, DeviceError, MeasurementInvalid, UsageError
from host_tools.exchange.export_network import tflite_file
from host_tools.exchange.runtime import Runner
from host_tools.features import extract, lab_library, lab_library_path
from host_tools.measure.result import result_schema
from host_tools.measure.runs import Plan
from host_tools.measure.tflite_arm64 import LITERT, download_wheel
from host_tools.measure.tflite_emulated import CORES, forged_root
from host_tools.measure.tflite_engine import measure_tflite
from host_tools.measure.tflite_network import exported
from host_tools.measure.tflite_runs import LiteRt, LiteRtRun, opened
from host_tools.measure.tflite_symbols import Symbols, read_litert_counts
from host_tools.network.checkpoint import load_checkpoint, random_checkpoint, save_checkpoint
from host_tools.network.profile import Profile
from host_tools.quantize.image import write_image
from host_tools.quantize.weights import quantize_checkpoint
from host_tools.report.comparison import compare_runs
from tests.measure.example import example_result
from tests.needs import need, need_build

SMALL = Profile("small", fc=16, conv1=32, conv2=32, gru=32, gru_gb=32, gru_rb=16)
FRAMES = 60


@pytest.fixture(scope="module")
def features() -> NDArray[np.int16]:
    noise = np.random.default_rng(3).integers(-9000, 9000, FRAMES * 480).astype(np.int16)
    need_build("host", "libpercepnet_lab.so")
    return extract(noise)


@pytest.fixture(scope="module")
def litert(
    features: NDArray[np.int16], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiteRt]:
    need(importlib.util.find_spec("ai_edge_litert") is not None, "pip install -e '.[tflite]'")
    file = tflite_file(random_checkpoint(SMALL, 5), "int8", "00" * 32)
    with opened(file, features) as engine:
        yield engine


@pytest.fixture(scope="module")
def unpaced(litert: LiteRt) -> LiteRtRun:
    return litert.run()


@pytest.fixture
def small_model(tmp_path: Path) -> str:
    folder = tmp_path / "small"
    save_checkpoint(random_checkpoint(SMALL, 5), folder)
    image = write_image(quantize_checkpoint(load_checkpoint(folder)))
    (folder / "small.pnm").write_bytes(image)
    return str(folder / "small.pnm")


def test_answers_are_those_of_the_exported_network_frame_by_frame(
    unpaced: LiteRtRun, features: NDArray[np.int16], tmp_path: Path
) -> None:
    path = tmp_path / "small.tflite"
    path.write_bytes(tflite_file(random_checkpoint(SMALL, 5), "int8", "00" * 32))
    runner = Runner(path)
    wanted = [
        np.r_[gains, strengths, voice] for gains, strengths, voice in map(runner.step, features)
    ]
    assert np.array_equal(unpaced.answers, np.array(wanted, np.float32))


def test_the_network_is_timed_apart_from_handing_over(unpaced: LiteRtRun) -> None:
    times = unpaced.times
    assert times.frames == len(times.call_times_ns) == FRAMES
    assert (times.call_times_ns > 0).all() and (unpaced.step_ns > times.call_times_ns).all()
    assert times.cpu_ns is not None and 0 < times.cpu_ns < times.wall_ns
    assert times.wake_ups_ns is None


@pytest.mark.parametrize("pace_ms", [10, 20])
def test_paced_runs_take_the_time_that_the_audio_lasts(
    litert: LiteRt, unpaced: LiteRtRun, pace_ms: int
) -> None:
    paced = litert.run(pace_ms)
    shortest_ns = (FRAMES * 10 - pace_ms) * 1e6
    assert shortest_ns < paced.times.wall_ns < 20 * shortest_ns
    assert paced.times.wake_ups_ns is not None and len(paced.times.wake_ups_ns) == FRAMES
    assert np.array_equal(paced.answers, unpaced.answers)


def test_a_file_that_litert_refuses_ends_in_one_line(features: NDArray[np.int16]) -> None:
    need(importlib.util.find_spec("ai_edge_litert") is not None, "pip install -e '.[tflite]'")
    with opened(b"no network", features) as engine, pytest.raises(MeasurementInvalid) as error:
        engine.run()
    assert "LiteRT ended with code 1" in str(error.value) and "\n" not in str(error.value)


def test_a_measurement_tells_the_network_alone_and_says_so(
    small_model: str, tmp_path: Path
) -> None:
    need(importlib.util.find_spec("ai_edge_litert") is not None, "pip install -e '.[tflite]'")
    need_build("host", "percepnet_agent")
    clip = tmp_path / "noise.wav"
    noise = np.random.default_rng(1).integers(-9000, 9000, 48_123).astype(np.int16)
    soundfile.write(clip, noise, 48_000)
    result = measure_tflite("host", clip, model=small_model, plan=Plan(repeats=2, paces_ms=(0,)))
    jsonschema.Draft202012Validator(result_schema()).validate(json.loads(result.to_json()))
    assert result.engine == "tflite" and result.kernel == "xnnpack"
    assert list(result.stages) == ["network"] and result.stages_unit == "nanoseconds"
    assert len(result.enhanced) == len(noise) and np.any(result.enhanced)
    assert result.load.kind == "measured" and "network alone" in result.load.method
    # one second, twice: too little to count
    broken = {rule.name for rule in result.validity if not rule.ok}
    assert broken == {"audio_length", "repeats"} and result.verdict == "void"


def test_a_checkpoint_that_is_not_the_images_is_refused(small_model: str) -> None:
    save_checkpoint(random_checkpoint(SMALL, 6), Path(small_model).parent)
    with pytest.raises(DataError, match=r"is not that of small\.pnm"):
        exported(small_model)


@pytest.mark.parametrize(
    ("device", "plan", "word"),
    [
        ("host", Plan(mode="packet"), "single frames"),
        ("host", Plan(kernel="neon"), "leave --kernel out"),
        ("emulator:cortex-a7", Plan(), "emulator:cortex-a72"),
        ("ssh:board", Plan(), "not on ssh:board"),
    ],
)
def test_what_litert_cannot_do_is_refused_before_it_starts(
    device: str, plan: Plan, word: str
) -> None:
    with pytest.raises(UsageError, match=word):
        measure_tflite(device, plan=plan)


@pytest.mark.parametrize(
    ("engine", "meter", "budget", "word"),
    [
        ("torch", None, None, "there are: percepnet, tflite"),
        ("tflite", "gauge", None, "leave --meter"),
        ("tflite", None, "phone", "leave --meter, --budget"),
    ],
)
def test_options_that_are_of_the_whole_filter_are_refused(
    engine: str, meter: str | None, budget: str | None, word: str
) -> None:
    with pytest.raises(UsageError, match=word):
        check_engine(engine, meter, budget, None)


def test_figures_of_the_network_alone_do_not_stand_beside_those_of_a_frame(tmp_path: Path) -> None:
    whole = example_result()
    alone = replace(whole, engine="tflite", kernel="xnnpack", stages={"network": 3_000_000.0})
    for name, result in (("alone", alone), ("whole", whole)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(result.to_json())
    found = compare_runs([tmp_path / "alone", tmp_path / "whole"])
    rows = {row.name.text: row.values for row in found.rows}
    alone_value, whole_value = rows["stage network"]
    assert alone_value is not None and alone_value.value == 3_000_000
    assert whole_value is not None and whole_value.value == 2_500_000
    assert rows["instructions a frame of the network alone"][1] is None
    assert rows["instructions a frame"][0] is None
    assert not next(fact for fact in found.facts if fact.name == "engine").same


def test_functions_of_libraries_are_found_by_address() -> None:
    need_build("host", "libpercepnet_lab.so")
    address = ctypes.cast(lab_library().pn_lab_features, ctypes.c_void_p).value
    assert address is not None
    symbols = Symbols(Path("/proc/self/maps").read_text())
    assert symbols.find(address + 4) == (str(lab_library_path().resolve()), "pn_lab_features")
    assert symbols.find(4) == ("", "(unknown)")


def test_instructions_of_python_are_left_out_of_the_counts(tmp_path: Path) -> None:
    need_build("host", "libpercepnet_lab.so")
    address = ctypes.cast(lab_library().pn_lab_features, ctypes.c_void_p).value
    library = lab_library_path().resolve()
    maps = Path("/proc/self/maps").read_text()
    # the same code once as if it were Python's, at another place
    moved = "\n".join(
        f"{int(first, 16) + (1 << 46):x}-{int(end, 16) + (1 << 46):x} {rest}"
        for line in maps.splitlines()
        if line.endswith(str(library))
        for range_, rest in [
            line.replace(str(library), str(tmp_path / "libpython3.so")).split(" ", 1)
        ]
        for first, end in [range_.split("-")]
    )
    (tmp_path / "libpython3.so").write_bytes(library.read_bytes())
    (tmp_path / "maps").write_text(maps + moved)
    assert address is not None
    symbols = [
        {"name": name, "overhead": overhead, "outside": 9, "stages": [count]}
        for name, overhead, count in [
            (f"@{address:x}", False, 3000),
            (f"@{address + 8:x}", False, 1000),
            (f"@{address + (1 << 46):x}", False, 200),
            ("pn_mark_network", True, 4),
        ]
    ]
    counts = {
        "format": 1,
        "vcpus": 1,
        "warmup_frames": 1,
        "stages": ["network"],
        "symbols": symbols,
        "frame_instructions": [9999, 2100, 2100],
    }
    (tmp_path / "counts.json").write_text(json.dumps(counts))
    found = read_litert_counts(tmp_path / "counts.json", tmp_path / "maps")
    assert found.per_frame == 2000 and found.symbols == {"pn_lab_features": 2000}
    assert found.overhead_per_frame == 102
    assert found.distribution.p50 == 2100 - 102


def test_the_forged_files_name_the_core(tmp_path: Path) -> None:
    root = forged_root(tmp_path / "root", tmp_path, CORES["cortex-a76"])
    text = (root / "proc/cpuinfo").read_text()
    assert "CPU part\t: 0xd0b\n" in text and "asimddp" in text
    assert (root / "sys/devices/system/cpu/possible").read_text() == "0\n"
    assert "asimddp" not in CORES["cortex-a72"].features


@pytest.fixture
def own_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip fetches from instead of the network."""
    need(importlib.util.find_spec("pip") is not None, "this Python has no pip")
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_without_a_network_the_wheel_that_lacks_is_named(own_index: Path, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"emulator:x: cannot fetch ai-edge-litert==2.*network"):
        download_wheel(LITERT, tmp_path, "emulator:x")


def test_a_wheel_that_is_another_is_refused_by_its_hash(own_index: Path, tmp_path: Path) -> None:
    path = own_index / f"ai_edge_litert-{LITERT.version}-cp311-cp311-{LITERT.platform}.whl"
    about = f"ai_edge_litert-{LITERT.version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(
            f"{about}/METADATA",
            f"Metadata-Version: 2.1\nName: ai-edge-litert\nVersion: {LITERT.version}\n",
        )
        wheel.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: cp311-cp311-any\n")
        wheel.writestr(f"{about}/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(DeviceError, match=f"has SHA-256 {digest}, expected {LITERT.sha256}"):
        download_wheel(LITERT, tmp_path, "emulator:x")
