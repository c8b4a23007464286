# SPDX-License-Identifier: Apache-2.0
"""Who is trained on and who is kept for validation and test."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from host_tools.network.recording import Split

HELD_OUT_SHARE = 0.1
"""Of each of validation and test."""


def draw_of(name: str) -> float:
    """Return a number in [0, 1) that depends on the name alone."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:6], "big") / 2.0**48


def split_groups(kinds: Mapping[str, Iterable[str]]) -> dict[str, Split]:
    """Return the split of every group; a group is a speaker, a noise recording or a room.

    ``kinds`` holds the names of the groups by kind, each name in one kind only. A name decides its
    own split, so that more groups do not move those that were there before, with two exceptions: a
    kind gives at most a fifth of its groups to each of validation and test (one of three or four,
    none of two), and when that leaves validation or test empty, one group moves there, from the
    kind that has most.
    With fewer than three groups all are trained on.
    """
    splits: dict[str, Split] = {}
    ranked = [sorted(set(names), key=lambda n: (draw_of(n), n)) for names in kinds.values()]
    for names in ranked:
        most = max(1, len(names) // 5) if len(names) >= 3 else 0
        test = min(most, sum(draw_of(name) < HELD_OUT_SHARE for name in names))
        val = min(most, sum(draw_of(name) >= 1.0 - HELD_OUT_SHARE for name in names))
        splits |= dict.fromkeys(names, "train")
        splits |= dict.fromkeys(names[:test], "test")
        splits |= dict.fromkeys(names[len(names) - val :], "val")
    if len(splits) >= 3:
        ends: tuple[tuple[Split, int], ...] = (("test", 0), ("val", -1))
        for split, end in ends:
            if split not in splits.values():
                left = [[name for name in names if splits[name] == "train"] for names in ranked]
                splits[max(left, key=len)[end]] = split
    return splits
