"""CoVoST's translation tables: `covost_v2.<from>_<to>.tsv`, and per split as the release's script writes them.

Unquoted TSV with a backslash as escape. The whole table has `path translation split`, the tables of splits have
`path sentence translation client_id` and go before the whole one for their split.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from pipelines.formats.tables import read_tsv
from pipelines.listing import files, subfolders
from pipelines.places.corpus_path import CorpusPath, relative
from pipelines.record import Reject

_NAME = re.compile(r"covost_v2\.([A-Za-z-]+)_([A-Za-z-]+)(?:\.(train|dev|test))?\.tsv")
_SPLITS = {"train": "train", "train_covost": "train", "dev": "dev", "test": "test"}


class Table(NamedTuple):
    """A table on disk; `split` is None where it holds all splits."""

    path: CorpusPath
    source: str
    target: str
    split: str | None


class Pair(NamedTuple):
    """One row: a clip and its translation. `sentence` and `client` are "" where the table does not have them."""

    clip: str
    split: str
    target: str
    translation: str
    where: str
    sentence: str
    client: str


def find_tables(folder: CorpusPath) -> list[Table]:
    """The tables in `folder` and in the folders directly in it, by language pair."""
    places = [folder, *(child for child in subfolders(folder) if child.name != "clips")]
    found = [
        Table(place / name, match[1], match[2], match[3])
        for place in places
        for name in files(place, ".tsv")
        if (match := _NAME.fullmatch(name))
    ]
    return sorted(found, key=lambda table: (table.source, table.target, table.split or "", table.path))


def clip_name(path: str) -> str:
    """The file name of a clip; some tables leave out its ending."""
    return path if path.endswith(".mp3") else f"{path}.mp3"


def read_pairs(root: CorpusPath, tables: Sequence[Table]) -> Iterator[Pair | Reject]:
    """The rows of `tables`, which lie under `root`; each row once."""
    for table in tables:
        written = {other.split for other in tables if other.target == table.target and other.source == table.source}
        place = relative(table.path, root)
        columns = ("split", "sentence", "client_id")
        for row in read_tsv(root, place, ("path", "translation"), columns, escape="\\"):
            if isinstance(row, Reject):
                yield replace(row, id=f"{clip_name(row.id)[:-4]}:{table.target}")
                continue
            number, (path, translation, named, sentence, client) = row
            clip = clip_name(path)
            split = table.split or _SPLITS.get(named)
            if split is None:
                yield Reject(f"{clip[:-4]}:{table.target}", "bad_row", f"{place}:{number}")
            elif table.split or split not in written:
                yield Pair(clip, split, table.target, translation, f"{place}:{number}", sentence, client)
