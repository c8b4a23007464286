# SPDX-License-Identifier: Apache-2.0
"""Network times of this kit and of LiteRT on this computer, taken in turns:
``python -m host_tools.measure.tflite_versus``.

Both read 8 MB of weights a frame from the last cache, which other programs use too. Turns are
short, so that what these do meets both; beside them the ratio still rises, see ``ratio.high``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from host_tools.devices import open_device
from host_tools.devices.base import SAMPLE_RATE_HZ, STAGES, Settings
from host_tools.devices.pipe import PipeTransport
from host_tools.errors import MeasurementInvalid
from host_tools.features import extract
from host_tools.measure.clip import load_clip
from host_tools.measure.runs import Plan, padded
from host_tools.measure.statistics import Repeats, repeats
from host_tools.measure.tflite_network import exported
from host_tools.measure.tflite_runs import LiteRt, opened

ROUNDS = 101
TURN_S = 1
"""Audio of one turn: at 0.15 ms a frame, a turn takes about 20 ms."""
_ANSWER_S = 60.0


@dataclass(frozen=True)
class Versus:
    """Median microseconds a frame of each turn, and the ratio of the rounds, ours over LiteRT's.

    Ours is stage ``network``, in which a clock is read; LiteRT's is invoke() alone.
    """

    kernel: str
    litert: str
    ours_us: tuple[float, ...]
    litert_us: tuple[float, ...]
    ratio: Repeats


def versus_litert(
    model: str = "percepnet", clip: Path | None = None, *, rounds: int = ROUNDS
) -> Versus:
    """Run the first second of a clip unpaced through both, in turns and in turned order.

    Raises as measure_tflite.
    """
    network = exported(model)
    audio = padded(load_clip(clip).noisy[: TURN_S * SAMPLE_RATE_HZ], Plan())
    times: dict[str, list[float]] = {"ours": [], "litert": []}
    with (
        opened(network.file, extract(audio)) as litert,
        _served(litert) as run_litert,
        open_device("host", model=model) as device,
    ):
        device.configure(Settings(stage_times=True))
        kernel = device.run(audio).kernel

        def run_ours() -> float:
            found = device.run(audio).stage_times_ns
            assert found is not None
            return float(np.median(found[:, STAGES.index("network")]))

        turns = [("ours", run_ours), ("litert", run_litert)]
        for _ in range(rounds):
            for name, turn in turns:
                times[name].append(turn() / 1e3)
            turns.reverse()
    ours_us, litert_us = times["ours"], times["litert"]
    ratio = repeats(np.array(ours_us) / np.array(litert_us))
    return Versus(kernel, litert.version, tuple(ours_us), tuple(litert_us), ratio)


@contextmanager
def _served(litert: LiteRt) -> Iterator[Callable[[], float]]:
    """A worker that stays, as a function that makes one run and gives its median time [ns]."""
    link = PipeTransport(litert.command, "LiteRT")

    def answer() -> str:
        line = b""
        while not line.endswith(b"\n"):
            part = link.read(_ANSWER_S)
            if not part:
                raise MeasurementInvalid(f"LiteRT is silent for {_ANSWER_S:.0f} s; try again")
            line += part
        return line.decode()

    def run() -> float:
        link.write(b"\n", _ANSWER_S)
        return float(answer())

    try:
        answer()
        yield run
    finally:
        link.close()


def main() -> None:
    """Print the times and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="percepnet")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    found = versus_litert(options.model, rounds=options.rounds)
    for name, times in ((found.kernel, found.ours_us), ("LiteRT", found.litert_us)):
        low, middle, high = np.percentile(times, (10, 50, 90))
        print(f"{name}: median {middle:.1f} us a frame, {low:.1f} to {high:.1f} in 8 of 10 turns")
    ratio = found.ratio
    print(
        f"network time over that of LiteRT {found.litert}: median {ratio.median:.3f} of "
        f"{ratio.count} rounds, {ratio.low:.3f} to {ratio.high:.3f}"
    )


if __name__ == "__main__":
    main()
