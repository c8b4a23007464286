# SPDX-License-Identifier: Apache-2.0
"""A device whose agent answers over some link: everything but starting and ending that link."""

from __future__ import annotations

import contextlib
import zlib

import numpy as np
from numpy.typing import NDArray

from host_tools.devices.base import (
    FRAME_SAMPLES,
    SAMPLE_RATE_HZ,
    STAGES,
    Device,
    Identity,
    Progress,
    RunResult,
    Samples,
    Settings,
    StreamResult,
    pad_to_frames,
)
from host_tools.devices.board_files import AgentFiles
from host_tools.devices.program_writer import NewProgramSilentError, Written, write_program
from host_tools.devices.run_blocks import joined, offset_progress
from host_tools.errors import DataError, DeviceError, ProtocolError, ToolError, UsageError
from host_tools.kernels import KERNEL_NAMES
from host_tools.protocol import PROTOCOL_VERSION, Command, RefusedError, Region, Session, Status
from host_tools.protocol import messages as msg
from host_tools.protocol.session import AnsweredNotice, Timing
from host_tools.protocol.transport import Transport

_CHUNK_BYTES = 4080
_FRAME_BYTES = FRAME_SAMPLES * 2
_COUNTS_BYTES = 8  # instructions and cycles
_PROGRESS_MS = 250
_UPLOAD_TRIES = 3
_LIBRARY_ERROR_KERNEL = -6


