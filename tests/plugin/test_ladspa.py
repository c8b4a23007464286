# SPDX-License-Identifier: Apache-2.0
"""The LADSPA plugin behaves as live hosts expect, whatever block size they choose."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from elftools.elf.elffile import ELFFile

from host_tools.measure.clip import load_clip
from tests.needs import need_build
from tests.plugin.ladspa import (
    GATE,
    LATENCY,
    LIMIT,
    VOICE,
    Floats,
    Instance,
    Samples,
    descriptor,
    plugin_path,
    to_float,
    to_int16,
)

HOP = 480
DELAY = 1920
SECOND = 48_000
RANDOM_SIZES: list[int] = np.random.default_rng(3).integers(0, 2000, 100).tolist()
# names that hosts and the shipped files refer to
PORTS = [b"Input", b"Output", b"Attenuation limit (dB)", b"Voice gate", b"latency"]
PORTS += [b"Voice probability"]


@pytest.fixture(scope="module")
def noisy() -> Samples:
    """The first seconds of the bundled clip."""
    return load_clip().noisy[: 3 * SECOND]


def white_noise(seconds: float, seed: int = 1) -> Floats:
    noise = np.random.default_rng(seed).standard_normal(int(seconds * SECOND))
    return (0.03 * noise).astype(np.float32)


def delayed(samples: Samples, by: int = DELAY) -> Samples:
    return np.concatenate([np.zeros(by, np.int16), samples[:-by]])


def cleaned_by_the_program(samples: Samples, folder: Path, *options: str) -> Samples:
    program = need_build("host", "percepnet_denoise")
    soundfile.write(folder / "in.wav", samples, SECOND, "PCM_16")
    subprocess.run([program, *options, folder / "in.wav", folder / "out.wav"], check=True)
    out: Samples = soundfile.read(folder / "out.wav", dtype="int16")[0]
    return out


def test_the_file_exports_the_ladspa_function_alone() -> None:
    with plugin_path().open("rb") as file:
        symbols: Any = ELFFile(file).get_section_by_name(".dynsym")
        exported = [s.name for s in symbols.iter_symbols() if s["st_shndx"] != "SHN_UNDEF"]
    assert exported == ["ladspa_descriptor"]


def test_nothing_is_bound_while_sound_runs() -> None:
    with plugin_path().open("rb") as file:
        dynamic: Any = ELFFile(file).get_section_by_name(".dynamic")
        flags = [tag.entry.d_val for tag in dynamic.iter_tags("DT_FLAGS")]
    assert flags and flags[0] & 8  # DF_BIND_NOW


def test_label_number_and_ports_are_those_that_hosts_have_stored() -> None:
    plugin = descriptor()
    assert (plugin.label, plugin.unique_id) == (b"percepnet_mono", 4834480)
    assert plugin.port_names[: plugin.port_count] == PORTS
    is_input = [bool(kind & 1) for kind in plugin.port_descriptors[: plugin.port_count]]
    assert is_input == [True, False, True, True, False, False]
    assert (plugin.port_hints[LIMIT].lower, plugin.port_hints[LIMIT].upper) == (0.0, 100.0)
    assert (plugin.port_hints[GATE].lower, plugin.port_hints[GATE].upper) == (0.0, 1.0)


def test_it_says_that_it_can_run_in_hard_real_time() -> None:
    assert descriptor().properties == 4


@pytest.mark.parametrize("limit_db", [100, 12])
def test_the_output_is_that_of_the_program_with_the_delay_of_the_latency_port(
    noisy: Samples, tmp_path: Path, limit_db: int
) -> None:
    padded = np.concatenate([to_float(noisy), np.zeros(DELAY, np.float32)])
    instance = Instance(limit_db)
    out = to_int16(instance.run(padded))
    assert instance.controls[LATENCY] == DELAY
    expected = cleaned_by_the_program(noisy, tmp_path, "--attenuation-limit", str(limit_db))
    assert np.array_equal(out[DELAY:], expected)


@pytest.mark.parametrize(
    "sizes",
    [(1,), (7,), (64,), (1023,), (4800,), (0, 479, 1, 481), RANDOM_SIZES],
    ids=["1", "7", "64", "1023", "4800", "around-a-hop", "random"],
)
def test_every_block_size_gives_the_same_samples(noisy: Samples, sizes: Sequence[int]) -> None:
    samples = to_float(noisy[:SECOND])
    expected = Instance(gate=0.5).run(samples)
    assert np.array_equal(Instance(gate=0.5).run(samples, sizes), expected)


def test_input_and_output_may_be_one_buffer(noisy: Samples) -> None:
    samples = to_float(noisy[:SECOND])
    assert np.array_equal(Instance().run(samples, (100,), in_place=True), Instance().run(samples))


def test_the_latency_is_told_and_true() -> None:
    instance = Instance(limit_db=0)
    instance.run(np.zeros(1, np.float32), (0, 1))
    assert instance.controls[LATENCY] == DELAY
    instance.activate()
    impulse = np.zeros(SECOND, np.float32)
    impulse[1000] = 0.5
    assert np.flatnonzero(instance.run(impulse, (64,))).tolist() == [1000 + DELAY]


@pytest.mark.parametrize("gate", [0.0, 0.5])
def test_an_attenuation_limit_of_0_db_passes_the_signal_unchanged(
    noisy: Samples, gate: float
) -> None:
    # the denoiser itself would overshoot at such edges and clip
    square = np.where(np.arange(SECOND) // 48 % 2 == 0, 32767, -32768).astype(np.int16)
    samples = np.concatenate([noisy, square])
    out = Instance(limit_db=0, gate=gate).run(to_float(samples), (256,))
    assert np.array_equal(to_int16(out), delayed(samples))


def test_no_number_and_infinity_become_silence(noisy: Samples) -> None:
    clean, spoilt = to_float(noisy[:SECOND]), to_float(noisy[:SECOND])
    for at, value in ((5000, np.nan), (9000, np.inf), (9500, -np.inf)):
        clean[at : at + 20] = 0.0
        spoilt[at : at + 20] = value
    assert np.array_equal(Instance().run(spoilt), Instance().run(clean))


def test_samples_are_rounded_to_nearest_and_clamped() -> None:
    samples = np.zeros(SECOND, np.float32)
    values = [1.0, 9.0, -1.0, -9.0, 3e38, -3e38, 0.4, 0.6, -0.4, -0.6, 1e-30]
    samples[: len(values)] = values
    samples[6:10] /= 32768
    out = to_int16(Instance(limit_db=0).run(samples))[DELAY:][: len(values)]
    top, bottom = 32767, -32768
    assert out.tolist() == [top, top, bottom, bottom, top, bottom, 0, 1, 0, -1, 0]


def test_controls_that_are_no_numbers_or_out_of_range_do_no_harm(noisy: Samples) -> None:
    samples = to_float(noisy[:SECOND])
    usual, through = Instance().run(samples), Instance(limit_db=0).run(samples)
    assert np.array_equal(Instance(np.nan, np.nan).run(samples), usual)
    assert np.array_equal(Instance(1e9, -5.0).run(samples), usual)
    assert np.array_equal(Instance(-np.inf, np.inf).run(samples), through)


def test_two_instances_do_not_disturb_each_other(noisy: Samples) -> None:
    left, right = to_float(noisy[:SECOND]), white_noise(1.0)
    alone = Instance().run(left), Instance(limit_db=6).run(right)
    two = Instance(), Instance(limit_db=6)
    together: tuple[list[Floats], list[Floats]] = [], []
    for start in range(0, SECOND, 700):
        for out, instance, samples in zip(together, two, (left, right), strict=True):
            out.append(instance.run(samples[start : start + 700], (700,)))
    for out, expected in zip(together, alone, strict=True):
        assert np.array_equal(np.concatenate(out), expected)


def test_activate_starts_anew(noisy: Samples) -> None:
    samples = to_float(noisy[:SECOND])
    instance = Instance(gate=0.5)
    first = instance.run(samples)
    instance.run(white_noise(0.77))
    instance.activate()
    assert np.array_equal(instance.run(samples), first)


@pytest.mark.parametrize("rate_hz", [44_100, 96_000, 16_000, 0])
def test_another_rate_is_refused_with_one_line_of_advice(
    rate_hz: int, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not descriptor().instantiate(None, rate_hz)
    line = capfd.readouterr().err
    assert line.count("\n") == 1
    assert f"{rate_hz} Hz" in line and "set the host to 48000 Hz" in line


def test_the_voice_probability_tells_speech_from_noise(noisy: Samples) -> None:
    instance = Instance()
    of_noise = instance.voice(white_noise(2.0))
    of_speech = instance.voice(to_float(noisy[SECOND:]))
    assert np.all((of_noise >= 0) & (of_speech >= 0) & (of_speech <= 1))
    assert np.median(of_noise) < 0.3 < 0.7 < np.median(of_speech)


@pytest.fixture(scope="module")
def around_speech(noisy: Samples) -> Floats:
    """Two seconds of noise, three with speech, two of noise."""
    return np.concatenate([white_noise(2.0), to_float(noisy), white_noise(2.0, seed=2)])


def test_the_gate_closes_on_noise_and_opens_on_speech(around_speech: Floats) -> None:
    usual = to_int16(Instance().run(around_speech))
    gated = to_int16(Instance(gate=0.5).run(around_speech))
    assert not gated[SECOND : 2 * SECOND].any()
    assert not gated[-SECOND:].any()
    loud = np.abs(usual.astype(int)) > 3000
    assert loud.sum() > 1000
    assert np.array_equal(gated[loud], usual[loud])


def test_the_gate_holds_for_200_ms_before_it_closes(around_speech: Floats) -> None:
    voice = Instance().voice(around_speech) >= 0.5
    last = int(np.flatnonzero(voice)[-1])
    usual = Instance(limit_db=6).run(around_speech)
    gated = Instance(limit_db=6, gate=0.5).run(around_speech)
    differs = np.any((usual != gated).reshape(-1, HOP), axis=1)
    # what a hop decides leaves one hop later
    assert np.flatnonzero(differs[last:])[0] == 1 + 20 + 1


def test_the_gate_moves_without_clicks(around_speech: Floats) -> None:
    usual = to_int16(Instance().run(around_speech)).astype(int)
    gated = to_int16(Instance(gate=0.5).run(around_speech)).astype(int)
    # from sample to sample the gain changes by no more than a 480th, and rounding
    most = np.abs(np.diff(usual)) + np.abs(usual[1:]) / HOP + 2
    assert np.all(np.abs(np.diff(gated)) <= most)


def test_a_closed_gate_obeys_the_attenuation_limit(around_speech: Floats) -> None:
    gated = to_int16(Instance(limit_db=20, gate=0.5).run(around_speech))
    source = around_speech[-SECOND - DELAY : -DELAY] * 3276.8
    assert np.abs(gated[-SECOND:] - source).max() <= 1.0


def test_a_limit_that_changes_makes_no_click() -> None:
    time = np.arange(2 * SECOND) / SECOND
    tone = (0.3 * np.sin(2 * np.pi * 300 * time)).astype(np.float32)
    instance = Instance(limit_db=100, gate=1.0)
    parts = []
    for start, limit_db in zip(range(0, 2 * SECOND, 9600), cycle((100, 0, 6, 40, 0)), strict=False):
        instance.controls[LIMIT] = limit_db
        parts.append(instance.run(tone[start : start + 9600]))
    out = np.concatenate(parts)
    assert np.abs(out).max() > 0.2
    slope = 0.3 * 2 * np.pi * 300 / SECOND
    assert np.abs(np.diff(out)).max() < 1.5 * slope


def test_voice_and_latency_ports_may_stay_unconnected(noisy: Samples) -> None:
    samples = to_float(noisy[:SECOND])
    instance = Instance()
    for port in (LATENCY, VOICE, LIMIT, GATE):
        instance.disconnect(port)
    assert np.array_equal(instance.run(samples), Instance().run(samples))
