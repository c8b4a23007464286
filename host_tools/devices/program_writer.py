# SPDX-License-Identifier: Apache-2.0
"""Writing a program to an agent (FLASH_* of docs/protocol.md): only blocks that differ travel."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from host_tools.errors import DeviceError
from host_tools.protocol import Command, RefusedError, Session, Status
from host_tools.protocol import messages as msg
from host_tools.protocol.transport import RestartedError

_BLOCKS_AT_ONCE = 1020
_ROUNDS = 3
"""Sending, and sending again what was found to differ."""

Progress = Callable[[int, int], None]


class NewProgramSilentError(DeviceError):
    """The new program was installed and started, and does not answer."""


@dataclass(frozen=True)
class Written:
    """Bytes of the program, and how many of them had to be sent."""

    program_bytes: int
    sent_bytes: int


def write_program(session: Session, program: bytes, progress: Progress | None = None) -> Written:
    """Send *program*, verify every block in the device's memory and have it installed.

    The device starts it afterwards; what runs there is untouched when this raises: DeviceError for
    no room, an image that the device cannot run, or one that does not arrive undamaged.
    """
    block_bytes, blocks = _begin(session, program)
    sent = 0
    for _ in range(_ROUNDS):
        different = _different(session, program, block_bytes, blocks)
        if not different:
            break
        _send(session, program, block_bytes, different, progress)
        sent += sum(len(_block(program, block_bytes, block)) for block in different)
    else:
        raise DeviceError(f"{session.name}: no whole program arrives; the old one runs")
    _commit(session)
    return Written(len(program), sent)


def _begin(session: Session, program: bytes) -> tuple[int, int]:
    request = msg.flash_begin_payload(len(program), zlib.crc32(program))
    try:
        answer = session.request(Command.FLASH_BEGIN, request)
    except RefusedError as error:
        if error.status == Status.NO_ROOM:
            room = msg.Fields(error.payload, session.name).take("<I")
            raise DeviceError(
                f"{session.name}: the program has {len(program)} bytes, the device takes {room}"
            ) from error
        raise
    fields = msg.Fields(answer, session.name)
    return fields.take("<I"), fields.take("<I")


def _different(session: Session, program: bytes, block_bytes: int, blocks: int) -> list[int]:
    """Numbers of the blocks that the device's memory holds otherwise."""
    requests = [
        (Command.FLASH_BLOCKS, msg.flash_blocks_payload(at, min(_BLOCKS_AT_ONCE, blocks - at)))
        for at in range(0, blocks, _BLOCKS_AT_ONCE)
    ]
    held: list[int] = []
    for answer in session.request_all(requests):
        held += msg.block_crcs(answer, session.name)
    return [
        block
        for block in range(blocks)
        if zlib.crc32(_block(program, block_bytes, block)) != held[block]
    ]


def _send(
    session: Session,
    program: bytes,
    block_bytes: int,
    blocks: list[int],
    progress: Progress | None,
) -> None:
    requests = (
        (
            Command.FLASH_WRITE,
            msg.upload_payload(block * block_bytes, _block(program, block_bytes, block)),
        )
        for block in blocks
    )
    size = len(blocks) * block_bytes
    session.request_all(
        requests,
        None if progress is None else lambda done: progress(done * block_bytes, size),
    )


def _commit(session: Session) -> None:
    """The device answers before it starts the program; losing that answer is no failure."""
    try:
        session.request(Command.FLASH_COMMIT)
    except RestartedError:
        return  # the answer got lost, and the new program has no session yet
    except RefusedError as error:
        if error.status == Status.IMAGE_DIFFERS:
            raise DeviceError(
                f"{session.name}: the program arrived damaged; the old one runs"
            ) from error
        raise DeviceError(f"{error}; the old program runs") from error


def _block(program: bytes, block_bytes: int, block: int) -> bytes:
    return program[block * block_bytes : (block + 1) * block_bytes]
