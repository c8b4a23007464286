# SPDX-License-Identifier: Apache-2.0
"""DNSMOS P.835: opinion scores that a network predicts from the cleaned clip alone.

C. K. A. Reddy, V. Gopal and R. Cutler, "DNSMOS P.835", ICASSP 2022. The network comes from the
package speechmos and runs in onnxruntime on one thread; the rest of that package is not imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

Samples = NDArray[np.int16]

SAMPLE_RATE_HZ = 48_000
DNSMOS_RATE_HZ = 16_000
SEGMENT_SECONDS = 9.01
FULL_SCALE = 32768.0

# From the network's answers to the scale of the listening tests, highest power first.
_SPEECH_POLYNOMIAL = (-0.08397278, 1.22083953, 0.0052439)
_BACKGROUND_POLYNOMIAL = (-0.13166888, 1.60915514, -0.39604546)
_OVERALL_POLYNOMIAL = (-0.06766283, 1.11546468, 0.04602535)


@dataclass(frozen=True)
class Dnsmos:
    """Predicted mean opinion scores, 1..5: speech, background and overall."""

    speech: float
    background: float
    overall: float


def dnsmos(clip: Samples) -> Dnsmos | None:
    """Score int16 mono 48 kHz audio: mean over segments of 9.01 s that start every second.

    Segments as speechmos takes them: of 10 s it hears the first 9.01 s; a shorter clip is doubled
    until it is long enough. None for silence.
    Raises ImportError without speechmos or onnxruntime.
    """
    if not np.any(clip):
        return None
    session = _session()
    audio = soxr.resample(
        clip.astype(np.float32) / np.float32(FULL_SCALE), SAMPLE_RATE_HZ, DNSMOS_RATE_HZ, "VHQ"
    )
    length = int(SEGMENT_SECONDS * DNSMOS_RATE_HZ)
    while len(audio) < length:
        audio = np.tile(audio, 2)
    segments = int(len(audio) // DNSMOS_RATE_HZ - SEGMENT_SECONDS) + 1
    answers = np.array(
        [
            session.run(None, {"input_1": audio[np.newaxis, first : first + length]})[0][0]
            for first in range(0, segments * DNSMOS_RATE_HZ, DNSMOS_RATE_HZ)
        ],
        dtype=np.float64,
    )
    speech, background, overall = (
        float(np.polyval(polynomial, answers[:, column]).mean())
        for column, polynomial in enumerate(
            (_SPEECH_POLYNOMIAL, _BACKGROUND_POLYNOMIAL, _OVERALL_POLYNOMIAL)
        )
    )
    return Dnsmos(speech, background, overall)


@cache
def _session() -> Any:
    import importlib.resources

    import onnxruntime
    import speechmos

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = importlib.resources.files(speechmos) / "dnsmos_models" / "sig_bak_ovr.onnx"
    return onnxruntime.InferenceSession(
        model.read_bytes(), options, providers=["CPUExecutionProvider"]
    )
