# SPDX-License-Identifier: Apache-2.0
"""Ten minutes without a pause: does the state drift, does the past ever end?"""

from __future__ import annotations

import numpy as np

from host_tools.measure.situation import Denoise, Figure, Samples, Situation, level_db, situation
from host_tools.measure.situation_audio import Material, mix
from host_tools.network.audio_cache import SAMPLE_RATE

ROUNDS = 5
ROUND_SECONDS = 120.0
WARM_UP_SECONDS = 60.0
"""Of the same audio before the clip, after which no trace of what came before should be left."""
CLIP_SECONDS = 10.0
OTHER_SECONDS = ROUND_SECONDS - WARM_UP_SECONDS - CLIP_SECONDS
SNR_DB = 10.0


def ten_minutes(denoise: Denoise, material: Material) -> Situation:
    """Compare a clip at the end of each round with the same clip after a reset and the warm-up."""
    title = (
        "Ten minutes of speech in noise; every two minutes end with the same "
        f"{WARM_UP_SECONDS:.0f} s of warm-up and {CLIP_SECONDS:.0f} s clip, as after a reset"
    )
    talkers, noises = material.talkers(), list(material.noises().values())
    if not talkers or not noises:
        return situation("ten_minutes", title, [Figure("differing samples", None, "", 0.0, "<=")])

    def passage(number: int, seconds: float) -> Samples:
        talker = material.speech(talkers[number % len(talkers)], seconds, number)
        noise = material.noise(noises[number % len(noises)], seconds, number)
        return mix(talker, noise, SNR_DB)

    ending = np.concatenate([passage(0, WARM_UP_SECONDS), passage(1, CLIP_SECONDS)])
    rounds = [
        np.concatenate([passage(2 + number, OTHER_SECONDS), ending]) for number in range(ROUNDS)
    ]
    clip = round(CLIP_SECONDS * SAMPLE_RATE)
    # What follows keeps the end of the clip from being cut by the removed delay.
    tail = np.zeros(SAMPLE_RATE, np.int16)
    heard = denoise(np.concatenate([*rounds, tail]))
    ends = np.cumsum([len(part) for part in rounds])
    repeated = [heard[end - clip : end - SAMPLE_RATE] for end in ends]
    after_reset = denoise(np.concatenate([ending, tail]))[len(ending) - clip :][: len(repeated[0])]
    last = repeated[-1].astype(np.int64) - after_reset
    levels = [level_db(part) for part in repeated]
    return situation(
        "ten_minutes",
        title,
        [
            Figure("differing samples", float(np.count_nonzero(last)), "", 0.0, "<="),
            Figure("largest difference", float(np.abs(last).max()), "LSB"),
            Figure("difference below the clip", level_db(after_reset) - level_db(last), "dB"),
            Figure("spread of level", max(levels) - min(levels), "dB", 0.1, "<="),
        ],
    )
