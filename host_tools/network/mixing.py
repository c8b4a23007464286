# SPDX-License-Identifier: Apache-2.0
"""Seeded mixtures of speech and noise, with the clean speech that the network should leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.network import augmentation
from host_tools.network.audio_cache import SAMPLE_RATE, AudioCache, Split
from host_tools.network.augmentation import Audio
from host_tools.network.recipe import MixingRecipe
from host_tools.network.rooms import Room, RoomBank
from host_tools.network.sources import Sources


@dataclass(frozen=True)
class Mixture:
    """One mixture: int16 signals of equal length and what is known about them.

    ``snr_db`` is the ratio of the mean squares of speech (with its room) and noise, +inf for clean
    speech and -inf for noise alone; above ``bandwidth_hz`` the clean signal says nothing about
    real speech.
    """

    noisy: npt.NDArray[np.int16]
    clean: npt.NDArray[np.int16]
    bandwidth_hz: float
    snr_db: float
    speaker: str
    noises: tuple[str, ...]


class Mixer:
    """Draws mixtures of one split; the same generator state gives the same mixture."""

    def __init__(self, cache: AudioCache, split: Split, recipe: MixingRecipe | None = None) -> None:
        self.recipe = recipe or MixingRecipe()
        self._samples = round(self.recipe.seconds * SAMPLE_RATE)
        self._sources = Sources(cache, split, self.recipe, self._samples)
        self._rooms = RoomBank(cache, split, self.recipe.synthetic_rooms)

    def draw(self, generator: np.random.Generator) -> Mixture:
        """Make one mixture of ``recipe.seconds``."""
        recipe = self.recipe
        kind = generator.random()
        speaker, dry, bandwidth = self._sources.speech(generator)
        room = self._room(generator)
        target, wet = self._speech_in(room, dry, generator)
        names, noise = self._noise_in(room, wet, generator)
        if kind < recipe.noise_only_probability:
            # The bandwidth stays, so that no band sees noise alone more often than others do.
            target, wet, speaker = np.zeros_like(target), np.zeros_like(wet), ""
        elif kind >= 1.0 - recipe.clean_probability:
            noise, names = np.zeros_like(noise), ()
        snr_db = _snr_db(wet, noise)
        noisy, clean, bandwidth = self._record(wet + noise, target, bandwidth, generator)
        return Mixture(
            augmentation.to_int16(noisy),
            augmentation.to_int16(clean),
            bandwidth,
            snr_db,
            speaker,
            names,
        )

    def _room(self, generator: np.random.Generator) -> Room | None:
        room = self._rooms.draw(generator, self.recipe.synthetic_room_share)
        return room if generator.random() < self.recipe.room_probability else None

    def _speech_in(
        self, room: Room | None, dry: Audio, generator: np.random.Generator
    ) -> tuple[Audio, Audio]:
        """Return (speech as the target keeps it, speech with the whole room)."""
        if room is None:
            return dry, dry
        low, high = self.recipe.talker_distance_gain
        near = augmentation.change_distance(
            room.talker, augmentation.log_uniform((low, high), generator)
        )
        return (
            augmentation.convolve_room(dry, augmentation.target_response(near)),
            augmentation.convolve_room(dry, near),
        )

    def _noise_in(
        self, room: Room | None, speech: Audio, generator: np.random.Generator
    ) -> tuple[tuple[str, ...], Audio]:
        """Noise at the drawn SNR to ``speech``, and short sounds in front of it."""
        recipe = self.recipe
        names, noise = self._sources.noise(generator)
        more_names, sounds = self._sources.foreground(speech, generator)
        if room is not None and generator.random() >= recipe.dry_noise_probability:
            noise = augmentation.convolve_room(noise, room.noise)
            sounds = augmentation.convolve_room(sounds, room.noise)
        wide = generator.random() < recipe.wide_snr_probability
        snr_db = float(generator.uniform(*(recipe.wide_snr_db if wide else recipe.main_snr_db)))
        gain = augmentation.noise_gain_for_snr(speech, noise, snr_db)
        return names + more_names, noise * np.float32(gain) + sounds

    def _record(
        self, noisy: Audio, clean: Audio, bandwidth_hz: float, generator: np.random.Generator
    ) -> tuple[Audio, Audio, float]:
        """What the microphone makes of both: low-pass, level, perhaps clipping of the noisy one."""
        recipe = self.recipe
        cutoff_hz = augmentation.log_uniform(recipe.low_pass_hz, generator)
        if generator.random() < recipe.low_pass_probability:
            noisy, clean = (augmentation.low_pass(a, cutoff_hz) for a in (noisy, clean))
            bandwidth_hz = min(bandwidth_hz, cutoff_hz)
        level = augmentation.decibels(generator.uniform(*recipe.level_dbfs))
        gain = level / np.sqrt(augmentation.power(noisy) + 1e-12)
        peak = max(float(np.abs(noisy).max()), float(np.abs(clean).max()), 1e-9)
        scale = np.float32(min(gain, 0.98 / peak))
        noisy, clean = noisy * scale, clean * scale
        clipped_db = generator.uniform(*recipe.clipping_db)
        if generator.random() < recipe.clipping_probability:
            noisy = augmentation.clip_peaks(noisy, clipped_db)
        return noisy, clean, bandwidth_hz


def _snr_db(speech: Audio, noise: Audio) -> float:
    speech_power, noise_power = augmentation.power(speech), augmentation.power(noise)
    if noise_power == 0.0:
        return float("inf")
    if speech_power == 0.0:
        return float("-inf")
    return 10.0 * float(np.log10(speech_power / noise_power))
