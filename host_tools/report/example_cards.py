# SPDX-License-Identifier: Apache-2.0
"""Example clips of an evaluation's page: a picture, a player and scores for every system."""

from __future__ import annotations

from dataclasses import dataclass

from host_tools.devices.base import SAMPLE_RATE_HZ
from host_tools.measure.evaluation_result import (
    EvaluationResult,
    ExampleClip,
    Samples,
    Scores,
    room_label,
)
from host_tools.report.embedded_audio import EncodedAudio, encode_audio
from host_tools.report.html_page import data_url
from host_tools.report.metric_words import number_text, words_for
from host_tools.report.spectrogram import CEILING_DB, FLOOR_DB, TOP_HZ, scale_png, spectrogram_png

CLEAN_NAME = "clean speech"
CLEAN_TITLE = "the reference of all scores"

_TICK_STEPS_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_MOST_TIME_TICKS = 6


@dataclass(frozen=True)
class Tick:
    """A label of an axis and its place in percent of the axis."""

    label: str
    percent: str


@dataclass(frozen=True)
class Card:
    """One signal of a clip; picture and audio are data: addresses, scores label and value."""

    name: str
    title: str
    picture: str
    audio: str
    scores: list[tuple[str, str]]


@dataclass(frozen=True)
class ClipSection:
    """One mixture and its signals: the clean speech, the input, the model, the others."""

    index: int
    snr: str
    room: str
    speaker: str
    noises: str
    seconds: str
    time_ticks: list[Tick]
    cards: list[Card]


@dataclass(frozen=True)
class Examples:
    """All clips and what they share."""

    audio_format: str
    frequency_ticks: list[Tick]
    scale_picture: str
    scale_ticks: list[Tick]
    clips: list[ClipSection]


def examples_of(result: EvaluationResult, clips: list[ExampleClip]) -> Examples:
    """Make pictures and audio of all clips. Raises MissingDependency without matplotlib."""
    titles = {system.name: system.title for system in result.systems}
    rows = {mixture.index: place for place, mixture in enumerate(result.mixtures)}
    signals = [_systems_in_order(clip, titles) for clip in clips]
    audio = encode_audio(
        [
            samples
            for clip, named in zip(clips, signals, strict=True)
            for samples in (clip.clean, *(each for _, each in named))
        ]
    )
    files = iter(audio.files)
    sections = []
    for clip, named in zip(clips, signals, strict=True):
        cards = [card_of(CLEAN_NAME, CLEAN_TITLE, clip.clean, audio, next(files), [])]
        for name, samples in named:
            row = rows.get(clip.mixture.index)
            known = {} if row is None or name not in result.scores else result.scores[name][row]
            texts = _score_texts(result, known)
            cards.append(card_of(name, titles.get(name, ""), samples, audio, next(files), texts))
        sections.append(_section(clip, cards))
    return Examples(
        audio_format=audio.format_text,
        frequency_ticks=frequency_ticks(),
        scale_picture=data_url("image/png", scale_png()),
        scale_ticks=scale_ticks(),
        clips=sections,
    )


def frequency_ticks() -> list[Tick]:
    """Labels in kHz of a spectrogram's frequency axis."""
    return ticks_of([float(khz) for khz in range(0, 25, 4)], 0.0, TOP_HZ / 1000)


def scale_ticks() -> list[Tick]:
    """Labels in dB of the colour scale."""
    return ticks_of([-100.0, -80.0, -60.0, -40.0], FLOOR_DB, CEILING_DB)


def time_ticks(seconds: float) -> list[Tick]:
    """Labels of a time axis; none for an empty clip."""
    step = next((s for s in _TICK_STEPS_S if seconds / s <= _MOST_TIME_TICKS), _TICK_STEPS_S[-1])
    times = [step * number for number in range(int(seconds / step) + 1)]
    return ticks_of(times, 0.0, seconds) if seconds else []


def _systems_in_order(clip: ExampleClip, titles: dict[str, str]) -> list[tuple[str, Samples]]:
    """Signals in the order of the result's systems, then any other."""
    names = [name for name in titles if name in clip.signals]
    names += [name for name in clip.signals if name not in titles]
    return [(name, clip.signals[name]) for name in names]


def card_of(
    name: str,
    title: str,
    samples: Samples,
    audio: EncodedAudio,
    file: bytes,
    scores: list[tuple[str, str]],
) -> Card:
    """A signal's picture, and *file*, which is its audio. Raises MissingDependency."""
    picture = data_url("image/png", spectrogram_png(samples))
    return Card(name, title, picture, data_url(audio.media_type, file), scores)


def _score_texts(result: EvaluationResult, known: Scores) -> list[tuple[str, str]]:
    texts = []
    for metric in result.metrics:
        words = words_for(metric)
        value = number_text(known.get(metric), words.decimals)
        texts.append((words.label, f"{value} {words.unit}".rstrip()))
    return texts


def _section(clip: ExampleClip, cards: list[Card]) -> ClipSection:
    mixture = clip.mixture
    seconds = len(clip.clean) / SAMPLE_RATE_HZ
    room = room_label(mixture)
    return ClipSection(
        index=mixture.index,
        snr=f"{number_text(mixture.snr_db, 1).removesuffix('.0')} dB",
        room=f"{room}, {mixture.room}" if mixture.room else room,
        speaker=mixture.speaker,
        noises=" + ".join(mixture.noises),
        seconds=f"{seconds:.1f}",
        time_ticks=time_ticks(seconds),
        cards=cards,
    )


def ticks_of(values: list[float], first: float, last: float) -> list[Tick]:
    """Ticks of an axis from ``first`` to ``last``."""
    return [
        Tick(
            f"{value:g}".replace("-", "\N{MINUS SIGN}"),
            f"{100.0 * (value - first) / (last - first):.3f}",
        )
        for value in values
    ]
