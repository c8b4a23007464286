# SPDX-License-Identifier: Apache-2.0
"""A model of this project as a denoiser: integers through a device, or its float network."""

from __future__ import annotations

import hashlib

from host_tools.devices.base import DELAY_SAMPLES, Settings, enhance, pad_to_frames
from host_tools.devices.registry import open_device
from host_tools.errors import UsageError
from host_tools.features import enhance as enhance_with
from host_tools.features import extract
from host_tools.generate.model_file import find_model, model_path
from host_tools.measure.peers.base import Samples
from host_tools.network.checkpoint import CHECKPOINT_NAME, load_checkpoint
from host_tools.network.float_model import FloatNetwork
from host_tools.quantize.fidelity import to_q15

FLOAT = "float"


class DeviceModel:
    """What a device really computes with a model image, two frames a call."""

    delay_samples = DELAY_SAMPLES

    def __init__(self, model: str, device: str) -> None:
        found = find_model(model)
        self.name = found.name
        self.version = found.digest
        self.title = f"{found.name} (integers, {found.digest[:12]})"
        self.note = f"on {device}"
        self._device = open_device(device, model=model)
        self.kernel = self._device.identify().kernel

    def denoise(self, noisy: Samples) -> Samples:
        """See Denoiser."""
        self._device.configure(Settings(mode="packet"))
        return enhance(self._device, noisy)[0]

    def close(self) -> None:
        """See Denoiser."""
        self._device.close()


class FloatModel:
    """The float checkpoint beside a model image, driving the same integer signal path."""

    name = FLOAT
    delay_samples = DELAY_SAMPLES
    note = "float network, integer signal path"

    def __init__(self, model: str) -> None:
        found = find_model(model)
        folder = model_path(model).parent
        path = folder / CHECKPOINT_NAME
        if not path.is_file():
            raise UsageError(f"--against {FLOAT}: {folder} holds no {CHECKPOINT_NAME}")
        self.version = hashlib.sha256(path.read_bytes()).hexdigest()
        self.title = f"{found.name} (float network)"
        self._network = FloatNetwork(load_checkpoint(folder), "float32")

    def denoise(self, noisy: Samples) -> Samples:
        """See Denoiser."""
        padded = pad_to_frames(noisy, flush=True)
        self._network.reset()
        answer = self._network.run(extract(padded))
        cleaned = enhance_with(padded, to_q15(answer.gain), to_q15(answer.strength))
        return cleaned[DELAY_SAMPLES : DELAY_SAMPLES + len(noisy)]

    def close(self) -> None:
        """See Denoiser."""
