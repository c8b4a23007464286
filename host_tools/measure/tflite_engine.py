# SPDX-License-Identifier: Apache-2.0
"""``measure --engine tflite``: the same network in LiteRT with XNNPACK, to compare with.

Features come from this kit's front end and are computed before; LiteRT runs the network only, so
its figures stand beside the stage ``network`` of the kit's own engine.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import host_tools
from host_tools.devices import open_device, resolve
from host_tools.devices.base import DELAY_SAMPLES, RunResult, Samples, pcm_digest
from host_tools.errors import UsageError
from host_tools.features import BANDS, enhance, extract
from host_tools.measure.cadences import UNPACED, pace_name
from host_tools.measure.clip import Clip, load_clip
from host_tools.measure.counts import InstructionCounts
from host_tools.measure.figures import NO_FRAME_TIME, instruction_figures, unknown_load
from host_tools.measure.opening import emulated_cpu
from host_tools.measure.pacing import Pacing, pacing
from host_tools.measure.quality import Quality, quality
from host_tools.measure.result import (
    SCHEMA_VERSION,
    FrameTime,
    Load,
    MeasureResult,
    Sizes,
    verdict,
)
from host_tools.measure.runs import Plan, Progress, padded
from host_tools.measure.tflite_arm64 import LITERT
from host_tools.measure.tflite_emulated import WARMUP_FRAMES, count_litert, find_core
from host_tools.measure.tflite_network import PRECISION, Network, exported, same_network_rule
from host_tools.measure.tflite_runs import KERNEL, LiteRtRun, opened, runtime_version
from host_tools.measure.validity import (
    Rule,
    clock_rule,
    complete_rule,
    counted_rule,
    length_rule,
    repeat_rule,
    repeats_rule,
)

ENGINE: Literal["tflite"] = "tflite"
HOST = "host"


@dataclass(frozen=True)
class _Figures:
    answers: NDArray[np.float32]
    rules: list[Rule]
    load: Load
    notes: list[str]
    stage: float
    pacings: tuple[Pacing, ...] = ()
    counts: InstructionCounts | None = None
    runs: dict[int, list[RunResult]] = field(default_factory=dict)
    interrupted: str = ""


def measure_tflite(
    device: str,
    clip: Path | None = None,
    reference: Path | None = None,
    *,
    model: str = "percepnet",
    plan: Plan | None = None,
    progress: Progress | None = None,
) -> MeasureResult:
    """Measure LiteRT on *device*: ``host``, timed, or ``emulator:CPU`` (64-bit), counted.

    Arguments as of measure(); the network takes single frames and has no kernels to choose from.
    Raises UsageError, DataError, DeviceError, MissingDependency and MeasurementInvalid.
    """
    plan = plan or Plan()
    cpu = _checked(device, plan)
    version = runtime_version() if cpu is None else LITERT.version
    audio = load_clip(clip, reference)
    network = exported(model)
    began = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    report = progress or _silent
    whole = padded(audio.noisy, plan)
    features = extract(whole)
    if cpu is None:
        figures = _timed(network, features, audio, plan, report)
    else:
        figures = _counted(cpu, network, features, report)
    enhanced = spoken(whole, figures.answers)[: len(audio.noisy)]
    heard = Quality({}, ())
    if audio.clean is not None:
        heard = quality(audio.clean, audio.noisy, enhanced)
    rules = (same_network_rule(network, features, figures.answers), *figures.rules)
    counts = None if figures.counts is None else instruction_figures(figures.counts)
    headline = _headline(figures.pacings) if figures.pacings else None
    return MeasureResult(
        schema_version=SCHEMA_VERSION,
        created_utc=began,
        tool_version=host_tools.__version__,
        device=resolve(device),
        cpu=figures.load.core,
        kernel=KERNEL,
        model=network.image.name,
        model_digest=network.image.digest,
        clip=audio.name,
        output_digest=pcm_digest(enhanced),
        output_matches_host=False,
        frames=len(features),
        delay_samples=DELAY_SAMPLES,
        instructions_per_frame=None if counts is None else counts.mean,
        instructions=counts,
        stages={"network": round(figures.stage, 1)},
        stages_unit="nanoseconds" if counts is None else "instructions",
        load=figures.load,
        load_estimates=(),
        frame_time_us=_frame_time(headline),
        deadline_misses=None if headline is None else headline.deadline_misses,
        pacing=figures.pacings,
        stage_cost_us=None,
        threads=(),
        power=None,
        quality=heard.metrics,
        sizes=Sizes(None, None, None, len(network.file)),
        validity=rules,
        budget=None,
        verdict=verdict(rules, None),
        partial=bool(figures.interrupted),
        notes=(*_notes(network, version), *figures.notes, *heard.notes),
        enhanced=enhanced,
        noisy=audio.noisy,
        runs=figures.runs,
        recording=None,
        engine=ENGINE,
    )


def spoken(noisy: Samples, answers: NDArray[np.float32]) -> Samples:
    """Whole frames of audio through this kit's signal path with LiteRT's answers, delay removed."""
    q15 = np.clip(np.rint(answers[:, : 2 * BANDS] * 32768.0), 1, 32767).astype(np.int16)
    return enhance(noisy, q15[:, :BANDS], q15[:, BANDS:])[DELAY_SAMPLES:]


def _checked(device: str, plan: Plan) -> str | None:
    """The emulated CPU, None for the host. Raises UsageError for what LiteRT has not."""
    if plan.mode == "packet":
        raise UsageError("--engine tflite: its network takes single frames; leave --packets out")
    if plan.kernel != "auto":
        raise UsageError("--engine tflite: XNNPACK chooses its kernels; leave --kernel out")
    cpu = emulated_cpu(device)
    if cpu is not None:
        find_core(device, cpu)
    elif resolve(device) != HOST:
        raise UsageError(f"--engine tflite runs on host and emulator:CPU, not on {device}")
    return cpu


def _timed(
    network: Network,
    features: NDArray[np.int16],
    audio: Clip,
    plan: Plan,
    progress: Progress,
) -> _Figures:
    with open_device(HOST) as host:
        cpu = host.identify().cpu_name
    runs: dict[int, list[LiteRtRun]] = {}
    interrupted = ""
    with opened(network.file, features) as litert:
        try:
            for pace_ms in plan.paces_ms:
                for number in range(plan.repeats):
                    word = f"{pace_name(pace_ms)} {number + 1}/{plan.repeats}"
                    progress(word, 0, len(features))
                    runs.setdefault(pace_ms, []).append(litert.run(pace_ms))
                    progress(word, len(features), len(features))
        except KeyboardInterrupt:
            if not runs:
                raise
            interrupted = f"interrupted after {sum(map(len, runs.values()))} runs"
    every = [run for each in runs.values() for run in each]
    times = {pace_ms: [run.times for run in each] for pace_ms, each in runs.items()}
    digests = [hashlib.sha256(run.answers.tobytes()).hexdigest() for run in every]
    unpaced = runs.get(UNPACED, every)
    pacings = tuple(pacing(each, {}) for each in times.values())
    return _Figures(
        answers=every[0].answers,
        rules=[
            complete_rule(interrupted),
            repeat_rule(digests),
            length_rule(audio.seconds),
            repeats_rule(min(map(len, runs.values()))),
            clock_rule(True),
        ],
        load=_load(_headline(pacings), cpu),
        notes=[_handing_over_note(unpaced)],
        stage=float(np.mean([run.times.call_times_ns.mean() for run in unpaced])),
        pacings=pacings,
        runs=times,
        interrupted=interrupted,
    )


def _counted(
    cpu: str, network: Network, features: NDArray[np.int16], progress: Progress
) -> _Figures:
    progress("counted run of LiteRT", 0, len(features))
    found = count_litert(cpu, network.file, features)
    progress("counted run of LiteRT", len(features), len(features))
    counts = found.counts
    return _Figures(
        answers=found.answers,
        rules=[counted_rule(counts.frames, len(features) - WARMUP_FRAMES)],
        load=unknown_load(cpu, "the cycles of XNNPACK's kernels are not modelled"),
        notes=[
            f"XNNPACK was told that it runs on a {cpu}; left out are Python's "
            f"{counts.overhead_per_frame:.0f} instructions a frame"
        ],
        stage=counts.stages["network"],
        counts=counts,
    )


def _headline(pacings: tuple[Pacing, ...]) -> Pacing:
    """Paced 10 ms where it ran so, else the first cadence."""
    return next((entry for entry in pacings if entry.pace_ms == 10), pacings[0])


def _load(headline: Pacing, cpu: str) -> Load:
    spread = headline.load_percent
    assert spread is not None
    method = (
        "CPU time of LiteRT's invoke(), the network alone, over audio time, "
        f"{pace_name(headline.pace_ms)}, median of {spread.count} runs"
    )
    return Load(spread.median, "measured", cpu, method, spread.low, spread.high)


def _frame_time(headline: Pacing | None) -> FrameTime:
    if headline is None:
        return NO_FRAME_TIME
    times = headline.frame_time_us
    return FrameTime(times.p50, times.p95, times.p99, times.max)


def _handing_over_note(runs: list[LiteRtRun]) -> str:
    more = np.median([np.median(run.step_ns - run.times.call_times_ns) for run in runs])
    return (
        "times are of invoke() alone; handing features and states in and answers and states out "
        f"takes {more / 1e3:.0f} us a frame more through Python and is left out, in LiteRT's favour"
    )


def _notes(network: Network, version: str) -> list[str]:
    digest_of_file = hashlib.sha256(network.file).hexdigest()
    return [
        f"engine tflite: LiteRT {version} with XNNPACK, one thread, {PRECISION}, runs "
        "the network alone; compare with stage network of --engine percepnet",
        "enhanced.wav and quality: its answers through this kit's signal path",
        f"TFLite file of {len(network.file)} bytes, SHA-256 {digest_of_file}",
    ]


def _silent(what: str, done: int, total: int) -> None:
    del what, done, total
