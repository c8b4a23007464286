# SPDX-License-Identifier: Apache-2.0
"""Makes the golden digests: ``python -m tests.golden.digests --write`` after a wanted change."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.accuracy import lab
from tests.golden.clip import clip, decisions

GOLDEN_FILE = Path(__file__).with_name("front_end.json")


def sha256(array: npt.NDArray[np.int16]) -> str:
    """Digest of the samples as little-endian bytes."""
    return hashlib.sha256(array.astype("<i2").tobytes()).hexdigest()


def current_digests() -> dict[str, str]:
    """Digests of clip, features and output of the library as built."""
    pcm = clip()
    free = lab.enhance(pcm, decisions(2), decisions(3))
    limited = lab.enhance(pcm, decisions(2), decisions(3), floor_q15=4125)
    return {
        "clip": sha256(pcm),
        "features": sha256(free.features),
        "output": sha256(free.pcm),
        "output_limited_18_db": sha256(limited.pcm),
    }


def main() -> int:
    """Print the digests; with --write store them."""
    text = json.dumps(current_digests(), indent=2) + "\n"
    print(text, end="")
    if "--write" in sys.argv[1:]:
        part = GOLDEN_FILE.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        os.replace(part, GOLDEN_FILE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
