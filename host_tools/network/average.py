# SPDX-License-Identifier: Apache-2.0
"""The weighted mean of networks that descend from one: often better than any of them.

Wortsman et al., "Model soups" (2022): fine-tuned networks of one ancestor lie in one valley, and
the middle of it generalises better than its rim. Networks of different starts do not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from host_tools.errors import DataError
from host_tools.network.checkpoint import Checkpoint

_NORMALISATION = ("feature_mean", "feature_std")


def average_checkpoints(
    checkpoints: Sequence[Checkpoint], weights: Sequence[float], names: Sequence[str]
) -> Checkpoint:
    """The mean of all tensors, ``weights`` (above 0) being relative; ``names`` are for errors.

    Raises DataError when profiles differ, or when the normalisation of features does, which runs
    with ``train --start`` inherit: then the networks do not descend from one.
    """
    first = checkpoints[0]
    for other, name in zip(checkpoints[1:], names[1:], strict=True):
        if other.profile != first.profile:
            raise DataError(f"{name}: has another profile than {names[0]}; use the same widths")
        for tensor in _NORMALISATION:
            if not np.array_equal(other.tensors[tensor], first.tensors[tensor]):
                raise DataError(
                    f"{name}: does not descend from one network with {names[0]} ({tensor} differs);"
                    " average runs that began with train --start from the same model"
                )
    shares = np.array(weights, np.float64) / sum(weights)
    tensors = {
        name: sum(
            share * checkpoint.tensors[name].astype(np.float64)
            for share, checkpoint in zip(shares, checkpoints, strict=True)
        ).astype(np.float32)
        for name in first.tensors
    }
    return Checkpoint(first.profile, tensors, _metadata(checkpoints, weights))


def _metadata(checkpoints: Sequence[Checkpoint], weights: Sequence[float]) -> dict[str, str]:
    """What still holds of the mean; licences are clear only if they were for all."""
    clear = all(each.metadata.get("clear_licenses_only") == "yes" for each in checkpoints)
    trained = all(each.metadata.get("trained") == "yes" for each in checkpoints)
    return {
        "trained": "yes" if trained else "no",
        "clear_licenses_only": "yes" if clear else "no",
        "averaged_weights": " ".join(f"{weight:g}" for weight in weights),
        "averaged_seeds": " ".join(each.metadata.get("seed", "?") for each in checkpoints),
    }
