# SPDX-License-Identifier: Apache-2.0
"""Figures of the C signal path with their limits; tests assert them, the report prints them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.accuracy import lab, signals
from tests.reference import front_end, stft
from tests.reference.bands import band_energies
from tests.reference.constants import (
    BANDS,
    DELAY_SAMPLES,
    SAMPLE_RATE,
    WINDOW,
    ComplexArray,
    FloatArray,
    IntArray,
    PcmArray,
)
from tests.reference.gains import envelope_compensation, warp_gains

SECONDS = 2
SAMPLES = SECONDS * SAMPLE_RATE
SETTLING_FRAMES = 12
FULL_SCALE_DB = 90.0
QUIET_DB = 60.0
QUIET_DBFS = -60.0
SIGNIFICANT = 1e-7
VOICED_CORRELATION = 0.5


@dataclass(frozen=True)
class Measurement:
    """One figure and the limit it has to keep."""

    name: str
    value: float
    limit: float
    unit: str
    at_least: bool = False

    @property
    def passed(self) -> bool:
        """Whether the figure keeps its limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def snr_db(wanted: FloatArray | ComplexArray, got: FloatArray | ComplexArray) -> float:
    """Power of ``wanted`` over that of the difference, in dB."""
    noise = float(np.sum(np.abs(got - wanted) ** 2))
    power = float(np.sum(np.abs(wanted) ** 2))
    return float(10 * np.log10(power / noise)) if noise > 0 else 300.0


def clips(peak_dbfs: float) -> dict[str, PcmArray]:
    """Test clips at a peak level."""
    peak = signals.at_level(peak_dbfs)
    made = {
        "voice in noise": signals.gliding_voice(SAMPLES),
        "white noise": signals.white_noise(SAMPLES),
        "sine": signals.sine(SAMPLES),
    }
    return {name: signals.to_pcm(signal, peak) for name, signal in made.items()}


def random_decisions(frames: int, seed: int = 5) -> tuple[FloatArray, FloatArray]:
    """Gains and strengths on the Q15 grid, independent in every band and frame."""
    rng = np.random.default_rng(seed)
    steps = rng.integers(0, 32768, (2, frames, BANDS))
    return steps[0] / lab.Q15, steps[1] / lab.Q15


def measure_transform() -> list[Measurement]:
    """The 480-point transform both ways, on complex white noise of 19 bits."""
    rng = np.random.default_rng(7)
    peak = 2**19
    x = rng.integers(-peak, peak, 480) + 1j * rng.integers(-peak, peak, 480)
    forward = lab.fft_480(x)
    swapped = lab.fft_480(x.imag + 1j * x.real)
    inverse = (swapped.imag + 1j * swapped.real) / 480
    return [
        Measurement("FFT forward", snr_db(np.fft.fft(x), forward), 110, "dB", True),
        Measurement("FFT inverse", snr_db(np.fft.ifft(x), inverse), 110, "dB", True),
    ]


