# SPDX-License-Identifier: Apache-2.0
"""Scores of earlier runs, so that only what is new is computed: one JSON file a system.

A file belongs to a key: the system, what it makes of a probe clip, and the versions of the
packages that score. In it, scores are found by the digest of a mixture's samples.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from host_tools.files import make_folder, whole_file
from host_tools.measure.evaluation_result import Scores

FOLDER = "scores"


class KeptScores:
    """The scores of one key below ``cache``; ``fresh`` finds only those put in since.

    Raises DataError when the folder cannot be made.
    """

    def __init__(self, cache: Path, key: dict[str, str], *, fresh: bool = False) -> None:
        text = json.dumps(key, sort_keys=True)
        self._key = key
        self.path = cache / FOLDER / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
        self._scores = self._read()
        self._stale = set(self._scores) if fresh else set()
        make_folder(self.path.parent)

    def get(self, mixture_digest: str) -> Scores | None:
        """Scores of a mixture, or None when they are not kept."""
        return None if mixture_digest in self._stale else self._scores.get(mixture_digest)

    def put(self, mixture_digest: str, scores: Scores) -> None:
        """Add scores; ``save`` writes them."""
        self._scores[mixture_digest] = scores
        self._stale.discard(mixture_digest)

    def save(self) -> None:
        """Write the file whole or not at all. Raises DataError."""
        with whole_file(self.path) as part:
            part.write_text(
                json.dumps({"key": self._key, "scores": self._scores}, indent=1), encoding="utf-8"
            )

    def _read(self) -> dict[str, Scores]:
        """What is kept; nothing when the file is missing, damaged or of another key."""
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            return dict(kept["scores"]) if kept["key"] == self._key else {}
        except (OSError, ValueError, TypeError, KeyError):
            return {}
