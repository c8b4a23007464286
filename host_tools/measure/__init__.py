# SPDX-License-Identifier: Apache-2.0
"""Measuring a device honestly: digests first, exact counts, and a verdict with its evidence."""
