# SPDX-License-Identifier: Apache-2.0
"""How often and how strongly a training mixture is changed."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class MixingRecipe:
    """Probabilities and ranges of one kind of mixture; times in seconds, levels in dB.

    A range is drawn from uniformly; ranges of frequencies (Hz) uniformly in their logarithm.
    """

    seconds: float = 10.0
    clean_probability: float = 0.10
    noise_only_probability: float = 0.06
    wide_snr_probability: float = 0.3
    wide_snr_db: Range = (-5.0, 45.0)
    main_snr_db: Range = (-5.0, 20.0)
    level_dbfs: Range = (-48.0, -14.0)

    phrase_seconds: Range = (1.5, 6.0)
    pause_seconds: Range = (0.0, 1.2)
    phrase_gain_db: Range = (-6.0, 3.0)
    speed_probability: float = 0.6
    speed_range: Range = (0.85, 1.25)
    """Of speech; 1.25 plays it faster, with pitch, formants and bandwidth 25 % higher."""

    filter_probability: float = 0.6
    equaliser_probability: float = 0.4
    low_pass_probability: float = 0.15
    low_pass_hz: Range = (3000.0, 20000.0)
    clipping_probability: float = 0.06
    clipping_db: Range = (0.5, 9.0)
    """How far the highest peak is above the level at which the microphone clips."""

    room_probability: float = 0.45
    dry_noise_probability: float = 0.3
    """Of a mixture in a room: noise that reaches the microphone without it."""
    talker_distance_gain: Range = (0.5, 1.5)
    """Factor of the direct sound and first reflections of the talker."""
    synthetic_rooms: int = 150
    synthetic_room_share: float = 0.5

    babble_probability: float = 0.08
    synthetic_noise_probability: float = 0.15
    noise_speed_probability: float = 0.4
    noise_speed_range: Range = (0.7, 1.4)
    second_noise_probability: float = 0.35
    third_noise_probability: float = 0.1
    swell_probability: float = 0.2
    """Of a noise: its level wanders, or it begins late."""
    foreground_probability: float = 0.2
    foreground_count: tuple[int, int] = (1, 5)
    foreground_db: Range = (-12.0, 10.0)
    """Level of a short sound, while it lasts, above the speech."""
