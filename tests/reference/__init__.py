# SPDX-License-Identifier: Apache-2.0
"""Float64 NumPy oracle of the PercepNet signal path.

Written from docs/algorithm.md, independently of the C library, to judge its accuracy. Audio is in
units of int16 PCM throughout. Row ``t`` of every per-frame array belongs to arrival hop ``t``;
what is delayed by the look-ahead describes frame ``t - LOOK_AHEAD_FRAMES``.
"""
