# SPDX-License-Identifier: Apache-2.0
"""Constant tables of the signal path, rendered as C from one definition.

Sources: Vorbis window (Vorbis I specification 4.3.1), ERB band edges by the recursion published
with RNNoise (one ERB per step from 20 kHz down, at least 100 Hz), comb filter of five periods a
side with a Hann shape (PercepNet, Interspeech 2020), Stockham twiddle factors.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

WINDOW_SAMPLES = 960
HOP_SAMPLES = 480
FFT_POINTS = 480  # complex points behind one 960-point real transform
FFT_RADICES = (4, 4, 5, 3, 2)
BANDS = 34
BAND_EDGE_TOP_BIN = 400  # 20 kHz in 50 Hz bins
COMB_PERIODS = 5
DECIMATOR_TAPS = 32
DECIMATOR_CUTOFF_HZ = 3000.0
SAMPLE_RATE = 48000
INVERSE_BITS_MAX = 7  # most extra fraction bits of the inverse transform
SINE_TERMS = 5
LOG2_SEGMENTS = 64

Q31_MAX = 2**31 - 1


def q31(value: float) -> int:
    """Nearest Q31 integer of value in [-1, 1], kept inside +-(2^31 - 1)."""
    return max(-Q31_MAX, min(Q31_MAX, round(value * 2.0**31)))


def window_q31() -> list[int]:
    """First half (480 points) of the symmetric Vorbis power-complementary window, Q31."""
    return [
        q31(math.sin(math.pi / 2 * math.sin(math.pi * (n + 0.5) / WINDOW_SAMPLES) ** 2))
        for n in range(HOP_SAMPLES)
    ]


def band_edges() -> list[int]:
    """35 band points in 50 Hz bins, 0 to 400: one ERB a step from the top, two bins at least."""
    edges = [BAND_EDGE_TOP_BIN]
    for _ in range(BANDS):
        step = round(24.7 * (4.37 * edges[-1] / 20 + 1) / 50)
        edges.append(edges[-1] - max(2, step))
    return edges[::-1]


def band_centres() -> list[int]:
    """34 band centres in bins: the edges without the DC point."""
    return band_edges()[1:]


def band_fraction_q15() -> list[int]:
    """For bins 0..400 the weight of the next centre in Q15 (0 below the first centre)."""
    centres = band_centres()
    fraction = [0] * (BAND_EDGE_TOP_BIN + 1)
    for low, high in itertools.pairwise(centres):
        for offset in range(high - low):
            fraction[low + offset] = round(32768 * offset / (high - low))
    return fraction


def comb_weights_q15() -> list[list[int]]:
    """Row F: weights of periods -5 (past) .. +5 (future), those beyond F dropped, sum 32768."""
    hann = [0.5 + 0.5 * math.cos(math.pi * k / (COMB_PERIODS + 1)) for k in range(-5, 6)]
    rows = []
    for future in range(COMB_PERIODS + 1):
        kept = [w if k <= future else 0.0 for k, w in zip(range(-5, 6), hann, strict=True)]
        total = sum(kept)
        row = [round(32768 * w / total) for w in kept]
        row[COMB_PERIODS] += 32768 - sum(row)
        rows.append(row)
    return rows


def decimator_q15() -> list[int]:
    """32-tap low-pass before decimation by 4: Hamming-windowed sinc, unity at DC, Q15."""
    centre = (DECIMATOR_TAPS - 1) / 2
    cutoff = 2 * DECIMATOR_CUTOFF_HZ / SAMPLE_RATE
    taps = []
    for n in range(DECIMATOR_TAPS):
        t = n - centre
        sinc = math.sin(math.pi * cutoff * t) / (math.pi * t)
        hamming = 0.54 - 0.46 * math.cos(2 * math.pi * n / (DECIMATOR_TAPS - 1))
        taps.append(sinc * hamming)
    total = sum(taps)
    result = [round(32768 * tap / total) for tap in taps]
    middle = DECIMATOR_TAPS // 2
    missing = 32768 - sum(result)
    result[middle - 1] += missing // 2
    result[middle] += missing - missing // 2
    return result


def fft_twiddles_q31() -> tuple[list[int], list[int]]:
    """Stage after stage, for k = 1..radix-1 and p = 0..n/radix-1: cos and sin of -2 pi p k / n."""
    cosine, sine = [], []
    length = FFT_POINTS
    for radix in FFT_RADICES[:-1]:
        part = length // radix
        for k in range(1, radix):
            for p in range(part):
                angle = -2 * math.pi * p * k / length
                cosine.append(q31(math.cos(angle)))
                sine.append(q31(math.sin(angle)))
        length = part
    return cosine, sine


def transform_constants() -> dict[str, int]:
    """Constants of the butterflies and of the inverse transform's scaling by C macro name."""
    return {
        "PN_COS_1_5_Q31": q31(math.cos(2 * math.pi / 5)),
        "PN_COS_2_5_Q31": q31(math.cos(4 * math.pi / 5)),
        "PN_SIN_1_5_Q31": q31(math.sin(2 * math.pi / 5)),
        "PN_SIN_2_5_Q31": q31(math.sin(4 * math.pi / 5)),
        "PN_SIN_1_3_Q31": q31(math.sin(2 * math.pi / 3)),
        "PN_INVERSE_FACTOR_Q39": round(2.0**39 / WINDOW_SAMPLES),
        "PN_INVERSE_BITS_MAX": INVERSE_BITS_MAX,
        "PN_SINE_TERMS": SINE_TERMS,
    }


