# SPDX-License-Identifier: Apache-2.0
"""Which kernel family is chosen, and what happens when a forced one is not there."""

from __future__ import annotations

import pytest

from host_tools.errors import DataError
from host_tools.exchange.c_network import CNetwork
from host_tools.network.checkpoint import random_checkpoint
from host_tools.quantize.image import write_image
from host_tools.quantize.weights import quantize_checkpoint
from tests.kernels.lab import KERNELS, available_kernels, kernel_table, select_status
from tests.quantize.models import SMALL

OK, RANGE, KERNEL = 0, -5, -6
AUTO = 0


def test_scalar_is_always_there() -> None:
    assert select_status(KERNELS["scalar"]) == OK


def test_automatic_choice_succeeds() -> None:
    assert select_status(AUTO) == OK


@pytest.mark.parametrize("name", KERNELS)
def test_a_family_is_either_available_or_a_kernel_error(name: str) -> None:
    assert select_status(KERNELS[name]) == (OK if name in available_kernels() else KERNEL)


@pytest.mark.parametrize("number", [-1, 7, 1000])
def test_a_number_that_names_no_family_is_a_range_error(number: int) -> None:
    assert select_status(number) == RANGE


def test_each_table_carries_its_own_name_and_number() -> None:
    for name in available_kernels():
        table = kernel_table(name)
        assert (table.name.decode(), table.id) == (name, KERNELS[name])


def test_a_network_with_an_unavailable_kernel_is_not_made() -> None:
    missing = sorted(set(KERNELS) - set(available_kernels()))
    image = write_image(quantize_checkpoint(random_checkpoint(SMALL, 1)))
    with pytest.raises(DataError, match="status -6"):
        CNetwork(image, missing[0])
