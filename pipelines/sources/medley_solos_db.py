"""Medley-solos-DB: solo recordings of eight instruments.

Release   zenodo.org/record/3464194; Lostanlen and Cella, ISMIR 2016
Licence   CC BY 4.0
Audio     one WAV per clip, 44.1 kHz mono, 3 s
Splits    the songs of a split are in no other
Quirk     the archive is flat and users sort it as they like; in old versions files end in `.wav.wav`
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.tables import read_csv
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject
from pipelines.source import Source

TABLE = "Medley-solos-DB_metadata.csv"
INSTRUMENTS = (
    "clarinet", "distorted electric guitar", "female singer", "flute", "piano", "tenor saxophone", "trumpet", "violin",
)  # fmt: skip


class MedleySolosDB(Source):
    name = "medley_solos_db"
    title = "Medley-solos-DB: solos of eight instruments"
    home = "https://zenodo.org/record/3464194"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = (
        "V. Lostanlen, C. E. Cella: Deep Convolutional Networks on the Pitch Spiral for Music Instrument Recognition. "
        "ISMIR 2016"
    )
    tasks = ("mic",)
    languages = ()
    splits = {"training": 5_841, "validation": 3_494, "test": 12_236}
    default_splits = ("training", "validation", "test")
    evaluation_splits = ("validation", "test")
    mean_seconds = 3.0
    hours = 18.0
    origin_namespace = "medley_solos_db"
    audio = "WAV, 44.1 kHz mono, 3 s"
    obtain = f"Download {TABLE} and Medley-solos-DB.tar.gz of zenodo.org/record/3464194; unpack it beside the table."
    expects = f"the folder that holds {TABLE} (or annotation/{TABLE}), and the audio anywhere in it"
    archives = ("Medley-solos-DB.tar.gz",)
    layout = f"""
medley-solos-db/                    <- SOURCE
  annotation/{TABLE}                (or without annotation/)  subset,instrument,instrument_id,song_id,uuid4
  audio/Medley-solos-DB_validation-3_d07b1fc0-567d-52c2-fef4-239f31c9d40e.wav    subset-instrument_uuid
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any((folder / place / TABLE).is_file() for place in ("annotation", ""))

    @property
    def table(self) -> str:
        return f"annotation/{TABLE}" if self.has_file(self.root / "annotation" / TABLE) else TABLE

    def has_split(self, split: str) -> bool:
        rows = read_csv(self.root, self.table, ("subset",))
        return any(not isinstance(row, Reject) and row[1][0].strip() == split for row in rows)

    def read(self, split: str) -> Iterator[Record | Reject]:
        tree, table = AudioTree(self), self.table
        found: set[str] = set()
        first = split == self.available_splits()[0]  # a row that tells no split is reported there
        for row in read_csv(self.root, table, ("uuid4", "subset", "instrument", "instrument_id"), ("song_id",)):
            if isinstance(row, Reject):
                if first:
                    yield row
                continue
            number, cells = row
            uuid, subset, instrument, code, song = (cell.strip() for cell in cells)
            where = f"{table}:{number}"
            if subset != split:
                if subset not in self.splits and first:
                    yield Reject(uuid, "bad_row", where)
                continue
            stem = f"Medley-solos-DB_{subset}-{code}_{uuid}"
            if (path := tree.find(f"{stem}.wav", f"{stem}.wav.wav")) is None:
                yield tree.problem(uuid, stem, where, table)
                continue
            found.add(path)
            if instrument not in INSTRUMENTS:
                yield Reject(uuid, "unknown_label", where)
            else:
                yield Record(
                    id=uuid,
                    audio=(AudioRef(path),),
                    annotations=(Label("mic", (instrument,)),),
                    original={"song_id": song} if song else {},
                )
        for path in tree.paths():
            name = path.rpartition("/")[2]
            if name.startswith(f"Medley-solos-DB_{split}-") and path not in found:
                yield Reject(name.split(".")[0].rpartition("_")[2], "no_transcript", path)
