# SPDX-License-Identifier: Apache-2.0
"""GRU whose backward pass is written out, several times faster on a CPU than automatic gradients.

The products run in the input's precision (bfloat16 where the CPU has it), the state in float32.
Gate order is z, r, n as in the checkpoint; time is the first dimension.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from host_tools.network.fake_quantize import fake_quantize_rows, round_activation


class _Scan(torch.autograd.Function):
    """Recurrent part of a GRU: input-side pre-activations [T, B, 3H] -> states [T, B, H]."""

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, initial: Tensor, weight: Tensor, bias: Tensor, int8_aware: bool
    ) -> tuple[Tensor, Tensor]:
        frames, batch, _ = inputs.shape
        units = weight.shape[1]
        transposed = weight.t()
        states = inputs.new_empty(frames + 1, batch, units)
        states[0] = round_activation(initial) if int8_aware else initial
        recurrent = torch.empty_like(inputs)
        gates = inputs.new_empty(frames, batch, 2 * units)
        candidate = inputs.new_empty(frames, batch, units)
        h = initial.float()
        for t in range(frames):
            u, zr, n = recurrent[t], gates[t], candidate[t]
            torch.addmm(bias, states[t], transposed, out=u)
            torch.add(inputs[t, :, : 2 * units], u[:, : 2 * units], out=zr)
            zr.sigmoid_()
            torch.addcmul(inputs[t, :, 2 * units :], zr[:, units:], u[:, 2 * units :], out=n)
            n.tanh_()
            h = torch.lerp(n.float(), h, zr[:, :units].float())
            # Only the copy that matrices read is int8; the state itself stays fine.
            states[t + 1] = round_activation(h) if int8_aware else h
        ctx.save_for_backward(states, recurrent, gates, candidate, weight)
        ctx.mark_non_differentiable(h)
        return states[1:].clone(), h

    @staticmethod
    def backward(  # type: ignore[override]
        ctx: Any, grad_states: Tensor, _: Tensor
    ) -> tuple[Tensor, None, Tensor, Tensor, None]:
        states, recurrent, gates, n, weight = ctx.saved_tensors
        frames, batch, units = n.shape
        z, r = gates[:, :, :units], gates[:, :, units:]
        to_z = z * (1 - z) * (states[:-1] - n)
        to_n = (1 - z) * (1 - n * n)
        to_r = recurrent[:, :, 2 * units :] * r * (1 - r)
        grad_recurrent = torch.empty_like(recurrent)
        grad_inputs = torch.empty_like(recurrent)
        carried = n.new_zeros(batch, units)
        for t in range(frames - 1, -1, -1):
            carried = carried + grad_states[t]
            g, grad_n = grad_recurrent[t], grad_inputs[t, :, 2 * units :]
            torch.mul(carried, to_z[t], out=g[:, :units])
            torch.mul(carried, to_n[t], out=grad_n)
            torch.mul(grad_n, to_r[t], out=g[:, units : 2 * units])
            torch.mul(grad_n, r[t], out=g[:, 2 * units :])
            carried = torch.addmm(carried * z[t], g, weight)
        grad_inputs[:, :, : 2 * units] = grad_recurrent[:, :, : 2 * units]
        flat = grad_recurrent.view(frames * batch, -1)
        grad_weight = flat.t() @ states[:-1].reshape(frames * batch, units)
        return grad_inputs, None, grad_weight, flat.sum(0), None


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

        With ``int8_aware`` weights and returned states are rounded to int8 levels.
        """
        kind = x.dtype
        weights = (self.input_weight, self.recurrent_weight)
        if int8_aware:
            weights = tuple(fake_quantize_rows(weight) for weight in weights)
        inputs = nn.functional.linear(x, weights[0].to(kind), self.input_bias.to(kind))
        states, last = _Scan.apply(
            inputs, state, weights[1].to(kind), self.recurrent_bias.to(kind), int8_aware
        )
        return states, last
