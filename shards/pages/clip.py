"""One clip as a picture and a sound: log-mel with word times above and below, and a player."""

from __future__ import annotations

import base64
import io
import struct
import unicodedata
import zlib
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import soundfile

from shards.pages.html import Html, element, foreign, join
from shards.pages.mel import N_FFT, log_mel
from shards.sample import SAMPLE_RATE, Sample

MAX_SECONDS = 30.0  # what the encoder takes; pictures end there
PIXELS_PER_SECOND = 190
LEAST_WIDTH, MOST_WIDTH = 300, 1010  # pixels
MEL_HEIGHT, ROW_HEIGHT, AXIS_HEIGHT = 96, 19, 15  # pixels
FONT = 11.0
LEAST_SECONDS = N_FFT / SAMPLE_RATE  # shorter clips have no picture
# Anchors of the colour map, dark to bright; evenly spaced.
ANCHORS = ((13, 8, 40), (64, 20, 100), (140, 41, 99), (205, 72, 64), (246, 148, 52), (252, 236, 165))


class Unit(Protocol):
    """A word or an event with its times in seconds."""

    @property
    def word(self) -> str: ...

    @property
    def start(self) -> float: ...

    @property
    def end(self) -> float: ...


def caption(sample: Sample) -> Html:
    """What is known of a sample, in a line: length, language, speaker, who measured the words, licence, origin."""
    speaker = sample.speaker or {}
    facts = [
        f"{sample.seconds:.2f} s",
        sample.language,
        " ".join(str(value) for value in speaker.values() if value),
        f"word times: {sample.words_by.get('method', '?')}" if sample.words and sample.words_by else None,
        sample.licence,
        ", ".join(dict.fromkeys(audio.origin for audio in sample.audio)),
    ]
    return join(foreign(sample.id), " ", foreign(" · ".join(fact for fact in facts if fact), class_="soft small"))


def figure(waveform: np.ndarray, gold: Sequence[Unit] = (), predicted: Sequence[Unit] = ()) -> Html:
    """The mel spectrogram of a clip with its right words above and the predicted words below, times in seconds.

    Args:
        waveform: (samples,) int16, 16 kHz; the picture ends at 30 s.
    """
    waveform = waveform[: int(MAX_SECONDS * SAMPLE_RATE)]
    seconds = len(waveform) / SAMPLE_RATE
    if seconds < LEAST_SECONDS:
        return element("p", f"{seconds:.3f} s: too short for a picture", class_="soft small")
    data = base64.b64encode(mel_png(waveform)).decode()
    return drawing(f"data:image/png;base64,{data}", seconds, gold, predicted)


def picture_width(seconds: float) -> int:
    """How wide the picture of a clip is, in pixels."""
    return round(min(MOST_WIDTH, max(LEAST_WIDTH, seconds * PIXELS_PER_SECOND)))


def drawing(mel: str, seconds: float, gold: Sequence[Unit] = (), predicted: Sequence[Unit] = ()) -> Html:
    """The same of a clip whose mel spectrogram is at the address `mel`; a clip of `seconds`, 30 at most."""
    width = picture_width(seconds)
    scale = width / seconds
    top = ROW_HEIGHT if gold else 0
    bottom = ROW_HEIGHT if predicted else 0
    parts = [
        element("image", href=mel, x=0, y=top, width=width, height=MEL_HEIGHT, preserveAspectRatio="none"),
    ]
    if gold:
        parts += _words(gold, scale, 0, (0, top + MEL_HEIGHT), "var(--gold)")
    if predicted:
        parts += _words(predicted, scale, top + MEL_HEIGHT, (top + MEL_HEIGHT / 2, top + MEL_HEIGHT), "var(--guess)")
    height = top + MEL_HEIGHT + bottom + AXIS_HEIGHT
    step = next(step for step in (0.1, 0.2, 0.5, 1, 2, 5) if step * scale >= 42)
    for count in range(int(seconds / step + 1e-6) + 1):
        x, label = count * step * scale, f"{count * step:g}"
        anchor = "start" if count == 0 else "end" if x > width - 14 else "middle"
        parts.append(element("text", label, x=round(x, 1), y=height - 3, text_anchor=anchor))
    svg = element("svg", *parts, width=width, height=height, viewBox=f"0 0 {width} {height}", role="img")
    return element("div", svg, class_="clip")


