# SPDX-License-Identifier: Apache-2.0
"""From a name for --against to a denoiser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from host_tools.errors import UsageError
from host_tools.generate.model_file import model_names
from host_tools.measure.peers import deepfilternet, rnnoise, speex, webrtc
from host_tools.measure.peers.base import Denoiser, Samples
from host_tools.measure.peers.informed import (
    CLEAN,
    IDEAL,
    CleanSpeech,
    IdealAnswers,
    InformedSystem,
)
from host_tools.measure.peers.model import FLOAT, DeviceModel, FloatModel

NOISY = "noisy"

_PEERS: dict[str, Callable[[], Denoiser]] = {
    rnnoise.NAME: rnnoise.RNNoise,
    deepfilternet.NAME: deepfilternet.DeepFilterNet,
    webrtc.NAME: webrtc.WebRTC,
    speex.NAME: speex.Speex,
}


@dataclass(frozen=True)
class SystemSpec:
    """Names a system in another process: ``name`` as for --against, or FILE.pnm.

    ``model`` is the evaluated model (whose checkpoint "float" is), ``device`` where models run.
    """

    name: str
    model: str
    device: str


class Unprocessed:
    """The noisy input itself."""

    name = NOISY
    title = "noisy input"
    version = ""
    delay_samples = 0
    note = ""

    def denoise(self, noisy: Samples) -> Samples:
        """See Denoiser."""
        return noisy

    def close(self) -> None:
        """See Denoiser."""


def peer_names() -> list[str]:
    """Names of other people's denoisers."""
    return list(_PEERS)


def check_name(name: str) -> None:
    """Raise UsageError when *name* is no system; whether its package is there is not looked at."""
    if name in _PEERS or name in (NOISY, FLOAT, IDEAL, CLEAN):
        return
    if name in model_names() or name.endswith(".pnm"):
        return
    known = ", ".join([*_PEERS, FLOAT, IDEAL, CLEAN, *model_names()])
    raise UsageError(f"--against {name}: no such system; known: {known}, or FILE.pnm")


def open_system(spec: SystemSpec) -> Denoiser | InformedSystem:
    """Make a system ready to run.

    Raises UsageError, DataError, DeviceError, ProtocolError or MissingDependency.
    """
    check_name(spec.name)
    if spec.name in _PEERS:
        return _PEERS[spec.name]()
    if spec.name == NOISY:
        return Unprocessed()
    if spec.name == FLOAT:
        return FloatModel(spec.model)
    if spec.name == IDEAL:
        return IdealAnswers()
    if spec.name == CLEAN:
        return CleanSpeech()
    return DeviceModel(spec.name, spec.device)
