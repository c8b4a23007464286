# SPDX-License-Identifier: Apache-2.0
"""One training run: optimiser, schedule, saved state. Knows nothing of audio or files of data."""

from __future__ import annotations

import io
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from host_tools.errors import DataError
from host_tools.files import whole_file
from host_tools.network.checkpoint import Checkpoint
from host_tools.network.curves import Row
from host_tools.network.data_stream import Position, to_tensors
from host_tools.network.losses import Losses, compute_losses
from host_tools.network.profile import Profile
from host_tools.network.prune import densities_at, kept_blocks, weight_masks
from host_tools.network.ranks import Ranks
from host_tools.network.settings import Settings, learning_rate_at
from host_tools.network.shards import FRAMES_PER_SECOND, Frames
from host_tools.network.torch_model import Network

STATE_NAME = "training-state.pt"
STATE_VERSION = 3
LOSS_PARTS = ("total", "gain", "strength", "voice", "distortion")

Gradients = tuple[Tensor, ...]


@dataclass
class Sums:
    """Running sums of what the next row of the record averages."""

    count: int = 0
    loss: float = 0.0
    gain: float = 0.0
    strength: float = 0.0
    voice: float = 0.0
    distortion: float = 0.0
    gradient_norm: float = 0.0

    def add(self, losses: Losses, gradient_norm: float) -> None:
        self.count += 1
        self.loss += losses.total.item()
        self.gain += losses.gain.item()
        self.strength += losses.strength.item()
        self.voice += losses.voice.item()
        self.distortion += losses.distortion.item()
        self.gradient_norm += gradient_norm