def real_twiddles_q31() -> tuple[list[int], list[int]]:
    """Half of exp(-2 pi i k / 960) for k = 0..240: separates the two packed half spectra."""
    angles = [-2 * math.pi * k / WINDOW_SAMPLES for k in range(FFT_POINTS // 2 + 1)]
    return [q31(0.5 * math.cos(a)) for a in angles], [q31(0.5 * math.sin(a)) for a in angles]


def sine_polynomial_q30() -> list[int]:
    """Taylor coefficients of x, x^3, .. x^9 of sin(pi/2 x) in Q30; the last one makes f(1) = 1."""
    terms = [
        round(2.0**30 * (-1) ** i * (math.pi / 2) ** (2 * i + 1) / math.factorial(2 * i + 1))
        for i in range(SINE_TERMS - 1)
    ]
    return [*terms, 2**30 - sum(terms)]


def log2_q15() -> list[int]:
    """log2(1 + x) for x = 0, 1/64, .. 1 in Q15, ending in 32768."""
    return [round(32768 * math.log2(1 + i / LOG2_SEGMENTS)) for i in range(65)]


def attenuation_q15() -> list[int]:
    """10^(-dB/20) in Q15 for 0..99 dB, then 0 for 100: no limit."""
    return [round(32768 * 10 ** (-db / 20)) for db in range(100)] + [0]


def sqrt_seed() -> list[int]:
    """sqrt((i + 64.5) * 2^24) for i = 0..191: first guess from the top eight bits."""
    return [min(65535, round(math.sqrt((i + 64.5) * 2.0**24))) for i in range(192)]


def _array(kind: str, name: str, values: Sequence[int], dims: str = "") -> str:
    suffix = "LL" if kind == "int64_t" else ""
    cells = [f"{v}{suffix}" for v in values]
    lines, line = [], "   "
    for cell in cells:
        if len(line) + len(cell) + 2 > 98:
            lines.append(line)
            line = "   "
        line += f" {cell},"
    lines.append(line)
    size = dims or f"[{len(values)}]"
    return f"const {kind} {name}{size} = {{\n" + "\n".join(lines) + "\n};\n"


def _flat(rows: Iterable[Sequence[int]]) -> list[int]:
    return [value for row in rows for value in row]


def render() -> dict[str, str]:
    """Text of firmware/src/tables.c and tables.h by path relative to the repository."""
    fft_cos, fft_sin = fft_twiddles_q31()
    real_cos, real_sin = real_twiddles_q31()
    tables: list[tuple[str, str, Sequence[int], str]] = [
        ("int32_t", "pn_window_q31", window_q31(), ""),
        ("int32_t", "pn_fft_cos_q31", fft_cos, ""),
        ("int32_t", "pn_fft_sin_q31", fft_sin, ""),
        ("int32_t", "pn_real_cos_q31", real_cos, ""),
        ("int32_t", "pn_real_sin_q31", real_sin, ""),
        ("int16_t", "pn_band_centre_bin", band_centres(), ""),
        ("uint16_t", "pn_band_fraction_q15", band_fraction_q15(), ""),
        ("int16_t", "pn_decimator_q15", decimator_q15(), ""),
        ("int32_t", "pn_sine_polynomial_q30", sine_polynomial_q30(), ""),
        ("uint16_t", "pn_log2_table_q15", log2_q15(), ""),
        ("uint16_t", "pn_sqrt_seed", sqrt_seed(), ""),
        ("uint16_t", "pn_attenuation_q15", attenuation_q15(), ""),
    ]
    head = (
        "/* SPDX-License-Identifier: Apache-2.0 */\n"
        "/* Generated by host_tools/generate/tables.py: do not edit. */\n"
    )
    source = head + '#include "tables.h"\n\n'
    header = head + "#ifndef PN_TABLES_H\n#define PN_TABLES_H\n\n#include <stdint.h>\n\n"
    for kind, name, values, dims in tables:
        source += _array(kind, name, values, dims) + "\n"
        header += f"extern const {kind} {name}[{len(values)}];\n"
    source += _array("int16_t", "pn_comb_weight_q15", _flat(comb_weights_q15()), "[66]")
    header += "/* Six rows of eleven: row F keeps F future periods. */\n"
    header += "extern const int16_t pn_comb_weight_q15[66];\n"
    header += "\n"
    for name, value in transform_constants().items():
        header += f"#define {name} ({value})\n"
    header += "\n#endif\n"
    return {"firmware/src/tables.c": source, "firmware/src/tables.h": header}
