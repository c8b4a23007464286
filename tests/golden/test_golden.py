# SPDX-License-Identifier: Apache-2.0
"""The bits of the signal path change only on purpose."""

from __future__ import annotations

import json

import numpy as np
import pytest

from host_tools.errors import MissingDependency
from host_tools.features import extract, lab_library
from tests.golden.clip import BANDS, FRAMES, clip, decisions
from tests.golden.digests import GOLDEN_FILE, current_digests, sha256
from tests.needs import need


@pytest.fixture(autouse=True, scope="module")
def _library() -> None:
    try:
        lab_library()
    except MissingDependency as error:
        need(False, str(error))


def stored() -> dict[str, str]:
    """Digests as they were last accepted."""
    digests: dict[str, str] = json.loads(GOLDEN_FILE.read_text(encoding="utf-8"))
    return digests


def test_the_clip_is_made_the_same_on_this_machine() -> None:
    pcm = clip()
    assert sha256(pcm) == stored()["clip"]
    assert np.abs(pcm.astype(int)).max() == 32768 or np.abs(pcm.astype(int)).max() == 32767
    assert decisions(2).shape == (FRAMES, BANDS)


def test_features_and_output_have_the_stored_digests() -> None:
    assert current_digests() == stored(), (
        "the signal path gives other bits than before; if that is wanted, run "
        "'python -m tests.golden.digests --write', retrain and say so in the change"
    )


def test_the_training_features_are_those_of_the_whole_path() -> None:
    assert sha256(extract(clip())) == stored()["features"]
