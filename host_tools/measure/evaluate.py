# SPDX-License-Identifier: Apache-2.0
"""``host_tools evaluate``: a model and other denoisers on the same fixed list of mixtures.

The model is scored by what a device really computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from host_tools.devices.registry import resolve
from host_tools.errors import UsageError
from host_tools.generate.model_file import find_model, model_path
from host_tools.measure import bench, summary
from host_tools.measure.evaluation_result import (
    NOISY,
    SCHEMA_VERSION,
    EvaluationResult,
    ExampleClip,
    MixtureFacts,
    Samples,
    Scores,
    room_label,
    snr_label,
)
from host_tools.measure.kept_scores import KeptScores
from host_tools.measure.peers.model import DeviceModel
from host_tools.measure.peers.registry import SystemSpec, check_name
from host_tools.measure.process_pool import Pool, open_pool
from host_tools.measure.scores import METRICS, metric_versions, missing_packages
from host_tools.network.audio_cache import AudioCache, Split, build_cache
from host_tools.network.checkpoint import CHECKPOINT_NAME, load_checkpoint
from host_tools.network.fixed_list import (
    DEFAULT_SEED,
    FixedList,
    PlannedMixture,
    list_digest,
)
from host_tools.quantize.fidelity import Fidelity, compare_with_float
from host_tools.quantize.image import read_image

if TYPE_CHECKING:
    from host_tools.measure.situations import Situation

Result = TypeVar("Result")
Progress = Callable[[str, int, int], None]
"""Called with (what, done, in all)."""


@dataclass(frozen=True)
class EvaluationPlan:
    """What to compare and how.

    ``against`` are names as peers.registry knows them. ``mixtures`` None is the whole list.
    ``float_mixtures`` are those on which integer and float network are compared (0: not).
    ``fresh`` does not use scores of earlier runs.
    """

    model: str = "percepnet"
    against: tuple[str, ...] = ()
    device: str = "host"
    split: Split = "test"
    mixtures: int | None = None
    float_mixtures: int = 6
    situations: bool = True
    fresh: bool = False
    workers: int = 1


def prepare_cache(data: Path | None, cache: Path, progress: Progress) -> AudioCache:
    """Decode a data folder once into ``cache`` (or use what is there) and open it."""
    if data is not None and not (cache / "index.json").exists():
        for done, total in build_cache(data, cache):
            progress("decoding", done, total)
    return AudioCache(cache)


def evaluate_model(
    cache: AudioCache, plan: EvaluationPlan, progress: Progress
) -> tuple[EvaluationResult, list[ExampleClip]]:
    """Score the model and every system of ``plan.against`` on the fixed list of a split.

    Raises UsageError, DataError, DeviceError, ProtocolError or MissingDependency.
    """
    found = find_model(plan.model)
    specs = _systems(plan)
    fixed = FixedList(cache, plan.split)
    planned = fixed.subset(plan.mixtures)
    mixtures = [_facts(mixture) for mixture in planned]
    indices = [mixture.index for mixture in planned]
    # A link that only one program can hold allows one process.
    workers = plan.workers if resolve(plan.device).startswith(("host", "emulator:")) else 1
    where = (cache.folder, plan.split, DEFAULT_SEED)
    with open_pool(workers, bench.prepare, where, bench.release) as pool:
        described = _ordered(pool, bench.describe, [(spec,) for spec in specs], "systems", progress)
        names = [each.facts.name for each in described]
        digests = _ordered(
            pool, bench.mixture_digest, [(index,) for index in indices], "mixtures", progress
        )
        scores = {
            each.facts.name: _scores(pool, cache, plan, spec, each, indices, digests, progress)
            for spec, each in zip(specs, described, strict=True)
        }
        examples = _examples(pool, specs, names, planned, mixtures, scores, progress)
    result = EvaluationResult(
        schema_version=SCHEMA_VERSION,
        model=found.name,
        model_digest=found.digest,
        device=plan.device,
        kernel=described[1].kernel,
        split=plan.split,
        list_digest=list_digest(digests),
        metrics=METRICS,
        systems=[each.facts for each in described],
        mixtures=mixtures,
        scores=scores,
        means=summary.means(scores, METRICS),
        by_snr=summary.means_by(scores, METRICS, mixtures, lambda m: snr_label(m.snr_db)),
        by_room=summary.means_by(scores, METRICS, mixtures, room_label),
        comparisons=summary.comparisons(scores, METRICS, found.name),
        situations=_situations(cache, plan, progress) if plan.situations else [],
        notes=_notes(plan, fixed, len(planned)),
        fidelity=_fidelity(cache, plan, found.image, progress),
    )
    return result, examples


def _systems(plan: EvaluationPlan) -> list[SystemSpec]:
    """The noisy input, the model and the others, each once. Raises UsageError."""
    for name in plan.against:
        check_name(name)
    names = dict.fromkeys([NOISY, plan.model, *plan.against])
    bare = [Path(name).stem for name in names]
    for name in bare:
        if bare.count(name) > 1:
            raise UsageError(f"two systems are called '{name}'; rename one of the model files")
    return [SystemSpec(name, plan.model, plan.device) for name in names]


def _facts(mixture: PlannedMixture) -> MixtureFacts:
    return MixtureFacts(
        index=mixture.index,
        snr_db=mixture.snr_db,
        reverberant=mixture.room is not None,
        speaker=mixture.speaker,
        noises=tuple(f"{noise.category}/{Path(noise.path).stem}" for noise in mixture.noises),
        room="" if mixture.room is None else Path(mixture.room.path).stem,
    )


def _ordered(
    pool: Pool,
    function: Callable[..., Result],
    calls: Sequence[tuple[object, ...]],
    what: str,
    progress: Progress,
) -> list[Result]:
    """Results in the order of the calls."""
    results: dict[int, Result] = {}
    for number, value in pool.run(function, calls):
        results[number] = value
        progress(what, len(results), len(calls))
    return [results[number] for number in range(len(calls))]


def _scores(
    pool: Pool,
    cache: AudioCache,
    plan: EvaluationPlan,
    spec: SystemSpec,
    described: bench.Described,
    indices: Sequence[int],
    digests: Sequence[str],
    progress: Progress,
) -> list[Scores]:
    """Scores of one system on each mixture; what was computed is kept even on ctrl-C."""
    facts = described.facts
    key = {
        "system": facts.name,
        "version": facts.version,
        "probe": described.probe_digest,
        **metric_versions(),
    }
    kept = KeptScores(cache.folder, key, fresh=plan.fresh)
    missing = [number for number, digest in enumerate(digests) if kept.get(digest) is None]
    try:
        calls = [(spec, indices[number]) for number in missing]
        done = len(indices) - len(missing)
        for call, scores in pool.run(bench.scored, calls):
            kept.put(digests[missing[call]], scores)
            done += 1
            progress(facts.name, done, len(indices))
    finally:
        if missing:
            kept.save()
    found = [kept.get(digest) for digest in digests]
    return [scores for scores in found if scores is not None]


def _examples(
    pool: Pool,
    specs: Sequence[SystemSpec],
    names: Sequence[str],
    planned: Sequence[PlannedMixture],
    mixtures: Sequence[MixtureFacts],
    scores: dict[str, list[Scores]],
    progress: Progress,
) -> list[ExampleClip]:
    """Clips to listen to, picked by the PESQ difference to the first other system."""
    model, other = names[1], names[2] if len(names) > 2 else NOISY
    gains = [
        None
        if ours["pesq_wb"] is None or theirs["pesq_wb"] is None
        else ours["pesq_wb"] - theirs["pesq_wb"]
        for ours, theirs in zip(scores[model], scores[other], strict=True)
    ]
    picked = summary.pick_examples(mixtures, gains)
    calls = [(spec, planned[number].index) for spec in specs for number in picked]
    sounds = iter(_ordered(pool, bench.cleaned, calls, "examples", progress))
    signals: list[dict[str, Samples]] = [{} for _ in picked]
    for name in names:
        for held in signals:
            held[name] = next(sounds)
    sources = _ordered(
        pool, bench.compose, [(planned[n].index,) for n in picked], "examples", progress
    )
    return [
        ExampleClip(mixtures[number], source.clean, held)
        for number, source, held in zip(picked, sources, signals, strict=True)
    ]


def _situations(cache: AudioCache, plan: EvaluationPlan, progress: Progress) -> list[Situation]:
    from host_tools.measure.situations import run_situations

    model = DeviceModel(plan.model, plan.device)
    try:
        return run_situations(model.denoise, cache, plan.split, progress)
    finally:
        model.close()


def _fidelity(
    cache: AudioCache, plan: EvaluationPlan, image: bytes, progress: Progress
) -> Fidelity | None:
    """Integer against float network on mixtures spread over the list; None without a checkpoint."""
    folder = model_path(plan.model).parent
    if plan.float_mixtures == 0 or not (folder / CHECKPOINT_NAME).is_file():
        return None
    fixed = FixedList(cache, plan.split)

    def clips() -> Iterator[Samples]:
        chosen = fixed.subset(plan.float_mixtures)
        for number, planned in enumerate(chosen):
            progress("float network", number, len(chosen))
            yield fixed.compose(planned).noisy

    return compare_with_float(load_checkpoint(folder), read_image(image, plan.model), clips())


def _notes(plan: EvaluationPlan, fixed: FixedList, used: int) -> tuple[str, ...]:
    notes = []
    total = len(fixed.mixtures)
    if used < total:
        notes.append(f"{used} of the {total} mixtures of the list, spread evenly")
    if not fixed.has_rooms:
        notes.append(f"split {plan.split} has no room responses: dry mixtures only")
    for metric, package in missing_packages().items():
        notes.append(f"{metric} unknown: {package} is not installed (extra 'evaluate')")
    return tuple(notes)