def measure_bins() -> list[Measurement]:
    """Windowed spectra of single frames."""
    rows = []
    for level, limit in ((0.0, FULL_SCALE_DB), (QUIET_DBFS, QUIET_DB)):
        for name, pcm in clips(level).items():
            window = pcm[SAMPLES // 2 : SAMPLES // 2 + WINDOW]
            exact = np.fft.rfft(window.astype(np.float64) * stft.vorbis_window())
            figure = snr_db(exact, lab.spectrum(window))
            rows.append(
                Measurement(f"analysis bins, {name}, {level:.0f} dBFS", figure, limit, "dB", True)
            )
    return rows


def measure_output() -> list[Measurement]:
    """Output before rounding to 16 bits with periods, gains and strengths forced."""
    rows = []
    for level, limit in ((0.0, FULL_SCALE_DB), (QUIET_DBFS, QUIET_DB)):
        for name, pcm in clips(level).items():
            exact = front_end.analyse_clip(pcm)
            gains, strengths = random_decisions(signals.frames_of(pcm))
            wanted = front_end.enhance(exact, gains, strengths)
            got = lab.enhance(pcm, lab.to_q15(gains), lab.to_q15(strengths), exact.periods)
            figure = snr_db(wanted, got.unrounded)
            rows.append(Measurement(f"output, {name}, {level:.0f} dBFS", figure, limit, "dB", True))
    return rows


def unit_gain_clips() -> dict[str, PcmArray]:
    """Clips that unit gains must only delay."""
    full = signals.FULL_SCALE
    noise = np.random.default_rng(9).integers(-32768, 32768, SAMPLES)
    return {
        "white noise": noise.astype(np.int16),
        "sine": signals.to_pcm(signals.sine(SAMPLES), full),
        "impulses": signals.to_pcm(signals.impulses(SAMPLES), full),
        "square": np.where(signals.square_wave(SAMPLES) > 0, 32767, -32768).astype(np.int16),
        "silence": np.zeros(SAMPLES, np.int16),
        "quiet noise": signals.to_pcm(signals.white_noise(SAMPLES), 3.0),
    }


def measure_reconstruction() -> list[Measurement]:
    """Largest deviation from the input 1440 samples earlier with unit gains and no comb filter."""
    rows = []
    for name, pcm in unit_gain_clips().items():
        gains, strengths = front_end.unit_decisions(signals.frames_of(pcm))
        out = lab.enhance(pcm, lab.to_q15(gains), lab.to_q15(strengths)).pcm.astype(np.int64)
        late = np.concatenate(
            (np.zeros(DELAY_SAMPLES, np.int64), pcm[:-DELAY_SAMPLES].astype(np.int64))
        )
        figure = float(np.max(np.abs(out - late)))
        rows.append(Measurement(f"unit gains, {name}", figure, 1, "LSB"))
    return rows


def measure_features() -> list[Measurement]:
    """Log energies and coherences where the band is not below the rounding of the input."""
    rows = []
    for level in (0.0, -30.0, QUIET_DBFS):
        for name, pcm in clips(level).items():
            exact = front_end.analyse_clip(pcm)
            gains, strengths = front_end.unit_decisions(signals.frames_of(pcm))
            got = lab.enhance(pcm, lab.to_q15(gains), lab.to_q15(strengths), exact.periods)
            wanted = exact.features()
            energies = exact.energies
            heard = energies > SIGNIFICANT * energies.max()
            log_error = np.abs(got.features[:, :BANDS] / 512 - wanted[:, :BANDS])[heard]
            own = band_energies(exact.delayed_spectra)
            combed = band_energies(exact.combed_spectra)
            significant = np.minimum(own, combed) > 1e-4 * own.max(axis=1, keepdims=True)
            significant &= own > SIGNIFICANT * energies.max()
            columns = slice(BANDS, 2 * BANDS)
            coherence_error = np.abs(got.features[:, columns] / lab.Q15 - wanted[:, columns])
            label = f"{name}, {level:.0f} dBFS"
            rows.append(Measurement(f"log2 energy, {label}", float(log_error.max()), 0.02, "log2"))
            rows.append(
                Measurement(
                    f"coherence, {label}", float(coherence_error[significant].max()), 0.002, ""
                )
            )
    return rows


@cache
def pitch_clip(f0_hz: float, snr_db_: float) -> PcmArray:
    """One second of a voice of constant pitch in white noise, peak -6 dBFS."""
    tone = signals.with_noise(signals.harmonic_tone(f0_hz, SAMPLE_RATE, int(f0_hz)), snr_db_)
    return signals.to_pcm(tone, signals.at_level(-6))


def c_periods(pcm: PcmArray) -> tuple[IntArray, FloatArray]:
    """Periods and correlations the C library finds, arrival order."""
    gains, strengths = front_end.unit_decisions(signals.frames_of(pcm))
    features = lab.enhance(pcm, lab.to_q15(gains), lab.to_q15(strengths)).features
    return features[:, 68].astype(np.int64), features[:, 69] / lab.Q15


PITCH_HZ = (62.5, 70, 80, 95, 110, 130, 155, 180, 210, 250, 300, 350, 420, 500)
PITCH_SNR_DB = (30.0, 10.0)


def measure_pitch_agreement() -> list[Measurement]:
    """Share of voiced frames in which C and oracle choose the same period."""
    pcms = [pitch_clip(f0, snr) for f0 in PITCH_HZ[::2] for snr in PITCH_SNR_DB]
    pcms += [signals.to_pcm(signals.gliding_voice(SAMPLES, seed), 20000) for seed in (20, 21, 22)]
    same = voiced = 0
    for pcm in pcms:
        periods, correlations = front_end.find_periods(pcm.astype(np.float64))
        found, _ = c_periods(pcm)
        heard = correlations > VOICED_CORRELATION
        voiced += int(heard.sum())
        same += int((found == periods)[heard].sum())
    return [Measurement("pitch, C equals oracle", 100 * same / voiced, 98, "%", True)]


@dataclass(frozen=True)
class PitchErrors:
    """Errors of the found period over voices of all test pitches."""

    multiples_percent: float
    """Frames whose period is a multiple or a fraction of the true one."""
    other_percent: float
    """Frames off by more than 3 % in another way."""
    worst_right_samples: float
    """Largest error of the remaining frames."""


def pitch_errors(snr: float) -> PitchErrors:
    """Errors of the C library on constant voices in noise, after the search has settled."""
    multiples = other = total = 0
    finest = 0.0
    for f0 in PITCH_HZ:
        found, _ = c_periods(pitch_clip(f0, snr))
        true = SAMPLE_RATE / f0
        ratio = found[SETTLING_FRAMES:] / true
        whole = np.maximum(np.round(np.maximum(ratio, 1 / ratio)), 2)
        related = np.abs(np.maximum(ratio, 1 / ratio) / whole - 1) < 0.03
        right = np.abs(ratio - 1) < 0.03
        multiples += int(related.sum())
        other += int((~right & ~related).sum())
        total += right.size
        if right.any():
            finest = max(finest, float(np.abs(ratio[right] - 1).max() * true))
    return PitchErrors(100 * multiples / total, 100 * other / total, finest)


def measure_pitch_accuracy() -> list[Measurement]:
    """Periods of voices of known pitch, 62.5 to 500 Hz, in white noise.

    The coarse search knows whole lags at 12 kHz only, so a multiple that falls on a whole lag can
    win over a high pitch that does not: the limit on multiples allows for one such pitch.
    """
    rows = []
    for snr, sample_limit in zip(PITCH_SNR_DB, (2.0, 4.0), strict=True):
        errors = pitch_errors(snr)
        label = f"{snr:.0f} dB SNR"
        rows.append(Measurement(f"pitch multiples, {label}", errors.multiples_percent, 6.0, "%"))
        rows.append(Measurement(f"pitch otherwise wrong, {label}", errors.other_percent, 1.0, "%"))
        rows.append(
            Measurement(
                f"pitch, worst right, {label}", errors.worst_right_samples, sample_limit, "samples"
            )
        )
    return rows


def measure_post_filter() -> list[Measurement]:
    """Gains of the envelope post-filter against its formula."""
    rng = np.random.default_rng(11)
    worst = 0.0
    for _ in range(200):
        energies = np.floor(2.0 ** rng.uniform(30, 50, BANDS))
        steps = rng.integers(0, 2**20 + 1, BANDS)
        gains = steps / lab.Q20
        wanted = warp_gains(gains) * envelope_compensation(gains[None], energies[None])
        worst = max(worst, float(np.abs(lab.envelope_postfilter(energies, steps) - wanted).max()))
    return [Measurement("post-filter gain", worst, 2e-5, "")]


MEASUREMENTS: tuple[Callable[[], list[Measurement]], ...] = (
    measure_transform,
    measure_bins,
    measure_output,
    measure_reconstruction,
    measure_features,
    measure_pitch_agreement,
    measure_pitch_accuracy,
    measure_post_filter,
)
