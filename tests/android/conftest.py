# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the AAR's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from host_tools.build.aar import aar_bytes
from host_tools.build.android_stubs import make_stubs
from tests.android.aar import ABIS
from tests.android.native import ARM64, ARMV7, SOURCE, link
from tests.needs import ROOT, need_program

TARGETS = dict(zip(ABIS, (ARM64, ARMV7, "x86_64-linux-android21"), strict=True))
JNI_SOURCE = SOURCE + "int JNI_OnLoad(void) { return 0; }\n"
JNI_EXPORTS = "{ global: pn_*; JNI_OnLoad; local: *; };\n"


@pytest.fixture(scope="session")
def small_libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Libraries that may be shipped and hold next to nothing, by ABI."""
    compiler = need_program("clang-19")
    need_program("ld.lld-19")
    made = {}
    for abi, target in TARGETS.items():
        folder = tmp_path_factory.mktemp(abi)
        make_stubs(compiler, target, folder)
        made[abi] = link(
            compiler, folder, folder, target=target, source=JNI_SOURCE, exports=JNI_EXPORTS
        )
    return made


@pytest.fixture(scope="session")
def aar(small_libraries: dict[str, Path]) -> bytes:
    """An AAR of them with the kit's Java classes."""
    need_program("javac")
    return aar_bytes(ROOT, small_libraries)
