# SPDX-License-Identifier: Apache-2.0
"""Noise suppression of WebRTC (webrtc-noise-gain): 16 kHz only, so resampled both ways."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from host_tools.measure.peers.base import Samples, by_frames, missing, package_version, to_int16

NAME = "webrtc"
PACKAGE = "webrtc-noise-gain"
RATE_HZ = 16_000
OUTSIDE_RATE_HZ = 48_000
FRAME_SAMPLES = 160
DELAY_SAMPLES_16K = 96  # window of 256 samples, hop of 160
LEVEL = 3
"""Of 0 (off) to 4: "high", which the voice engine of WebRTC itself sets."""


class WebRTC:
    """Suppression at level 3, automatic gain off. Resampling is of linear phase, without delay."""

    name = NAME
    delay_samples = DELAY_SAMPLES_16K * OUTSIDE_RATE_HZ // RATE_HZ
    note = (
        f"level {LEVEL} of 0 to 4, no automatic gain; 16 kHz only: nothing is left above 8 kHz, "
        "and a high-pass at the input, so SI-SDR (48 kHz) says little"
    )

    def __init__(self) -> None:
        try:
            import webrtc_noise_gain
        except ImportError as error:
            raise missing(PACKAGE, NAME) from error
        self._processor = webrtc_noise_gain.AudioProcessor
        self.version = package_version(PACKAGE)
        self.title = f"WebRTC noise suppression ({PACKAGE} {self.version})"

    def denoise(self, noisy: Samples) -> Samples:
        """See Denoiser."""
        processor = self._processor(0, LEVEL)

        def process(frame: NDArray[np.float32]) -> NDArray[np.float32]:
            done = processor.Process10ms(frame.astype("<i2").tobytes()).audio
            return np.frombuffer(done, "<i2").astype(np.float32)

        low = to_int16(_resample(noisy.astype(np.float32), OUTSIDE_RATE_HZ, RATE_HZ))
        cleaned = by_frames(low, FRAME_SAMPLES, DELAY_SAMPLES_16K, process)
        wide = _resample(cleaned, RATE_HZ, OUTSIDE_RATE_HZ)[: len(noisy)]
        return to_int16(np.pad(wide, (0, len(noisy) - len(wide))))

    def close(self) -> None:
        """See Denoiser."""


def _resample(audio: NDArray[np.float32], from_hz: int, to_hz: int) -> NDArray[np.float32]:
    resampled: NDArray[np.float32] = soxr.resample(audio, from_hz, to_hz, quality="VHQ")
    return resampled
