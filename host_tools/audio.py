# SPDX-License-Identifier: Apache-2.0
"""Audio files in and out, any width, rate and number of channels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from host_tools.errors import DataError
from host_tools.files import whole_file
from host_tools.riff import missing_data_bytes

SAMPLE_RATE_HZ = 48_000
RATE_MIN_HZ = 1_000
RATE_MAX_HZ = 768_000

Floats = NDArray[Any]
Samples = NDArray[np.int16]

_PCM_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_FLOATS = {"FLOAT": np.float32, "DOUBLE": np.float64}


@dataclass(frozen=True)
class AudioFormat:
    """How a file keeps its samples: libsndfile's names, such as "WAV" and "PCM_24"."""

    sample_rate_hz: int
    container: str
    subtype: str


@dataclass(frozen=True)
class Audio:
    """``samples`` [frames, channels], floats of full scale 1.0, and the format they came in."""

    samples: Floats
    format: AudioFormat

    @property
    def channels(self) -> int:
        return int(self.samples.shape[1])


def read_audio(path: Path) -> Audio:
    """Read a WAV (or FLAC, or what libsndfile knows) file.

    Raises DataError: missing, not audio, truncated, empty, NaN or infinite, or a rate outside
    1..768 kHz. Samples beyond full scale (float files) are kept.
    """
    _check_readable(path)
    try:
        with soundfile.SoundFile(str(path)) as file:
            form = AudioFormat(file.samplerate, file.format, file.subtype)
            promised = file.frames
            exact = "float64" if file.subtype in ("PCM_32", "DOUBLE") else "float32"
            samples: Floats = file.read(dtype=exact, always_2d=True)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise DataError(f"{path}: not an audio file that can be read; give a WAV") from error
    _check_samples(path, samples, form, promised)
    return Audio(samples, form)


def read_mono(path: Path) -> Samples:
    """Read any file as 48 kHz mono int16 [samples]; channels are averaged."""
    audio = read_audio(path)
    mixed = audio.samples.mean(axis=1, dtype=np.float64)
    return to_int16(resample(mixed, audio.format.sample_rate_hz, SAMPLE_RATE_HZ))


def write_audio(path: Path, audio: Audio) -> None:
    """Write in the given format; whole or not at all. Values beyond full scale are clipped
    in integer formats. Raises DataError."""
    form = container_for(path, audio.format)
    data = _encoded(audio.samples, form.subtype)
    with whole_file(path) as part:
        try:
            soundfile.write(
                str(part), data, form.sample_rate_hz, form.subtype, format=form.container
            )
        except (soundfile.SoundFileError, RuntimeError) as error:
            raise DataError(f"{path}: cannot write: {error}") from error


def container_for(path: Path, form: AudioFormat) -> AudioFormat:
    """The format in which *path* is written: its suffix decides between WAV and FLAC."""
    suffix = path.suffix.lower()
    if suffix == ".flac":
        form = replace(form, container="FLAC")
    elif form.container not in ("WAV", "WAVEX", "RF64"):
        form = replace(form, container="WAV")
    if not soundfile.check_format(form.container, form.subtype):
        form = replace(form, subtype="PCM_24" if form.subtype in _FLOATS else "PCM_16")
    return form


def resample(samples: Floats, from_hz: int, to_hz: int) -> Floats:
    """Change the rate; sample n stays at time n / rate. Unchanged when the rates are equal."""
    if from_hz == to_hz or not len(samples):
        return samples
    changed: Floats = soxr.resample(samples, from_hz, to_hz, quality="VHQ")
    return changed


def to_int16(samples: Floats) -> Samples:
    """Floats of full scale 1.0 to int16: rounded half up, clipped."""
    scaled = np.floor(samples.astype(np.float64) * 32768.0 + 0.5)
    return np.clip(scaled, -32768, 32767).astype(np.int16)


def from_int16(samples: Samples) -> Floats:
    """int16 to floats of full scale 1.0, exactly."""
    return samples.astype(np.float64) / 32768.0


def _check_readable(path: Path) -> None:
    if not path.exists():
        raise DataError(f"{path}: no such file")
    if path.is_dir():
        raise DataError(f"{path}: is a folder, give an audio file")
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{path}: is an empty file")
        missing = missing_data_bytes(path)
    except OSError as error:
        raise DataError(f"{path}: cannot read: {error.strerror}") from error
    if missing:
        raise DataError(f"{path}: is truncated, {missing} bytes of audio are missing")


def _check_samples(path: Path, samples: Floats, form: AudioFormat, promised: int) -> None:
    if not RATE_MIN_HZ <= form.sample_rate_hz <= RATE_MAX_HZ:
        raise DataError(
            f"{path}: sample rate {form.sample_rate_hz} Hz is outside 1..768 kHz; is the header "
            "right?"
        )
    if len(samples) == 0:
        raise DataError(f"{path}: contains no audio")
    if len(samples) < promised:
        raise DataError(f"{path}: is truncated, {promised - len(samples)} samples are missing")
    bad = ~np.isfinite(samples)
    if bad.any():
        frame, channel = np.argwhere(bad)[0]
        raise DataError(
            f"{path}: sample {frame} of channel {channel + 1} is {samples[frame, channel]}, not a "
            "number that can be played; repair the file"
        )


def _encoded(samples: Floats, subtype: str) -> NDArray[Any]:
    """Values as libsndfile stores them without touching a bit."""
    if subtype in _FLOATS:
        return samples.astype(_FLOATS[subtype])
    bits = _PCM_BITS.get(subtype, 16)
    full = 2.0 ** (bits - 1)
    scaled = np.floor(samples.astype(np.float64) * full + 0.5)
    integers = np.clip(scaled, -full, full - 1).astype(np.int64)
    return (integers << (32 - bits)).astype(np.int32)
