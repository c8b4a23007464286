# SPDX-License-Identifier: Apache-2.0
"""Programs to flash, and places to flash them to."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from host_tools.flash.image_file import ProgramImage, read_image
from tests.devices.test_ssh_device import sshd, there
from tests.flash.images import bare_metal_file, with_build_id
from tests.needs import need_build

__all__ = ["sshd", "there"]


@pytest.fixture(scope="session")
def agent() -> Path:
    """The real agent for this computer."""
    return need_build("host", "percepnet_agent")


@pytest.fixture
def installed(agent: Path, tmp_path: Path) -> Path:
    """A copy of it that may be replaced."""
    return Path(shutil.copy(agent, tmp_path / "board_agent"))


@pytest.fixture(scope="session")
def other(agent: Path, tmp_path_factory: pytest.TempPathFactory) -> ProgramImage:
    """The agent as if it came from another build."""
    path = tmp_path_factory.mktemp("other") / "percepnet_agent"
    path.write_bytes(with_build_id(agent.read_bytes(), "5a" * 20))
    path.chmod(0o755)
    return read_image(path)


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """A small file of the form of kernel8.img."""
    path = tmp_path / "kernel8.img"
    path.write_bytes(bare_metal_file())
    return path
