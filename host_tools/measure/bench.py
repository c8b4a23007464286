# SPDX-License-Identifier: Apache-2.0
"""The work of an evaluation that may run in several processes: compose, denoise, score.

``prepare`` comes first in each process; the other functions then work on its list.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from host_tools.devices.base import SAMPLE_RATE_HZ, pcm_digest
from host_tools.errors import DataError
from host_tools.measure.clip import load_clip
from host_tools.measure.evaluation_result import Samples, Scores, SystemFacts
from host_tools.measure.peers.base import Denoiser
from host_tools.measure.peers.informed import InformedSystem
from host_tools.measure.peers.model import DeviceModel
from host_tools.measure.peers.registry import SystemSpec, open_system
from host_tools.measure.scores import score
from host_tools.network.audio_cache import AudioCache, Split
from host_tools.network.fixed_list import FixedList, FixedMixture

PROBE_SECONDS = 3


@dataclass(frozen=True)
class Described:
    """A system as it runs here.

    ``probe_digest`` is the SHA-256 of what it makes of the first seconds of the bundled clip:
    kept scores are valid only while it is the same. ``kernel`` is "" unless it runs on a device.
    """

    facts: SystemFacts
    probe_digest: str
    kernel: str


class _Bench:
    """One list, the mixture composed last and the system opened last."""

    def __init__(self, fixed: FixedList) -> None:
        self._fixed = fixed
        self._mixture: FixedMixture | None = None
        self._spec: SystemSpec | None = None
        self._system: Denoiser | InformedSystem | None = None

    def mixture(self, index: int) -> FixedMixture:
        if self._mixture is None or self._mixture.plan.index != index:
            self._mixture = self._fixed.compose(self._fixed.mixtures[index])
        return self._mixture

    def system(self, spec: SystemSpec) -> Denoiser | InformedSystem:
        if self._system is None or self._spec != spec:
            self.close()
            self._system, self._spec = open_system(spec), spec
        return self._system

    def close(self) -> None:
        if self._system is not None:
            self._system.close()
        self._system = self._spec = None


_bench: _Bench | None = None


def prepare(cache: Path, split: Split, seed: int) -> None:
    """Open the list in this process; a system that an earlier one left open is closed."""
    global _bench
    if _bench is not None:
        _bench.close()
    _bench = _Bench(FixedList(AudioCache(cache), split, seed))


def compose(index: int) -> FixedMixture:
    """Samples of a mixture of the list."""
    return _prepared().mixture(index)


def mixture_digest(index: int) -> str:
    """SHA-256 of a mixture's samples."""
    return _prepared().mixture(index).digest


def describe(spec: SystemSpec) -> Described:
    """Open a system and see what it is. Raises as open_system does."""
    system = _prepared().system(spec)
    clip = load_clip()
    assert clip.clean is not None, "the bundled clip has its reference"
    probed = slice(PROBE_SECONDS * SAMPLE_RATE_HZ)
    out = _run(system, clip.noisy[probed], clip.clean[probed])
    facts = SystemFacts(
        system.name, system.title, system.version, system.delay_samples, system.note
    )
    kernel = system.kernel if isinstance(system, DeviceModel) else ""
    return Described(facts, pcm_digest(out), kernel)


def cleaned(spec: SystemSpec, index: int) -> Samples:
    """What a system makes of a mixture. Raises DataError when it changes the length."""
    bench = _prepared()
    mixture = bench.mixture(index)
    out = _run(bench.system(spec), mixture.noisy, mixture.clean)
    if out.shape != mixture.noisy.shape:
        raise DataError(
            f"{spec.name}: {len(mixture.noisy)} samples in, {len(out)} out; the length must be kept"
        )
    return out


def scored(spec: SystemSpec, index: int) -> Scores:
    """Scores of what a system makes of a mixture."""
    return score(_prepared().mixture(index).clean, cleaned(spec, index))


def release() -> None:
    """Close the system that is open in this process."""
    if _bench is not None:
        _bench.close()


def _run(system: Denoiser | InformedSystem, noisy: Samples, clean: Samples) -> Samples:
    if isinstance(system, InformedSystem):
        return system.denoise_knowing(noisy, clean)
    return system.denoise(noisy)


def _prepared() -> _Bench:
    assert _bench is not None, "prepare() comes first"
    return _bench
