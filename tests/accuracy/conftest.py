# SPDX-License-Identifier: Apache-2.0
"""All tests here need the host library."""

from __future__ import annotations

import pytest

from host_tools.errors import MissingDependency
from host_tools.features import lab_library
from tests.needs import need


@pytest.fixture(autouse=True, scope="session")
def _library() -> None:
    try:
        lab_library()
    except MissingDependency as error:
        need(False, str(error))
