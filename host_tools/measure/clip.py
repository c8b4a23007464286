# SPDX-License-Identifier: Apache-2.0
"""The audio of a measurement: the bundled clip or the user's, as 48 kHz mono."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from host_tools.audio import read_mono
from host_tools.devices.base import SAMPLE_RATE_HZ, Samples
from host_tools.errors import DataError

DATA_FOLDER = Path(__file__).parents[1] / "data"
DEMO_NOISY = DATA_FOLDER / "demo_noisy.flac"
DEMO_CLEAN = DATA_FOLDER / "demo_clean.flac"


@dataclass(frozen=True)
class Clip:
    """Noisy audio and, if known, the clean speech in it: int16 [samples], 48 kHz mono."""

    name: str
    noisy: Samples
    clean: Samples | None

    @property
    def seconds(self) -> float:
        return len(self.noisy) / SAMPLE_RATE_HZ


def load_clip(noisy: Path | None = None, clean: Path | None = None) -> Clip:
    """Read a clip and its reference; with neither, the bundled pair.

    Raises DataError for a file that cannot be used, or a reference of another length.
    """
    if noisy is None:
        if clean is not None:
            raise DataError(f"{clean}: a reference without --clip; name the noisy file too")
        noisy, clean = DEMO_NOISY, DEMO_CLEAN
    samples = read_mono(noisy)
    if not len(samples):
        raise DataError(f"{noisy}: holds no audio; give a longer clip")
    reference = None if clean is None else read_mono(clean)
    if reference is not None and len(reference) != len(samples):
        raise DataError(
            f"{clean}: {len(reference)} samples at 48 kHz, {noisy} has {len(samples)}; "
            "the reference must belong to the clip"
        )
    if reference is not None and not np.any(reference):
        raise DataError(f"{clean}: is silent; a reference must hold speech")
    return Clip(noisy.name, samples, reference)
