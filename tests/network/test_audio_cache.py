# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import numpy as np
import pytest
import soundfile

from host_tools.network.audio_cache import AudioCache, CacheError, build_cache
from tests.network.recordings import SPEECH_BANDWIDTH_HZ, make_cache, write_folder


def test_cache_returns_the_samples_of_every_file(tmp_path: Path) -> None:
    cache = make_cache(tmp_path)
    for split in ("train", "val", "test"):
        for recording in cache.recordings("noise", split):
            stored, _ = soundfile.read(tmp_path / "data" / recording.path, dtype="int16")
            assert np.array_equal(cache.samples(recording), stored)


def test_splits_share_no_recording(tmp_path: Path) -> None:
    cache = make_cache(tmp_path)
    paths = [r.path for s in ("train", "val", "test") for r in cache.recordings("speech", s)]
    assert len(paths) == 3 == len(set(paths))


def test_bandwidth_comes_from_the_manifest_and_is_full_when_unknown(tmp_path: Path) -> None:
    cache = make_cache(tmp_path)
    assert cache.recordings("speech", "train")[0].bandwidth_hz == SPEECH_BANDWIDTH_HZ
    assert cache.recordings("noise", "train")[0].bandwidth_hz == 24000.0


def test_clear_licenses_only_leaves_out_the_doubtful(tmp_path: Path) -> None:
    make_cache(tmp_path)
    everything = AudioCache(tmp_path / "cache").recordings("noise", "train")
    clear = AudioCache(tmp_path / "cache", clear_licenses_only=True).recordings("noise", "train")
    assert [r.category for r in everything] == ["rain", "engine", "animals"]
    assert [r.category for r in clear] == ["engine", "animals"]


def test_stopped_decoding_leaves_no_cache_to_be_trusted(tmp_path: Path) -> None:
    for done, _ in build_cache(write_folder(tmp_path / "data"), tmp_path / "cache"):
        if done == 5:
            break
    with pytest.raises(CacheError, match="no finished audio cache"):
        AudioCache(tmp_path / "cache")


def test_folder_without_manifest_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match=r"has neither manifest\.csv nor the folders") as caught:
        list(build_cache(tmp_path, tmp_path / "cache"))
    assert "\n" not in str(caught.value)
