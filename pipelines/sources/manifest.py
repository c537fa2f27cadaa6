"""A manifest: a file of one's own that lists recordings and what is said of them, a row each.

Formats   JSON Lines (.jsonl, .json, .jsonl.gz), a JSON list or object of rows (SpeechBrain), CSV with quoting
          (DeepSpeech), TSV without; `make source DATASET=manifest` lists the fields
NeMo      its field names need no mapping. Tarred: `audio_filepath` is a member of the tar that `shard_id` counts, which
          lies beside the manifest (audio_0.tar) or at TARS='/path/audio__OP_0..511_CL_.tar'
Splits    a file is one split, called as SPLIT says ("train"), or as many as its field `split` has values; in a folder,
          each file is one
Quirk     JSON's {data_root} is the folder of the manifest
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from pipelines.formats.json_lines import open_lines, read_json_lines
from pipelines.formats.json_stream import read_list, read_object
from pipelines.formats.tables import column_names, read_csv, read_tsv
from pipelines.own.nemo_tars import NemoTars
from pipelines.own.rows import Place, Row
from pipelines.own.source import OwnSource
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Reject
from pipelines.source import SourceError

_LINES = (".jsonl", ".jsonl.gz", ".ndjson", ".json.gz")


class Manifest(OwnSource):
    name = "manifest"
    title = "Your own recordings, listed in JSON Lines, CSV or TSV"
    home = "https://docs.nvidia.com/nemo-framework/user-guide/latest/nemotoolkit/asr/datasets.html"
    suffixes = (".json", ".csv", ".tsv", *_LINES)
    audio = "any that can be decoded"
    obtain = "Write a row for each recording, or part of one; see the fields below."
    expects = "a manifest (calls.jsonl, .json, .csv, .tsv), a folder of them, or a pattern like 'calls-*.jsonl'"
    layout = """
calls.jsonl                         <- SOURCE
  {"audio": "wav/0001.wav", "text": "Guten Tag.", "language": "de", "speaker": "7"}
  {"audio": "wav/0002.wav", "start": 3.2, "end": 7.9, "text": "Was kann ich tun?", "language": "de"}
"""

    def rows(self, path: CorpusPath) -> Iterator[Row | Reject]:
        where, folder, name = self.inside(path), self.inside(path.parent), path.name.lower()
        if name.endswith((".csv", ".tsv")):
            for item in self._table(where):
                yield item if isinstance(item, Reject) else Row(f"{where}:{item[0]}", item[1], folder)
        elif name.endswith(_LINES) or (kind := _kind(path)) == "lines":
            for line in read_json_lines(path, where):
                yield line if isinstance(line, Reject) else Row(f"{where}:{line[0]}", line[1], folder)
        elif kind == "list":
            for number, cells in enumerate(read_list(path), start=1):
                yield _row(f"{where}:{number}", cells, folder, "")
        else:
            for key, cells in read_object(path):
                yield _row(f"{where}: {key}", cells, folder, key)

    def find_audio(self, given: str, row: Row) -> Place | str:
        return self.tars.find(given, row) if "shard_id" in row.cells else super().find_audio(given, row)

    @cached_property
    def tars(self) -> NemoTars:
        """Those of NeMo's tarred sets."""
        return NemoTars(self.base(), self.own.tars, self.has_file)

    def _table(self, where: str) -> Iterator[tuple[int, dict[str, str]] | Reject]:
        delimiter = "\t" if where.lower().endswith(".tsv") else ","
        names = list(dict.fromkeys(column_names(self.base(), where, delimiter)))
        names.sort(key=lambda name: name != "id")  # the first one names a row that cannot be read
        for item in (read_tsv if delimiter == "\t" else read_csv)(self.base(), where, names):
            yield item if isinstance(item, Reject) else (item[0], dict(zip(names, item[1], strict=True)))


def _row(where: str, cells: Any, folder: str, name: str) -> Row | Reject:
    if isinstance(cells, dict):
        return Row(where, cells, folder, name)
    return Reject(name or where, "bad_row", f"{where}: no object")


def _kind(path: CorpusPath) -> str:
    """How a .json file has its rows: in "lines", in a "list", or in an "object" by their ids.

    Raises:
        SourceError: it is empty, or no JSON.
    """
    with open_lines(path) as file:
        line = next((line for line in file if line.strip()), b"").removeprefix(b"\xef\xbb\xbf")
    if line.lstrip()[:1] == b"[":
        return "list"
    if line.lstrip()[:1] != b"{":
        raise SourceError(
            f"{path}: is no JSON; expected an object in each line, a list of objects, or an object of them"
        )
    try:
        row = json.loads(line)
    except ValueError:
        return "object"
    return "object" if row and all(isinstance(value, dict) for value in row.values()) else "lines"
