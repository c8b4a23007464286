# SPDX-License-Identifier: Apache-2.0
"""Rounding as the integer network does it, for training that knows of it.

Levels are whole numbers -127..127, exact even in bfloat16; the scales follow in float32, after the
products. The gradient passes as if nothing were rounded (straight-through estimator, Bengio et al.,
2013).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

LEVELS = 127.0  # int8 weights and activations use -127..127


class _ActivationLevels(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return torch.round(values * LEVELS)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return gradient * LEVELS


class _RowLevels(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor) -> tuple[Tensor, Tensor]:
        scale = weight.abs().amax(1).clamp_(min=1e-12) / LEVELS
        ctx.save_for_backward(scale)
        ctx.mark_non_differentiable(scale)
        return torch.round(weight / scale[:, None]), scale

    @staticmethod
    def backward(ctx: Any, gradient: Tensor, _: Tensor) -> Tensor:  # type: ignore[override]
        return gradient / ctx.saved_tensors[0][:, None]


def activation_levels(values: Tensor) -> Tensor:
    """Round values in [-1, 1] to the levels that matrices read, in steps of 1/127."""
    return torch.as_tensor(_ActivationLevels.apply(values))


def row_levels(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Levels of a matrix [rows, columns] and the scale of each row [rows], max|w| / 127."""
    levels, scale = _RowLevels.apply(weight)
    return levels, scale


def linear(x: Tensor, weight: Tensor, bias: Tensor, int8_aware: bool) -> Tensor:
    """x @ weight.T + bias in float32; the product itself runs in the precision of x.

    With ``int8_aware`` x is in steps of 1/127 and the weights are rounded to their levels.
    """
    kind = x.dtype
    if not int8_aware:
        return torch.nn.functional.linear(x, weight.to(kind), bias.to(kind)).float()
    levels, scale = row_levels(weight)
    sums = torch.nn.functional.linear(x, levels.to(kind)).float()
    return torch.addcmul(bias, sums, scale / LEVELS)
