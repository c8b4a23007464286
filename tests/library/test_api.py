# SPDX-License-Identifier: Apache-2.0
"""What percepnet.h promises, held against the library."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_size_t, c_void_p

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.lab import KERNELS, available_kernels
from tests.library.library import (
    AlignedBytes,
    Config,
    FrameInfo,
    Percepnet,
    Samples,
    api,
    make_config,
    pointer,
    random_image,
)

DELAY = 1440
IMAGE = random_image()


def noise(frames: int, seed: int = 0, level: float = 3000.0) -> Samples:
    generator = np.random.default_rng(seed)
    samples = generator.standard_normal(480 * frames) * level
    return np.clip(samples, -32768, 32767).astype(np.int16)


def test_delay_rate_frame_and_version_are_as_documented() -> None:
    library = api()
    assert library.pn_delay_samples() == DELAY
    assert library.pn_process_delay_samples() == DELAY + 480
    assert library.pn_frame_samples() == 480
    assert library.pn_sample_rate() == 48000
    assert library.pn_version() == b"0.1.0"


def test_a_packet_gives_the_bits_of_two_frames() -> None:
    samples = noise(40)
    assert np.array_equal(Percepnet(IMAGE).packets(samples), Percepnet(IMAGE).frames(samples))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 2500), min_size=1, max_size=8))
def test_any_block_size_gives_the_frames_output_480_samples_later(sizes: list[int]) -> None:
    samples = noise(16, seed=2)
    framed = Percepnet(IMAGE).frames(samples)
    assert np.array_equal(Percepnet(IMAGE).any_blocks(samples, sizes)[480:], framed[:-480])


@pytest.mark.parametrize("kernel", available_kernels())
def test_every_kernel_gives_the_scalar_output(kernel: str) -> None:
    samples = noise(30, seed=3)
    forced = Percepnet(IMAGE, KERNELS[kernel])
    assert api().pn_kernel_name(forced.state) == kernel.encode()
    scalar = Percepnet(IMAGE, KERNELS["scalar"])
    assert np.array_equal(forced.packets(samples), scalar.packets(samples))


def test_input_and_output_may_be_the_same_buffer() -> None:
    samples = noise(20, seed=4)
    expected = Percepnet(IMAGE).frames(samples)
    in_place, state = samples.copy(), Percepnet(IMAGE)
    for start in range(0, len(in_place), 480):
        here = pointer(in_place[start:])
        assert state.call("pn_process_frame", here, here, None) == 0
    assert np.array_equal(in_place, expected)


def test_bypass_is_the_input_after_1440_samples_bit_for_bit() -> None:
    samples, state = noise(20, seed=5, level=20000.0), Percepnet(IMAGE)
    state.call("pn_set_bypass", 1)
    out = state.frames(samples)
    assert np.array_equal(out[DELAY:], samples[:-DELAY])
    assert not out[:DELAY].any()


def test_switching_bypass_off_gives_the_output_of_a_state_that_never_bypassed() -> None:
    samples, state = noise(30, seed=6), Percepnet(IMAGE)
    never = Percepnet(IMAGE).frames(samples)
    state.call("pn_set_bypass", 1)
    state.frames(samples[: 15 * 480])
    state.call("pn_set_bypass", 0)
    assert np.array_equal(state.frames(samples[15 * 480 :]), never[15 * 480 :])


def test_reset_forgets_everything_but_the_settings() -> None:
    samples, state = noise(20, seed=7), Percepnet(IMAGE)
    state.call("pn_set_attenuation_limit_db", 12)
    first = state.frames(samples)
    assert state.call("pn_reset") == 0
    assert np.array_equal(state.frames(samples), first)


def test_attenuation_limit_of_0_db_leaves_the_input_within_1_lsb() -> None:
    samples, state = noise(30, seed=8), Percepnet(random_image(gain_bias=-3.0))
    assert state.call("pn_set_attenuation_limit_db", 0) == 0
    out = state.frames(samples)
    assert np.abs(out[DELAY:].astype(int) - samples[:-DELAY]).max() <= 1


@pytest.mark.parametrize("limit_db", [6, 20])
def test_noise_falls_by_no_more_than_the_attenuation_limit(limit_db: int) -> None:
    samples, state = noise(100, seed=9), Percepnet(random_image(gain_bias=-6.0))
    state.call("pn_set_attenuation_limit_db", limit_db)
    out = state.frames(samples)[20 * 480 :].astype(float)
    fall_db = 10 * np.log10(np.mean(samples.astype(float) ** 2) / np.mean(out**2))
    assert limit_db - 1.0 < fall_db < limit_db + 0.5


def test_two_states_side_by_side_do_not_disturb_each_other() -> None:
    first, second = noise(20, seed=10), noise(20, seed=11)
    alone = Percepnet(IMAGE).frames(first), Percepnet(IMAGE).frames(second)
    a, b = Percepnet(IMAGE), Percepnet(IMAGE)
    out_a, out_b = [], []
    for start in range(0, len(first), 480):
        out_a.append(a.frames(first[start : start + 480]))
        out_b.append(b.frames(second[start : start + 480]))
    assert np.array_equal(np.concatenate(out_a), alone[0])
    assert np.array_equal(np.concatenate(out_b), alone[1])


def test_silence_stays_silence() -> None:
    assert not Percepnet(IMAGE).frames(np.zeros(480 * 30, np.int16)).any()


def test_frame_info_stays_in_its_documented_ranges() -> None:
    state, info = Percepnet(IMAGE), FrameInfo()
    for start in range(20):
        hop = noise(1, seed=start)
        assert state.call("pn_process_frame", pointer(hop), pointer(hop), byref(info)) == 0
        assert 0 <= info.voice_probability_q15 <= 32768
        assert 96 <= info.pitch_period_samples <= 768
        assert 0 <= info.pitch_correlation_q15 <= 32767
        assert max(*info.gain_q15, *info.strength_q15) <= 32768


def test_the_pitch_of_a_tone_is_reported_for_the_frame_that_leaves() -> None:
    state, info = Percepnet(IMAGE), FrameInfo()
    t = np.arange(480 * 30)
    tone = np.sum([np.cos(2 * np.pi * k * t / 240) for k in range(1, 6)], axis=0) * 3000
    for hop in tone.astype(np.int16).reshape(-1, 480):
        state.call("pn_process_frame", pointer(hop.copy()), pointer(hop.copy()), byref(info))
    assert info.pitch_period_samples == 240
    assert info.pitch_correlation_q15 > 32000


def test_the_callers_memory_serves_as_well_as_pn_create() -> None:
    library, image = api(), AlignedBytes(IMAGE)
    config = make_config(image)
    size = library.pn_state_size(byref(config))
    memory, state = AlignedBytes(bytes(size)), c_void_p()
    address = c_void_p(memory.address)
    assert library.pn_init(address, c_size_t(size), byref(config), byref(state)) == 0
    samples, out = noise(8), np.empty(480 * 8, np.int16)
    for start in range(0, len(samples), 480):
        library.pn_process_frame(state, pointer(samples[start:]), pointer(out[start:]), None)
    assert np.array_equal(out, Percepnet(IMAGE).frames(samples))


def status_name(number: int) -> str:
    return str(api().pn_error_string(number).decode())


@pytest.mark.parametrize(
    ("size_change", "offset", "complaint"),
    [(-1, 0, "too small"), (0, 8, "aligned")],
)
def test_bad_memory_is_refused(size_change: int, offset: int, complaint: str) -> None:
    library, config = api(), make_config(AlignedBytes(IMAGE))
    size = library.pn_state_size(byref(config)) + size_change
    memory, state = AlignedBytes(bytes(size + 64), offset), c_void_p(1)
    status = library.pn_init(c_void_p(memory.address), c_size_t(size), byref(config), byref(state))
    assert complaint in status_name(status)
    assert state.value is None


def test_a_config_of_another_size_is_refused() -> None:
    config, state = make_config(AlignedBytes(IMAGE)), c_void_p()
    config.struct_size += 8
    assert "struct_size" in status_name(api().pn_create(byref(config), byref(state)))


def test_an_unknown_or_foreign_kernel_is_refused() -> None:
    library, image = api(), AlignedBytes(IMAGE)
    state = c_void_p()
    assert "range" in status_name(library.pn_create(byref(make_config(image, 99)), byref(state)))
    foreign = next(k for k in KERNELS if k not in available_kernels())
    config = make_config(image, KERNELS[foreign])
    assert "kernel" in status_name(library.pn_create(byref(config), byref(state)))
    assert library.pn_state_size(byref(config)) == 0


def test_null_is_an_error_and_never_a_crash() -> None:
    library, state = api(), Percepnet(IMAGE)
    hop = pointer(noise(1))
    library.pn_config_init(None)
    library.pn_destroy(None)
    assert library.pn_create(None, None) == -1
    assert library.pn_init(None, c_size_t(0), None, byref(c_void_p())) == -1
    for function in ("pn_process_frame", "pn_process_packet"):
        assert getattr(library, function)(None, hop, hop, None) == -1
        assert state.call(function, None, hop, None) == -1
        assert state.call(function, hop, None, None) == -1
    assert library.pn_process(None, hop, hop, c_size_t(1)) == -1
    assert state.call("pn_process", None, None, c_size_t(0)) == 0
    assert state.call("pn_process", None, hop, c_size_t(1)) == -1
    for function in ("pn_reset", "pn_set_bypass", "pn_set_attenuation_limit_db"):
        assert getattr(library, function)(None, 0) == -1
    assert library.pn_set_stage_hook(None, None, None) == -1
    assert library.pn_kernel_name(None) == b"none"
    assert library.pn_model_digest(None) == b""


@pytest.mark.parametrize("limit_db", [-1, 101])
def test_an_attenuation_limit_out_of_range_is_refused(limit_db: int) -> None:
    assert Percepnet(IMAGE).call("pn_set_attenuation_limit_db", limit_db) == -5


def test_every_status_has_its_own_text() -> None:
    texts = [status_name(number) for number in range(0, -14, -1)]
    assert len(set(texts)) == 14
    assert status_name(-99) == "unknown status"


def test_the_stage_hook_sees_every_stage_in_order_once_a_frame() -> None:
    seen: list[int] = []
    hook_type = ctypes.CFUNCTYPE(None, c_void_p, ctypes.c_int)
    hook = hook_type(lambda _user, stage: seen.append(stage))
    state = Percepnet(IMAGE)
    state.call("pn_set_stage_hook", hook, None)
    state.frames(noise(2))
    state.call("pn_set_stage_hook", None, None)
    state.frames(noise(2))
    assert seen == list(range(7)) * 2


def test_config_init_asks_for_the_embedded_model_and_the_best_kernel() -> None:
    config = Config(1, 2, 3, 4)
    api().pn_config_init(byref(config))
    assert config.struct_size == ctypes.sizeof(Config)
    assert (config.model_image, config.model_bytes, config.kernel) == (None, 0, 0)
