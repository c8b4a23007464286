# SPDX-License-Identifier: Apache-2.0
"""Work in several processes gives the same results, tells errors, and leaves nobody behind."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

from host_tools.errors import DataError, ToolError
from host_tools.measure.process_pool import open_pool, usable_cores

_offset = 0


def prepare(offset: int) -> None:
    global _offset
    _offset = offset


def add(value: int) -> int:
    if value == 13:
        raise DataError("thirteen: is not wanted")
    return _offset + value


def release() -> None:
    global _offset
    _offset = 0


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_with_the_number_of_their_call(workers: int) -> None:
    with open_pool(workers, prepare, (100,), release) as pool:
        found = dict(pool.run(add, [(value,) for value in range(7)]))
    assert found == {number: 100 + number for number in range(7)}
    assert not multiprocessing.active_children()


def test_this_process_is_released_at_the_end() -> None:
    with open_pool(1, prepare, (5,), release):
        assert _offset == 5
    assert _offset == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_call_arrives_and_ends_the_work(workers: int) -> None:
    with (
        pytest.raises(DataError, match="thirteen"),
        open_pool(workers, prepare, (0,), release) as pool,
    ):
        list(pool.run(add, [(13,), (1,)]))
    assert not multiprocessing.active_children()


def test_a_worker_that_dies_is_an_error_and_no_endless_wait() -> None:
    with pytest.raises(ToolError, match="died"), open_pool(2, prepare, (0,), release) as pool:
        list(pool.run(crash, [()]))
    assert not multiprocessing.active_children()


def test_an_interrupt_ends_the_processes() -> None:
    with pytest.raises(KeyboardInterrupt), open_pool(2, prepare, (0,), release) as pool:
        for _ in pool.run(add, [(value,) for value in range(4)]):
            raise KeyboardInterrupt
    assert not multiprocessing.active_children()


def test_there_is_at_least_one_core() -> None:
    assert usable_cores() >= 1
