# SPDX-License-Identifier: Apache-2.0
"""Compare under torchrun the mean of gradients with that of DistributedDataParallel."""

from __future__ import annotations

import torch
from torch.nn.parallel import DistributedDataParallel

from host_tools.network.data_stream import to_tensors
from host_tools.network.losses import compute_losses
from host_tools.network.profile import Profile
from host_tools.network.ranks import join_ranks
from host_tools.network.torch_model import Network
from tests.network.test_training import shard


def main() -> None:
    with join_ranks(False) as ranks:
        torch.manual_seed(ranks.rank)
        network = Network(Profile("small", 16, 32, 32, 32, 32, 16), int8_aware=True)
        ranks.take_from_first(network.state_dict().values())
        features, targets = to_tensors(ranks.share_of(shard(0)[:4]), torch.device("cpu"))
        normalised = (features - 9000.0) / 3000.0
        parameters = list(network.parameters())

        logits, _ = network(normalised, network.initial_state(features.shape[1]))
        own = torch.autograd.grad(compute_losses(logits, targets).total, parameters)
        means = ranks.mean(list(own))

        wrapped = DistributedDataParallel(network)
        logits, _ = wrapped(normalised, network.initial_state(features.shape[1]))
        compute_losses(logits, targets).total.backward()
        pairs = [(mean, p.grad) for mean, p in zip(means, parameters, strict=True)]
        equal = all(torch.equal(mean, theirs) for mean, theirs in pairs)
        differ = not any(torch.equal(mean, one) for mean, one in zip(means, own, strict=True))
        print(f"rank {ranks.rank}: equal={equal} exchanged={differ}", flush=True)


if __name__ == "__main__":
    main()
