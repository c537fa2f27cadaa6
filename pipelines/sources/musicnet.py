"""MusicNet: recordings of classical music with every note's instrument and time.

Release   zenodo.org/record/5120004; Thickstun et al., ICLR 2017
Licence   CC BY 4.0
Audio     one WAV per recording, 44.1 kHz mono 32-bit float, minutes long
Splits    train and test; the ten recordings of test are those of the paper
Quirk     notes are timed in waveform samples at 44.1 kHz; instruments are General MIDI programs counted from 1.
          A recording becomes windows of 30 s up to its last note, each with the instruments that sound in it; a rest of
          under a second is left out. Notes overlap, so there is no analysis of a single note to learn here
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from pipelines.formats.tables import read_csv
from pipelines.listing import files
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Entities, Label, Record, Reject
from pipelines.source import Source
from pipelines.windows import LONGEST_SECONDS

RATE = 44_100  # Hz, of the times, whatever the audio was converted to
SHORTEST_SECONDS = 1.0
AUDIBLE_SECONDS = 0.1  # of a note that began before the window; less of its end tells nobody its instrument
LONGEST = 24 * 3600 * RATE  # of a recording; what lies behind it is no time
METADATA = "musicnet_metadata.csv"
INSTRUMENTS = {
    1: "piano", 7: "harpsichord", 41: "violin", 42: "viola", 43: "cello", 44: "contrabass", 61: "french horn",
    69: "oboe", 71: "bassoon", 72: "clarinet", 74: "flute",
}  # fmt: skip
COLUMNS = ("start_time", "end_time", "instrument")
PIECE = {"composer": "composer", "title": "composition", "movement": "movement"}


class Sounding(NamedTuple):
    """A note: who plays, from when to when in seconds."""

    instrument: str
    start: float
    end: float


class MusicNet(Source):
    name = "musicnet"
    title = "MusicNet: classical music with its instruments"
    home = "https://zenodo.org/record/5120004"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = "J. Thickstun, Z. Harchaoui, S. M. Kakade: Learning Features of Music from Scratch. ICLR 2017"
    tasks = ("mic", "mr")
    languages = ()
    splits = {"train": None, "test": None}  # of 320 and 10 recordings
    default_splits = ("train", "test")
    evaluation_splits = ("test",)
    mean_seconds = 29.0
    hours = 34.0
    origin_namespace = "musicnet"
    audio = "WAV, 44.1 kHz mono 32-bit float, whole recordings"
    obtain = "Unpack musicnet.tar.gz of the home page, and put musicnet_metadata.csv into it."
    expects = "the folder musicnet/, which holds train_data/ and train_labels/"
    layout = f"""
musicnet/                           <- SOURCE
  train_data/1727.wav
  train_labels/1727.csv             start_time,end_time,instrument,note,start_beat,end_beat,note_value
  test_data/2303.wav                test_labels/2303.csv
  {METADATA}             (optional, or beside musicnet/: composer, composition, movement)
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any((folder / f"{split}_labels").is_dir() for split in cls.splits)

    def has_split(self, split: str) -> bool:
        return self.has_folder(self.root / f"{split}_labels")

    def read(self, split: str) -> Iterator[Record | Reject]:
        listing = self.listing(f"{split}_data")
        named: set[str] = set()
        for name in files(self.root / f"{split}_labels", ".csv"):
            recording, table = name[: -len(".csv")], f"{split}_labels/{name}"
            named.add(f"{recording}.wav")
            if problem := listing.problem(recording, f"{recording}.wav", table, table):
                yield problem
                continue
            notes: list[Sounding] = []
            for item in self.notes(recording, table):
                if isinstance(item, Reject):
                    yield item
                else:
                    notes.append(item)
            if notes:
                yield from self.windows(recording, f"{split}_data/{recording}.wav", notes)
            else:
                yield Reject(recording, "no_transcript", table)
        yield from listing.unnamed(named, ".wav")

    def notes(self, recording: str, table: str) -> Iterator[Sounding | Reject]:
        """The notes of a recording; a row that cannot be read is one note less."""
        for row in read_csv(self.root, table, COLUMNS):
            if isinstance(row, Reject):
                yield Reject(f"{recording}:{row.where.rpartition(':')[2]}", row.reason, row.where)
                continue
            number, cells = row
            note_id, where = f"{recording}:{number}", f"{table}:{number}"
            try:
                start, end, program = (int(cell) for cell in cells)
            except ValueError:
                yield Reject(note_id, "bad_row", where)
                continue
            if not 0 <= start < end <= LONGEST:
                yield Reject(note_id, "bad_times", where)
            elif program not in INSTRUMENTS:
                yield Reject(note_id, "unknown_label", where)
            else:
                yield Sounding(INSTRUMENTS[program], start / RATE, end / RATE)

    def windows(self, recording: str, path: str, notes: list[Sounding]) -> Iterator[Record | Reject]:
        """The windows of a recording, each with the instruments that sound in it."""
        last = max(note.end for note in notes)
        count = max(1, math.floor((last - SHORTEST_SECONDS) / LONGEST_SECONDS) + 1)
        piece, ensemble = self.pieces.get(recording, ((), ""))
        for place in range(count):
            start = place * LONGEST_SECONDS
            end = min(start + LONGEST_SECONDS, last)
            heard = {
                note.instrument
                for note in notes
                if start <= note.start < end or min(note.end, end) - max(note.start, start) >= AUDIBLE_SECONDS
            }
            playing = tuple(name for name in INSTRUMENTS.values() if name in heard)
            window = f"{recording}-{place:03d}"
            if not playing and not piece:
                yield Reject(window, "no_transcript", path)
                continue
            yield Record(
                id=window,
                audio=(AudioRef(path, start=start, end=end, recording=recording),),
                annotations=(*((Label("mic", playing),) if playing else ()), *piece),
                origin=f"musicnet:{recording}",
                original={"ensemble": ensemble} if ensemble else {},
            )

    @cached_property
    def pieces(self) -> dict[str, tuple[tuple[Entities, ...], str]]:
        """Recording -> composer, title and movement; and the ensemble. Empty without the table."""
        for place in (self.root, *self.root.parents[:1]):
            if (place / METADATA).is_file():
                rows = read_csv(place, METADATA, ("id",), (*PIECE.values(), "ensemble"), fallback="latin-1")
                return {
                    recording.strip(): (Entities.of_song(PIECE, told), ensemble.strip())
                    for recording, *told, ensemble in (row[1] for row in rows if not isinstance(row, Reject))
                }
        return {}
