# SPDX-License-Identifier: Apache-2.0
"""Tests of the C signal path against the float64 oracle, and the table that sums them up."""
