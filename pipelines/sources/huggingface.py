"""A dataset of Hugging Face's `datasets` on disk: Arrow as save_to_disk writes it, or Parquet as the Hub has it.

Audio     bytes in a column of Audio, struct<bytes, path>; where a row has but a path, the file there
Splits    of a DatasetDict its folders; of Parquet the names before -00000-of-00010, or folders; else one, called as
          SPLIT says ("train")
Quirk     numbers of a ClassLabel are its names. `datasets` itself is not needed, and no code of the dataset is run
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from pipelines.formats.arrow_rows import parquet_cell, read_arrow, read_parquet
from pipelines.listing import files, subfolders
from pipelines.own.data import safe_name
from pipelines.own.patterns import is_pattern
from pipelines.own.rows import Place, Row
from pipelines.own.source import OwnSource
from pipelines.places.corpus_path import CorpusPath
from pipelines.places.file_part import Part
from pipelines.record import AudioRef, Reject
from pipelines.source import SourceError

_PART = re.compile(r"(?P<split>.+?)-\d+-of-\d+.*\.parquet")
_CACHES = ("cache-", "tmp", "indices")


class HuggingFace(OwnSource):
    name = "huggingface"
    title = "Your own data in Hugging Face's datasets"
    home = "https://huggingface.co/docs/datasets"
    suffixes = (".arrow", ".parquet")
    audio = "any that can be decoded, in the cells of a column"
    obtain = "dataset.save_to_disk('folder'), or download the Parquet files of the Hub."
    expects = "the folder of save_to_disk, or of Parquet files (data/train-00000-of-00010.parquet), or one of its files"
    layout = """
dataset/                            <- SOURCE
  dataset_dict.json  train/data-00000-of-00004.arrow  test/…     (save_to_disk; of a single split without the folders)
  data/train-00000-of-00010.parquet                              (or as on the Hub)
"""

    @classmethod
    def metadata_in(cls, folder: CorpusPath) -> list[CorpusPath]:
        for place in (folder / "data", folder):
            if found := _tables(place):
                return found
        return [path for below in subfolders(folder) for path in _tables(below)] if folder.is_dir() else []

    def _wrong_folder(self) -> str:
        for listed in ("metadata.csv", "metadata.jsonl"):  # an "audiofolder", in which recordings are files
            if (self.root / listed).is_file():
                return (
                    f"{self.name}: SOURCE={self.root} holds files that {listed} lists, and no Arrow or Parquet: pass "
                    f"DATASET=manifest SOURCE={self.root / listed}"
                )
        return super()._wrong_folder()

    def parts(self) -> Mapping[str, list[CorpusPath]]:
        if is_pattern(self.root) or self.is_metadata(self.root):
            return super().parts()
        found: dict[str, list[CorpusPath]] = {}
        for path in self.metadata_in(self.root):
            part = _PART.fullmatch(path.name)
            nested = path.parent not in (self.root, self.root / "data")
            split = part["split"] if part else path.parent.name if nested else ""
            found.setdefault(safe_name(split), []).append(path)
        return found

    def rows(self, path: CorpusPath) -> Iterator[Row | Reject]:
        where, folder = self.inside(path), self.inside(path.parent)
        read = read_parquet if path.name.lower().endswith(".parquet") else read_arrow
        for number, row in enumerate(read(path, self._audio()), start=1):
            name = f"{where.rpartition('.')[0]}-{number - 1}"
            place = Place(where, inside=row.inside) if row.inside else None
            yield Row(f"{where}:{number}", row.cells, folder, name, place)

    def place(self, ref: AudioRef) -> CorpusPath | Part:
        if ref.inside and ref.path.lower().endswith(".parquet"):
            return parquet_cell(self.path(ref), self._audio(), ref.inside)
        return super().place(ref)

    def _audio(self) -> str:
        return dict(self.own.columns).get("audio", "")


def _tables(folder: CorpusPath) -> list[CorpusPath]:
    """The files of a dataset in a folder, in their order: as its state.json has them, if there is one."""
    if not folder.is_dir():
        return []
    state = folder / "state.json"
    if state.is_file():
        try:
            return [folder / file["filename"] for file in json.loads(state.read_bytes())["_data_files"]]
        except (ValueError, KeyError, TypeError) as error:
            raise SourceError(f"{state}: is not as save_to_disk writes it; write the dataset again") from error
    found = [name for name in files(folder, ".parquet", ".arrow") if not name.startswith(_CACHES)]
    return [folder / name for name in found]