def mel_png(waveform: np.ndarray) -> bytes:
    """The mel spectrogram as a PNG file, low tones at the bottom.

    Args:
        waveform: (samples,) int16, 16 kHz, at least `LEAST_SECONDS`; the picture ends at 30 s.
    """
    waveform = waveform[: int(MAX_SECONDS * SAMPLE_RATE)]
    mel = log_mel(waveform)
    fold = max(1, round(mel.shape[1] / (1.5 * picture_width(len(waveform) / SAMPLE_RATE))))
    frames = mel.shape[1] // fold * fold
    mel = mel[::-1, :frames].reshape(mel.shape[0], -1, fold).mean(axis=2)
    low, high = float(mel.min()), float(mel.max())
    pixels = ((mel - low) / max(high - low, 1e-6) * 255).round().astype(np.uint8)
    return png(pixels, _palette())


def _words(units: Sequence[Unit], scale: float, y: float, lines: tuple[float, float], colour: str) -> list[Html]:
    parts = []
    for unit in units:
        left, right = unit.start * scale, max(unit.end * scale, unit.start * scale)
        title = element("title", f"{unit.word} {unit.start:.2f}–{unit.end:.2f} s")
        box = element(
            "rect", x=round(left, 1), y=y + 1.5, width=round(right - left, 1), height=ROW_HEIGHT - 3, rx=3, fill=colour,
            fill_opacity=0.16, stroke=colour, stroke_opacity=0.55,
        )  # fmt: skip
        edges = [
            element("line", x1=x, x2=x, y1=lines[0], y2=lines[1], stroke=colour, stroke_opacity=0.75)
            for x in (round(left, 1), round(right, 1))
        ]
        font = min(FONT, (right - left - 2) / max(_ems(unit.word), 0.1))
        label = None
        if font >= 6:
            label = element(
                "text", unit.word, x=round((left + right) / 2, 1), y=y + ROW_HEIGHT - 6, text_anchor="middle",
                style=f"font-size: {font:.1f}px; fill: {colour}",
            )  # fmt: skip
        parts.append(element("g", title, box, *edges, label))
    return parts


def _ems(text: str) -> float:
    """About how wide a text is, in units of its font size."""
    return sum(1.0 if unicodedata.east_asian_width(character) in "WF" else 0.58 for character in text)


def _palette() -> np.ndarray:
    """(256, 3) uint8: the colour of each level."""
    levels = np.linspace(0, len(ANCHORS) - 1, 256)
    anchors = np.array(ANCHORS, dtype=float).T
    return np.stack([np.interp(levels, range(len(ANCHORS)), channel) for channel in anchors], axis=1).astype(np.uint8)


def png(pixels: np.ndarray, palette: np.ndarray) -> bytes:
    """A PNG file of 8-bit levels.

    Args:
        pixels: (height, width) uint8, places in the palette; the first row is the upper one.
        palette: (256, 3) uint8, red, green and blue.
    """
    height, width = pixels.shape
    rows = np.zeros((height, width + 1), dtype=np.uint8)  # each row starts with its filter: none
    rows[:, 1:] = pixels
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", palette.tobytes()),
            (b"IDAT", zlib.compress(rows.tobytes(), 9)),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def player(waveform: np.ndarray) -> Html:
    """An audio element that carries the clip as FLAC.

    Args:
        waveform: (samples,) int16, 16 kHz.
    """
    flac = io.BytesIO()
    soundfile.write(flac, waveform, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return embedded_flac(flac.getvalue())


def embedded_flac(flac: bytes) -> Html:
    """An audio element that carries a FLAC file."""
    data = base64.b64encode(flac).decode()
    return element("audio", controls="", preload="none", src=f"data:audio/flac;base64,{data}")
