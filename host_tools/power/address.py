# SPDX-License-Identifier: Apache-2.0
"""What follows the kind in a meter's name: ``TARGET?key=value&key=value``."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from host_tools.errors import UsageError


@dataclass(frozen=True)
class MeterAddress:
    """Where a meter is and how it is set; ``example`` is shown when something is wrong."""

    kind: str
    target: str
    options: dict[str, str]
    example: str

    @classmethod
    def parse(cls, kind: str, rest: str, known: Collection[str], example: str) -> MeterAddress:
        """Take *rest* apart; options that are not *known* stay in a target that is a URL.

        Raises UsageError.
        """
        target, _, query = rest.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        options = {key: value for key, value in pairs if key in known}
        others = [(key, value) for key, value in pairs if key not in known]
        if others and "://" not in target:
            raise UsageError(
                f"'{kind}:{rest}': no option '{others[0][0]}'; there are {', '.join(known)}, "
                f"for example {example}"
            )
        if others:
            target = f"{target}?{urlencode(others)}"
        return cls(kind, target, options, example)

    @property
    def name(self) -> str:
        """The meter's name without its options."""
        return f"{self.kind}:{self.target}"

    def needs_target(self, what: str) -> None:
        """Raises UsageError when nothing stands where *what* (a port, a file) should."""
        if not self.target:
            raise UsageError(f"'{self.kind}:' names no {what}; write for example {self.example}")

    def number(self, key: str, low: float, high: float, default: float | None = None) -> float:
        """The option *key*, within *low* and *high*; *default* when it is not there.

        Raises UsageError, also when it is neither there nor has a default.
        """
        text = self.options.get(key)
        if text is None and default is not None:
            return default
        try:
            value = float(text or "")
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            wrong = f"lacks {key}" if text is None else f"{key}={text}"
            raise UsageError(
                f"'{self.name}': {wrong}; {key} is a number from {low:g} to {high:g}, "
                f"for example {self.example}"
            )
        return value
