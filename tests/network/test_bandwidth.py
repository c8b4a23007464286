# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import soxr
from scipy import signal

from host_tools.network.bandwidth import measure_bandwidth_hz

RATE = 48000


def speech_like(seconds: float = 3.0, seed: int = 0) -> np.ndarray:
    """Noise that falls by 9 dB an octave above 500 Hz under syllables, float32."""
    samples = round(seconds * RATE)
    generator = np.random.default_rng(seed)
    spectrum = np.fft.rfft(generator.standard_normal(samples))
    octaves = np.log2(np.maximum(np.arange(len(spectrum)) * RATE / samples, 500.0) / 500.0)
    audio = np.fft.irfft(spectrum * 10.0 ** (-9.0 * octaves / 20.0), samples)
    syllables = np.clip(np.sin(2 * np.pi * 3 * np.arange(samples) / RATE), 0.02, None)
    audio = audio * syllables
    return (0.3 * audio / np.abs(audio).max()).astype(np.float32)


def as_recorded(audio: np.ndarray) -> np.ndarray:
    return np.rint(audio * 32767).astype(np.int16)


@pytest.mark.parametrize("origin", [8000, 16000, 22050, 24000])
def test_material_of_a_lower_rate_is_found_out(origin: int) -> None:
    upsampled = soxr.resample(soxr.resample(speech_like(), RATE, origin), origin, RATE)
    found = measure_bandwidth_hz(as_recorded(upsampled))
    assert 0.85 * origin / 2 <= found <= 1.05 * origin / 2


@pytest.mark.parametrize("cutoff_hz", [5000.0, 11000.0])
def test_steep_low_pass_is_found(cutoff_hz: float) -> None:
    sections = signal.ellip(10, 0.1, 80, cutoff_hz, fs=RATE, output="sos")
    found = measure_bandwidth_hz(as_recorded(signal.sosfilt(sections, speech_like())))
    assert found == pytest.approx(cutoff_hz, rel=0.12)


@pytest.mark.parametrize("seed", range(3))
def test_gentle_fall_of_real_speech_is_no_edge(seed: int) -> None:
    assert measure_bandwidth_hz(as_recorded(speech_like(seed=seed))) >= 18000.0


def test_level_does_not_matter() -> None:
    low = soxr.resample(soxr.resample(speech_like(), RATE, 16000), 16000, RATE)
    loud, quiet = (measure_bandwidth_hz(as_recorded(gain * low)) for gain in (1.0, 0.3))
    assert loud == pytest.approx(quiet, abs=600.0)


@pytest.mark.parametrize("audio", [np.zeros(RATE, np.int16), np.zeros(0, np.int16)])
def test_of_silence_nothing_is_known(audio: np.ndarray) -> None:
    assert measure_bandwidth_hz(audio) == 24000.0
