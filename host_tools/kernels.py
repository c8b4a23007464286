# SPDX-License-Identifier: Apache-2.0
"""Names of the kernel families, for the C binding and for the protocol."""

from __future__ import annotations

KERNEL_NAMES = ("auto", "scalar", "neon", "dotprod", "i8mm", "avx2", "avx512vnni")
"""Index is the library's pn_kernel; "auto" lets it choose what the CPU runs best."""
