# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from host_tools.devices.agent_device import AgentDevice
from host_tools.devices.base import Samples, Settings, enhance, pad_to_frames
from host_tools.devices.host import HostDevice
from host_tools.devices.pipe import PipeTransport
from host_tools.errors import DataError, DeviceError, UsageError
from host_tools.protocol.session import Timing
from tests.devices.faulty_link import FaultyLink
from tests.timing import in_real_time

Noise = Callable[[int], Samples]


@pytest.fixture
def device(agent: Path, model_path: str) -> AgentDevice:
    return HostDevice(agent=agent, model=Path(model_path))


def test_identify_tells_model_and_kernels(device: AgentDevice, model_path: str) -> None:
    with device:
        identity = device.identify()
    assert "scalar" in identity.kernels_available
    assert set(identity.kernels_available) <= set(identity.kernels_compiled)
    assert identity.kernel in identity.kernels_available
    assert len(identity.model_digest) == 64 and int(identity.model_digest, 16) >= 0
    assert identity.capacity_frames > 100 and identity.state_bytes > 10_000


def test_bypass_gives_the_input_back_aligned(device: AgentDevice, noise: Noise) -> None:
    pcm = noise(12_345)
    with device:
        device.configure(Settings(bypass=True))
        out, run = enhance(device, pcm)
    assert np.array_equal(out, pcm)
    assert run.frames == -(-(12_345 + 1440) // 480)


def test_every_kernel_and_mode_and_the_live_stream_give_the_same_bits(
    device: AgentDevice, noise: Noise
) -> None:
    pcm = noise(480 * 21)
    digests = set()
    with device:
        for kernel in device.identify().kernels_available:
            for settings in (
                Settings(kernel=kernel),
                Settings(kernel=kernel, mode="packet"),
                Settings(kernel=kernel, stage_times=True),
                Settings(kernel=kernel, stage_marks=True),
            ):
                device.configure(settings)
                digests.add(device.run(pcm).digest)
        device.configure(Settings())
        hops = [device.stream(pcm[at : at + 480]).pcm for at in range(0, len(pcm), 480)]
    digests.add(hashlib.sha256(np.concatenate(hops).astype("<i2").tobytes()).hexdigest())
    assert len(digests) == 1


def test_audio_beyond_the_memory_is_run_in_blocks_with_the_same_bits(
    agent: Path, model_path: str, noise: Noise
) -> None:
    pcm = noise(480 * 1201)
    command = [str(agent), "--model", model_path]
    with AgentDevice("large", PipeTransport(command, "large")) as large:
        whole = large.run(pcm)
    with AgentDevice("small", PipeTransport([*command, "--memory-mib", "1"], "small")) as small:
        assert small.identify().capacity_frames < 600
        small.configure(Settings(stage_times=True))
        split = small.run(pcm)
        small.configure(Settings(mode="packet"))
        packets = small.run(pcm)
    assert whole.digest == split.digest == packets.digest
    assert whole.frames == split.frames == len(split.call_times_ns) == 1201
    assert split.stage_times_ns is not None and split.stage_times_ns.shape == (1201, 7)
    assert len(packets.call_times_ns) == 601 and len(packets.frame_times_ns) == 1201


def test_a_run_starts_from_a_fresh_state(device: AgentDevice, noise: Noise) -> None:
    with device:
        first = device.run(noise(4800))
        device.run(noise(9600))
        assert device.run(noise(4800)).digest == first.digest


def test_times_are_plausible(device: AgentDevice, noise: Noise) -> None:
    with device:
        device.configure(Settings(stage_times=True))
        run = device.run(noise(48_000))
    assert run.cpu_ns is not None and 0 < run.cpu_ns <= run.wall_ns * 1.5
    assert run.call_times_ns.sum() <= run.wall_ns
    assert run.stage_times_ns is not None
    assert (run.stage_times_ns.sum(axis=1) <= run.call_times_ns).all()
    assert run.stage_times_ns[:, 4].sum() > 0


@in_real_time
@pytest.mark.parametrize(("mode", "pace_ms"), [("frame", 10), ("frame", 20), ("packet", 20)])
def test_a_paced_run_takes_the_time_of_its_audio(
    device: AgentDevice, noise: Noise, mode: str, pace_ms: int
) -> None:
    with device:
        device.configure(Settings(mode="packet" if mode == "packet" else "frame"))
        unpaced = device.run(noise(480 * 40))
        paced = device.run(noise(480 * 40), pace_ms=pace_ms)
    assert paced.digest == unpaced.digest
    assert 0.37 <= paced.wall_ns / 1e9 <= 3.0
    assert unpaced.deadline_misses == 0 and 0 <= paced.deadline_misses <= 40
    assert unpaced.wake_ups_ns is None and paced.wake_ups_ns is not None
    assert len(paced.wake_ups_ns) == len(paced.call_times_ns) and paced.wake_ups_ns.min() > 0


@in_real_time
@pytest.mark.slow
def test_a_thousand_paced_frames_begin_on_time_and_do_not_drift(
    device: AgentDevice, noise: Noise
) -> None:
    with device:
        run = device.run(noise(480 * 1000), pace_ms=10)
    assert run.wake_ups_ns is not None
    late_us = run.wake_ups_ns / 1e3
    # medians: other programs on this machine may hold the cores for a while
    assert np.median(late_us) <= 500
    assert abs(np.median(late_us[-200:]) - np.median(late_us[:200])) <= 300
    assert run.wall_ns / 1e9 >= 9.99


def test_one_sample_and_no_sample_are_fine(device: AgentDevice) -> None:
    with device:
        assert device.run(np.zeros(1, np.int16)).frames == 1
        assert len(device.run(np.zeros(0, np.int16)).pcm) == 0


def test_the_attenuation_limit_reaches_the_library(device: AgentDevice, noise: Noise) -> None:
    pcm = noise(48_000)
    with device:
        free, _ = enhance(device, pcm)
        device.configure(Settings(attenuation_limit_db=0))
        held, _ = enhance(device, pcm)
    assert not np.array_equal(free, held)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (Settings(kernel="fast"), "kernel 'fast' is unknown"),
        (Settings(kernel="i8mm"), "no kernel 'i8mm': it is not in this build; available: scalar"),
        (Settings(attenuation_limit_db=101), "outside 0..100"),
    ],
)
def test_wrong_settings_are_usage_errors(
    device: AgentDevice, settings: Settings, text: str
) -> None:
    with device, pytest.raises(UsageError, match=text):
        device.configure(settings)


