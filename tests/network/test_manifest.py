# SPDX-License-Identifier: Apache-2.0
"""Folders without a manifest: who speaks, which noise it is, and on which side it goes."""

from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import soundfile

from host_tools.network.audio_cache import AudioCache, CacheError, build_cache
from host_tools.network.folder_names import noise_kinds_of, recording_of, speakers_of
from host_tools.network.manifest import read_manifest
from host_tools.network.splits import split_groups
from tests.network.recordings import voice_like


def paths(*names: str) -> list[PurePosixPath]:
    return [PurePosixPath(name) for name in names]


def write(path: Path, seconds: float = 1.0, rate: int = 48000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, voice_like(seconds, 120.0, 1)[: round(seconds * rate)], rate)


def lay_out(folder: Path, speakers: int = 4, noises: int = 4) -> Path:
    for speaker in range(speakers):
        write(folder / "speech" / f"speaker{speaker}" / "a.wav")
        write(folder / "speech" / f"speaker{speaker}" / "b.flac")
    for noise in range(noises):
        write(folder / "noise" / ("fan" if noise % 2 else "street") / f"{noise}.wav")
    return folder


def build(folder: Path, cache: Path) -> AudioCache:
    for _ in build_cache(folder, cache):
        pass
    return AudioCache(cache)


@pytest.mark.parametrize(
    ("names", "speakers"),
    [
        (("p225/p225_001.flac", "p226/p226_001.flac"), ["p225", "p226"]),
        (("p225_001.wav", "p226_001.wav", "p227_001.wav"), ["p225", "p226", "p227"]),
        (("book_1_reader_0042_1.wav", "book_2_reader_0042_9.wav"), ["reader_0042"] * 2),
        (("anna/one.wav", "bob/day/two.wav"), ["anna", "bob"]),
        (("one.wav", "two.wav"), ["one", "two"]),
    ],
)
def test_speakers_are_told_from_names(names: tuple[str, ...], speakers: list[str]) -> None:
    assert speakers_of(paths(*names)) == speakers


def test_kinds_of_noise_are_the_first_folders() -> None:
    assert noise_kinds_of(paths("fan/1.wav", "street/a/2.wav")) == ["fan", "street"]
    assert noise_kinds_of(paths("1.wav", "2.wav")) == ["noise", "noise"]


def test_pieces_of_one_recording_stay_together() -> None:
    first, second = paths("door_365013_1.wav", "door_365013_2.wav")
    assert recording_of(first) == recording_of(second)
    assert recording_of(PurePosixPath("rain1.wav")) != recording_of(PurePosixPath("rain2.wav"))


def test_new_speakers_do_not_move_those_that_were_there() -> None:
    before = split_groups({"speech": [f"s{n}" for n in range(200)]})
    after = split_groups({"speech": [f"s{n}" for n in range(400)]})
    assert {name: after[name] for name in before} == before
    shares = [list(before.values()).count(split) / 200 for split in ("train", "val", "test")]
    assert shares[0] > 0.7 and min(shares[1:]) > 0.03


def test_folder_without_manifest_is_decoded_with_nobody_on_two_sides(tmp_path: Path) -> None:
    cache = build(lay_out(tmp_path / "data"), tmp_path / "cache")
    sides: dict[str, set[str]] = {}
    for split in ("train", "val", "test"):
        speech = cache.recordings("speech", split)
        assert speech and cache.recordings("noise", split)
        for recording in speech:
            sides.setdefault(recording.speaker, set()).add(split)
    assert len(sides) == 4 and all(len(side) == 1 for side in sides.values())


def test_bandwidth_is_at_most_half_the_rate_of_the_file(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "data")
    write(folder / "speech" / "speaker0" / "narrow.wav", rate=16000)
    cache = build(folder, tmp_path / "cache")
    every = [r for split in ("train", "val", "test") for r in cache.recordings("speech", split)]
    (narrow,) = (recording for recording in every if "narrow" in recording.path)
    assert narrow.bandwidth_hz <= 8000.0
    assert "of 9 speech files" in cache.describe()[-1]


def test_one_broken_file_is_left_out_and_named(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "data")
    (folder / "speech" / "speaker1" / "broken.wav").write_bytes(b"RIFF no audio")
    cache = build(folder, tmp_path / "cache")
    assert [skipped.path for skipped in cache.skipped] == ["speech/speaker1/broken.wav"]
    assert "left out 1 of 13 files" in cache.describe()[0]


def test_stopped_decoding_goes_on_where_it_was(tmp_path: Path) -> None:
    folder, cache = lay_out(tmp_path / "data"), tmp_path / "cache"
    steps = build_cache(folder, cache)
    for _ in range(3):
        next(steps)
    steps.close()
    assert next(build_cache(folder, cache))[0] == 3
    stopped = build(folder, cache)
    whole = build(folder, tmp_path / "whole")
    for split in ("train", "val", "test"):
        for one, other in zip(
            stopped.recordings("speech", split), whole.recordings("speech", split), strict=True
        ):
            assert one == other
            assert np.array_equal(stopped.samples(one), whole.samples(other))


@pytest.mark.parametrize(
    ("speakers", "noises", "words"),
    [(2, 4, "2 speakers; 3 are needed"), (4, 2, "2 recordings; 3 are needed")],
)
def test_too_little_says_how_much_is_needed(
    tmp_path: Path, speakers: int, noises: int, words: str
) -> None:
    with pytest.raises(CacheError, match=words):
        read_manifest(lay_out(tmp_path, speakers, noises))


def test_missing_noise_folder_is_named(tmp_path: Path) -> None:
    write(tmp_path / "speech" / "a.wav")
    with pytest.raises(CacheError, match=r"has no folder noise/"):
        read_manifest(tmp_path)


def test_clear_licenses_of_a_scanned_folder_are_none(tmp_path: Path) -> None:
    cache = build(lay_out(tmp_path / "data"), tmp_path / "cache")
    with pytest.raises(CacheError, match="license_clear=yes"):
        AudioCache(cache.folder, clear_licenses_only=True)
