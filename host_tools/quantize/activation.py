# SPDX-License-Identifier: Apache-2.0
"""Piecewise cubic tanh and sigmoid of the integer network: the tables and their evaluation.

Argument: Q12 in [0, 8), 16 segments of width 1/2. Result: Q15. Both functions are used as odd
functions of the signed argument: tanh(x) and sigmoid(x) - 1/2. Within a segment the variable is
t in [-1, 1) (Q15, segment centre 0) and the value is c0 + t (c1 + t (c2 + t c3)), every product
rounded half up to Q15. Coefficients start from interpolation at Chebyshev nodes (near-minimax)
and are then moved by up to one unit each to the smallest worst error of the integer evaluation.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

SEGMENTS = 16
SEGMENT_SHIFT = 11  # a segment holds 2048 values of the Q12 argument
ORDER = 3
FOUND_IN = 256.0  # errors are compared in 1/256 LSB, so that rounding in libm cannot matter

IntArray = npt.NDArray[np.int64]


def tanh_target(x: float) -> float:
    """Value in Q15 units, kept inside int16."""
    return min(32768.0 * math.tanh(x), 32767.0)


def sigmoid_target(x: float) -> float:
    """sigmoid(x) - 1/2 in Q15 units."""
    return 32768.0 * 0.5 * math.tanh(0.5 * x)


def mul_q15(a: IntArray, b: IntArray) -> IntArray:
    """a * b in Q15, rounded half up."""
    result: IntArray = (a * b + (1 << 14)) >> 15
    return result


def evaluate(coefficients: IntArray, t_q15: IntArray) -> IntArray:
    """Horner's rule on coefficients [..., 4] and t [n]; returns [..., n]."""
    value = coefficients[..., ORDER, None]
    for order in reversed(range(ORDER)):
        value = coefficients[..., order, None] + mul_q15(value, t_q15)
    return value


def _chebyshev_fit(target: Callable[[float], float], segment: int) -> IntArray:
    nodes = [math.cos(math.pi * (i + 0.5) / (ORDER + 1)) for i in range(ORDER + 1)]
    rows = np.array([[node**order for order in range(ORDER + 1)] for node in nodes])
    values = np.array([target(0.5 * segment + 0.25 + 0.25 * node) for node in nodes])
    return np.array([round(c) for c in np.linalg.solve(rows, values)], dtype=np.int64)


def _fit_segment(target: Callable[[float], float], segment: int) -> IntArray:
    start = _chebyshev_fit(target, segment)
    moves = np.array(np.meshgrid(*[[-1, 0, 1]] * (ORDER + 1), indexing="ij"), dtype=np.int64)
    candidates = start + moves.reshape(ORDER + 1, -1).T
    if segment == 0:
        # An odd function is zero at zero, where t = -1.
        candidates[:, 0] = candidates[:, 1] - candidates[:, 2] + candidates[:, 3]
    a = np.arange(1 << SEGMENT_SHIFT)
    t_q15 = (a << (15 - SEGMENT_SHIFT + 1)) - (1 << 15)
    wanted = np.array([target((segment * 2048 + int(i)) / 4096.0) for i in a])
    got = evaluate(candidates, t_q15)
    error = np.rint(np.abs(got - wanted).max(axis=1) * FOUND_IN)
    error[(got > 32767).any(axis=1) | (got < 0).any(axis=1)] = np.inf
    best: IntArray = candidates[int(np.argmin(error))]
    return best


def coefficient_table(target: Callable[[float], float]) -> IntArray:
    """Coefficients [4, 16]: row k multiplies t^k."""
    rows = [_fit_segment(target, segment) for segment in range(SEGMENTS)]
    return np.stack(rows, axis=1)


def odd_function(table: IntArray, x_q12: IntArray) -> IntArray:
    """Evaluate a table over any int16 Q12 arguments, as the C kernels do."""
    magnitude = np.minimum(np.abs(x_q12), 32767)
    t_q15 = ((magnitude & 2047) << 5) - 32768
    c = table[:, magnitude >> SEGMENT_SHIFT]
    value = c[ORDER]
    for order in reversed(range(ORDER)):
        value = c[order] + mul_q15(value, t_q15)
    signed: IntArray = np.where(x_q12 < 0, -value, value)
    return signed


TANH_TABLE = coefficient_table(tanh_target)
SIGMOID_TABLE = coefficient_table(sigmoid_target)
SIGMOID_CENTRE_Q15 = 16384


def tanh_q15(x_q12: IntArray) -> IntArray:
    """tanh of int16 Q12 arguments, in -32767..32767."""
    return odd_function(TANH_TABLE, x_q12)


def sigmoid_q15(x_q12: IntArray) -> IntArray:
    """sigmoid of int16 Q12 arguments, in 1..32767."""
    return SIGMOID_CENTRE_Q15 + odd_function(SIGMOID_TABLE, x_q12)