def choose_precision(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the processor multiplies it natively, else float32."""
    if device.type == "cuda":
        return torch.bfloat16
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return torch.bfloat16 if supported() else torch.float32


def _validation_figures(losses: Losses | None) -> dict[str, Any]:
    """Return the validation fields of a row; none when there was no validation."""
    if losses is None:
        return {}
    figures = {f"validation_{part}_loss": getattr(losses, part).item() for part in LOSS_PARTS[1:]}
    return {"validation_loss": losses.total.item(), **figures}


class Trainer:
    """Network, its running average, optimiser and counters; all of it can be saved."""

    def __init__(
        self,
        profile: Profile,
        settings: Settings,
        device: torch.device,
        precision: torch.dtype | None = None,
        ranks: Ranks | None = None,
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.ranks = ranks or Ranks()
        self.device = device
        precision = precision or choose_precision(device)
        self.network = Network(profile, precision, settings.int8_aware).to(device)
        self.average = Network(profile, precision, settings.int8_aware).to(device)
        self.average.load_state_dict(self.network.state_dict())
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=settings.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self._parts = settings.threads if device.type == "cpu" else 1
        self._pool = ThreadPoolExecutor(
            self._parts, initializer=torch.set_num_threads, initargs=(1,)
        )
        self.update = 0
        self.elapsed_seconds = 0.0
        self.frames_heard = 0
        self.position = Position()
        self.rows: list[Row] = []
        self.sums = Sums()
        self._masks: dict[str, Tensor] = {}
        self._pruned_share = 0.0

    def start_from(self, checkpoint: Checkpoint) -> None:
        """Begin with the weights and feature statistics of a checkpoint of the same profile.

        Blocks of 16 x 4 weights that are all zero in it stay so, unless densities are set.
        """
        if checkpoint.profile.tensor_shapes() != self.network.profile.tensor_shapes():
            raise DataError("the network to start from has another profile; use the same widths")
        for network in (self.network, self.average):
            network.load_tensors(checkpoint)
        if self.settings.densities is None:
            self._set_masks(kept_blocks(checkpoint.profile, checkpoint.tensors))

    def set_statistics(self, mean: Any, deviation: Any) -> None:
        """Fix the normalisation of the features: two arrays [70]."""
        for network in (self.network, self.average):
            network.feature_mean.copy_(torch.as_tensor(mean))
            network.feature_std.copy_(torch.as_tensor(deviation))

    def train_sequences(self, frames: Frames, progress: float) -> None:
        """Run all chunks of one batch of sequences [B, T], one update each.

        Every rank is given the whole batch and works on its share.
        """
        parts = np.array_split(self.ranks.share_of(frames), self._parts)
        batches = [to_tensors(part, self.device) for part in parts]
        states = [self.network.initial_state(len(part)) for part in parts]
        step = self.settings.chunk_frames
        for start in range(0, frames.shape[1] - step + 1, step):
            chunk = slice(start, start + step)

            def gradients(number: int, chunk: slice = chunk) -> tuple[Losses, Gradients]:
                features, targets = batches[number]
                logits, states[number] = self.network(features[chunk], states[number])
                losses = compute_losses(logits, targets.part(chunk))
                return losses, torch.autograd.grad(losses.total, list(self.network.parameters()))

            self._update(list(self._pool.map(gradients, range(self._parts))), progress)
            self.frames_heard += step * frames.shape[0]

    def _update(self, results: list[tuple[Losses, Gradients]], progress: float) -> None:
        settings = self.settings
        rate = learning_rate_at(settings, self.update, progress)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        parameters = list(self.network.parameters())
        losses, gradients = self._mean_of(results)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, settings.gradient_limit))
        self.sums.add(losses, norm)
        if not math.isfinite(norm):
            self.optimizer.zero_grad(set_to_none=True)
            return
        self.optimizer.step()
        self.update += 1
        with torch.no_grad():
            torch._foreach_clamp_min_(parameters, -settings.weight_limit)
            torch._foreach_clamp_max_(parameters, settings.weight_limit)
            self._prune(progress)
            # A short memory at first, or the average would keep the random start.
            weight = 1.0 - min(settings.averaging, self.update / (self.update + 10.0))
            torch._foreach_lerp_(list(self.average.parameters()), parameters, weight)
            self._apply_masks(self.average)

    def _mean_of(self, results: list[tuple[Losses, Gradients]]) -> tuple[Losses, list[Tensor]]:
        """Means over the threads of this rank, then over the ranks, in one message."""
        losses = [torch.stack([getattr(part, n) for n in LOSS_PARTS]) for part, _ in results]
        parts = [gradients for _, gradients in results]
        columns = [torch.stack(losses), *(torch.stack(g) for g in zip(*parts, strict=True))]
        means = self.ranks.mean([column.detach().mean(0) for column in columns])
        return Losses(*means[0]), means[1:]

    def _prune(self, progress: float) -> None:
        """Keep the pruned blocks at zero; choose them anew at every interval of the ramp."""
        settings = self.settings
        due = self.update % settings.prune_interval == 0
        if settings.densities and (not self._masks or (due and self._pruned_share < 1.0)):
            self._pruned_share = min(progress / max(settings.prune_share, 1e-6), 1.0)
            wanted = densities_at(settings.densities, self._pruned_share)
            tensors = self.network.to_checkpoint({}).tensors
            self._set_masks(weight_masks(self.network.profile, tensors, wanted))
        self._apply_masks(self.network)

    def _set_masks(self, masks: dict[str, npt.NDArray[np.bool_]]) -> None:
        self._masks = {name: torch.from_numpy(m).to(self.device) for name, m in masks.items()}

    def _apply_masks(self, network: Network) -> None:
        if self._masks:
            for name, parameter in network.named_parameters():
                mask = self._masks.get(name.removeprefix("dense.").removeprefix("gru."))
                if mask is not None:
                    parameter.mul_(mask)

    def validate(self, shards: list[Frames]) -> Losses:
        """Return the losses of the averaged network over whole sequences."""

        @torch.no_grad()
        def losses_of(frames: Frames) -> Tensor:
            features, targets = to_tensors(frames, self.device)
            logits, _ = self.average(features, self.average.initial_state(features.shape[1]))
            losses = compute_losses(logits, targets)
            return torch.stack([getattr(losses, name).cpu() for name in LOSS_PARTS])

        return Losses(*torch.stack(list(self._pool.map(losses_of, shards))).mean(0))

    def finish_row(self, validation: Losses | None) -> Row:
        """Close the running sums into a new row of the record.

        Without an update since the last row, the validation is added to that one.
        """
        sums, self.sums = self.sums, Sums()
        figures = _validation_figures(validation)
        if not sums.count and self.rows:
            self.rows[-1] = replace(self.rows[-1], **figures)
            return self.rows[-1]
        count = max(sums.count, 1)
        row = Row(
            update=self.update,
            minutes=self.elapsed_seconds / 60.0,
            hours_heard=self.frames_heard / FRAMES_PER_SECOND / 3600.0,
            learning_rate=self.optimizer.param_groups[0]["lr"],
            gradient_norm=sums.gradient_norm / count,
            loss=sums.loss / count,
            gain_loss=sums.gain / count,
            strength_loss=sums.strength / count,
            voice_loss=sums.voice / count,
            distortion_loss=sums.distortion / count,
            **figures,
        )
        self.rows.append(row)
        return row

    def checkpoint(self, metadata: dict[str, str]) -> Checkpoint:
        """Return the averaged network for export."""
        return self.average.to_checkpoint(metadata)

    def save(self, folder: Path) -> None:
        """Write everything that resuming needs; the file appears whole. Raises DataError."""
        state = {
            "version": STATE_VERSION,
            "settings": asdict(self.settings),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "update": self.update,
            "elapsed_seconds": self.elapsed_seconds,
            "frames_heard": self.frames_heard,
            "position": asdict(self.position),
            "rows": [asdict(row) for row in self.rows],
            "sums": asdict(self.sums),
            "masks": self._masks,
            "pruned_share": self._pruned_share,
        }
        # by way of memory: PyTorch's own writer calls a full disk a RuntimeError
        packed = io.BytesIO()
        torch.save(state, packed)
        with whole_file(folder / STATE_NAME) as part:
            part.write_bytes(packed.getbuffer())

    def restore(self, folder: Path) -> None:
        """Take over a saved state; the next update is the one that would have followed it."""
        path = folder / STATE_NAME
        state = self.ranks.of_first(self._load_state(path) if self.ranks.first else {})
        if state.get("version") != STATE_VERSION:
            raise DataError(f"{path}: state of another version; train without --resume")
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
        except RuntimeError as error:
            raise DataError(
                f"{path}: belongs to another profile; use that or no --resume"
            ) from error
        self.optimizer.load_state_dict(state["optimizer"])
        self._masks = {name: mask.to(self.device) for name, mask in state["masks"].items()}
        self._pruned_share = state["pruned_share"]
        self.update = state["update"]
        self.elapsed_seconds = state["elapsed_seconds"]
        self.frames_heard = state["frames_heard"]
        self.position = Position(**state["position"])
        self.rows = [Row(**row) for row in state["rows"]]
        self.sums = Sums(**state["sums"])

    def _load_state(self, path: Path) -> dict[str, Any]:
        try:
            state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, RuntimeError) as error:
            raise DataError(f"{path}: cannot be resumed ({error}); train without it") from error
        return state
