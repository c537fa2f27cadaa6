"""LJ Speech: one reader of English non-fiction.

Release   LJSpeech-1.1; K. Ito and L. Johnson, 2017
Licence   public domain
Audio     one WAV per utterance, 22.05 kHz mono 16 bit, 1 to 10 s
Splits    none published
Quirk     metadata.csv is no CSV: fields between `|` hold unbalanced quotation marks. Its second field is the text as
          printed, which is the transcript; the third, with numbers and titles spelled out, is kept in `original`
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.formats.tables import read_tsv
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source

TABLE = "metadata.csv"
COLUMNS = ("id", "text", "normalized_text")  # which the file does not name


class LJSpeech(Source):
    name = "ljspeech"
    title = "LJ Speech: one reader of English non-fiction"
    home = "https://keithito.com/LJ-Speech-Dataset/"
    licence = "LicenseRef-Public-Domain"
    commercial = True
    attribution = "K. Ito, L. Johnson: The LJ Speech Dataset. keithito.com, 2017"
    tasks = ("asr",)
    languages = ("en",)
    splits = {"all": 13_100}
    default_splits = ("all",)
    mean_seconds = 6.57
    hours = 23.9
    origin_namespace = "ljspeech"
    audio = "WAV, 22.05 kHz mono 16 bit, one file per utterance"
    obtain = "Unpack LJSpeech-1.1.tar.bz2 of keithito.com/LJ-Speech-Dataset."
    expects = "the folder LJSpeech-1.1/, which holds metadata.csv and wavs/"
    layout = """
LJSpeech-1.1/                       <- SOURCE
  metadata.csv                      id|text|text with numbers spelled out
  wavs/LJ001-0001.wav
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return (folder / TABLE).is_file() and (folder / "wavs").is_dir()

    def has_split(self, split: str) -> bool:
        return self.has_file(self.root / TABLE)

    def read(self, split: str) -> Iterator[Record | Reject]:
        listing = self.listing("wavs")
        named: set[str] = set()
        for row in read_tsv(self.root, TABLE, COLUMNS, header=COLUMNS, delimiter="|"):
            utterance = row.id if isinstance(row, Reject) else row[1][0]
            audio = f"{utterance}.wav"
            named.add(audio)
            if isinstance(row, Reject):
                yield row
                continue
            where, (_, text, spelled_out) = f"{TABLE}:{row[0]}", row[1]
            if problem := listing.problem(utterance, audio, where, TABLE):
                yield problem
            elif not text.strip():
                yield Reject(utterance, "no_transcript", where)
            else:
                yield Record(
                    id=utterance,
                    audio=(AudioRef(f"wavs/{audio}"),),
                    annotations=(Transcript(text, "en"),),
                    speaker=Speaker("LJ"),
                    original={"normalized_text": spelled_out},
                )
        yield from listing.unnamed(named, ".wav")
