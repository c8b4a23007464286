# SPDX-License-Identifier: Apache-2.0
"""The streaming step: names and sizes of what goes in and comes out for each 10 ms frame.

All are float32 [1, N]. A history holds the inputs of the frames before this one, oldest first.
"""

from __future__ import annotations

from host_tools.network.profile import BANDS, Profile

SIGNATURE = "step"
FEATURES_INPUT = "features"
GAINS, STRENGTHS, VOICE = "gains", "strengths", "voice"
ANSWERS = {GAINS: BANDS, STRENGTHS: BANDS, VOICE: 1}


def states(profile: Profile) -> dict[str, int]:
    """Name and size of every state, in the order of the inputs.

    A convolution over one frame has no history.
    """
    sizes = {
        "conv1_history": (profile.conv1_kernel - 1) * profile.fc,
        "conv2_history": (profile.conv2_kernel - 1) * profile.conv1,
    }
    sizes |= {f"{gru}_state": units for gru, (_, units) in profile.recurrent_sizes.items()}
    return {name: size for name, size in sizes.items() if size}


def next_name(state: str) -> str:
    """Name of the output that is the input *state* of the next frame."""
    return f"{state}_next"
