# SPDX-License-Identifier: Apache-2.0
"""Systems that are told the clean speech, to see where a loss comes from."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from host_tools.devices.base import DELAY_SAMPLES, pad_to_frames
from host_tools.features import enhance, extract_training
from host_tools.measure.peers.base import Samples
from host_tools.network.targets import make_targets
from host_tools.quantize.fidelity import to_q15

CLEAN = "clean"
IDEAL = "ideal"
FULL_BANDWIDTH_HZ = 24_000.0


@runtime_checkable
class InformedSystem(Protocol):
    """Facts as in Denoiser; what it makes needs the reference, so it is none."""

    name: str
    title: str
    version: str
    delay_samples: int
    note: str

    def denoise_knowing(self, noisy: Samples, clean: Samples) -> Samples:
        """Clean one clip: int16 [samples] mono 48 kHz, aligned with ``clean`` of that length."""

    def close(self) -> None:
        """Free what is held; safe to call twice."""


class CleanSpeech:
    """The reference itself: metrics that hear no reference rate its own noise and room."""

    name = CLEAN
    title = "clean speech"
    version = ""
    delay_samples = 0
    note = "the reference of the others"

    def denoise_knowing(self, noisy: Samples, clean: Samples) -> Samples:
        """See InformedSystem."""
        del noisy
        return clean

    def close(self) -> None:
        """See InformedSystem."""


class IdealAnswers:
    """The integer signal path with band gains and strengths made from the clean speech.

    What a network that met its targets would reach. No bound: other answers can score higher, as
    weaker gains do in rooms.
    """

    name = IDEAL
    title = "ideal gains and strengths"
    version = ""
    delay_samples = DELAY_SAMPLES
    note = "made from the clean speech, integer signal path"

    def denoise_knowing(self, noisy: Samples, clean: Samples) -> Samples:
        """See InformedSystem."""
        padded = pad_to_frames(noisy, flush=True)
        targets = make_targets(
            extract_training(padded, pad_to_frames(clean, flush=True)), FULL_BANDWIDTH_HZ
        )
        cleaned = enhance(padded, to_q15(targets.gain), to_q15(targets.strength))
        return cleaned[DELAY_SAMPLES : DELAY_SAMPLES + len(noisy)]

    def close(self) -> None:
        """See InformedSystem."""
