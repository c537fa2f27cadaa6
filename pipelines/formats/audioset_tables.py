"""AudioSet's tables: segments with weak labels, events with times, the names of labels, the ontology.

A segment's id is that of its video, `_`, and its start in milliseconds: ids of videos hold `_` and may begin with `-`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pipelines.formats.json_stream import read_list
from pipelines.formats.tables import read_csv, read_lines, read_tsv
from pipelines.formats.youtube_audio import as_seconds
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Event, Reject

NAME_TABLES = ("class_labels_indices.csv", "mid_to_display_name.tsv", "ontology.json")
STRONG_SECONDS = 10.0  # of a segment in the tables of events, which tell only its start


class Segment(NamedTuple):
    """A stretch of a video, in seconds; `labels` are ids of classes (mids), as the table has them."""

    id: str
    video: str
    start: float
    end: float
    labels: str
    where: str


def segment_id(video: str, start: float) -> str:
    """The id of the segment that begins at `start` seconds."""
    return f"{video}_{round(start * 1000)}"


def read_segments(root: CorpusPath, table: str) -> Iterator[Segment | Reject]:
    """The rows of a segment table: comments, then `YTID, start, end, "labels"` with a space after each comma."""
    for line in read_lines(root, table):
        if isinstance(line, Reject):
            yield Reject(line.id.rstrip(","), line.reason, line.where)
            continue
        number, text = line
        if text[0] == "#" or text.startswith("YTID"):
            continue
        where = f"{table}:{number}"
        cells = text.split(", ", 3)
        if len(cells) == 4 and cells[3][:1] == cells[3][-1:] == '"' and '"' not in cells[3][1:-1]:
            cells[3] = cells[3][1:-1]
        else:  # not as the release writes it
            try:
                cells = next(csv.reader((text,), skipinitialspace=True, strict=True))
            except csv.Error:
                cells = [text.partition(",")[0], "", "", ""]
        if len(cells) < 4:
            yield Reject(cells[0] or where, "too_few_columns", where)
        elif (span := _span(cells[1], cells[2])) is None or len(cells) > 4:
            yield Reject(cells[0] or where, "bad_row" if span is not None or not cells[1] else "bad_times", where)
        else:
            yield Segment(segment_id(cells[0], span[0]), cells[0], *span, cells[3], where)


def read_events(root: CorpusPath, table: str) -> dict[str, list[str]]:
    """The events of each segment, in the order of the table.

    An event is kept as its row tells it, which takes a third of the memory, and so is a row that cannot be read:
    `parse_events` tells them apart.
    """
    events: dict[str, list[str]] = {}
    for row in read_tsv(root, table, ("segment_id", "start_time_seconds", "end_time_seconds", "label")):
        if isinstance(row, Reject):
            events.setdefault(row.id, []).append(f"{row.where.rpartition(':')[2]}\t{row.reason}")
        else:
            number, (segment, start, end, label) = row
            events.setdefault(segment, []).append(f"{number}\t{start}\t{end}\t{label}")
    return events


class Parsed(NamedTuple):
    """The events of a segment, or the reason why they cannot be used; `row` is that of the fault, else the first."""

    events: tuple[Event, ...]
    reason: str
    row: int


def parse_events(rows: Sequence[str], names: Mapping[str, str]) -> Parsed:
    """The events of a segment, with the names of their classes. One that cannot be read spoils them all."""
    events = []
    for row in rows:
        number, *cells = row.split("\t")
        if len(cells) != 3:
            return Parsed((), cells[0], int(number))
        start, end, label = cells
        span = _span(start, end)
        if span is None or label not in names:
            return Parsed((), "bad_times" if span is None else "unknown_label", int(number))
        events.append(Event(names[label], *span))
    return Parsed(tuple(events), "", int(rows[0].partition("\t")[0]))


def video_of(segment: str) -> tuple[str, float] | None:
    """Video and start of a segment in seconds, from its id; None: it tells none."""
    video, separator, start = segment.rpartition("_")
    if not (separator and video and start.isdecimal() and len(start) < 10):
        return None
    return video, int(start) / 1000


def read_names(root: CorpusPath, tables: Sequence[str]) -> dict[str, str]:
    """The name of each class by its id; `tables` are those of `NAME_TABLES` that are there."""
    names: dict[str, str] = {}
    if "ontology.json" in tables:
        names |= {entry["id"]: entry["name"] for entry in _ontology(root)}
    if "mid_to_display_name.tsv" in tables:
        for line in read_lines(root, "mid_to_display_name.tsv"):
            if not isinstance(line, Reject) and "\t" in line[1]:
                mid, name = line[1].split("\t")[:2]
                names[mid] = name
    if "class_labels_indices.csv" in tables:
        for row in read_csv(root, "class_labels_indices.csv", ("mid", "display_name")):
            if not isinstance(row, Reject):
                names[row[1][0]] = row[1][1]
    return names


def read_parents(root: CorpusPath) -> dict[str, str]:
    """The parent of each class that has one and no more, by ids: a hiss of several things says nothing of any."""
    above: dict[str, list[str]] = {}
    for entry in _ontology(root):
        for child in entry.get("child_ids", ()):
            above.setdefault(child, []).append(entry["id"])
    return {child: parents[0] for child, parents in above.items() if len(parents) == 1}


def _ontology(root: CorpusPath) -> Iterator[dict[str, Any]]:
    for entry in read_list(root / "ontology.json"):
        if isinstance(entry, dict) and isinstance(entry.get("id"), str) and isinstance(entry.get("name"), str):
            yield entry


def _span(start: str, end: str) -> tuple[float, float] | None:
    """Two times in seconds, the later one last; None: they are none."""
    first, last = as_seconds(start), as_seconds(end)
    return None if first is None or last is None or first >= last else (first, last)
