# SPDX-License-Identifier: Apache-2.0
"""What a mean over mixtures hides: clean speech, noise alone, ten minutes, music, two talkers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from host_tools.measure.band_levels import CENTRES_HZ, band_changes_db
from host_tools.measure.quality import pesq_wb, si_sdr_db, stoi
from host_tools.measure.situation import (
    Denoise,
    Figure,
    Samples,
    Situation,
    level_db,
    mean,
    situation,
)
from host_tools.measure.situation_audio import Material, mix, music, to_samples
from host_tools.measure.ten_minutes import ten_minutes
from host_tools.network.audio_cache import SAMPLE_RATE, AudioCache, Split
from host_tools.network.phrases import find_phrases

__all__ = ["Figure", "Situation", "run_situations"]

Progress = Callable[[str, int, int], None]

WIDE_HZ = 16000.0
CLEAN_TALKERS = 12
CLEAN_SECONDS = 6.0
BAND_RANGE_HZ = (100.0, 16000.0)
ONSET_SAMPLES = SAMPLE_RATE * 30 // 1000
NOISE_SECONDS = 10.0
MUSIC_SECONDS = 12.0
TALKER_PAIRS = 3


def run_situations(
    denoise: Denoise, cache: AudioCache, split: Split, progress: Progress
) -> list[Situation]:
    """Hear a denoiser in five situations made of one split's recordings; repeatable.

    A figure for which the recordings do not suffice is None.
    """
    material = Material(cache, split)
    parts = (clean_speech, noise_only, ten_minutes, music_only, two_talkers)
    found = []
    for number, part in enumerate(parts):
        progress("situations", number, len(parts))
        found.append(part(denoise, material))
    progress("situations", len(parts), len(parts))
    return found


def clean_speech(denoise: Denoise, material: Material) -> Situation:
    """Speech without noise: nothing should change."""
    talkers = material.talkers(WIDE_HZ)[:CLEAN_TALKERS]
    before = [to_samples(material.speech(talker, CLEAN_SECONDS)) for talker in talkers]
    after = [denoise(clip) for clip in before]
    pairs = list(zip(before, after, strict=True))
    figures = [
        Figure("PESQ-WB", mean(_known(pesq_wb, pairs)), "", 4.2, ">="),
        Figure("SI-SDR", mean(_known(si_sdr_db, pairs)), "dB"),
    ]
    if pairs:
        changes = band_changes_db(before, after)
        inside = (BAND_RANGE_HZ[0] <= CENTRES_HZ) & (BAND_RANGE_HZ[1] >= CENTRES_HZ)
        worst = int(np.flatnonzero(inside)[np.argmin(changes[inside])])
        name = f"most attenuated band, at {CENTRES_HZ[worst]:.0f} Hz"
        figures.append(Figure(name, float(changes[worst]), "dB", -1.0, ">="))
    onsets = [change for pair in pairs for change in _onset_changes_db(*pair)]
    figures.append(Figure("first 30 ms of utterances", mean(onsets), "dB"))
    title = f"Clean speech of {len(talkers)} talkers, {len(talkers) * CLEAN_SECONDS:.0f} s"
    return situation("clean_speech", title, figures)


def _known(
    metric: Callable[[Samples, Samples], float | None], pairs: list[tuple[Samples, Samples]]
) -> list[float]:
    try:
        values = [metric(*pair) for pair in pairs]
    except ImportError:
        return []
    return [value for value in values if value is not None]


def _onset_changes_db(before: Samples, after: Samples) -> list[float]:
    """Change of level over the first 30 ms of each stretch of sound."""
    changes = []
    for first, _ in find_phrases(before.astype(np.float32) / np.float32(32768.0)):
        place = slice(first, first + ONSET_SAMPLES)
        if level_db(before[place]) > 30.0:
            changes.append(level_db(after[place]) - level_db(before[place]))
    return changes


def noise_only(denoise: Denoise, material: Material) -> Situation:
    """Noise without speech: nothing should stay."""
    attenuations: dict[str, float] = {}
    fluctuations: list[float] = []
    for category, recording in material.noises().items():
        noise = to_samples(material.noise(recording, NOISE_SECONDS))
        left = denoise(noise)[SAMPLE_RATE:]
        attenuations[category] = level_db(noise[SAMPLE_RATE:]) - level_db(left)
        levels = [level_db(frame) for frame in left[: len(left) // 480 * 480].reshape(-1, 480)]
        fluctuations.append(float(np.percentile(levels, 95) - np.percentile(levels, 50)))
    figures = [
        Figure("attenuation, mean of kinds", mean(list(attenuations.values())), "dB", 25.0, ">=")
    ]
    if attenuations:
        worst = min(attenuations, key=lambda name: attenuations[name])
        figures.append(Figure(f"least attenuated: {worst}", attenuations[worst], "dB"))
    figures.append(Figure("residue, loud over median frames", mean(fluctuations), "dB"))
    return situation("noise_only", f"Noise alone, {len(attenuations)} kinds", figures)


def music_only(denoise: Denoise, material: Material) -> Situation:
    """Music, which a denoiser of speech takes for noise in part."""
    piece = music(MUSIC_SECONDS)
    after = denoise(piece)
    changes = band_changes_db([piece], [after])
    figures = [Figure("change of level", level_db(after) - level_db(piece), "dB")]
    for low, high in ((0.0, 500.0), (500.0, 4000.0), (4000.0, 20000.0)):
        inside = (low < CENTRES_HZ) & (high >= CENTRES_HZ)
        name = f"bands to {high:.0f} Hz"
        figures.append(Figure(name, float(changes[inside].mean()), "dB"))
    return situation("music", "Music without speech (synthesised chords, melody, drum)", figures)


def two_talkers(denoise: Denoise, material: Material) -> Situation:
    """Two talkers at one level: both are speech and should stay."""
    talkers = material.talkers()
    noises = list(material.noises().values())
    alone: list[tuple[Samples, Samples]] = []
    in_noise: list[tuple[Samples, Samples]] = []
    levels = []
    for number in range(min(TALKER_PAIRS, len(talkers) // 2)):
        first = material.speech(talkers[2 * number], NOISE_SECONDS, 2 * number)
        second = material.speech(talkers[2 * number + 1], NOISE_SECONDS, 2 * number + 1)
        # Half level, so that the sum does not clip.
        both = np.float32(0.5) * (first + second)
        clean = to_samples(both)
        after = denoise(clean)
        alone.append((clean, after))
        levels.append(level_db(after) - level_db(clean))
        noise = material.noise(noises[number % len(noises)], NOISE_SECONDS, number)
        in_noise.append((clean, denoise(mix(both, noise, 10.0))))
    figures = [
        Figure("change of level", mean(levels), "dB"),
        Figure("SI-SDR", mean(_known(si_sdr_db, alone)), "dB"),
        Figure("SI-SDR in noise of 10 dB", mean(_known(si_sdr_db, in_noise)), "dB"),
        Figure("STOI in noise of 10 dB", mean(_known(stoi, in_noise)), ""),
    ]
    return situation("two_talkers", f"Two talkers at once, {len(alone)} pairs", figures)
