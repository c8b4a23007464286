# SPDX-License-Identifier: Apache-2.0
"""The fixed list holds what it promises, the same every time, and nothing of another split."""

from __future__ import annotations

import ast
import csv
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from host_tools.network import fixed_list
from host_tools.network.audio_cache import SAMPLE_RATE, AudioCache, CacheError, build_cache
from host_tools.network.deck import Deck, GroupedDeck
from host_tools.network.fixed_list import (
    DEFAULT_SEED,
    LEVEL_DBFS,
    MIXTURES_EACH,
    SNRS_DB,
    FixedList,
    list_digest,
)
from tests.network.recordings import COLUMNS, voice_like

SPEAKERS, CATEGORIES, RECORDINGS_EACH, ROOMS = 4, 5, 2, 3


def write_recordings(folder: Path) -> None:
    """Several speakers and kinds of noise for test and val; rooms for test only."""
    generator = np.random.default_rng(0)
    tail = generator.standard_normal(9600) * np.exp(-np.arange(9600) / 2000.0)
    rows = []

    def add(split: str, name: str, category: str, speaker: str, audio: np.ndarray) -> None:
        path = folder / split / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, audio, SAMPLE_RATE, subtype="PCM_16")
        snr_db = "12" if name.startswith("hissing") else "40"
        facts = [f"{split}/{name}.wav", category, "made", speaker, "CC0", "20000"]
        rows.append([*facts, "2", snr_db, "", split, "yes"])

    for split in ("test", "val"):
        for number in range(SPEAKERS * RECORDINGS_EACH):
            speaker = number % SPEAKERS
            voice = voice_like(2.5, 110.0 + 15 * speaker, number)
            add(split, f"voice{number}", "speech", f"speaker{speaker}", voice)
        add(split, "hissing", "speech", "hissing", voice_like(2.5, 140.0, 1))
        for number in range(CATEGORIES * RECORDINGS_EACH):
            noise = 0.1 * generator.standard_normal(12000 * (1 + number))
            add(split, f"noise{number}", f"kind{number % CATEGORIES}", "", noise)
    for number in range(ROOMS):
        add("test", f"room{number}", "room_response", "", np.r_[1.0, 0.3 * tail])
    with (folder / "manifest.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS.split(","), *rows])


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> AudioCache:
    folder = tmp_path_factory.mktemp("recordings")
    write_recordings(folder / "data")
    for _ in build_cache(folder / "data", folder / "cache"):
        pass
    return AudioCache(folder / "cache")


@pytest.fixture(scope="module")
def fixed(cache: AudioCache) -> FixedList:
    return FixedList(cache, "test")


def decibels(signal: np.ndarray, other: np.ndarray) -> float:
    powers = [np.mean(each.astype(np.float64) ** 2) for each in (signal, other)]
    return float(10 * np.log10(powers[0] / powers[1]))


def test_the_list_has_13_dry_and_13_reverberant_mixtures_of_each_snr(fixed: FixedList) -> None:
    found = Counter((m.snr_db, m.room is not None) for m in fixed.mixtures)
    assert found == {(snr_db, room): MIXTURES_EACH for snr_db in SNRS_DB for room in (False, True)}
    assert [m.index for m in fixed.mixtures] == list(range(156))


def test_speakers_kinds_of_noise_recordings_and_rooms_take_turns(fixed: FixedList) -> None:
    noises = [noise for m in fixed.mixtures for noise in m.noises]
    for what, wanted in (
        (Counter(m.speaker for m in fixed.mixtures), SPEAKERS),
        (Counter(m.speech.path for m in fixed.mixtures), SPEAKERS * RECORDINGS_EACH),
        (Counter(noise.category for noise in noises), CATEGORIES),
        (Counter(noise.path for noise in noises), CATEGORIES * RECORDINGS_EACH),
        (Counter(m.room.path for m in fixed.mixtures if m.room is not None), ROOMS),
    ):
        assert len(what) == wanted
        assert max(what.values()) - min(what.values()) <= 1


def test_most_mixtures_have_one_noise_and_a_quarter_has_two(fixed: FixedList) -> None:
    assert Counter(len(m.noises) for m in fixed.mixtures) == {1: 117, 2: 39}


@pytest.mark.parametrize("split", ["test", "val"])
def test_nothing_comes_from_another_split(cache: AudioCache, split: fixed_list.Split) -> None:
    for m in FixedList(cache, split).mixtures:
        rooms = [] if m.room is None else [m.room]
        assert {each.split for each in (m.speech, *m.noises, *rooms)} == {split}


def test_speech_that_is_known_to_be_noisy_is_no_reference(fixed: FixedList) -> None:
    assert "made/hissing" not in {m.speaker for m in fixed.mixtures}


def test_the_same_seed_gives_the_same_samples_and_another_does_not(cache: AudioCache) -> None:
    def digest(seed: int) -> str:
        made = FixedList(cache, "test", seed)
        return list_digest([made.compose(plan).digest for plan in made.subset(6)])

    assert digest(DEFAULT_SEED) == digest(DEFAULT_SEED)
    assert digest(DEFAULT_SEED) != digest(DEFAULT_SEED + 1)


def test_speech_and_noise_have_the_planned_ratio_to_a_hundredth_of_a_decibel(
    fixed: FixedList,
) -> None:
    for plan in fixed.subset(24):
        parts = fixed.parts(plan)
        assert decibels(parts.speech, parts.noise) == pytest.approx(plan.snr_db, abs=0.01)


def test_the_samples_of_a_dry_mixture_have_the_planned_ratio(fixed: FixedList) -> None:
    for plan in [m for m in fixed.mixtures if m.room is None][::13]:
        made = fixed.compose(plan)
        noise = made.noisy.astype(np.float64) - made.clean
        assert decibels(made.clean, noise) == pytest.approx(plan.snr_db, abs=0.01)


def test_mixtures_are_10_s_long_at_speech_level_and_do_not_clip(fixed: FixedList) -> None:
    for plan in fixed.subset(12):
        made = fixed.compose(plan)
        assert made.noisy.shape == made.clean.shape == (480000,)
        assert np.abs(made.noisy.astype(int)).max() < 32767
        level_dbfs = decibels(made.noisy / 32768.0, np.ones(1))
        assert level_dbfs < LEVEL_DBFS[1] + 0.01
        peak = np.abs(made.noisy / 32768.0).max()
        assert level_dbfs > LEVEL_DBFS[0] - 0.01 or peak > 0.97


def test_a_dry_target_is_the_speech_and_a_reverberant_one_lacks_only_late_sound(
    fixed: FixedList,
) -> None:
    dry = fixed.parts(next(m for m in fixed.mixtures if m.room is None))
    assert np.array_equal(dry.target, dry.speech)
    wet = fixed.parts(next(m for m in fixed.mixtures if m.room is not None))
    assert not np.array_equal(wet.target, wet.speech)
    onset = int(np.flatnonzero(np.abs(wet.target) > 1e-4)[0])
    early = slice(onset, onset + SAMPLE_RATE // 50)
    assert np.allclose(wet.target[early], wet.speech[early], atol=1e-6)


def test_a_split_without_rooms_gives_the_dry_half(cache: AudioCache) -> None:
    made = FixedList(cache, "val")
    assert not made.has_rooms
    assert len(made.mixtures) == 78 and all(m.room is None for m in made.mixtures)


def test_a_subset_is_spread_over_all_snrs_and_both_rooms(fixed: FixedList) -> None:
    assert {(m.snr_db, m.room is None) for m in fixed.subset(2)} == {(-5.0, True), (10.0, False)}
    assert {m.snr_db for m in fixed.subset(6)} == set(SNRS_DB)
    assert [m.room is None for m in fixed.subset(6)] == [True, False] * 3
    found = Counter((m.snr_db, m.room is None) for m in fixed.subset(24))
    assert set(found.values()) == {2} and len(found) == 12


def test_a_subset_is_part_of_every_larger_one_and_the_largest_is_the_list(
    fixed: FixedList,
) -> None:
    indices = [[m.index for m in fixed.subset(count)] for count in (1, 7, 30, 155, 156)]
    for smaller, larger in pairwise(indices):
        assert set(smaller) < set(larger) and smaller == sorted(smaller)
    assert fixed.subset(None) == fixed.subset(156) == fixed.subset(999) == fixed.mixtures


def test_a_split_without_recordings_is_refused(cache: AudioCache) -> None:
    with pytest.raises(CacheError, match=r"split 'train' has 0 usable speech.*try another --split"):
        FixedList(cache, "train")


def test_the_list_uses_nothing_of_the_training_mixer() -> None:
    folder = Path(fixed_list.__file__).parent
    for name in ("fixed_list", "phrases", "deck"):
        text = (folder / f"{name}.py").read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                last = (node.module or "").rpartition(".")[2]
                assert last not in ("mixing", "recipe", "sources", "rooms", "synthetic_noise")


def test_a_deck_deals_every_item_before_any_comes_again() -> None:
    deck = Deck("abcde", np.random.default_rng(0))
    rounds = ["".join(deck.deal() for _ in range(5)) for _ in range(4)]
    assert all(sorted(dealt) == list("abcde") for dealt in rounds)
    assert len(set(rounds)) > 1


def test_a_grouped_deck_gives_small_groups_as_many_turns_as_large_ones() -> None:
    items = [("few", 0), *(("many", number) for number in range(1, 9))]
    deck = GroupedDeck(items, np.random.default_rng(0))
    dealt = Counter(deck.deal() for _ in range(16))
    assert dealt[0] == 8 and all(dealt[number] == 1 for number in range(1, 9))
