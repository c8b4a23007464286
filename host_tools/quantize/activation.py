# SPDX-License-Identifier: Apache-2.0
"""Piecewise cubic tanh and sigmoid of the integer network: the tables and their evaluation.

tanh takes an int16 in Q12 (+-8), sigmoid one in Q11 (+-16): a trained update gate works far out,
where 1 - z is the speed of a memory of seconds. Both are odd functions of the signed argument,
tanh(x) and sigmoid(x) - 1/2, in 16 segments of 2048 arguments. Within a segment the variable is
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
SEGMENT_SHIFT = 11  # a segment holds 2048 arguments
SEGMENT_SIZE = 1 << SEGMENT_SHIFT
TANH_ONE = 4096.0  # Q12
SIGMOID_ONE = 2048.0  # Q11
ORDER = 3
FOUND_IN = 256.0  # errors are compared in 1/256 LSB, so that rounding in libm cannot matter

IntArray = npt.NDArray[np.int64]


def tanh_target(argument: float) -> float:
    """tanh of a Q12 argument in Q15 units, kept inside int16."""
    return min(32768.0 * math.tanh(argument / TANH_ONE), 32767.0)


def sigmoid_target(argument: float) -> float:
    """sigmoid - 1/2 of a Q11 argument in Q15 units, kept below 1/2."""
    return min(16384.0 * math.tanh(0.5 * argument / SIGMOID_ONE), 16383.0)


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
    values = np.array([target((segment + 0.5 + 0.5 * node) * SEGMENT_SIZE) for node in nodes])
    return np.array([round(c) for c in np.linalg.solve(rows, values)], dtype=np.int64)


def _fit_segment(target: Callable[[float], float], segment: int) -> IntArray:
    start = _chebyshev_fit(target, segment)
    moves = np.array(np.meshgrid(*[[-1, 0, 1]] * (ORDER + 1), indexing="ij"), dtype=np.int64)
    candidates = start + moves.reshape(ORDER + 1, -1).T
    if segment == 0:
        # An odd function is zero at zero, where t = -1.
        candidates[:, 0] = candidates[:, 1] - candidates[:, 2] + candidates[:, 3]
    offsets = np.arange(SEGMENT_SIZE)
    t_q15 = (offsets << (16 - SEGMENT_SHIFT)) - (1 << 15)
    wanted = np.array([target(float(segment * SEGMENT_SIZE + i)) for i in offsets])
    got = evaluate(candidates, t_q15)
    error = np.rint(np.abs(got - wanted).max(axis=1) * FOUND_IN)
    largest = target(float(SEGMENTS * SEGMENT_SIZE))
    error[(got > math.ceil(largest)).any(axis=1)] = np.inf
    best: IntArray = candidates[int(np.argmin(error))]
    return best


def coefficient_table(target: Callable[[float], float]) -> IntArray:
    """Coefficients [4, 16]: row k multiplies t^k."""
    rows = [_fit_segment(target, segment) for segment in range(SEGMENTS)]
    return np.stack(rows, axis=1)


def odd_function(table: IntArray, x: IntArray) -> IntArray:
    """Evaluate a table over any int16 arguments, as the C kernels do."""
    magnitude = np.minimum(np.abs(x), 32767)
    t_q15 = ((magnitude & (SEGMENT_SIZE - 1)) << (16 - SEGMENT_SHIFT)) - 32768
    c = table[:, magnitude >> SEGMENT_SHIFT]
    value = c[ORDER]
    for order in reversed(range(ORDER)):
        value = c[order] + mul_q15(value, t_q15)
    signed: IntArray = np.where(x < 0, -value, value)
    return signed


TANH_TABLE = coefficient_table(tanh_target)
SIGMOID_TABLE = coefficient_table(sigmoid_target)
SIGMOID_CENTRE_Q15 = 16384


def tanh_q15(x_q12: IntArray) -> IntArray:
    """tanh of int16 Q12 arguments, in -32767..32767."""
    return odd_function(TANH_TABLE, x_q12)


def sigmoid_q15(x_q11: IntArray) -> IntArray:
    """sigmoid of int16 Q11 arguments, in 1..32767."""
    return SIGMOID_CENTRE_Q15 + odd_function(SIGMOID_TABLE, x_q11)
