# SPDX-License-Identifier: Apache-2.0
"""GRU whose backward pass is written out, several times faster on a CPU than automatic gradients.

The products run in the input's precision (bfloat16 where the CPU has it), all else in float32: an
update gate near 1 in bfloat16 would lose 1 - z, the speed of a memory of seconds.
Gate order is z, r, n as in the checkpoint; time is the first dimension.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from host_tools.network.fake_quantize import LEVELS, linear, row_levels
from host_tools.network.profile import UPDATE_LIMIT


class _Scan(torch.autograd.Function):
    """Recurrent part of a GRU: input-side pre-activations [T, B, 3H] -> states [T, B, H].

    ``scale`` [3H] of the weights' rows, which are then levels; so are the states returned. None:
    weights and states are what they are.
    """

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Tensor,
        initial: Tensor,
        weight: Tensor,
        bias: Tensor,
        scale: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        frames, batch, _ = inputs.shape
        units = weight.shape[1]
        transposed = weight.t()
        factor = bias.new_ones(()) if scale is None else scale / LEVELS
        fine = initial.new_empty(frames + 1, batch, units)
        read = weight.new_empty(frames + 1, batch, units)
        gates = initial.new_empty(frames, batch, 2 * units)
        gated = initial.new_empty(frames, batch, units)
        candidate = initial.new_empty(frames, batch, units)
        fine[0] = initial
        for t in range(frames):
            h, zr, n = fine[t], gates[t], candidate[t]
            # Only the copy that matrices read is int8; the state itself stays fine.
            read[t] = h if scale is None else torch.round(h * LEVELS)
            u = torch.addcmul(bias, torch.mm(read[t], transposed), factor)
            torch.add(inputs[t, :, : 2 * units], u[:, : 2 * units], out=zr)
            zr.sigmoid_()
            # The backward pass has the slope at the limit, so that a gate beyond it can come back.
            zr[:, :units].clamp_(max=UPDATE_LIMIT)
            gated[t] = u[:, 2 * units :]
            torch.addcmul(inputs[t, :, 2 * units :], zr[:, units:], gated[t], out=n)
            n.tanh_()
            torch.lerp(n, h, zr[:, :units], out=fine[t + 1])
        last = fine[frames].clone()
        read[frames] = last if scale is None else torch.round(last * LEVELS)
        ctx.save_for_backward(fine, read, gates, gated, candidate, weight, scale)
        ctx.mark_non_differentiable(last)
        return read[1:].clone(), last

    @staticmethod
    def backward(  # type: ignore[override]
        ctx: Any, grad_states: Tensor, _: Tensor
    ) -> tuple[Tensor, None, Tensor, Tensor, None]:
        fine, read, gates, gated, n, weight, scale = ctx.saved_tensors
        frames, batch, units = n.shape
        step = 1.0 if scale is None else LEVELS
        factor = n.new_ones(3 * units) if scale is None else scale
        z, r = gates[:, :, :units], gates[:, :, units:]
        to_n = (1 - z) * (1 - n * n)
        to_z = z * (1 - z) * (fine[:-1] - n)
        to_r = gated * r * (1 - r)
        to_gated = r * factor[2 * units :]
        grad_inputs = n.new_empty(frames, batch, 3 * units)
        grad_sums = weight.new_empty(frames, batch, 3 * units)
        carried = n.new_zeros(batch, units)
        for t in range(frames - 1, -1, -1):
            g, sums = grad_inputs[t], grad_sums[t]
            carried.add_(grad_states[t], alpha=step)
            torch.mul(carried, to_z[t], out=g[:, :units])
            torch.mul(carried, to_n[t], out=g[:, 2 * units :])
            torch.mul(g[:, 2 * units :], to_r[t], out=g[:, units : 2 * units])
            torch.mul(g[:, : 2 * units], factor[: 2 * units], out=sums[:, : 2 * units])
            torch.mul(g[:, 2 * units :], to_gated[t], out=sums[:, 2 * units :])
            carried = torch.addcmul(torch.mm(sums, weight), carried, z[t])
        grad_weight = grad_sums.view(frames * batch, -1).t() @ read[:-1].view(-1, units)
        grad_bias = grad_inputs.sum((0, 1))
        grad_bias[2 * units :] = (grad_inputs[:, :, 2 * units :] * r).sum((0, 1))
        return grad_inputs, None, grad_weight / step, grad_bias, None


class Gru(nn.Module):
    """Reset-after GRU; weights named and ordered as in the checkpoint."""

    def __init__(self, inputs: int, units: int) -> None:
        super().__init__()
        self.units = units
        self.input_weight = nn.Parameter(torch.empty(3 * units, inputs))
        self.recurrent_weight = nn.Parameter(torch.empty(3 * units, units))
        self.input_bias = nn.Parameter(torch.zeros(3 * units))
        self.recurrent_bias = nn.Parameter(torch.zeros(3 * units))
        nn.init.xavier_uniform_(self.input_weight)
        for gate in self.recurrent_weight.data.chunk(3):
            nn.init.orthogonal_(gate)
        # Update gate near 0.7: memory of a few frames from the start.
        self.input_bias.data[:units] = 1.0

    def forward(self, x: Tensor, state: Tensor, int8_aware: bool = False) -> tuple[Tensor, Tensor]:
        """Run x [T, B, inputs] from state [B, units]; return (states [T, B, units], last state).

        With ``int8_aware`` x and the states are in steps of 1/127; the last state is not rounded.
        """
        inputs = linear(x, self.input_weight, self.input_bias, int8_aware)
        weight, scale = self.recurrent_weight, None
        if int8_aware:
            weight, scale = row_levels(weight)
        states, last = _Scan.apply(inputs, state, weight.to(x.dtype), self.recurrent_bias, scale)
        return states, last
