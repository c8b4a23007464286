# SPDX-License-Identifier: Apache-2.0
"""Dealing in turn: every item once, in random order, before any comes again."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

import numpy as np

Item = TypeVar("Item")
Group = TypeVar("Group", bound=Hashable)


class Deck(Generic[Item]):
    """Deals ``items`` (at least one) for ever, shuffled anew for every round."""

    def __init__(self, items: Iterable[Item], generator: np.random.Generator) -> None:
        self._items = list(items)
        self._generator = generator
        self._waiting: list[Item] = []

    def deal(self) -> Item:
        """Return the next item."""
        if not self._waiting:
            order = self._generator.permutation(len(self._items))
            self._waiting = [self._items[index] for index in order]
        return self._waiting.pop()


class GroupedDeck(Generic[Group, Item]):
    """Deals groups in turn and, of each group, its items in turn."""

    def __init__(self, items: Iterable[tuple[Group, Item]], generator: np.random.Generator) -> None:
        groups: dict[Group, list[Item]] = {}
        for group, item in items:
            groups.setdefault(group, []).append(item)
        self._groups = Deck(groups, generator)
        self._items = {group: Deck(held, generator) for group, held in groups.items()}

    def deal(self) -> Item:
        """Return the next item of the next group."""
        return self._items[self._groups.deal()].deal()
