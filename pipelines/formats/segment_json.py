"""The JSON of GigaSpeech and WenetSpeech: long recordings, each with its transcribed segments; several GB in one file.

    {"dataset": …, "audios": [{"aid": …, "path": "audio/….opus", "url": …, "segments": [
        {"sid": …, "begin_time": 12.5, "end_time": 15.25, "text": …, "subsets": ["L", "M"]}, …]}, …]}

One recording is in memory at a time. `where` of a reject is the number of its recording in `audios`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from pipelines.formats.json_stream import read_items
from pipelines.listing import is_safe
from pipelines.record import Reject
from pipelines.source import Source

_NUMBERS = (float, int)


class Segment(NamedTuple):
    """A segment as the file has it: times in seconds. `about` is its recording without the segments."""

    id: str
    start: float
    end: float
    text: str
    fields: dict[str, Any]
    about: dict[str, Any]
    where: str


def read_segments(source: Source, path: str, subset: str, text: str) -> Iterator[Segment | Reject]:
    """The segments of `subset` in the order of the file, of recordings that are there.

    `text` is the key of the transcripts. A recording that is missing is told once for each of its segments.
    """
    listing = lru_cache(maxsize=256)(source.listing)
    for number, audio in enumerate(read_items(source.root / path, "audios"), start=1):
        where = f"{path}:{number}"
        segments = audio.pop("segments", None) if isinstance(audio, dict) else None
        file = audio.get("path") if isinstance(audio, dict) else None
        if not isinstance(segments, list) or not isinstance(file, str) or not isinstance(audio.get("aid"), str):
            yield Reject(where, "bad_row", where)
            continue
        mine = [segment for segment in segments if not isinstance(segment, dict) or subset in _subsets(segment)]
        if not mine:
            continue
        folder, _, name = file.rpartition("/")
        safe = is_safe(file)
        missing = not safe or name not in listing(folder)
        for segment in mine:
            found = _segment(segment, audio, text, where)
            if missing and isinstance(found, Segment):
                found = Reject(found.id, "audio_missing" if safe else "unsafe_path", where, path)
            yield found


def _subsets(segment: dict[str, Any]) -> list[str]:
    subsets = segment.get("subsets")
    return subsets if isinstance(subsets, list) else []


def _segment(segment: Any, audio: dict[str, Any], text: str, where: str) -> Segment | Reject:
    try:
        name, start, end, said = segment["sid"], segment["begin_time"], segment["end_time"], segment[text]
    except (KeyError, TypeError):
        name = segment.get("sid") if isinstance(segment, dict) else None
        return Reject(name if isinstance(name, str) and name else f"{where}:{audio['aid']}", "bad_row", where)
    if not (isinstance(name, str) and isinstance(said, str) and isinstance(start, _NUMBERS)):
        return Reject(name if isinstance(name, str) else where, "bad_row", where)
    if not (isinstance(end, _NUMBERS) and 0 <= start < end < 1e9):
        return Reject(name, "bad_times", where)
    return Segment(name, float(start), float(end), said, segment, audio, where)
