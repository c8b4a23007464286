# SPDX-License-Identifier: Apache-2.0
"""Host-side tools of the PercepNet kit: train, quantize, generate, build, run and measure.

Importing this package is cheap; PyTorch and other heavy packages load inside the commands
that need them.
"""

from __future__ import annotations

__version__ = "0.1.0"
