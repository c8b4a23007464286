# SPDX-License-Identifier: Apache-2.0
"""Finds the layers of the network in a TFLite graph by what each matrix reads, not by names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from host_tools.errors import DataError
from host_tools.exchange import step
from host_tools.exchange.dataflow import Dataflow, Product, Sources
from host_tools.exchange.layers import Layer, Levels, Normalisation
from host_tools.exchange.tflite_file import TfliteFile
from host_tools.network.profile import BANDS, FEATURES
from host_tools.quantize.model import GRU_NAMES


@dataclass(frozen=True)
class TfliteNetwork:
    """Layers by matrix name; tensors by the names of step.py, states with their outputs."""

    layers: dict[str, Layer]
    normalisation: Normalisation | None
    """None when the file takes features that are normalised already."""
    features: int
    answers: dict[str, tuple[int, int]]
    """Tensor and first column of gains, strengths and voice."""
    states: dict[int, int]
    """Input tensor of each state to the output tensor that follows it."""


def find_network(file: TfliteFile) -> TfliteNetwork:
    """Take the graph apart. DataError names each layer that is missing or cannot be represented."""
    return _Finder(file).find()


class _Finder:
    def __init__(self, file: TfliteFile) -> None:
        self._path = file.path
        self._flow = Dataflow(file)
        self._file = file
        self._of: dict[str, Sources] = {}
        """What stands for the output of each layer among the sources of others."""
        self._layers: dict[str, Layer] = {}
        self._history: dict[str, int] = {}
        self._state: dict[str, int] = {}
        self._results: dict[str, list[Product]] = {}
        self._problems: list[str] = []
        """Layers that are there but cannot be represented."""
        self._pairs = self._pair_sides()

    def find(self) -> TfliteNetwork:
        features, normalisation = self._find_fc()
        self._find_convolution("conv1", "fc")
        self._find_convolution("conv2", "conv1")
        reads = {
            "gru1": ["conv2"],
            "gru2": ["gru1"],
            "gru3": ["gru2"],
            "gru_gb": ["gru3"],
            "gru_rb": ["gru3", "conv2"],
        }
        for gru in GRU_NAMES:
            self._find_gru(gru, self._union(reads[gru]))
        self._find_output("fc_gb", self._union(["conv2", "gru1", "gru2", "gru3", "gru_gb"]))
        self._find_output("fc_rb", self._union(["gru_rb"]))
        if self._problems:
            raise self._error("; ".join(self._problems))
        return TfliteNetwork(
            self._layers, normalisation, features, self._answers(), self._next_states()
        )

    def _error(self, message: str) -> DataError:
        return DataError(f"{self._path}: {message}")

    def _name(self, tensor: int) -> str:
        return repr(self._flow.tensor(tensor).name)

    def _union(self, layers: Iterable[str]) -> Sources:
        return frozenset().union(*(self._of[layer] for layer in layers))

    def _inputs(self, sources: Sources) -> list[int]:
        return [index for kind, index in sources if kind == "input"]

    def _reading(self, sources: Sources) -> list[Product]:
        return [product for product in self._flow.products if product.sources == sources]

    def _keep(self, name: str, product: Product, activation: str) -> None:
        fused = product.operator.activation
        after = set(product.next_operators)
        got = fused if fused != "NONE" else "/".join(sorted(after)) or "nothing"
        if fused != activation and (fused != "NONE" or after != {activation}):
            self._problems.append(
                f"{name}: after {product.layer.origin!r} comes {got}, this network has {activation}"
            )
        self._layers[name] = product.layer

    def _find_fc(self) -> tuple[int, Normalisation | None]:
        candidates = [
            product
            for product in self._flow.products
            if product.layer.weight.shape[1] == FEATURES and len(self._inputs(product.sources)) == 1
            and len(product.sources) == 1
            and self._flow.tensor(self._inputs(product.sources)[0]).columns == FEATURES
        ]  # fmt: skip
        if len(candidates) != 1:
            raise self._error(
                f"fc: {len(candidates)} matrices read an input of {FEATURES} features, expected 1: "
                "not a PercepNet"
            )
        product = candidates[0]
        self._keep("fc", product, "TANH")
        self._of["fc"] = frozenset({("product", product.number)})
        return self._inputs(product.sources)[0], self._normalisation(product)

    def _normalisation(self, product: Product) -> Normalisation | None:
        """Constants between the features and fc: (x - mean) / std, or times 1 / std."""
        mean, std = np.zeros(FEATURES), np.ones(FEATURES)
        found = False
        maker = self._flow.maker(product.operator.inputs[0])
        while maker is not None:
            constants = [c for c in map(self._flow.constant, maker.inputs) if c is not None]
            data = constants[0].data if constants else None
            if data is not None and data.size == FEATURES and maker.name in ("SUB", "DIV", "MUL"):
                values = data.astype(np.float64).reshape(-1)
                found = True
                if maker.name == "SUB":
                    mean = values
                else:
                    with np.errstate(divide="ignore"):  # a checkpoint refuses what comes of 0
                        std = values if maker.name == "DIV" else 1.0 / values
            elif maker.name not in ("MINIMUM", "MAXIMUM"):
                raise self._error(
                    f"features: {maker.name} before {product.layer.origin!r}, expected "
                    "(x - mean) / std with 70 constants each and a limit"
                )
            maker = self._flow.maker(maker.inputs[0])
        if not found:
            return None
        return Normalisation(mean.astype(np.float32), std.astype(np.float32))

    def _find_convolution(self, name: str, before: str) -> None:
        found = [
            product
            for product in self._flow.products
            if self._of[before] <= product.sources
            and {kind for kind, _ in product.sources - self._of[before]} <= {"input"}
            and product not in self._pairs
        ]
        if len(found) != 1 or len(found[0].sources - self._of[before]) > 1:
            raise self._error(
                f"{name}: {len(found)} matrices read {before} and at most one history of it, "
                "expected 1: not this network, or its history is no input"
            )
        product = found[0]
        self._keep(name, product, "TANH")
        for tensor in self._inputs(product.sources):
            self._history[name] = tensor
        self._of[name] = frozenset({("product", product.number)})

    def _pair_sides(self) -> dict[Product, Product]:
        """Input side to recurrent side of each GRU: the two that are added."""
        by_number = {p.number: p for p in self._flow.products}
        pairs: dict[Product, Product] = {}
        for operator in self._file.operators:
            if operator.name != "ADD":
                continue
            sides = [self._flow.sources.get(index, frozenset()) for index in operator.inputs]
            if any(len(side) != 1 or next(iter(side))[0] != "product" for side in sides):
                continue
            a, b = (by_number[next(iter(side))[1]] for side in sides)
            for given, recurrent in ((a, b), (b, a)):
                if len(recurrent.sources) == 1 and len(self._inputs(recurrent.sources)) == 1:
                    pairs[given] = recurrent
        return pairs

    def _find_gru(self, name: str, reads: Sources) -> None:
        found = [product for product in self._reading(reads) if product in self._pairs]
        if len(found) > 1 and len({p.layer.weight.shape for p in found}) == 1:
            raise self._error(
                f"{name}: its gates are {len(found)} matrices or more, expected one of 3 x units "
                "rows (Keras: implementation=2, the default)"
            )
        if len(found) != 1:
            raise self._error(
                f"{name}: {len(found)} GRUs read what {name} should, expected 1: not this network, "
                "or its state is not an input (missing states)"
            )
        given = found[0]
        recurrent = self._pairs[given]
        rows, units = recurrent.layer.weight.shape
        if rows == 2 * units and len(given.layer.weight) == 3 * units:
            self._problems.append(f"{name}: reset_after=False, expected True")
        for side, product in (("input", given), ("recurrent", recurrent)):
            if product.operator.activation != "NONE":
                self._problems.append(
                    f"{name}: {product.operator.activation} in {product.layer.origin!r}, expected "
                    "none"
                )
            self._layers[f"{name}.{side}"] = product.layer
        self._state[name] = self._inputs(recurrent.sources)[0]
        both = {("product", given.number), ("product", recurrent.number)}
        own = frozenset(both) | recurrent.sources
        candidates = {("product", p.number) for p in self._reading(own) if rows == 2 * units}
        self._of[name] = own | candidates

    def _find_output(self, name: str, reads: Sources) -> None:
        found = self._reading(reads)
        if len({product.layer.weight.shape[1] for product in found}) != 1:
            raise self._error(f"{name}: no matrix reads what {name} should; not this network")
        for product in found:
            self._keep(name, product, "LOGISTIC")
        found.sort(key=lambda product: -len(product.layer.weight))  # gains before voice
        self._results[name] = found
        self._layers[name] = _stack([product.layer for product in found])

    def _answers(self) -> dict[str, tuple[int, int]]:
        gains, voice = self._results["fc_gb"][0], self._results["fc_gb"][-1]
        strengths = self._results["fc_rb"][0]
        found = {
            step.GAINS: self._answer(gains, BANDS),
            step.STRENGTHS: self._answer(strengths, BANDS),
            step.VOICE: self._answer(voice, 1),
        }
        missing = [name for name, answer in found.items() if answer is None]
        if missing:
            raise self._error(f"no output gives {missing[0]} ({step.ANSWERS[missing[0]]} values)")
        return {name: answer for name, answer in found.items() if answer is not None}

    def _answer(self, product: Product, columns: int) -> tuple[int, int] | None:
        """An output of the columns wanted, or of gains and voice in one."""
        wanted = frozenset({("product", product.number)})
        for index in self._file.outputs:
            size = self._flow.tensor(index).columns
            if self._flow.sources.get(index) == wanted and size in (columns, BANDS + 1):
                return index, BANDS if (columns, size) == (1, BANDS + 1) else 0
        return None

    def _next_states(self) -> dict[int, int]:
        states = {}
        for name, tensor in self._state.items():
            states[tensor] = self._next_state(name, tensor, self._of[name])
        for name, tensor in self._history.items():
            before = {"conv1": "fc", "conv2": "conv1"}[name]
            states[tensor] = self._next_state(
                name, tensor, self._of[before], self._of[before] | {("input", tensor)}
            )
        left = set(self._file.inputs) - set(states)
        extra = [t for t in left if self._flow.tensor(t).columns != FEATURES]
        if extra:
            raise self._error(f"input {self._name(extra[0])} is none of this network's states")
        return states

    def _next_state(self, name: str, tensor: int, *sources: Sources) -> int:
        columns = self._flow.tensor(tensor).columns
        for index in self._file.outputs:
            size = self._flow.tensor(index).columns
            if self._flow.sources.get(index) in sources and size == columns:
                return index
        raise self._error(
            f"{name}: its state is the input {self._name(tensor)}, but no output of {columns} "
            "values gives the next one (missing states)"
        )


def _stack(layers: list[Layer]) -> Layer:
    """Rows of several matrices over the same inputs as one matrix."""
    if len(layers) == 1:
        return layers[0]
    levels = [layer.levels for layer in layers if layer.levels is not None]
    joined = replace(
        layers[0],
        weight=np.concatenate([layer.weight for layer in layers]),
        bias=np.concatenate([layer.bias for layer in layers]),
        levels=None,
    )
    if len(levels) < len(layers):
        return joined
    return replace(
        joined,
        levels=Levels(
            np.concatenate([part.weights for part in levels]),
            np.concatenate([part.scales for part in levels]),
            sum(part.clipped for part in levels),
        ),
    )
