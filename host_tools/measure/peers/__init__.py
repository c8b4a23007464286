# SPDX-License-Identifier: Apache-2.0
"""Denoisers that a model is compared with, one file each, all behind ``base.Denoiser``."""
