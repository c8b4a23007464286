# SPDX-License-Identifier: Apache-2.0
"""Runs a streaming step (host_tools.exchange.step) in LiteRT over a clip's features, in a process
of its own: ``python -m host_tools.measure.tflite_worker MODEL FEATURES.npy RESULT.npz``.

It needs nothing of this kit, so that an emulated machine's Python can run the file alone.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import importlib
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

SIGNATURE = "step"
FEATURES = "features"
ANSWERS = ("gains", "strengths", "voice")
NS_PER_MS = 1_000_000
FRAME_MS = 10
WARMUP_FRAMES = 50
"""As many calls go before each run: pages are touched, code gets translated."""


class Step:
    """The network with its states, on one thread, XNNPACK as the runtime applies it by default."""

    def __init__(self, model: str) -> None:
        module: Any = importlib.import_module("ai_edge_litert.interpreter")
        interpreter = module.Interpreter(model_path=model, num_threads=1)
        interpreter.allocate_tensors()
        runner = interpreter.get_signature_runner(SIGNATURE)
        inputs, outputs = runner.get_input_details(), runner.get_output_details()
        names = [name for name in inputs if name != FEATURES]
        self._features = inputs[FEATURES]["index"]
        self._states = [(inputs[n]["index"], outputs[f"{n}_next"]["index"]) for n in names]
        self._zeros = [np.zeros(inputs[n]["shape"], np.float32) for n in names]
        self._answers = [outputs[name]["index"] for name in ANSWERS]
        self._interpreter = interpreter
        # the method that Interpreter.invoke calls: fewer instructions of Python in between
        self.invoke: Callable[[], Any] = interpreter._interpreter.Invoke
        self.reset()

    def reset(self) -> None:
        """Forget everything heard."""
        self._now = self._zeros

    def put(self, frame: npt.NDArray[np.float32]) -> None:
        """Features [1, 70] and states go to where ``invoke`` reads them."""
        self._interpreter.set_tensor(self._features, frame)
        for (index, _), state in zip(self._states, self._now, strict=True):
            self._interpreter.set_tensor(index, state)

    def take(self) -> npt.NDArray[np.float32]:
        """The answers [69] of the last ``invoke``; its states are those of the next."""
        self._now = [self._interpreter.get_tensor(index) for _, index in self._states]
        return np.concatenate([self._interpreter.get_tensor(i)[0] for i in self._answers])


def run(
    step: Step, features: npt.NDArray[np.float32], pace_ms: int, begin: Any, end: Any
) -> dict[str, Any]:
    """All frames of features [frames, 70] once from silence; see RunResult for the figures.

    *begin* and *end* are called right before and after the network, outside of its time.
    """
    step.reset()
    frames = len(features)
    answers = np.empty((frames, 69), np.float32)
    invoke_ns, step_ns = np.zeros(frames, np.uint32), np.zeros(frames, np.uint32)
    wake_ups_ns = np.zeros(frames, np.uint32)
    cpu_ns = misses = 0
    now, cpu = time.perf_counter_ns, time.thread_time_ns
    start = now()
    for k in range(frames):
        due = start + k * FRAME_MS // pace_ms * pace_ms * NS_PER_MS if pace_ms else 0
        if pace_ms:
            _sleep_until(due)
            wake_ups_ns[k] = now() - due
        t0 = now()
        step.put(features[k : k + 1])
        begin()
        c0, t1 = cpu(), now()
        step.invoke()
        t2, c1 = now(), cpu()
        end()
        answers[k] = step.take()
        t3 = now()
        invoke_ns[k], step_ns[k], cpu_ns = t2 - t1, t3 - t0, cpu_ns + c1 - c0
        if pace_ms:
            misses += t3 > due + pace_ms * NS_PER_MS
    return {
        "answers": answers,
        "invoke_ns": invoke_ns,
        "step_ns": step_ns,
        "wake_ups_ns": wake_ups_ns,
        "wall_ns": now() - start,
        "cpu_ns": cpu_ns,
        "misses": misses,
    }


def count(
    step: Step, features: npt.NDArray[np.float32], begin: Any, end: Any
) -> npt.NDArray[np.float32]:
    """The same without clocks, for a counter of instructions; gives the answers [frames, 69]."""
    step.reset()
    answers = np.empty((len(features), 69), np.float32)
    invoke = step.invoke
    for k in range(len(features)):
        step.put(features[k : k + 1])
        begin()
        invoke()
        end()
        answers[k] = step.take()
    return answers


def serve(step: Step, features: npt.NDArray[np.float32]) -> None:
    """A run for each line of standard input, answered by the median time of the network [ns]."""
    run(step, features, 0, _nothing, _nothing)
    print("ready", flush=True)
    for _ in sys.stdin:
        found = run(step, features, 0, _nothing, _nothing)
        print(int(np.median(found["invoke_ns"])), flush=True)


def _sleep_until(due_ns: int) -> None:
    left = due_ns - time.perf_counter_ns()
    if left > 0:
        time.sleep(left / 1e9)


def _nothing() -> None:
    pass


def main() -> None:
    """See the arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", help="TFLite file with the signature 'step'")
    parser.add_argument("features", help=".npy, [frames, 70] of the C front end")
    parser.add_argument("result", nargs="?", help=".npz to write; without it, see serve()")
    parser.add_argument("--pace-ms", type=int, default=0, choices=(0, 10, 20))
    parser.add_argument("--count", action="store_true", help="call pn_mark_* of this program")
    parser.add_argument("--maps", help="file to write the addresses of the libraries to")
    options = parser.parse_args()
    features = np.load(options.features).astype(np.float32)
    step = Step(options.model)
    gc.disable()
    if options.result is None:
        serve(step, features)
        return
    if options.count:
        marks = ctypes.CDLL(None)
        found: dict[str, Any] = {
            "answers": count(step, features, marks.pn_mark_frame, marks.pn_mark_network)
        }
        with open("/proc/self/maps") as maps, open(options.maps, "w") as copy:
            copy.write(maps.read())
    else:
        run(step, features[:WARMUP_FRAMES], 0, _nothing, _nothing)
        found = run(step, features, options.pace_ms, _nothing, _nothing)
    np.savez(options.result, **found)


if __name__ == "__main__":
    main()
