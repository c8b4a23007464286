# SPDX-License-Identifier: Apache-2.0
"""The fixed list of mixtures on which denoisers are compared; nothing of training changes it.

156 mixtures of 10 s: 6 signal-to-noise ratios, dry and reverberant, 13 of each. Groups of speakers,
categories of noise and rooms take turns, so that every one of them appears.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from host_tools.network import augmentation
from host_tools.network.audio_cache import SAMPLE_RATE, AudioCache, CacheError, Recording, Split
from host_tools.network.augmentation import Audio
from host_tools.network.deck import Deck, GroupedDeck
from host_tools.network.phrases import loop_noise, speech_of

SNRS_DB = (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0)
MIXTURES_EACH = 13
"""Mixtures of one SNR that are all dry or all reverberant."""
SECONDS = 10.0
DEFAULT_SEED = 2020
LEVEL_DBFS = (-30.0, -22.0)
PEAK = 0.98
SECOND_NOISE_EVERY = 4
SECOND_NOISE_DB = (-6.0, 0.0)
"""Power of the second noise relative to the first."""
MIN_SPEECH_SNR_DB = 20.0
"""Recordings known to be noisier are no reference."""


@dataclass(frozen=True)
class PlannedMixture:
    """Which recordings a mixture is made of; ``room`` is None when it is dry.

    ``turn`` counts the mixtures of one SNR that are all dry or all reverberant.
    """

    index: int
    turn: int
    snr_db: float
    speech: Recording
    noises: tuple[Recording, ...]
    room: Recording | None

    @property
    def speaker(self) -> str:
        """Source and speaker or language group."""
        return _group(self.speech)


@dataclass(frozen=True)
class Parts:
    """Float signals [samples] before level and rounding: ``noisy`` is ``speech`` + ``noise``.

    ``target`` is the speech that should remain; it is ``speech`` when dry.
    """

    speech: Audio
    target: Audio
    noise: Audio


@dataclass(frozen=True)
class FixedMixture:
    """One mixture of the list: int16 signals [samples] at 48 kHz."""

    plan: PlannedMixture
    noisy: npt.NDArray[np.int16]
    clean: npt.NDArray[np.int16]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the little-endian samples of noisy and clean, 64 hex digits."""
        return hashlib.sha256(
            self.noisy.astype("<i2").tobytes() + self.clean.astype("<i2").tobytes()
        ).hexdigest()


class FixedList:
    """The list of one split; the same recordings and seed give the same samples.

    Without room responses in the split there are only the dry mixtures. Raises CacheError when
    the split lacks speech or noise.
    """

    def __init__(self, cache: AudioCache, split: Split, seed: int = DEFAULT_SEED) -> None:
        self._cache = cache
        self._seed = seed
        self.mixtures = _plan(cache, split, seed)
        self.has_rooms = any(mixture.room is not None for mixture in self.mixtures)

    def subset(self, count: int | None) -> list[PlannedMixture]:
        """Return ``count`` mixtures, or all; SNRs and rooms are spread as evenly as can be.

        A smaller subset is part of every larger one.
        """
        ranked = sorted(self.mixtures, key=self._rank)
        return sorted(ranked[:count], key=lambda mixture: mixture.index)

    def parts(self, plan: PlannedMixture) -> Parts:
        """Speech, target and noise with powers (mean squares) in the planned ratio."""
        generator = self._generator(plan, 0)
        samples = round(SECONDS * SAMPLE_RATE)
        dry = speech_of(self._audio(plan.speech), samples, generator)
        noise = self._noise(plan, samples, generator)
        speech = target = dry
        if plan.room is not None:
            response = self._audio(plan.room)
            speech = augmentation.convolve_room(dry, response)
            target = augmentation.convolve_room(dry, augmentation.target_response(response))
            noise = augmentation.convolve_room(noise, response)
        gain = augmentation.noise_gain_for_snr(speech, noise, plan.snr_db)
        return Parts(speech, target, noise * np.float32(gain))

    def compose(self, plan: PlannedMixture) -> FixedMixture:
        """Make the samples of one mixture, -30 to -22 dBFS unless peaks would clip."""
        parts = self.parts(plan)
        noisy = parts.speech + parts.noise
        level = augmentation.decibels(self._generator(plan, 1).uniform(*LEVEL_DBFS))
        gain = level / np.sqrt(augmentation.power(noisy) + 1e-12)
        peak = max(float(np.abs(noisy).max()), float(np.abs(parts.target).max()), 1e-9)
        scale = np.float32(min(gain, PEAK / peak))
        return FixedMixture(
            plan,
            augmentation.to_int16(noisy * scale),
            augmentation.to_int16(parts.target * scale),
        )

    @staticmethod
    def _rank(plan: PlannedMixture) -> tuple[int, ...]:
        """Place in the subsets: each SNR once, dry and reverberant in turn, then the other way."""
        snr, reverberant = SNRS_DB.index(plan.snr_db), plan.room is not None
        half = len(SNRS_DB) // 2
        return plan.turn, (snr + reverberant) % 2, snr % half, snr // half

    def _generator(self, plan: PlannedMixture, purpose: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, plan.index, purpose])

    def _audio(self, recording: Recording) -> Audio:
        audio: Audio = self._cache.samples(recording).astype(np.float32) / np.float32(32768.0)
        return audio

    def _noise(self, plan: PlannedMixture, samples: int, generator: np.random.Generator) -> Audio:
        total = np.zeros(samples, np.float32)
        for number, recording in enumerate(plan.noises):
            noise = loop_noise(self._audio(recording), samples, generator)
            level = augmentation.decibels(generator.uniform(*SECOND_NOISE_DB)) if number else 1.0
            total += noise * np.float32(level / np.sqrt(augmentation.power(noise) + 1e-12))
        return total


def list_digest(digests: list[str]) -> str:
    """SHA-256 over the digests of the mixtures in order: one figure for all samples of a list."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _plan(cache: AudioCache, split: Split, seed: int) -> list[PlannedMixture]:
    generator = np.random.default_rng(seed)
    spoken = [r for r in cache.recordings("speech", split) if not r.snr_db < MIN_SPEECH_SNR_DB]
    noises = cache.recordings("noise", split)
    rooms = cache.recordings("room", split)
    if not spoken or not noises:
        raise CacheError(
            f"{cache.folder}: split {split!r} has {len(spoken)} usable speech and {len(noises)} "
            "noise recordings, an evaluation needs both; try another --split"
        )
    speech_deck = GroupedDeck(((_group(r), r) for r in spoken), generator)
    noise_deck = GroupedDeck(((r.category, r) for r in noises), generator)
    room_deck = Deck(rooms, generator)
    planned: list[PlannedMixture] = []
    for snr_db in SNRS_DB:
        for reverberant in (False, True) if rooms else (False,):
            for turn in range(MIXTURES_EACH):
                index = len(planned)
                two = index % SECOND_NOISE_EVERY == SECOND_NOISE_EVERY - 1
                planned.append(
                    PlannedMixture(
                        index,
                        turn,
                        snr_db,
                        speech_deck.deal(),
                        tuple(noise_deck.deal() for _ in range(2 if two else 1)),
                        room_deck.deal() if reverberant else None,
                    )
                )
    return planned


def _group(recording: Recording) -> str:
    return f"{recording.source}/{recording.speaker}"
