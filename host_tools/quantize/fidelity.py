# SPDX-License-Identifier: Apache-2.0
"""How far the integer network is from the float network it was made of, on audio."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from host_tools.features import enhance, extract
from host_tools.network.checkpoint import Checkpoint
from host_tools.network.float_model import FloatNetwork
from host_tools.quantize.integer_model import IntegerNetwork
from host_tools.quantize.model import QuantizedModel

Samples = npt.NDArray[np.int16]
Q15_ONE = 32768.0


@dataclass(frozen=True)
class Fidelity:
    """Integer against float network, both driving the same integer signal path.

    ``output_snr_db``: energy of the float network's output over that of the difference, over all
    clips; errors are means of absolute differences in 0..1.
    """

    output_snr_db: float
    mean_gain_error: float
    mean_strength_error: float
    mean_voice_error: float
    frames: int


def to_q15(values: npt.NDArray[np.floating]) -> npt.NDArray[np.int16]:
    """Round network answers in 0..1 to Q15, as the signal path takes them."""
    result: npt.NDArray[np.int16] = np.clip(np.rint(values * Q15_ONE), 0, 32767).astype(np.int16)
    return result


def compare_with_float(
    checkpoint: Checkpoint, model: QuantizedModel, clips: Iterable[Samples]
) -> Fidelity:
    """Run both networks over clips (48 kHz mono int16), each from its initial state."""
    float_network, integer_network = FloatNetwork(checkpoint, np.float32), IntegerNetwork(model)
    signal = difference = 0.0
    errors = np.zeros(3)
    frames = 0
    for clip in clips:
        features = extract(clip)
        float_network.reset()
        integer_network.reset()
        exact, integer = float_network.run(features), integer_network.run(features)
        wanted = enhance(clip, to_q15(exact.gain), to_q15(exact.strength)).astype(np.float64)
        got = enhance(clip, integer.gain_q15, integer.strength_q15)
        signal += float(wanted @ wanted)
        difference += float(np.sum((wanted - got) ** 2))
        for index, (a, b) in enumerate(
            [
                (exact.gain, integer.gain_q15),
                (exact.strength, integer.strength_q15),
                (exact.voice, integer.voice_q15),
            ]
        ):
            errors[index] += float(np.abs(a - b / Q15_ONE).mean()) * len(features)
        frames += len(features)
    errors /= max(frames, 1)
    snr_db = 10.0 * float(np.log10(signal / difference)) if difference else float("inf")
    gain_error, strength_error, voice_error = (float(error) for error in errors)
    return Fidelity(snr_db, gain_error, strength_error, voice_error, frames)
