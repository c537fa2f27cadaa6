"""Tables of mean ratings of valence and arousal, one song a row: DEAM, PMEmo.

The rule from ratings to labels is `labels.music.quadrant`: above the middle of the scale is high, below it low, exactly
in the middle neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.tables import read_csv
from pipelines.labels.music import quadrant
from pipelines.record import AudioRef, Entities, Label, Record, Reject
from pipelines.source import Source


@dataclass(frozen=True)
class Scale:
    """The columns of a table, and the ends of the scale that people rated on."""

    song: str
    valence: str
    arousal: str
    lowest: float
    highest: float


def read_ratings(
    source: Source,
    tree: AudioTree,
    tables: Sequence[str],
    scale: Scale,
    songs: Mapping[str, tuple[Entities, ...]],
) -> Iterator[Record | Reject]:
    """The songs of the tables in their order; then audio that no row rates.

    Args:
        tree: the audio, each file named by its song's id.
        songs: what is known of a song, by its id.
    """
    rated: set[str] = set()
    for table in tables:
        for row in read_csv(source.root, table, (scale.song, scale.valence, scale.arousal)):
            if isinstance(row, Reject):
                rated.add(row.id.strip())
                yield row
                continue
            number, cells = row
            song, *ratings = (cell.strip() for cell in cells)
            song = song.removesuffix(".0")  # as spreadsheets write numbers
            where = f"{table}:{number}"
            rated.add(song)
            if (path := tree.find(song)) is None:
                yield tree.problem(song, song, where, table)
                continue
            values = [_number(rating, scale) for rating in ratings]
            if None in values:
                yield Reject(song, "bad_row", where)
                continue
            valence, arousal = (value for value in values if value is not None)
            labels = quadrant(valence, arousal, (scale.lowest + scale.highest) / 2)
            yield Record(
                id=song,
                audio=(AudioRef(path),),
                annotations=(Label("smer", labels), *songs.get(song, ())),
                original=dict(zip(("valence", "arousal"), ratings, strict=True)),
            )
    yield from tree.unnamed(rated)


def _number(text: str, scale: Scale) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if scale.lowest <= value <= scale.highest else None  # written so that a NaN fails too
