# SPDX-License-Identifier: Apache-2.0
"""The network as a TFLite graph: one streaming step (step.py) of float_model.FloatNetwork."""

from __future__ import annotations

import numpy as np

from host_tools.exchange import step
from host_tools.exchange.graph import Graph, Value
from host_tools.exchange.matrices import Matrices
from host_tools.network.checkpoint import Checkpoint
from host_tools.network.float_model import FEATURE_LIMIT
from host_tools.network.profile import BANDS, FEATURES, UPDATE_LIMIT


class NetworkGraph:
    """Builds the graph of a checkpoint; ``outputs`` are the answers, then the next states."""

    def __init__(self, checkpoint: Checkpoint, matrices: Matrices) -> None:
        self.graph = Graph()
        self.outputs: dict[str, Value] = {}
        self._profile = checkpoint.profile
        self._tensors = checkpoint.tensors
        self._matrices = matrices
        features = self.graph.input(step.FEATURES_INPUT, FEATURES)
        self._states = {n: self.graph.input(n, s) for n, s in step.states(self._profile).items()}
        self._next: dict[str, Value] = {}
        self._limit = self._scalar("update_limit", UPDATE_LIMIT)
        self._network(self._normalise(features))

    def _network(self, x: Value) -> None:
        graph = self.graph
        fc = graph.unary("TANH", "fc", self._matrix("fc", x))
        conv1 = self._convolution("conv1", fc)
        conv2 = self._convolution("conv2", conv1)
        gru1 = self._gru("gru1", conv2)
        gru2 = self._gru("gru2", gru1)
        gru3 = self._gru("gru3", gru2)
        gain_gru = self._gru("gru_gb", gru3)
        strength_gru = self._gru("gru_rb", graph.concatenate("gru_rb.inputs", [gru3, conv2]))
        joined = graph.concatenate("fc_gb.inputs", [conv2, gru1, gru2, gru3, gain_gru])
        gains = graph.unary("LOGISTIC", "fc_gb", self._matrix("fc_gb", joined))
        strengths = graph.unary("LOGISTIC", "fc_rb", self._matrix("fc_rb", strength_gru))
        self.outputs = {
            step.GAINS: graph.slice("gains", gains, 0, BANDS),
            step.STRENGTHS: strengths,
            step.VOICE: graph.slice("voice", gains, BANDS, 1),
        }
        self.outputs |= {step.next_name(name): self._next[name] for name in self._states}

    def _scalar(self, name: str, value: float) -> Value:
        return self.graph.constant(name, np.array([value], np.float32))

    def _normalise(self, features: Value) -> Value:
        graph = self.graph
        mean = graph.constant("feature_mean", self._tensors["feature_mean"])
        deviation = graph.constant("feature_std", self._tensors["feature_std"])
        x = graph.binary("SUB", "features_centred", features, mean)
        x = graph.binary("DIV", "features_scaled", x, deviation)
        highest = self._scalar("feature_limit", FEATURE_LIMIT)
        lowest = self._scalar("feature_limit_negative", -FEATURE_LIMIT)
        x = graph.binary("MINIMUM", "features_below_limit", x, highest)
        return graph.binary("MAXIMUM", "features_normalised", x, lowest)

    def _matrix(self, name: str, x: Value, side: str = "") -> Value:
        """Pre-activations of a layer, or of one side of a GRU."""
        part = f"{side}_" if side else ""
        weight = self._tensors[f"{name}.{part}weight"]
        bias = self._tensors[f"{name}.{part}bias"]
        return self._matrices(self.graph, f"{name}.{side}" if side else name, x, weight, bias)

    def _convolution(self, name: str, x: Value) -> Value:
        graph, state = self.graph, f"{name}_history"
        frames = x
        if state in self._states:
            history = self._states[state]
            frames = graph.concatenate(f"{name}.frames", [history, x])
            self._next[state] = graph.slice(f"{state}_next", frames, x.columns, history.columns)
        return graph.unary("TANH", name, self._matrix(name, frames))

    def _gru(self, name: str, x: Value) -> Value:
        graph, h = self.graph, self._states[f"{name}_state"]
        units = h.columns
        a = self._matrix(name, x, "input")
        u = self._matrix(name, h, "recurrent")
        a_gates = graph.slice(f"{name}.input_gates", a, 0, 2 * units)
        u_gates = graph.slice(f"{name}.recurrent_gates", u, 0, 2 * units)
        gates = graph.binary("ADD", f"{name}.gate_sums", a_gates, u_gates)
        gates = graph.unary("LOGISTIC", f"{name}.gates", gates)
        z = graph.slice(f"{name}.update_gate", gates, 0, units)
        z = graph.binary("MINIMUM", f"{name}.update_gate_limited", z, self._limit)
        r = graph.slice(f"{name}.reset_gate", gates, units, units)
        a_n = graph.slice(f"{name}.input_candidate", a, 2 * units, units)
        u_n = graph.slice(f"{name}.recurrent_candidate", u, 2 * units, units)
        n = graph.binary("MUL", f"{name}.reset", r, u_n)
        n = graph.binary("ADD", f"{name}.candidate_sum", a_n, n)
        n = graph.unary("TANH", f"{name}.candidate", n)
        change = graph.binary("SUB", f"{name}.change", h, n)
        change = graph.binary("MUL", f"{name}.kept", z, change)
        self._next[f"{name}_state"] = graph.binary("ADD", f"{name}_state_next", n, change)
        return self._next[f"{name}_state"]
