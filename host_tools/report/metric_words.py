# SPDX-License-Identifier: Apache-2.0
"""Names, decimals and plain words for metrics: what each figure is and what it is not."""

from __future__ import annotations

import math
from dataclasses import dataclass

UNKNOWN = "unknown"


@dataclass(frozen=True)
class MetricWords:
    """How one metric is shown; ``unit`` is "" for a bare number, ``scale`` its range in words."""

    label: str
    unit: str
    decimals: int
    scale: str
    is_text: str
    is_not_text: str


_DNSMOS_IS = (
    "A network's guess of how listeners would rate {part} on a scale of 1 to 5 (P.835). "
    "It hears the cleaned clip alone, at 16 kHz, of a clip of 10 s the first 9.01 s."
)
_DNSMOS_IS_NOT = (
    "A listening test. It was trained on 16 kHz audio, so what happens above 8 kHz does not "
    "count. It does not know what was said: removed words cost nothing. Reverberant and unusual "
    "voices get low values whatever is done to them."
)

_WORDS = {
    "pesq_wb": MetricWords(
        label="PESQ-WB",
        unit="",
        decimals=2,
        scale="1.04 to 4.64",
        is_text=(
            "How near the clip sounds to its clean original, by a model of hearing "
            "(ITU-T P.862.2) that works at 16 kHz."
        ),
        is_not_text=(
            "A judgement of the full band: it sees nothing above 8 kHz. It was made for telephone "
            "links and not for noise suppressors, and it takes loudness differences out."
        ),
    ),
    "stoi": MetricWords(
        label="STOI",
        unit="",
        decimals=3,
        scale="0 to 1",
        is_text=(
            "How well the rise and fall of the bands of speech survives, compared with the clean "
            "original at 10 kHz; it follows how many words listeners understand."
        ),
        is_not_text=(
            "A share of understood words, and no measure of pleasantness: noise in pauses does "
            "not count, and nothing above 5 kHz does."
        ),
    ),
    "si_sdr_db": MetricWords(
        label="SI-SDR",
        unit="dB",
        decimals=2,
        scale="any number of dB",
        is_text=(
            "Energy of the clean speech that is in the clip over the energy of all else, at "
            "48 kHz, whatever the volume."
        ),
        is_not_text=(
            "Hearing: low, loud parts decide it. A high-pass or a phase shift that nobody hears "
            "costs much, and so does a missing band above 8 kHz if speech was there."
        ),
    ),
    "dnsmos_sig": MetricWords(
        label="DNSMOS speech",
        unit="",
        decimals=2,
        scale="1 to 5",
        is_text=_DNSMOS_IS.format(part="the speech"),
        is_not_text=_DNSMOS_IS_NOT,
    ),
    "dnsmos_bak": MetricWords(
        label="DNSMOS background",
        unit="",
        decimals=2,
        scale="1 to 5",
        is_text=_DNSMOS_IS.format(part="the background"),
        is_not_text=_DNSMOS_IS_NOT,
    ),
    "dnsmos_ovrl": MetricWords(
        label="DNSMOS overall",
        unit="",
        decimals=2,
        scale="1 to 5",
        is_text=_DNSMOS_IS.format(part="the whole"),
        is_not_text=_DNSMOS_IS_NOT,
    ),
}


def words_for(metric: str) -> MetricWords:
    """Words of a metric; one that is not known here is shown by its own name."""
    return _WORDS.get(metric) or MetricWords(metric, "", 2, UNKNOWN, "", "")


def number_text(value: float | None, decimals: int, *, sign: bool = False) -> str:
    """A number for people, with a true minus; "unknown" for None, NaN and infinity."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = f"{value:+.{decimals}f}" if sign else f"{value:.{decimals}f}"
    if float(text) == 0.0:
        text = text.lstrip("+-")
    return text.replace("-", "\N{MINUS SIGN}")
