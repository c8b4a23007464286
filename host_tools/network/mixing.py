# SPDX-License-Identifier: Apache-2.0
"""Seeded mixtures of speech and noise, with the clean speech that the network should leave."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.network import augmentation
from host_tools.network.audio_cache import (
    SAMPLE_RATE,
    AudioCache,
    CacheError,
    Recording,
    Split,
)
from host_tools.network.augmentation import Audio

FULL_BANDWIDTH_HZ = 24000.0


@dataclass(frozen=True)
class MixingRecipe:
    """Probabilities and ranges of one kind of mixture; times in seconds, levels in dB."""

    seconds: float = 10.0
    clean_probability: float = 0.05
    noise_only_probability: float = 0.05
    wide_snr_probability: float = 0.3
    wide_snr_db: tuple[float, float] = (-5.0, 45.0)
    main_snr_db: tuple[float, float] = (-3.0, 20.0)
    level_dbfs: tuple[float, float] = (-42.0, -16.0)
    phrase_seconds: tuple[float, float] = (1.5, 6.0)
    pause_seconds: tuple[float, float] = (0.0, 1.2)
    speed_probability: float = 0.5
    speed_range: tuple[float, float] = (0.88, 1.22)
    filter_probability: float = 0.6
    speech_room_probability: float = 0.2
    noise_room_probability: float = 0.2
    babble_probability: float = 0.08
    hiss_probability: float = 0.08
    second_noise_probability: float = 0.35
    third_noise_probability: float = 0.1


PLAIN_RECIPE = MixingRecipe(
    clean_probability=0.0,
    noise_only_probability=0.0,
    wide_snr_probability=0.0,
    main_snr_db=(0.0, 15.0),
    level_dbfs=(-30.0, -20.0),
    phrase_seconds=(3.0, 6.0),
    pause_seconds=(0.0, 0.5),
    speed_probability=0.0,
    filter_probability=0.0,
    speech_room_probability=0.0,
    noise_room_probability=0.0,
    babble_probability=0.0,
    hiss_probability=0.0,
    second_noise_probability=0.0,
    third_noise_probability=0.0,
)


@dataclass(frozen=True)
class Mixture:
    """One mixture: int16 signals of equal length and what is known about them.

    ``snr_db`` is +inf for clean speech and -inf for noise alone; above ``bandwidth_hz`` the
    clean signal says nothing about real speech.
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
        self._cache = cache
        self._samples = round(self.recipe.seconds * SAMPLE_RATE)
        self._speakers: dict[str, list[Recording]] = defaultdict(list)
        for recording in cache.recordings("speech", split):
            self._speakers[f"{recording.source}/{recording.speaker}"].append(recording)
        self._noises: dict[str, list[Recording]] = defaultdict(list)
        for recording in cache.recordings("noise", split):
            self._noises[recording.category].append(recording)
        self._rooms = cache.recordings("room", split)
        if not self._speakers or not self._noises:
            raise CacheError(f"split {split!r} needs speech and noise; the manifest has too little")
        seconds = [sum(r.samples for r in rs) for rs in self._speakers.values()]
        # Between uniform over speakers and uniform over time.
        weights = np.sqrt(np.array(seconds, float))
        self._speaker_names = list(self._speakers)
        self._speaker_weights = weights / weights.sum()

    def draw(self, generator: np.random.Generator, snr_db: float | None = None) -> Mixture:
        """Make one mixture of ``recipe.seconds``; the SNR is drawn when none is given."""
        recipe = self.recipe
        kind = generator.random()
        noise_only = kind < recipe.noise_only_probability
        without_noise = kind >= 1.0 - recipe.clean_probability
        speaker, dry, bandwidth = self._speech(generator)
        target, wet = self._rooms_of_speech(dry, generator)
        names, noise = self._noise(generator)
        drawn_snr_db = self._draw_snr(generator)
        snr_db = drawn_snr_db if snr_db is None else snr_db
        if noise_only:
            target, wet = np.zeros_like(target), np.zeros_like(wet)
            # The bandwidth stays, so that no band sees noise alone more often than others do.
            speaker, snr_db = "", float("-inf")
        elif without_noise:
            noise, names, snr_db = np.zeros_like(noise), (), float("inf")
        else:
            noise = noise * np.float32(augmentation.noise_gain_for_snr(wet, noise, snr_db))
        noisy, clean = self._set_level(wet + noise, target, generator)
        return Mixture(
            augmentation.to_int16(noisy),
            augmentation.to_int16(clean),
            bandwidth,
            snr_db,
            speaker,
            names,
        )

    def _draw_snr(self, generator: np.random.Generator) -> float:
        wide = generator.random() < self.recipe.wide_snr_probability
        limits = self.recipe.wide_snr_db if wide else self.recipe.main_snr_db
        return float(generator.uniform(*limits))

    def _segment(self, recording: Recording, samples: int, generator: np.random.Generator) -> Audio:
        """Cut at a random place; a recording shorter than ``samples`` is given whole."""
        stored = self._cache.samples(recording)
        start = int(generator.integers(0, max(1, len(stored) - samples + 1)))
        audio: Audio = stored[start : start + samples].astype(np.float32) / np.float32(32768.0)
        return augmentation.fade_ends(audio)

    def _pick(self, recordings: list[Recording], generator: np.random.Generator) -> Recording:
        weights = np.array([r.samples for r in recordings], float)
        return recordings[int(generator.choice(len(recordings), p=weights / weights.sum()))]

    def _speech(self, generator: np.random.Generator) -> tuple[str, Audio, float]:
        """Phrases of one speaker with pauses; returns speaker, audio and bandwidth in Hz."""
        recipe = self.recipe
        speaker = str(generator.choice(self._speaker_names, p=self._speaker_weights))
        recordings = self._speakers[speaker]
        speed = 1.0
        if generator.random() < recipe.speed_probability:
            speed = float(generator.uniform(*recipe.speed_range))
        bandwidth = FULL_BANDWIDTH_HZ
        audio = np.zeros(self._samples, np.float32)
        position = round(generator.uniform(*recipe.pause_seconds) * SAMPLE_RATE)
        while position < self._samples:
            wanted = round(generator.uniform(*recipe.phrase_seconds) * SAMPLE_RATE)
            recording = self._pick(recordings, generator)
            phrase = self._segment(recording, wanted, generator)
            if speed != 1.0:
                phrase = augmentation.change_speed(phrase, speed)
            phrase = phrase[: self._samples - position]
            audio[position : position + len(phrase)] = phrase
            bandwidth = min(bandwidth, recording.bandwidth_hz * speed)
            pause = round(generator.uniform(*recipe.pause_seconds) * SAMPLE_RATE)
            position += max(len(phrase), 1) + pause
        if generator.random() < recipe.filter_probability:
            audio = augmentation.random_filter(audio, generator)
        return speaker, audio, bandwidth

    def _room(self, generator: np.random.Generator) -> Audio | None:
        if not self._rooms:
            return None
        room = self._rooms[int(generator.integers(len(self._rooms)))]
        return self._cache.samples(room).astype(np.float32) / np.float32(32768.0)

    def _rooms_of_speech(self, dry: Audio, generator: np.random.Generator) -> tuple[Audio, Audio]:
        """Return (speech with early reflections, speech with the whole room)."""
        response = self._room(generator)
        if response is None or generator.random() >= self.recipe.speech_room_probability:
            return dry, dry
        early = augmentation.early_response(response)
        return (
            augmentation.convolve_room(dry, early),
            augmentation.convolve_room(dry, response),
        )

    def _noise(self, generator: np.random.Generator) -> tuple[tuple[str, ...], Audio]:
        """One to three noises at random relative levels; category first, then recording."""
        recipe = self.recipe
        draw = generator.random()
        count = 1 + int(draw < recipe.second_noise_probability)
        count += int(draw < recipe.third_noise_probability)
        total = np.zeros(self._samples, np.float32)
        names: list[str] = []
        for _ in range(count):
            name, noise = self._one_noise(generator)
            level = 10.0 ** (generator.uniform(-12.0, 0.0) / 20.0) if names else 1.0
            total += noise * np.float32(level / np.sqrt(augmentation.power(noise) + 1e-12))
            names.append(name)
        response = self._room(generator)
        if response is not None and generator.random() < recipe.noise_room_probability:
            total = augmentation.convolve_room(total, response)
        return tuple(names), total

    def _one_noise(self, generator: np.random.Generator) -> tuple[str, Audio]:
        recipe = self.recipe
        draw = generator.random()
        if draw < recipe.babble_probability:
            name, noise = "speakers", self._babble(generator)
        elif draw < recipe.babble_probability + recipe.hiss_probability:
            name = "hiss"
            noise = generator.standard_normal(self._samples, np.float32)
        else:
            name = str(generator.choice(list(self._noises)))
            noise = self._recorded_noise(self._noises[name], generator)
        if generator.random() < recipe.filter_probability:
            noise = augmentation.random_filter(noise, generator)
        return name, noise

    def _recorded_noise(self, recordings: list[Recording], generator: np.random.Generator) -> Audio:
        """A random cut, followed by further cuts of the same recording until it is long enough."""
        recording = self._pick(recordings, generator)
        pieces: list[Audio] = []
        missing = self._samples
        while missing > 0:
            piece = self._segment(recording, missing, generator)
            pieces.append(piece)
            missing -= max(len(piece), 1)
        return np.concatenate(pieces)[: self._samples]

    def _babble(self, generator: np.random.Generator) -> Audio:
        """Four to eight speakers at once."""
        total = np.zeros(self._samples, np.float32)
        for _ in range(int(generator.integers(4, 9))):
            speaker = str(generator.choice(self._speaker_names))
            total += self._recorded_noise(self._speakers[speaker], generator)
        return total

    def _set_level(
        self, noisy: Audio, clean: Audio, generator: np.random.Generator
    ) -> tuple[Audio, Audio]:
        """Scale both signals by one factor to a random level that does not clip."""
        level = 10.0 ** (generator.uniform(*self.recipe.level_dbfs) / 20.0)
        gain = level / np.sqrt(augmentation.power(noisy) + 1e-12)
        peak = max(float(np.abs(noisy).max()), float(np.abs(clean).max()), 1e-9)
        scale = np.float32(min(gain, 0.98 / peak))
        return noisy * scale, clean * scale
