# SPDX-License-Identifier: Apache-2.0
"""Speech, noise and short sounds drawn from the recordings of one split.

Signals are float32 in units of full scale (+-1), 48 kHz.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from host_tools.network import augmentation
from host_tools.network.audio_cache import SAMPLE_RATE, AudioCache, CacheError, Recording, Split
from host_tools.network.augmentation import Audio
from host_tools.network.recipe import MixingRecipe
from host_tools.network.synthetic_noise import swell, synthetic_noise

FULL_BANDWIDTH_HZ = 24000.0
FOREGROUND_CATEGORIES = (
    "tools_impacts", "keyboard", "human_sneeze", "animals", "voice_baby", "other"
)  # fmt: skip
FOREGROUND_SECONDS = (0.1, 2.0)
BABBLE_SPEAKERS = (3, 9)


class Sources:
    """Draws signals of ``samples`` samples; the same generator state gives the same signal."""

    def __init__(self, cache: AudioCache, split: Split, recipe: MixingRecipe, samples: int) -> None:
        self._cache = cache
        self._recipe = recipe
        self._samples = samples
        self._speakers: dict[str, list[Recording]] = defaultdict(list)
        for recording in cache.recordings("speech", split):
            self._speakers[f"{recording.source}/{recording.speaker}"].append(recording)
        self._noises: dict[str, list[Recording]] = defaultdict(list)
        for recording in cache.recordings("noise", split):
            self._noises[recording.category].append(recording)
        if not self._speakers or not self._noises:
            raise CacheError(f"split {split!r} needs speech and noise; the manifest has too little")
        self._foreground = [n for n in FOREGROUND_CATEGORIES if n in self._noises]
        seconds = [sum(r.samples for r in rs) for rs in self._speakers.values()]
        # Between uniform over speakers and uniform over time.
        weights = np.sqrt(np.array(seconds, float))
        self._speaker_names = list(self._speakers)
        self._speaker_weights = weights / weights.sum()

    def speech(self, generator: np.random.Generator) -> tuple[str, Audio, float]:
        """Phrases of one speaker with pauses; returns speaker, audio and bandwidth in Hz."""
        recipe = self._recipe
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
            gain = augmentation.decibels(generator.uniform(*recipe.phrase_gain_db))
            audio[position : position + len(phrase)] = phrase * gain
            bandwidth = min(bandwidth, recording.bandwidth_hz * speed)
            pause = round(generator.uniform(*recipe.pause_seconds) * SAMPLE_RATE)
            position += max(len(phrase), 1) + pause
        return speaker, self._colour(audio, generator), bandwidth

    def noise(self, generator: np.random.Generator) -> tuple[tuple[str, ...], Audio]:
        """One to three noises at random relative levels, and their names."""
        recipe = self._recipe
        draw = generator.random()
        count = 1 + int(draw < recipe.second_noise_probability)
        count += int(draw < recipe.third_noise_probability)
        total = np.zeros(self._samples, np.float32)
        names: list[str] = []
        for _ in range(count):
            name, noise = self._one_noise(generator)
            level = augmentation.decibels(generator.uniform(-12.0, 0.0)) if names else 1.0
            total += noise * np.float32(level / np.sqrt(augmentation.power(noise) + 1e-12))
            names.append(name)
        return tuple(names), total

    def foreground(
        self, speech: Audio, generator: np.random.Generator
    ) -> tuple[tuple[str, ...], Audio]:
        """Short sounds at random times, each at a random level above or below ``speech``."""
        recipe = self._recipe
        total = np.zeros(self._samples, np.float32)
        if generator.random() >= recipe.foreground_probability or not self._foreground:
            return (), total
        reference = np.sqrt(augmentation.power(speech) + 1e-9)
        low, high = recipe.foreground_count
        names = []
        for _ in range(int(generator.integers(low, high + 1))):
            name = str(generator.choice(self._foreground))
            length = round(generator.uniform(*FOREGROUND_SECONDS) * SAMPLE_RATE)
            sound = self._segment(self._pick(self._noises[name], generator), length, generator)
            start = int(generator.integers(0, max(1, self._samples - len(sound))))
            level = augmentation.decibels(generator.uniform(*recipe.foreground_db)) * reference
            sound = sound[: self._samples] / np.float32(np.sqrt(augmentation.power(sound) + 1e-9))
            total[start : start + len(sound)] += np.float32(level) * sound
            names.append(name)
        return tuple(names), total

    def _segment(self, recording: Recording, samples: int, generator: np.random.Generator) -> Audio:
        """Cut at a random place; a recording shorter than ``samples`` is given whole."""
        stored = self._cache.samples(recording)
        start = int(generator.integers(0, max(1, len(stored) - samples + 1)))
        audio: Audio = stored[start : start + samples].astype(np.float32) / np.float32(32768.0)
        return augmentation.fade_ends(audio)

    def _pick(self, recordings: list[Recording], generator: np.random.Generator) -> Recording:
        weights = np.array([r.samples for r in recordings], float)
        return recordings[int(generator.choice(len(recordings), p=weights / weights.sum()))]

    def _colour(self, audio: Audio, generator: np.random.Generator) -> Audio:
        """Perhaps another microphone."""
        if generator.random() < self._recipe.filter_probability:
            audio = augmentation.random_filter(audio, generator)
        if generator.random() < self._recipe.equaliser_probability:
            audio = augmentation.equalise(audio, generator)
        return audio

    def _one_noise(self, generator: np.random.Generator) -> tuple[str, Audio]:
        """Category first, then recording, so that rain does not outnumber keyboards."""
        recipe = self._recipe
        draw = generator.random()
        if draw < recipe.babble_probability:
            name, noise = "speakers", self._babble(generator)
        elif draw < recipe.babble_probability + recipe.synthetic_noise_probability:
            name, noise = synthetic_noise(self._samples, generator)
        else:
            name = str(generator.choice(list(self._noises)))
            noise = self._recorded_noise(self._noises[name], generator)
        noise = self._colour(noise, generator)
        if generator.random() < recipe.swell_probability:
            noise = swell(noise, generator)
        return name, noise

    def _recorded_noise(self, recordings: list[Recording], generator: np.random.Generator) -> Audio:
        """A random cut, followed by further cuts of the same recording until it is long enough."""
        recording = self._pick(recordings, generator)
        speed = 1.0
        if generator.random() < self._recipe.noise_speed_probability:
            speed = augmentation.log_uniform(self._recipe.noise_speed_range, generator)
        pieces: list[Audio] = []
        missing = wanted = int(self._samples * speed) + 1
        while missing > 0:
            piece = self._segment(recording, missing, generator)
            pieces.append(piece)
            missing -= max(len(piece), 1)
        noise = np.concatenate(pieces)[:wanted]
        if speed != 1.0:
            noise = augmentation.change_speed(noise, speed)
        return np.resize(noise, self._samples)

    def _babble(self, generator: np.random.Generator) -> Audio:
        """Several speakers at once."""
        total = np.zeros(self._samples, np.float32)
        for _ in range(int(generator.integers(*BABBLE_SPEAKERS))):
            speaker = str(generator.choice(self._speaker_names))
            total += self._recorded_noise(self._speakers[speaker], generator)
        return total
