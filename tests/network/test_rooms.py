# SPDX-License-Identifier: Apache-2.0
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from host_tools.network.audio_cache import AudioCache, CacheError
from host_tools.network.rooms import RoomBank, make_room, room_file, write_rooms
from tests.needs import need
from tests.network.recordings import make_cache

pytestmark = pytest.mark.training


@pytest.fixture(scope="module", autouse=True)
def rooms_can_be_made() -> None:
    need(
        importlib.util.find_spec("pyroomacoustics") is not None,
        "pyroomacoustics is not installed (pip install -e '.[train]')",
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> AudioCache:
    cache = make_cache(tmp_path_factory.mktemp("recordings"))
    assert list(write_rooms(cache.folder, "train", 2)) == [1, 2]
    return cache


def test_room_begins_with_the_direct_sound_and_decays() -> None:
    room = make_room(np.random.default_rng(3))
    for response in (room.talker, room.noise):
        assert response[0] == pytest.approx(1.0) and np.abs(response).max() == response[0]
        early, late = np.split(np.square(response), [len(response) // 2])
        assert late.sum() < 0.05 * early.sum()


def test_same_seed_makes_the_same_room() -> None:
    first, again = (make_room(np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first.talker, again.talker) and np.array_equal(first.noise, again.noise)


def test_bank_gives_made_rooms_and_measured_ones(cache: AudioCache) -> None:
    bank = RoomBank(cache, "train", 2)
    generator = np.random.default_rng(0)
    made, measured = bank.draw(generator, 1.0), bank.draw(generator, 0.0)
    assert made is not None and not np.array_equal(made.talker, made.noise)
    assert measured is not None and np.array_equal(measured.talker, measured.noise)


def test_testing_never_sees_a_made_room(cache: AudioCache) -> None:
    room = RoomBank(cache, "test", 2).draw(np.random.default_rng(0), 1.0)
    assert room is not None and np.array_equal(room.talker, room.noise)


def test_made_rooms_are_not_made_twice(cache: AudioCache) -> None:
    assert list(write_rooms(cache.folder, "train", 2)) == []


def test_broken_file_of_rooms_says_what_to_do(cache: AudioCache, tmp_path: Path) -> None:
    path = room_file(cache.folder, "val", 3)
    path.write_bytes(b"no rooms here")
    with pytest.raises(CacheError, match="delete it"):
        RoomBank(cache, "val", 3).draw(np.random.default_rng(0), 1.0)
