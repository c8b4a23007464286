# SPDX-License-Identifier: Apache-2.0
"""What every denoiser offers, and what all wrappers of other people's libraries share."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from host_tools.errors import MissingDependency

EXTRA = "evaluate"

Samples = NDArray[np.int16]


class Denoiser(Protocol):
    """Cleans clips; facts as in evaluation_result.SystemFacts.

    ``delay_samples`` at 48 kHz is what ``denoise`` has removed.
    """

    name: str
    title: str
    version: str
    delay_samples: int
    note: str

    def denoise(self, noisy: Samples) -> Samples:
        """Clean one clip from a fresh state: int16 [samples] mono 48 kHz to the same length.

        Sample n of the output belongs to sample n of the input.
        """

    def close(self) -> None:
        """Free what is held; safe to call twice."""


def by_frames(
    noisy: Samples,
    frame_samples: int,
    delay_samples: int,
    process: Callable[[NDArray[np.float32]], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Run a frame-wise process over a clip and remove its delay.

    ``process`` takes and gives float32 [frame_samples] on the int16 scale. The clip is followed
    by enough zeros to get its end out. Returns float32 [len(noisy)].
    """
    frames = -(-(len(noisy) + delay_samples) // frame_samples)
    padded = np.zeros(frames * frame_samples, np.float32)
    padded[: len(noisy)] = noisy
    rows = padded.reshape(frames, frame_samples)
    out = np.concatenate([process(row) for row in rows]) if frames else padded
    return out[delay_samples : delay_samples + len(noisy)]


def to_int16(audio: NDArray[np.floating]) -> Samples:
    """Round to int16, saturating."""
    rounded: Samples = np.clip(np.rint(audio), -32768, 32767).astype(np.int16)
    return rounded


def package_folder(module: str, package: str, peer: str) -> Path:
    """Folder of an installed module, found without importing it.

    Raises MissingDependency that names the extra.
    """
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise missing(package, peer)
    return Path(found.origin).parent


def missing(package: str, peer: str) -> MissingDependency:
    """The error for a peer whose package is not there."""
    return MissingDependency(
        f"--against {peer}: {package} is not installed; "
        f"install it with: pip install 'percepnet-kit[{EXTRA}]'"
    )


def package_version(package: str) -> str:
    """Version of an installed package."""
    return importlib.metadata.version(package)
