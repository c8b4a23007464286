# SPDX-License-Identifier: Apache-2.0
"""Showing and keeping results: the terminal table and the run folder."""
