# SPDX-License-Identifier: Apache-2.0
"""Requests and responses as typed values; byte layouts as in docs/protocol.md."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag

from host_tools.errors import ProtocolError
from host_tools.kernels import KERNEL_NAMES

PROGRESS_NOTICE = 0xF0
DAMAGED_NOTICE = 0xF1


class Command(IntEnum):
    """Request types; a response has 0x80 added."""

    IDENTIFY = 0x01
    CONFIGURE = 0x02
    RESET = 0x03
    UPLOAD = 0x04
    RUN = 0x05
    DOWNLOAD = 0x06
    STREAM = 0x07
    GOODBYE = 0x08
    FLASH_BEGIN = 0x10
    FLASH_BLOCKS = 0x11
    FLASH_WRITE = 0x12
    FLASH_COMMIT = 0x13
    READ_FILE = 0x20
    LIST_FOLDER = 0x21
    FIRMWARE_QUERY = 0x22


class Status(IntEnum):
    """First thing in a response: 0, or why not."""

    OK = 0
    UNKNOWN_COMMAND = 1
    BAD_LENGTH = 2
    OUT_OF_RANGE = 3
    NO_SESSION = 4
    VERSION = 5
    INPUT_DIFFERS = 6
    LIBRARY = 7
    NO_ROOM = 8
    IMAGE_DIFFERS = 9
    IMAGE_UNFIT = 10
    FAILED = 11


class Region(IntEnum):
    """Memory that DOWNLOAD reads."""

    OUTPUT = 0
    CALL_TIMES = 1
    STAGE_TIMES = 2
    CALL_COUNTS = 3
    STAGE_COUNTS = 4
    WAKE_UPS = 5


class SettingFlag(IntFlag):
    """Flags of CONFIGURE."""

    BYPASS = 0x01
    PACKETS = 0x02
    STAGE_TIMES = 0x04
    STAGE_MARKS = 0x08
    STAGE_COUNTERS = 0x10


class Ability(IntFlag):
    """Flags of IDENTIFY."""

    CPU_CLOCK = 0x01
    PACING = 0x02
    COUNTERS = 0x04
    FLASH = 0x08
    READINGS = 0x10


class RefusedError(ProtocolError):
    """The agent understood a request and refused it."""

    def __init__(self, device: str, command: Command, status: int, payload: bytes) -> None:
        self.command = command
        self.status = status
        self.payload = payload
        self.library_status, self.library_text = _library_error(status, payload)
        told = status in (Status.IMAGE_UNFIT, Status.FAILED)
        self.device_text = Fields(payload, device).text() if told else ""
        super().__init__(f"{device}: the agent refused {command.name.lower()}: {self._reason()}")

    def _reason(self) -> str:
        if self.device_text:
            return self.device_text
        if self.library_text:
            return f"{self.library_text} (library status {self.library_status})"
        try:
            return Status(self.status).name.lower().replace("_", " ")
        except ValueError:
            return f"status {self.status}, unknown to this host; is the agent newer?"


def _library_error(status: int, payload: bytes) -> tuple[int, str]:
    if status != Status.LIBRARY:
        return 0, ""
    fields = Fields(payload)
    return fields.take("<i"), fields.text()


class Fields:
    """Takes numbers and strings from a payload; ProtocolError when it is too short.

    *device* is named in the message.
    """

    def __init__(self, payload: bytes, device: str = "device") -> None:
        self._payload = payload
        self._device = device
        self._at = 0

    def take(self, form: str) -> int:
        """One number, described as in the struct module."""
        return self.take_many(form)[0]

    def take_many(self, form: str) -> tuple[int, ...]:
        """Several numbers."""
        size = struct.calcsize(form)
        return struct.unpack(form, self.raw(size))

    def raw(self, count: int) -> bytes:
        """The next *count* bytes."""
        if count > len(self._payload) - self._at:
            raise ProtocolError(
                f"{self._device}: the agent's answer is too short ({len(self._payload)} bytes): "
                "it is of another version; build it again: host_tools build"
            )
        start = self._at
        self._at += count
        return self._payload[start : self._at]

    def rest(self) -> bytes:
        """Everything that is left."""
        return self.raw(len(self._payload) - self._at)

    def text(self) -> str:
        """A length byte and UTF-8; odd bytes are replaced."""
        return self.raw(self.take("<B")).decode("utf-8", errors="replace")


@dataclass(frozen=True)
class IdentifyReply:
    """Response to IDENTIFY; masks have bit k set for pn_kernel k."""

    payload_max: int
    window_bytes: int
    capacity_frames: int
    state_bytes: int
    clock_resolution_ns: int
    abilities: Ability
    sample_rate_hz: int
    frame_samples: int
    delay_samples: int
    kernels_compiled: tuple[str, ...]
    kernels_available: tuple[str, ...]
    library_status: int
    library_version: str
    kernel: str
    model_digest: str
    cpu_arch: str
    cpu_name: str
    compiler: str
    library_text: str
    build_id: str
    platform: str

    @classmethod
    def parse(cls, payload: bytes, device: str = "device") -> IdentifyReply:
        """Raises ProtocolError when the payload is too short; further bytes are ignored."""
        fields = Fields(payload, device)
        numbers = fields.take_many("<7I2H2Ii")
        payload_max, window, capacity, state, resolution, abilities, rate = numbers[:7]
        frame, delay, compiled, available, library_status = numbers[7:]
        return cls(
            payload_max=payload_max,
            window_bytes=window,
            capacity_frames=capacity,
            state_bytes=state,
            clock_resolution_ns=resolution,
            abilities=Ability(abilities & sum(Ability)),
            sample_rate_hz=rate,
            frame_samples=frame,
            delay_samples=delay,
            kernels_compiled=kernel_set(compiled),
            kernels_available=kernel_set(available),
            library_status=library_status,
            library_version=fields.text(),
            kernel=fields.text(),
            model_digest=fields.text(),
            cpu_arch=fields.text(),
            cpu_name=fields.text(),
            compiler=fields.text(),
            library_text=fields.text(),
            build_id=fields.text(),
            platform=fields.text(),
        )


@dataclass(frozen=True)
class RunReply:
    """Response to RUN; the CRCs cover the regions for DOWNLOAD.

    ``wake_ups_crc`` None: the agent is older and keeps none.
    """

    frames: int
    calls: int
    deadline_misses: int
    output_crc: int
    call_times_crc: int
    stage_times_crc: int
    wall_ns: int
    cpu_ns: int
    call_counts_crc: int
    stage_counts_crc: int
    wake_ups_crc: int | None = None

    @classmethod
    def parse(cls, payload: bytes, device: str = "device") -> RunReply:
        """Raises ProtocolError when the payload is too short."""
        fields = Fields(payload, device)
        numbers = fields.take_many("<6I2Q2I")
        rest = fields.rest()
        wake_ups_crc = int.from_bytes(rest[:4], "little") if len(rest) >= 4 else None
        return replace(cls(*numbers), wake_ups_crc=wake_ups_crc)


def kernel_set(mask: int) -> tuple[str, ...]:
    """Names of the bits set, unknown ones left out."""
    return tuple(name for bit, name in enumerate(KERNEL_NAMES) if bit and mask >> bit & 1)


def configure_payload(kernel: int, attenuation_limit_db: int, flags: SettingFlag) -> bytes:
    """CONFIGURE: kernel 0..255, limit 0..100 dB."""
    return struct.pack("<BBB", kernel, attenuation_limit_db, flags)


def upload_payload(offset: int, data: bytes) -> bytes:
    """UPLOAD: byte offset in the input, and the bytes for there."""
    return struct.pack("<I", offset) + data


def run_payload(frames: int, input_crc: int, pace_ms: int, progress_ms: int) -> bytes:
    """RUN: frames to run, CRC-32 of their bytes, pacing (0, 10, 20), progress period (0: none)."""
    return struct.pack("<IIHH", frames, input_crc, pace_ms, progress_ms)


def download_payload(region: Region, offset: int, count: int) -> bytes:
    """DOWNLOAD: *count* bytes from *offset* of a region."""
    return struct.pack("<BIH", region, offset, count)


def flash_begin_payload(size: int, crc: int) -> bytes:
    """FLASH_BEGIN: bytes of the program and their CRC-32."""
    return struct.pack("<II", size, crc)


def flash_blocks_payload(first: int, count: int) -> bytes:
    """FLASH_BLOCKS: *count* blocks from *first* on."""
    return struct.pack("<IH", first, count)


def block_crcs(payload: bytes, device: str = "device") -> tuple[int, ...]:
    """Response to FLASH_BLOCKS: CRC-32 of each block."""
    fields = Fields(payload, device)
    _, count, _ = fields.take_many("<IHH")
    return fields.take_many(f"<{count}I")


def downloaded(payload: bytes, device: str = "device") -> tuple[int, int, bytes]:
    """Response to DOWNLOAD: region, offset, data."""
    fields = Fields(payload, device)
    region, _, count, offset = fields.take_many("<BBHI")
    return region, offset, fields.raw(count)
