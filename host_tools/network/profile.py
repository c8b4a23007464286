# SPDX-License-Identifier: Apache-2.0
"""Network profile: the widths and kernel sizes of one model, kept in a small TOML file."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from host_tools.errors import DataError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

BANDS = 34
FEATURES = 70
UPDATE_LIMIT = 1.0 - 2.0**-8
"""Largest update gate of a GRU: states forget with a time constant of 2.56 s at the latest."""
VOICE_ROW = BANDS  # row of fc_gb that gives the voice probability


class ProfileError(DataError):
    """A profile file is missing, not TOML, or holds a size that the network cannot have."""


@dataclass(frozen=True)
class Profile:
    """Sizes of one network; every width is a number of units, every kernel a number of frames."""

    name: str = "percepnet"
    fc: int = 128
    conv1: int = 512
    conv2: int = 512
    gru: int = 512
    gru_gb: int = 512
    gru_rb: int = 128
    conv1_kernel: int = 5
    conv2_kernel: int = 3

    @property
    def dense_inputs(self) -> dict[str, int]:
        """Columns of the matrix of each layer without recurrence."""
        return {
            "fc": FEATURES,
            "conv1": self.conv1_kernel * self.fc,
            "conv2": self.conv2_kernel * self.conv1,
            "fc_gb": self.conv2 + 3 * self.gru + self.gru_gb,
            "fc_rb": self.gru_rb,
        }

    @property
    def dense_outputs(self) -> dict[str, int]:
        """Rows of the matrix of each layer without recurrence."""
        return {
            "fc": self.fc,
            "conv1": self.conv1,
            "conv2": self.conv2,
            "fc_gb": BANDS + 1,
            "fc_rb": BANDS,
        }

    @property
    def recurrent_sizes(self) -> dict[str, tuple[int, int]]:
        """(inputs, units) of each GRU, in the order in which they run."""
        return {
            "gru1": (self.conv2, self.gru),
            "gru2": (self.gru, self.gru),
            "gru3": (self.gru, self.gru),
            "gru_gb": (self.gru, self.gru_gb),
            "gru_rb": (self.gru + self.conv2, self.gru_rb),
        }

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every tensor of a checkpoint of this profile."""
        shapes: dict[str, tuple[int, ...]] = {
            "feature_mean": (FEATURES,),
            "feature_std": (FEATURES,),
        }
        for name, columns in self.dense_inputs.items():
            rows = self.dense_outputs[name]
            shapes[f"{name}.weight"] = (rows, columns)
            shapes[f"{name}.bias"] = (rows,)
        for name, (inputs, units) in self.recurrent_sizes.items():
            shapes[f"{name}.input_weight"] = (3 * units, inputs)
            shapes[f"{name}.recurrent_weight"] = (3 * units, units)
            shapes[f"{name}.input_bias"] = (3 * units,)
            shapes[f"{name}.recurrent_bias"] = (3 * units,)
        return shapes

    def weights(self) -> int:
        """Number of matrix weights, biases not counted (multiply-accumulates per frame)."""
        return sum(s[0] * s[1] for s in self.tensor_shapes().values() if len(s) == 2)


def parse_profile(document: dict[str, Any], origin: str) -> Profile:
    """Check a parsed TOML document; ``origin`` names it in errors. Raises ProfileError."""
    known = {field.name for field in fields(Profile)}
    sizes = {**document.get("widths", {}), **document.get("kernels", {})}
    unknown = set(sizes) - known
    if unknown:
        raise ProfileError(f"{origin}: unknown size {sorted(unknown)[0]!r}")
    for key, value in sizes.items():
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 4096:
            raise ProfileError(f"{origin}: {key} must be a whole number from 1 to 4096")
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise ProfileError(f"{origin}: needs a name")
    return Profile(name=name, **sizes)


def load_profile(path: Path) -> Profile:
    """Read a profile TOML. Raises ProfileError when it is missing or wrong."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProfileError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: is not TOML ({error})") from error
    return parse_profile(document, str(path))


def format_profile(profile: Profile) -> str:
    """Return the TOML text that load_profile reads back to the same profile."""
    widths = ("fc", "conv1", "conv2", "gru", "gru_gb", "gru_rb")
    lines = ["# SPDX-License-Identifier: Apache-2.0", f'name = "{profile.name}"', "", "[widths]"]
    lines += [f"{name} = {getattr(profile, name)}" for name in widths]
    lines += ["", "[kernels]"]
    lines += [f"{name} = {getattr(profile, name)}" for name in ("conv1_kernel", "conv2_kernel")]
    return "\n".join(lines) + "\n"
