# SPDX-License-Identifier: Apache-2.0
"""``host_tools denoise``: any audio file through any device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from host_tools.audio import (
    SAMPLE_RATE_HZ,
    Audio,
    Floats,
    from_int16,
    read_audio,
    resample,
    to_int16,
    write_audio,
)
from host_tools.devices.base import Device, Progress, Settings, enhance
from host_tools.devices.registry import open_device
from host_tools.files import check_target

ProgressOfChannel = Callable[[int, int, int, int], None]
"""Called with (channel, channels, frames done, frames in all)."""


@dataclass(frozen=True)
class DenoiseResult:
    """What was done; ``speed`` is audio time over the time the library took."""

    output: str
    device: str
    kernel: str
    sample_rate_hz: int
    channels: int
    subtype: str
    samples: int
    speed: float


def denoise_file(
    source: Path,
    target: Path,
    device_name: str,
    settings: Settings,
    progress: ProgressOfChannel | None = None,
    model: str | None = None,
) -> DenoiseResult:
    """Clean *source* on the device and write *target* in the same rate, width and channels.

    *model* (name or FILE.pnm) replaces the one in the agent. Each channel goes through a state
    of its own. The delay is removed. Raises DataError for audio that cannot be used, before the
    device is started.
    """
    audio = read_audio(source)
    check_target(target)
    with open_device(device_name, model=model) as device:
        device.configure(settings)
        columns = []
        seconds = 0.0
        for channel in range(audio.channels):
            notice = _of_channel(progress, channel, audio.channels)
            column, busy_s = _clean(device, audio.samples[:, channel], audio, notice)
            columns.append(column)
            seconds += busy_s
        kernel = device.identify().kernel
    write_audio(target, Audio(np.column_stack(columns), audio.format))
    form = audio.format
    played_s = len(audio.samples) * audio.channels / form.sample_rate_hz
    return DenoiseResult(
        output=str(target),
        device=device_name,
        kernel=kernel,
        sample_rate_hz=form.sample_rate_hz,
        channels=audio.channels,
        subtype=form.subtype,
        samples=len(audio.samples),
        speed=played_s / seconds if seconds else 0.0,
    )


def _clean(
    device: Device, channel: Floats, audio: Audio, progress: Progress | None
) -> tuple[Floats, float]:
    """One channel: to 48 kHz int16, through the device, back; and the library's seconds."""
    rate_hz = audio.format.sample_rate_hz
    pcm = to_int16(resample(channel, rate_hz, SAMPLE_RATE_HZ))
    cleaned, run = enhance(device, pcm, progress=progress)
    back = resample(from_int16(cleaned), SAMPLE_RATE_HZ, rate_hz)
    fitted = np.zeros(len(channel))
    fitted[: min(len(back), len(channel))] = back[: len(channel)]
    return fitted, float(run.call_times_ns.sum(dtype=np.float64)) / 1e9


def _of_channel(progress: ProgressOfChannel | None, channel: int, channels: int) -> Progress | None:
    if progress is None:
        return None
    return lambda done, frames: progress(channel, channels, done, frames)
