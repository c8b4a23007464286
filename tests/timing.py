# SPDX-License-Identifier: Apache-2.0
"""Tests that a busy computer disturbs, however right the program is."""

from __future__ import annotations

import pytest

in_real_time = pytest.mark.flaky(reruns=2, reruns_delay=3)
"""For tests against a simulated instrument or a timer that shares this computer's processors.

Both sides must keep the same clock: who is kept waiting is late, as no hardware would be. What
fails three times, seconds apart, is wrong.
"""
