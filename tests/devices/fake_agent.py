# SPDX-License-Identifier: Apache-2.0
"""An agent that misbehaves in the way named on its command line; speaks on standard streams."""

from __future__ import annotations

import os
import struct
import sys
import time

from host_tools.protocol.frames import RESPONSE_BIT, Frame, FrameReader, encode_frame
from host_tools.protocol.messages import Command, Status

CAPACITY_FRAMES = 100


def identify(rate_hz: int = 48_000, library_status: int = 0) -> bytes:
    numbers = struct.pack(
        "<7I2H2Ii",
        *(4096, 65536, CAPACITY_FRAMES, 1000, 1, 3, rate_hz, 480, 1440, 2, 2, library_status),
    )
    texts = ("0.0.0", "scalar", "00" * 32, "fake", "Fake", "none", "the fake has no model", "", "")
    return numbers + b"".join(bytes([len(text)]) + text.encode() for text in texts)


def run_answer(request: bytes) -> bytes:
    frames = struct.unpack_from("<I", request)[0]
    return struct.pack("<6I2Q3I", frames, frames, 0, 0xDEAD, 0xBEEF, 0, 1, 1, 0, 0, 0)


def send(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def answer(mode: str, frame: Frame) -> None:
    status, version, payload = 0, 1, b""
    if frame.type == Command.IDENTIFY:
        payload = identify(
            44_100 if mode == "other-rate" else 48_000, -7 if mode == "no-model" else 0
        )
        payload = payload[:20] if mode == "short-answers" else payload
        version = 9 if mode == "other-version" else 1
    elif frame.type == Command.RUN:
        if mode == "dies-in-run":
            sys.stderr.write("segmentation fault, of course\n")
            sys.exit(7)
        if mode == "silent-in-run":
            time.sleep(60)
        status = Status.NO_SESSION if mode == "restarts-in-run" else 0
        payload = run_answer(frame.payload)
    elif frame.type == Command.CONFIGURE:
        payload = b"\x06scalar\x00"
    elif frame.type == Command.DOWNLOAD:
        region, offset, count = struct.unpack("<BIH", frame.payload)
        payload = struct.pack("<BBHI", region, 0, count, offset) + bytes(count)
    kind = frame.type | RESPONSE_BIT
    send(encode_frame(Frame(kind, frame.session, frame.sequence, payload, status, version)))


def main(mode: str) -> None:
    if mode == "dies-at-once":
        sys.stderr.write("no such instruction\n")
        sys.exit(3)
    if mode == "text":
        send(b"Debian GNU/Linux 12 board ttyS0\r\nboard login: ")
    reader = FrameReader()
    while True:
        data = os.read(0, 65536)
        if not data:
            return
        if mode == "garbage":
            send(bytes(range(256)) * 4)
        elif mode == "echo":
            send(data)
        elif mode not in ("silent", "text"):
            for frame in reader.feed(data):
                answer(mode, frame)


if __name__ == "__main__":
    main(sys.argv[1])
