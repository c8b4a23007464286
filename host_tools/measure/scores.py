# SPDX-License-Identifier: Apache-2.0
"""All metrics of one cleaned clip; larger is better for each.

Those whose package is not installed are None, and ``missing_packages`` says which.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util

import numpy as np
from numpy.typing import NDArray

from host_tools.measure.dnsmos import dnsmos
from host_tools.measure.evaluation_result import Scores
from host_tools.measure.quality import pesq_wb, si_sdr_db, stoi

Samples = NDArray[np.int16]

METRICS = ("pesq_wb", "stoi", "si_sdr_db", "dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl")
_PACKAGES = {
    "pesq_wb": ("pesq",),
    "stoi": ("pystoi",),
    "dnsmos": ("speechmos", "onnxruntime"),
}


def score(clean: Samples, cleaned: Samples) -> Scores:
    """Score one clip against its reference: int16 mono 48 kHz, of one length, aligned."""
    absent = set(missing_packages())
    rated = None if "dnsmos" in absent else dnsmos(cleaned)
    return {
        "pesq_wb": None if "pesq_wb" in absent else pesq_wb(clean, cleaned),
        "stoi": None if "stoi" in absent else stoi(clean, cleaned),
        "si_sdr_db": si_sdr_db(clean, cleaned),
        "dnsmos_sig": None if rated is None else rated.speech,
        "dnsmos_bak": None if rated is None else rated.background,
        "dnsmos_ovrl": None if rated is None else rated.overall,
    }


def missing_packages() -> dict[str, str]:
    """Metric ("dnsmos" for its three) -> name of a package it needs and that is not there."""
    missing: dict[str, str] = {}
    for metric, packages in _PACKAGES.items():
        for package in packages:
            if importlib.util.find_spec(package) is None:
                missing.setdefault(metric, package)
    return missing


def metric_versions() -> dict[str, str]:
    """Version of every package that makes a score, for the key of kept scores."""
    packages = sorted({name for names in _PACKAGES.values() for name in names} | {"soxr", "numpy"})
    return {
        name: importlib.metadata.version(name) if importlib.util.find_spec(name) else "missing"
        for name in packages
    }
