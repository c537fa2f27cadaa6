"""What a tiny corpus for a test is made of, and what its source must give: see `Fixture`.

All audio is generated; all texts, names and numbers are invented.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from tests.pipelines import recordings


@dataclass(frozen=True)
class Fixture:
    """A corpus on disk: what to pass as SOURCE and ROOTS, and for each split the ids and (id, reason) to come.

    `rejects` are those of the metadata; `refused` are records whose audio or annotation shows only when it is built.
    """

    source: Path
    records: Mapping[str, list[str]]
    rejects: Mapping[str, set[tuple[str, str]]] = field(default_factory=dict)
    refused: Mapping[str, set[tuple[str, str]]] = field(default_factory=dict)
    roots: Mapping[str, Path] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)  # of data of one's own: what the user says, as OwnDataConfig


def tone(
    path: Path,
    rate: int = 16_000,
    seconds: float = 0.1,
    format: str | None = None,
    subtype: str | None = None,
    channels: int = 1,
) -> None:
    """Write a short tone; each further channel at half the loudness of the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    wave = 0.3 * np.sin(2 * np.pi * 330 * np.arange(int(rate * seconds)) / rate)
    frames = np.stack([wave / 2**channel for channel in range(channels)], axis=1)
    soundfile.write(path, frames.astype(np.float32), rate, format=format, subtype=subtype)


def mp3(path: Path, rate: int = 48_000) -> None:
    tone(path, rate, format="MP3")


def opus(path: Path, rate: int = 16_000) -> None:
    """Write a short tone as Opus in Ogg."""
    tone(path, rate, format="OGG", subtype="OPUS")


def m4a(path: Path, rate: int = 16_000, seconds: float = 0.1) -> None:
    """Write a short noisy tone as AAC in MP4."""
    write(path, recordings.ffmpeg(recordings.chirp(seconds, rate), rate, "ipod", "aac"))


def pcm() -> np.ndarray:
    """A tone of a tenth of a second at 16 kHz, (frames, 1) int16."""
    return (9_000 * np.sin(2 * np.pi * 330 * np.arange(1_600) / 16_000)).astype("<i2")[:, None]


def sphere(path: Path) -> None:
    """Write a tone behind a NIST SPHERE header."""
    write(path, recordings.sphere(pcm(), 16_000))


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> None:
    """Write a file and its folders, text byte for byte; "\\udcNN" in it is the byte NN."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode(encoding, "surrogateescape") if isinstance(content, str) else content)


def textgrid(tiers: Sequence[tuple[str, Sequence[tuple[float, float, str]]]], short: bool = False) -> str:
    """A TextGrid of tiers of intervals in Praat's long form, or its short one."""
    end = max(end for _, intervals in tiers for _, end, _ in intervals)
    rows: list[tuple[str, float | str]] = [("File type = ", "ooTextFile"), ("Object class = ", "TextGrid")]
    rows += [("xmin = ", 0), ("xmax = ", end), ("tiers? ", "<exists>"), ("size = ", len(tiers))]
    for number, (name, intervals) in enumerate(tiers, start=1):
        rows += [(f"item [{number}]:\n    class = ", "IntervalTier"), ("    name = ", name)]
        rows += [("    xmin = ", 0), ("    xmax = ", end), ("    intervals: size = ", len(intervals))]
        for place, (first, last, label) in enumerate(intervals, start=1):
            rows += [(f"    intervals [{place}]:\n        xmin = ", first), ("        xmax = ", last)]
            rows += [("        text = ", label)]
    shown = (str(v) if not isinstance(v, str) or v == "<exists>" else '"' + v.replace('"', '""') + '"' for _, v in rows)
    return "\n".join(value if short else key + value for (key, _), value in zip(rows, shown, strict=True)) + "\n"
