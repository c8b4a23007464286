# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from host_tools.exchange.export_network import tflite_file
from host_tools.network.checkpoint import load_checkpoint, random_checkpoint, save_checkpoint
from tests.needs import need
from tests.quantize.models import ODD_KERNELS, SMALL


@pytest.fixture
def litert() -> None:
    """The test reads, writes or runs TFLite files."""
    found = importlib.util.find_spec("ai_edge_litert") is not None
    need(found, "ai-edge-litert is not installed (pip install -e '.[tflite]')")


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with an untrained network."""
    folder = tmp_path_factory.mktemp("models") / "small"
    save_checkpoint(random_checkpoint(SMALL, 1), folder)
    return folder


@pytest.fixture(scope="session")
def exported_bytes(small_folder: Path) -> bytes:
    """The small network as a float32 file."""
    return tflite_file(load_checkpoint(small_folder), "float32", "0" * 64)


@pytest.fixture
def exported(litert: None, request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file of the small network to run or to damage."""
    (tmp_path / "m.tflite").write_bytes(request.getfixturevalue("exported_bytes"))
    return tmp_path / "m.tflite"


@pytest.fixture(scope="session")
def odd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whose first convolution sees a single frame and so has no history."""
    folder = tmp_path_factory.mktemp("models") / "odd"
    save_checkpoint(random_checkpoint(ODD_KERNELS, 2), folder)
    return folder
