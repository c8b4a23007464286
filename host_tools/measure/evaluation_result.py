# SPDX-License-Identifier: Apache-2.0
"""What ``host_tools evaluate`` finds: scores of every system on every mixture, and their means.

Metric names: pesq_wb, stoi, si_sdr_db, dnsmos_sig, dnsmos_bak, dnsmos_ovrl; larger is better.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from host_tools.measure.situations import Situation
    from host_tools.quantize.fidelity import Fidelity

SCHEMA_VERSION = 1
NOISY = "noisy"
"""Name of the input itself, the first of the systems."""

Samples = NDArray[np.int16]
Scores = dict[str, float | None]
"""Metric name -> value of one mixture; None where it is unknown or undefined."""


@dataclass(frozen=True)
class Interval:
    """A mean over ``count`` mixtures with its 95 % percentile-bootstrap interval."""

    mean: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class MixtureFacts:
    """What a mixture was made of; ``room`` is "" when it is dry.

    ``snr_db`` is the ratio of the mean squares of speech and noise as the microphone hears them.
    """

    index: int
    snr_db: float
    reverberant: bool
    speaker: str
    noises: tuple[str, ...]
    room: str


@dataclass(frozen=True)
class SystemFacts:
    """A denoiser that was scored.

    ``version`` is that of its package or the digest of its model; ``delay_samples`` (48 kHz)
    were removed before scoring.
    """

    name: str
    title: str
    version: str
    delay_samples: int
    note: str


@dataclass(frozen=True)
class Comparison:
    """Model minus ``system``, paired over the mixtures for which both have the metric."""

    system: str
    metric: str
    difference: Interval


@dataclass(frozen=True)
class ExampleClip:
    """Signals of one mixture to listen to, int16 [samples] at 48 kHz; ``signals`` by system."""

    mixture: MixtureFacts
    clean: Samples
    signals: dict[str, Samples]


@dataclass(frozen=True)
class EvaluationResult:
    """Everything that evaluation.json holds.

    ``list_digest`` is the SHA-256 over the samples of all mixtures. ``systems`` begins with
    "noisy" and the model. ``scores[system][i]`` belongs to ``mixtures[i]``. ``by_snr`` has keys
    like "-5", ``by_room`` "dry" and "reverberant". A metric that no mixture has is in no mean.
    ``fidelity`` is None when the float network was not compared.
    """

    schema_version: int
    model: str
    model_digest: str
    device: str
    kernel: str
    split: str
    list_digest: str
    metrics: tuple[str, ...]
    systems: list[SystemFacts]
    mixtures: list[MixtureFacts]
    scores: dict[str, list[Scores]]
    means: dict[str, dict[str, Interval]]
    by_snr: dict[str, dict[str, dict[str, Interval]]]
    by_room: dict[str, dict[str, dict[str, Interval]]]
    comparisons: list[Comparison]
    situations: list[Situation]
    notes: tuple[str, ...]
    fidelity: Fidelity | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, dictionaries, numbers and text; NaN and infinity become None."""
        plain: dict[str, Any] = _finite(asdict(self))
        return plain

    def to_json(self) -> str:
        """The text of evaluation.json."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"


def snr_label(snr_db: float) -> str:
    """Key of ``EvaluationResult.by_snr``."""
    return f"{snr_db:g}"


def room_label(mixture: MixtureFacts) -> str:
    """Key of ``EvaluationResult.by_room``."""
    return "reverberant" if mixture.reverberant else "dry"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
