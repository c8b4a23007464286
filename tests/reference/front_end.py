# SPDX-License-Identifier: Apache-2.0
"""The whole signal path on a clip, with every discrete choice open to be forced.

Forcing the periods lets a test compare the continuous parts without a single different pitch
decision hiding their accuracy; gains and strengths are always given: the network is not here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.reference.bands import band_energies
from tests.reference.coherence import band_coherence
from tests.reference.comb import comb_spectra
from tests.reference.constants import (
    BANDS,
    HOP,
    LOOK_AHEAD_FRAMES,
    ComplexArray,
    FloatArray,
    IntArray,
)
from tests.reference.gains import target_gains
from tests.reference.pitch_filter import mix_pitch, rescale_bands
from tests.reference.pitch_refine import period_correlation, refine
from tests.reference.pitch_search import SearchSettings, coarse_lags
from tests.reference.pitch_signal import pitch_signal
from tests.reference.stft import analyse, frame_starts, synthesise


@dataclass(frozen=True)
class Analysis:
    """Everything before the network; rows are arrival hops, delayed parts describe frame t-2."""

    spectra: ComplexArray
    delayed_spectra: ComplexArray
    combed_spectra: ComplexArray
    periods: IntArray
    correlations: FloatArray

    @property
    def energies(self) -> FloatArray:
        """Band energies of the frame that has just arrived, (frames, 34)."""
        return band_energies(self.spectra)

    @property
    def coherence(self) -> FloatArray:
        """Pitch coherence of frame t-2, (frames, 34)."""
        return band_coherence(self.delayed_spectra, self.combed_spectra)

    def features(self) -> FloatArray:
        """The 70 network inputs in natural units: log2(1+E), coherence, period, correlation."""
        return np.hstack(
            (
                np.log2(1.0 + self.energies),
                self.coherence,
                self.periods[:, None].astype(np.float64),
                self.correlations[:, None],
            )
        )


def find_periods(
    signal: FloatArray, settings: SearchSettings | None = None
) -> tuple[IntArray, FloatArray]:
    """Period and correlation of frame t-2 for every arrival t."""
    return refine(signal, coarse_lags(pitch_signal(signal), settings))


def analyse_clip(
    pcm: npt.ArrayLike, periods: IntArray | None = None, settings: SearchSettings | None = None
) -> Analysis:
    """Run everything before the network on whole hops of int16-scaled audio.

    ``periods`` (frames,) replaces the pitch search when given.
    """
    signal = _whole_hops(pcm)
    if periods is None:
        chosen, correlations = find_periods(signal, settings)
    else:
        chosen = np.asarray(periods, dtype=np.int64)
        starts = frame_starts(chosen.size, LOOK_AHEAD_FRAMES)
        values = [
            period_correlation(signal, s, int(p)) for s, p in zip(starts, chosen, strict=True)
        ]
        correlations = np.clip(np.array(values), 0.0, 1.0)
    return Analysis(
        analyse(signal),
        analyse(signal, LOOK_AHEAD_FRAMES),
        comb_spectra(signal, chosen),
        chosen,
        correlations,
    )


def enhance(
    analysis: Analysis, gains: FloatArray, strengths: FloatArray, limit: float = 0.0
) -> FloatArray:
    """Output samples before rounding to 16 bits, 1440 samples late.

    gains, strengths: (frames, 34) as the network gives them at arrival t for frame t-2.
    limit: least gain of a band; that share of the input also escapes the pitch filter.
    """
    strengths = np.minimum(strengths, 1.0 - limit)
    spectra = analysis.delayed_spectra
    wanted = target_gains(gains, band_energies(spectra), limit)
    mixed = mix_pitch(spectra, analysis.combed_spectra, strengths)
    return synthesise(rescale_bands(mixed, spectra, wanted))


def unit_decisions(frames: int) -> tuple[FloatArray, FloatArray]:
    """Gains of 1 and strengths of 0: the path must then only delay the input."""
    return np.ones((frames, BANDS)), np.zeros((frames, BANDS))


def _whole_hops(pcm: npt.ArrayLike) -> FloatArray:
    signal = np.asarray(pcm, dtype=np.float64)
    return signal[: signal.size - signal.size % HOP]
