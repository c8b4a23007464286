# SPDX-License-Identifier: Apache-2.0
"""Digests of the integer signal path: any change of its bits is noticed."""
