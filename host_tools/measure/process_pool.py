# SPDX-License-Identifier: Apache-2.0
"""Functions called in several processes at once; none of them outlives the caller."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol, TypeVar

from host_tools.errors import ToolError

Result = TypeVar("Result")


class Pool(Protocol):
    """Calls a module's function once for each tuple of arguments."""

    def run(
        self, function: Callable[..., Result], calls: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Result]]:
        """Yield (number of the call, result) as they come; to be read to its end.

        The first exception of a call is raised here; ToolError when a process dies.
        """


def usable_cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def open_pool(
    workers: int,
    prepare: Callable[..., None],
    arguments: tuple[Any, ...],
    release: Callable[[], None],
) -> Iterator[Pool]:
    """Start ``workers`` processes, each of which calls ``prepare(*arguments)`` first.

    One worker is this process itself. On an exception in the block, ctrl-C included, the
    processes are ended at once; each calls ``release()`` last. BLAS has one thread in each.
    """
    if workers == 1:
        with _one_blas_thread():
            prepare(*arguments)
            try:
                yield _HerePool()
            finally:
                release()
        return
    context = multiprocessing.get_context("spawn")
    links = [context.Pipe() for _ in range(workers)]
    processes = [
        context.Process(target=_work, args=(theirs, prepare, arguments, release), daemon=True)
        for _, theirs in links
    ]
    started = []
    try:
        for process, (_, theirs) in zip(processes, links, strict=True):
            process.start()
            started.append(process)
            theirs.close()
        yield _ProcessPool([ours for ours, _ in links])
    except BaseException:
        for process in started:
            process.terminate()
        raise
    finally:
        for ours, _ in links:
            ours.close()
        for process in started:
            process.join()


class _HerePool:
    def run(
        self, function: Callable[..., Result], calls: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Result]]:
        for number, arguments in enumerate(calls):
            yield number, function(*arguments)


class _ProcessPool:
    """One call at a time in the process behind each link."""

    def __init__(self, links: Sequence[Connection]) -> None:
        self._links = links

    def run(
        self, function: Callable[..., Result], calls: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Result]]:
        waiting = iter(enumerate(calls))
        busy: dict[Connection, int] = {}

        def feed(link: Connection) -> None:
            for number, arguments in waiting:
                busy[link] = number
                link.send((function, arguments))
                return

        try:
            for link in self._links:
                feed(link)
            while busy:
                ready = wait(list(busy))
                for link in [each for each in self._links if each in ready]:
                    succeeded, value = link.recv()
                    if not succeeded:
                        raise value
                    number = busy.pop(link)
                    feed(link)
                    yield number, value
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            raise ToolError(
                "a worker process died (out of memory, or a crash in a denoiser's library); "
                "try --workers 1 to see where"
            ) from error


def _work(
    link: Connection,
    prepare: Callable[..., None],
    arguments: tuple[Any, ...],
    release: Callable[[], None],
) -> None:
    """Main function of a worker process: answer calls until the other end is closed."""

    def end(number: int, frame: object) -> None:
        release()
        os._exit(128 + number)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C reaches the parent, which ends us
    signal.signal(signal.SIGTERM, end)
    with _one_blas_thread():
        failure = _caught(prepare, arguments)[1]
        with contextlib.suppress(EOFError, OSError):
            while True:
                function, call = link.recv()
                link.send((False, failure) if failure is not None else _answer(function, call))
        release()


def _answer(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    value, error = _caught(function, arguments)
    return (True, value) if error is None else (False, error)


def _caught(
    function: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[Any, Exception | None]:
    try:
        return function(*arguments), None
    except ToolError as error:
        return None, error
    except Exception as error:  # of any package, so it may not survive pickling
        return None, RuntimeError(f"{type(error).__name__}: {error}")


def _one_blas_thread() -> contextlib.AbstractContextManager[Any]:
    import numpy  # noqa: F401 - loads the BLAS that is to be limited
    from threadpoolctl import threadpool_limits

    limits: contextlib.AbstractContextManager[Any] = threadpool_limits(1)
    return limits
