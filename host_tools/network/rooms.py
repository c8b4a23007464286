# SPDX-License-Identifier: Apache-2.0
"""Room responses for mixtures: measured ones, and shoebox rooms by the image-source method."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from host_tools.errors import MissingDependency
from host_tools.files import whole_file
from host_tools.network.audio_cache import SAMPLE_RATE, AudioCache, CacheError, Split

Response = npt.NDArray[np.float32]
Place = npt.NDArray[np.float64]

ROOM_FORMAT = 1  # raise when the rooms of a seed change
MADE_SPLITS = ("train", "val")
REVERBERATION_SECONDS = (0.15, 0.65)
WIDTH_METRES = (2.5, 8.0)
HEIGHT_METRES = (2.3, 3.5)
WALL_MARGIN_METRES = 0.4
TALKER_METRES = (0.3, 2.5)
"""Distance of the talker from the microphone."""


@dataclass(frozen=True)
class Room:
    """Responses of one room to a talker and to a noise elsewhere, float32 [samples] each."""

    talker: Response
    noise: Response


class RoomBank:
    """The rooms of one split: each measured response, and made ones for training and validation.

    Testing is done in measured rooms only.
    """

    def __init__(self, cache: AudioCache, split: Split, count: int) -> None:
        self._cache = cache
        self._measured = cache.recordings("room", split)
        made = count and split in MADE_SPLITS
        self._path = room_file(cache.folder, split, count) if made else None

    @cached_property
    def _made(self) -> list[Room]:
        if self._path is None:
            return []
        try:
            with np.load(self._path) as stored:
                count = len(stored.files) // 2
                return [Room(stored[f"talker{i}"], stored[f"noise{i}"]) for i in range(count)]
        except (OSError, KeyError, ValueError) as error:
            raise CacheError(
                f"{self._path}: made rooms cannot be read ({error}); delete it and train again"
            ) from error

    def draw(self, generator: np.random.Generator, made_share: float) -> Room | None:
        """Return a made room with probability ``made_share``, else a measured one.

        None when the split has no room of either kind. A measured room has one response only.
        """
        made = generator.random() < made_share
        pick = generator.random()
        if self._made and (made or not self._measured):
            return self._made[int(pick * len(self._made))]
        if not self._measured:
            return None
        recording = self._measured[int(pick * len(self._measured))]
        response = self._cache.samples(recording).astype(np.float32) / np.float32(32768.0)
        return Room(response, response)


def room_file(cache: Path, split: str, count: int) -> Path:
    """Return where the made rooms of a split are kept; ``count`` is that for training."""
    limits = (REVERBERATION_SECONDS, WIDTH_METRES, HEIGHT_METRES, TALKER_METRES)
    digest = hashlib.sha256(f"{ROOM_FORMAT} {limits}".encode()).hexdigest()[:8]
    return cache / f"rooms-{split}-{count}-{digest}.npz"


def made_rooms(split: str, count: int) -> int:
    """Return how many rooms are made for a split: validation needs a fifth of them."""
    return count if split == "train" else -(-count // 5)


def write_rooms(cache: Path, split: str, count: int) -> Iterator[int]:
    """Make the rooms of a split once and keep them below ``cache``; yield the number done.

    Raises MissingDependency without pyroomacoustics. Rooms that are there already are kept.
    """
    path = room_file(cache, split, count)
    if path.exists() or not count:
        return
    arrays: dict[str, Response] = {}
    for number in range(made_rooms(split, count)):
        room = make_room(np.random.default_rng([MADE_SPLITS.index(split), number]))
        arrays[f"talker{number}"], arrays[f"noise{number}"] = room.talker, room.noise
        yield number + 1
    with whole_file(path) as part, part.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]


def make_room(generator: np.random.Generator) -> Room:
    """Draw a shoebox room with a talker near the microphone and a noise anywhere.

    Images up to the order that the reverberation time asks for, absorption of air included
    (Allen and Berkley, J. Acoust. Soc. Am. 65, 1979). Raises MissingDependency.
    """
    try:
        import pyroomacoustics
    except ImportError as error:
        raise MissingDependency(
            "making rooms needs pyroomacoustics; install it with pip install 'percepnet-kit[train]'"
        ) from error
    size = np.array([*generator.uniform(*WIDTH_METRES, 2), generator.uniform(*HEIGHT_METRES)])
    seconds = generator.uniform(*REVERBERATION_SECONDS)
    absorption, order, seconds = _walls(size, seconds)
    room = pyroomacoustics.ShoeBox(
        size,
        fs=SAMPLE_RATE,
        materials=pyroomacoustics.Material(absorption),
        max_order=order,
        air_absorption=True,
    )
    microphone = _place(size, generator)
    talker = _near(microphone, size, generator)
    for source in (talker, _place(size, generator)):
        room.add_source(source)
    room.add_microphone(microphone)
    room.compute_rir()
    talker_response, noise_response = (_trim(response, seconds) for response in room.rir[0])
    return Room(talker_response, noise_response)


def _walls(size: Place, seconds: float) -> tuple[float, int, float]:
    """Absorption of the walls (Sabine), order of the images, and the reverberation time.

    Where not even walls of felt make a room so dead, the time is raised.
    """
    import pyroomacoustics

    while True:
        try:
            absorption, order = pyroomacoustics.inverse_sabine(seconds, size)
        except ValueError:
            seconds *= 1.25
            continue
        return float(absorption), int(order), seconds


def _place(size: Place, generator: np.random.Generator) -> Place:
    margin = WALL_MARGIN_METRES
    return np.asarray(generator.uniform(margin, size - margin))


def _near(point: Place, size: Place, generator: np.random.Generator) -> Place:
    """A place at the talker's distance from ``point``, moved into the room if it is outside."""
    direction = generator.standard_normal(3) * [1.0, 1.0, 0.3]
    distance = generator.uniform(*TALKER_METRES)
    wanted = point + direction / np.linalg.norm(direction) * distance
    return np.clip(wanted, WALL_MARGIN_METRES, size - WALL_MARGIN_METRES)


def _trim(response: npt.NDArray[np.floating], seconds: float) -> Response:
    """Cut before the direct sound and after the reverberation, scale to a peak of 1."""
    direct = int(np.abs(response).argmax())
    kept = response[direct : direct + round(1.2 * seconds * SAMPLE_RATE)]
    return (kept / max(float(np.abs(kept).max()), 1e-9)).astype(np.float32)
