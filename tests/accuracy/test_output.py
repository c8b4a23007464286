# SPDX-License-Identifier: Apache-2.0
"""The C output in words: delay, rounding, limit, decay, and the whole library end to end."""

from __future__ import annotations

import numpy as np
import pytest

from tests.accuracy import lab, signals
from tests.accuracy.measurements import random_decisions, snr_db
from tests.library.library import FRAME, FrameInfo, Percepnet, pointer, random_image
from tests.reference import front_end
from tests.reference.bands import band_energies
from tests.reference.constants import BANDS, DELAY_SAMPLES, HOP, FloatArray, IntArray, PcmArray
from tests.reference.gains import apply_decay_floor
from tests.reference.stft import analyse

FRAMES = 100
SAMPLES = FRAMES * HOP


def constant(value: float) -> FloatArray:
    """The same gain in every band and frame."""
    return np.full((FRAMES, BANDS), value)


def run(
    pcm: PcmArray, gains: FloatArray, strengths: FloatArray, floor_q15: int = 0
) -> lab.Enhanced:
    """The C path with gains and strengths in place of the network."""
    return lab.enhance(pcm, lab.to_q15(gains), lab.to_q15(strengths), floor_q15=floor_q15)


def noise(peak: float = 12000.0) -> PcmArray:
    """One second of white noise."""
    return signals.to_pcm(signals.white_noise(SAMPLES), peak)


def test_the_output_is_the_unrounded_signal_rounded_half_up() -> None:
    gains, strengths = random_decisions(FRAMES)
    out = run(noise(), gains, strengths)
    rounded = np.clip(np.floor(out.unrounded + 0.5), -32768, 32767)
    np.testing.assert_array_equal(out.pcm, rounded)


def test_an_impulse_comes_out_after_exactly_1440_samples() -> None:
    pcm = np.zeros(SAMPLES, np.int16)
    pcm[5000] = 20000
    out = run(pcm, constant(1.0), constant(0.0)).pcm
    assert np.flatnonzero(out).tolist() == [5000 + DELAY_SAMPLES]


def test_overloaded_output_saturates_and_does_not_wrap() -> None:
    """A comb on a full-scale square wave raises peaks; they must stick to full scale."""
    pcm = np.where(signals.square_wave(SAMPLES) > 0, 32767, -32768).astype(np.int16)
    rng = np.random.default_rng(4)
    out = run(pcm, rng.integers(0, 2, (FRAMES, BANDS)).astype(np.float64), constant(1.0))
    assert np.abs(out.unrounded).max() > 32768
    clipped = np.abs(out.unrounded) > 32768
    assert (np.sign(out.pcm[clipped]) == np.sign(out.unrounded[clipped])).all()
    assert (np.abs(out.pcm[clipped].astype(int)) >= 32767).all()


def test_gains_of_zero_silence_the_output() -> None:
    out = run(noise(), constant(0.0), constant(0.0))
    assert np.abs(out.pcm).max() == 0


@pytest.mark.parametrize("limit_db", [6, 12, 24])
def test_noise_falls_by_the_attenuation_limit_and_no_more(limit_db: int) -> None:
    floor_q15 = round(32768 * 10 ** (-limit_db / 20))
    pcm = noise()
    # Frames filtered by different combs do not add up in phase: up to 2 dB less in overlap-add.
    for strength, tolerance_db in ((0.0, 0.5), (1.0, 2.5)):
        out = run(pcm, constant(0.0), constant(strength), floor_q15).unrounded[DELAY_SAMPLES:]
        before = band_energies(analyse(pcm[:-DELAY_SAMPLES].astype(np.float64)))[2:]
        after = band_energies(analyse(out))[2:]
        fallen_db = 10 * np.log10(before.sum(axis=0) / after.sum(axis=0))
        assert fallen_db.max() < limit_db + tolerance_db


def test_a_gain_that_drops_to_zero_halves_with_every_frame() -> None:
    gains, strengths = constant(0.0), constant(0.0)
    gains[:50] = 1.0
    tone = signals.to_pcm(signals.sine(SAMPLES, 1000.0), 20000.0)
    exact = front_end.analyse_clip(tone)
    floored = apply_decay_floor(gains, band_energies(exact.delayed_spectra))
    assert floored[53, 9] == pytest.approx(0.5**4, rel=0.02)
    out = run(tone, gains, strengths).unrounded.reshape(FRAMES, HOP)
    wanted = front_end.enhance(exact, gains, strengths).reshape(FRAMES, HOP)
    for t in range(49, 54):
        assert np.abs(wanted[t]).max() > 10
        assert snr_db(wanted[t], out[t]) > 50


def test_a_burst_is_not_let_through_by_the_decay_floor() -> None:
    """Where the input rises by 40 dB the floor falls by 40 dB more."""
    rng = np.random.default_rng(6)
    signal = rng.standard_normal(SAMPLES)
    signal[60 * HOP :] *= 100
    pcm = signals.to_pcm(signal, 30000.0)
    gains = constant(0.0)
    gains[:60] = 1.0
    out = run(pcm, gains, constant(0.0)).unrounded.reshape(FRAMES, HOP)
    quiet = np.sqrt(np.mean(out[50:58] ** 2))
    assert np.sqrt(np.mean(out[64:] ** 2)) < quiet


def play(state: Percepnet, pcm: PcmArray) -> tuple[PcmArray, FloatArray, FloatArray, IntArray]:
    """Output of the library and the gains, strengths and periods that it reports."""
    frames = pcm.size // FRAME
    out = np.zeros_like(pcm)
    gains, strengths = np.zeros((frames, BANDS)), np.zeros((frames, BANDS))
    periods = np.zeros(frames, np.int64)
    info = FrameInfo()
    for t in range(frames):
        hop = slice(t * FRAME, (t + 1) * FRAME)
        source, target = np.ascontiguousarray(pcm[hop]), np.zeros(FRAME, np.int16)
        status = state.call(
            "pn_process_frame", pointer(source), pointer(target), lab.reference_to(info)
        )
        assert status == 0
        out[hop] = target
        gains[t] = np.array(info.gain_q15) / lab.Q15
        strengths[t] = np.array(info.strength_q15) / lab.Q15
        periods[t] = info.pitch_period_samples
    return out, gains, strengths, periods


@pytest.mark.parametrize("seed", [1, 2])
def test_the_whole_library_does_what_the_oracle_does_with_its_network_output(seed: int) -> None:
    pcm = signals.to_pcm(signals.gliding_voice(SAMPLES, seed), 30000.0)
    out, gains, strengths, periods = play(Percepnet(random_image(seed)), pcm)
    wanted = front_end.enhance(front_end.analyse_clip(pcm, periods), gains, strengths)
    assert np.abs(out - wanted).max() < 0.75
    assert snr_db(wanted, out.astype(np.float64)) > 70
