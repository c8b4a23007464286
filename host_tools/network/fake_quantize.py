# SPDX-License-Identifier: Apache-2.0
"""Rounding as the integer network does it, for training that knows of it.

The gradient passes as if nothing were rounded (straight-through estimator, Bengio et al., 2013).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

LEVELS = 127.0  # int8 weights and activations use -127..127


def round_activation(values: Tensor) -> Tensor:
    """Round values in [-1, 1] to multiples of 1/127, the int8 that matrices read; no gradient."""
    return torch.round(values * LEVELS).mul_(1.0 / LEVELS)


class _RoundActivation(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return round_activation(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return gradient


class _RoundRows(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor) -> Tensor:
        scale = weight.abs().amax(1, keepdim=True).clamp_(min=1e-12) / LEVELS
        return torch.round(weight / scale).mul_(scale)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return gradient


def fake_quantize_activation(values: Tensor) -> Tensor:
    """``round_activation`` with a straight-through gradient."""
    return torch.as_tensor(_RoundActivation.apply(values))


def fake_quantize_rows(weight: Tensor) -> Tensor:
    """Round a matrix [rows, columns] to int8 levels with one scale a row, max|w| / 127."""
    return torch.as_tensor(_RoundRows.apply(weight))