def test_wrong_audio_and_pace_are_usage_errors(device: AgentDevice, noise: Noise) -> None:
    with device:
        with pytest.raises(UsageError, match="int16 mono"):
            device.run(np.zeros((480, 2), np.int16))
        with pytest.raises(UsageError, match="480 or 960 samples, not 100"):
            device.stream(noise(100))
        with pytest.raises(UsageError, match="pace 15 ms"):
            device.run(noise(480), pace_ms=15)


def test_progress_ends_at_the_number_of_frames(device: AgentDevice, noise: Noise) -> None:
    told: list[tuple[int, int]] = []
    with device:
        device.run(noise(480 * 50), progress=lambda done, frames: told.append((done, frames)))
    assert told[-1] == (50, 50)


def test_a_megabyte_each_way_survives_a_bad_link(
    agent: Path, model_path: str, noise: Noise
) -> None:
    pcm = noise(2**19)
    command = [str(agent), "--model", model_path]
    with AgentDevice("good", PipeTransport(command, "good")) as good:
        expected = good.run(pcm).digest
    link = FaultyLink(PipeTransport(command, "bad"), rate=0.03, seed=5)
    timing = Timing(start_s=5.0, answer_s=0.3, tries=20)
    with AgentDevice("bad", link, timing) as bad:
        assert bad.run(pcm).digest == expected
        hops = pad_to_frames(pcm[:48_000], flush=False)
        bad.configure(Settings())
        live = [bad.stream(hops[at : at + 960]).pcm for at in range(0, len(hops), 960)]
        bad.configure(Settings())
        assert np.array_equal(np.concatenate(live), bad.run(hops).pcm)
    assert link.faults > 10


def test_an_agent_killed_in_the_middle_is_named(agent: Path, model_path: str, noise: Noise) -> None:
    link = PipeTransport([str(agent), "--model", model_path], "victim")
    with AgentDevice("victim", link) as device:
        device.configure(Settings())
        killer = threading.Timer(0.3, os.kill, (link._process.pid, signal.SIGKILL))
        killer.start()
        with pytest.raises(DeviceError, match="victim: the agent ended by signal 9"):
            device.run(noise(48_000 * 3), pace_ms=10)
        killer.join()


def test_a_damaged_image_in_the_agent_is_told_in_words(
    agent: Path, model_path: str, tmp_path: Path
) -> None:
    image = bytearray(Path(model_path).read_bytes())
    image[len(image) // 2] ^= 1
    bad = tmp_path / "bad.pnm"
    bad.write_bytes(image)
    with pytest.raises(DataError, match=r"cannot use its model: .*(damaged|checksum|CRC)"):
        HostDevice(agent=agent, model=bad)


def test_closing_twice_is_harmless_and_ends_the_program(agent: Path, model_path: str) -> None:
    link = PipeTransport([str(agent), "--model", model_path], "host")
    device = AgentDevice("host", link)
    device.close()
    device.close()
    assert link._process.returncode == 0


def test_the_same_audio_is_not_sent_twice(agent: Path, model_path: str, noise: Noise) -> None:
    class Counting(PipeTransport):
        sent = 0

        def write(self, data: bytes, timeout_s: float) -> None:
            self.sent += len(data)
            super().write(data, timeout_s)

    link = Counting([str(agent), "--model", model_path], "host")
    with AgentDevice("host", link) as device:
        first = device.run(noise(48_000))
        after_first = link.sent
        again = device.run(noise(48_000))
        assert link.sent - after_first < 1000
        other = device.run(noise(47_000))
    assert first.digest == again.digest != other.digest
