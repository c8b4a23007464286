# SPDX-License-Identifier: Apache-2.0
"""What the signal path makes of the answers that training aims at: a bound for every network."""

from __future__ import annotations

from host_tools.devices.base import DELAY_SAMPLES, pad_to_frames
from host_tools.features import enhance, extract_training
from host_tools.measure.peers.base import Samples
from host_tools.network.targets import make_targets
from host_tools.quantize.fidelity import to_q15

IDEAL = "ideal"
FULL_BANDWIDTH_HZ = 24_000.0


class IdealAnswers:
    """The integer signal path with band gains and strengths made from the clean speech.

    What is missing here even with a perfect network is owed to 34 real gains a frame and to the
    phase of the noise. Facts as in Denoiser; it needs the reference, so it is none.
    """

    name = IDEAL
    title = "ideal gains and strengths"
    version = ""
    delay_samples = DELAY_SAMPLES
    note = "made from the clean speech, integer signal path"

    def denoise_knowing(self, noisy: Samples, clean: Samples) -> Samples:
        """Clean one clip: int16 [samples] mono 48 kHz, aligned with ``clean`` of that length."""
        padded = pad_to_frames(noisy, flush=True)
        targets = make_targets(
            extract_training(padded, pad_to_frames(clean, flush=True)), FULL_BANDWIDTH_HZ
        )
        cleaned = enhance(padded, to_q15(targets.gain), to_q15(targets.strength))
        return cleaned[DELAY_SAMPLES : DELAY_SAMPLES + len(noisy)]

    def close(self) -> None:
        """See Denoiser."""