class AgentDevice(Device):
    """Runs audio on an agent. Owns *transport* and closes it."""

    def __init__(self, name: str, transport: Transport, timing: Timing | None = None) -> None:
        self.name = name
        self._transport = transport
        self._session = Session(transport, name, timing)
        self._settings = Settings()
        self._kernel = ""
        self._closed = False
        self._uploaded: tuple[int, int] | None = None  # size and CRC-32 in the agent's memory
        self._output = b""  # of the last run
        try:
            self._reply = msg.IdentifyReply.parse(self._session.open(), name)
            self._check_identity(self._reply)
        except BaseException:
            self._transport.close()
            raise
        self._session.window_bytes = self._reply.window_bytes
        self._kernel = self._reply.kernel
        if msg.Ability.READINGS in self._reply.abilities:
            self.board_files = AgentFiles(self._session)

    def identify(self) -> Identity:
        """See Device."""
        reply = self._reply
        return Identity(
            protocol_version=PROTOCOL_VERSION,
            library_version=reply.library_version,
            cpu_name=reply.cpu_name,
            cpu_arch=reply.cpu_arch,
            compiler=reply.compiler,
            kernel=self._kernel,
            kernels_compiled=reply.kernels_compiled,
            kernels_available=reply.kernels_available,
            model_digest=reply.model_digest,
            state_bytes=reply.state_bytes,
            capacity_frames=reply.capacity_frames,
            clock_resolution_ns=reply.clock_resolution_ns,
            has_cpu_clock=msg.Ability.CPU_CLOCK in reply.abilities,
            can_pace=msg.Ability.PACING in reply.abilities,
            has_counters=msg.Ability.COUNTERS in reply.abilities,
            can_flash=msg.Ability.FLASH in reply.abilities,
            build_id=reply.build_id,
            platform=reply.platform,
        )

    def configure(self, settings: Settings) -> None:
        """See Device."""
        if settings.kernel not in KERNEL_NAMES:
            raise UsageError(
                f"kernel '{settings.kernel}' is unknown; known: {', '.join(KERNEL_NAMES)}"
            )
        if not 0 <= settings.attenuation_limit_db <= 100:
            raise UsageError(
                f"attenuation limit {settings.attenuation_limit_db} dB is outside 0..100"
            )
        flags = msg.SettingFlag(0)
        flags |= msg.SettingFlag.BYPASS if settings.bypass else 0
        flags |= msg.SettingFlag.PACKETS if settings.mode == "packet" else 0
        flags |= msg.SettingFlag.STAGE_TIMES if settings.stage_times else 0
        flags |= msg.SettingFlag.STAGE_MARKS if settings.stage_marks else 0
        flags |= msg.SettingFlag.STAGE_COUNTERS if settings.stage_counters else 0
        payload = msg.configure_payload(
            KERNEL_NAMES.index(settings.kernel), settings.attenuation_limit_db, flags
        )
        try:
            answer = msg.Fields(self._session.request(Command.CONFIGURE, payload), self.name)
        except RefusedError as error:
            if error.library_status == _LIBRARY_ERROR_KERNEL:
                raise UsageError(self._no_kernel(settings.kernel)) from error
            raise
        self._kernel = answer.text()
        self._settings = settings

    def run(self, pcm: Samples, *, pace_ms: int = 0, progress: Progress | None = None) -> RunResult:
        """See Device. Audio beyond the agent's memory goes in blocks; the state is kept."""
        packets = self._settings.mode == "packet"
        if pace_ms not in ((0, 20) if packets else (0, 10, 20)):
            raise UsageError(f"pace {pace_ms} ms: use 0, 20 or (one frame a call) 10")
        audio = pad_to_frames(_checked(pcm), flush=False)
        frames = len(audio) // FRAME_SAMPLES
        self._session.request(Command.RESET)
        blocks: list[RunResult] = []
        step = self._reply.capacity_frames
        for start in range(0, max(frames, 1), step):
            block = audio[start * FRAME_SAMPLES : (start + step) * FRAME_SAMPLES]
            notice = offset_progress(progress, start, frames)
            blocks.append(self._run_block(block, pace_ms, notice))
        if progress is not None:
            progress(frames, frames)
        return joined(blocks)

    def stream(self, pcm: Samples) -> StreamResult:
        """See Device."""
        hop = _checked(pcm)
        if len(hop) not in (FRAME_SAMPLES, 2 * FRAME_SAMPLES):
            raise UsageError(f"a live hop has 480 or 960 samples, not {len(hop)}")
        answer = self._session.request(Command.STREAM, hop.astype("<i2").tobytes())
        fields = msg.Fields(answer, self.name)
        time_ns, voice_q15, period = fields.take_many("<Iii")
        cleaned = np.frombuffer(fields.rest(), dtype="<i2").astype(np.int16)
        if len(cleaned) != len(hop):
            raise ProtocolError(f"{self.name}: sent {len(hop)} samples, got {len(cleaned)} back")
        return StreamResult(cleaned, time_ns, voice_q15 / 32768, period)

    def flash(self, program: bytes, progress: Progress | None = None) -> Written:
        """Replace the device's program and begin a session with the new one.

        *progress* is told bytes done and in all. Raises UsageError where that cannot be,
        DeviceError (no room, not accepted; the old program runs) or NewProgramSilentError.
        """
        if not self.identify().can_flash:
            raise UsageError(f"{self.name}: its agent cannot replace itself")
        written = write_program(self._session, program, progress)
        self._uploaded = None
        try:
            self._reply = msg.IdentifyReply.parse(self._session.open(), self.name)
        except (DeviceError, ProtocolError) as error:
            raise NewProgramSilentError(
                f"{self.name}: the new program was started and does not answer"
            ) from error
        self._kernel = self._reply.kernel
        return written

    def close(self) -> None:
        """See Device."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(ToolError):
            self._session.close()
        self._transport.close()

    def _check_identity(self, reply: msg.IdentifyReply) -> None:
        if reply.library_status != 0:
            raise DataError(
                f"{self.name}: the agent cannot use its model: {reply.library_text}; rebuild it "
                "(host_tools build) or give a good image with --model"
            )
        if (reply.sample_rate_hz, reply.frame_samples) != (SAMPLE_RATE_HZ, FRAME_SAMPLES):
            raise ProtocolError(
                f"{self.name}: the agent works on {reply.frame_samples} samples at "
                f"{reply.sample_rate_hz} Hz, this host on {FRAME_SAMPLES} at {SAMPLE_RATE_HZ} Hz"
            )
        if reply.capacity_frames < 2:
            raise DeviceError(f"{self.name}: the agent has no memory for audio")

    def _no_kernel(self, kernel: str) -> str:
        built_in = kernel in self._reply.kernels_compiled
        why = "this CPU cannot run it" if built_in else "it is not in this build"
        return (
            f"{self.name} has no kernel '{kernel}': {why}; "
            f"available: {', '.join(self._reply.kernels_available)}"
        )

    def _run_block(self, audio: Samples, pace_ms: int, progress: Progress | None) -> RunResult:
        data = audio.astype("<i2").tobytes()
        frames = len(audio) // FRAME_SAMPLES
        crc = zlib.crc32(data)
        payload = msg.run_payload(frames, crc, pace_ms, _PROGRESS_MS)
        for attempt in range(_UPLOAD_TRIES):
            if attempt > 0 or self._uploaded != (len(data), crc):
                self._upload(data)
                self._uploaded = (len(data), crc)
            try:
                answer = self._run(payload, progress)
                break
            except RefusedError as error:
                if error.status != Status.INPUT_DIFFERS or attempt == _UPLOAD_TRIES - 1:
                    raise
        reply = msg.RunReply.parse(answer, self.name)
        if reply.frames != frames:
            raise ProtocolError(f"{self.name}: {frames} frames sent, {reply.frames} processed")
        return self._fetch(reply, pace_ms)

    def _run(self, payload: bytes, progress: Progress | None) -> bytes:
        if self.on_run is None:
            return self._session.request(Command.RUN, payload, progress)
        self.on_run(True)
        try:
            return self._session.request(Command.RUN, payload, progress)
        finally:
            self.on_run(False)

    def _upload(self, data: bytes) -> None:
        self._uploaded = None
        self._session.request_all(
            (
                (Command.UPLOAD, msg.upload_payload(at, data[at : at + _CHUNK_BYTES]))
                for at in range(0, len(data), _CHUNK_BYTES)
            ),
            self._transferred("upload", len(data)),
        )

    def _fetch(self, reply: msg.RunReply, pace_ms: int) -> RunResult:
        output = self._fetch_output(reply.frames * _FRAME_BYTES, reply.output_crc)
        times = self._download(Region.CALL_TIMES, reply.calls * 4, reply.call_times_crc)
        stages = None
        if self._settings.stage_times:
            size = reply.calls * len(STAGES) * 4
            raw = self._download(Region.STAGE_TIMES, size, reply.stage_times_crc)
            stages = np.frombuffer(raw, dtype="<u4").astype(np.uint32).reshape(-1, len(STAGES))
        call_counts, stage_counts = self._fetch_counts(reply)
        wake_ups = None
        if pace_ms and reply.wake_ups_crc is not None:
            raw = self._download(Region.WAKE_UPS, reply.calls * 4, reply.wake_ups_crc)
            wake_ups = np.frombuffer(raw, dtype="<u4").astype(np.uint32)
        has_cpu_clock = msg.Ability.CPU_CLOCK in self._reply.abilities
        return RunResult(
            pcm=np.frombuffer(output, dtype="<i2").astype(np.int16),
            frames=reply.frames,
            frames_per_call=2 if self._settings.mode == "packet" else 1,
            call_times_ns=np.frombuffer(times, dtype="<u4").astype(np.uint32),
            stage_times_ns=stages,
            wall_ns=reply.wall_ns,
            cpu_ns=reply.cpu_ns if has_cpu_clock else None,
            deadline_misses=reply.deadline_misses,
            pace_ms=pace_ms,
            kernel=self._kernel,
            call_counts=call_counts,
            stage_counts=stage_counts,
            wake_ups_ns=wake_ups,
        )

    def _fetch_output(self, size: int, crc: int) -> bytes:
        """The output; a repeat that gave the same, by the agent's CRC-32, is not sent again."""
        if (len(self._output), zlib.crc32(self._output)) != (size, crc):
            self._output = self._download(Region.OUTPUT, size, crc)
        return self._output

    def _fetch_counts(
        self, reply: msg.RunReply
    ) -> tuple[NDArray[np.uint32] | None, NDArray[np.uint32] | None]:
        """Instructions and cycles of calls and stages; None where nobody counted."""
        if msg.Ability.COUNTERS not in self._reply.abilities:
            return None, None
        size = reply.calls * _COUNTS_BYTES
        raw = self._download(Region.CALL_COUNTS, size, reply.call_counts_crc)
        calls = np.frombuffer(raw, dtype="<u4").astype(np.uint32).reshape(-1, 2)
        if not self._settings.stage_counters:
            return calls, None
        raw = self._download(Region.STAGE_COUNTS, size * len(STAGES), reply.stage_counts_crc)
        stages = np.frombuffer(raw, dtype="<u4").astype(np.uint32).reshape(-1, len(STAGES), 2)
        return calls, stages

    def _transferred(self, direction: str, size: int) -> AnsweredNotice | None:
        notice = self.on_transfer
        if notice is None:
            return None
        return lambda chunks: notice(direction, min(chunks * _CHUNK_BYTES, size), size)

    def _download(self, region: Region, size: int, crc: int) -> bytes:
        answers = self._session.request_all(
            (
                (Command.DOWNLOAD, msg.download_payload(region, at, min(_CHUNK_BYTES, size - at)))
                for at in range(0, size, _CHUNK_BYTES)
            ),
            self._transferred("download", size),
        )
        data = b"".join(msg.downloaded(answer, self.name)[2] for answer in answers)
        if len(data) != size or zlib.crc32(data) != crc:
            raise ProtocolError(
                f"{self.name}: the {region.name.lower().replace('_', ' ')} arrived damaged"
            )
        return data


def _checked(pcm: Samples) -> Samples:
    if pcm.ndim != 1 or pcm.dtype != np.int16:
        raise UsageError(f"a device takes int16 mono audio, not {pcm.dtype} of shape {pcm.shape}")
    return pcm
