"""ReazonSpeech: Japanese television with its subtitles.

Release   reazon-research/reazonspeech, version 2; Yin, Mori and Fujimoto, 2023
Licence   CDLA-Sharing 1.0, for what article 30-4 of the Japanese copyright law allows
Audio     one FLAC per utterance, 16 kHz mono
Splits    all holds large, large holds medium, medium holds small, small holds tiny: build one of them. all is the
          default, as a recording is to be in one split only
Quirk     tables have no header: a path and a text. Recordings without a row are left alone: the archives of every size
          hold some. Subtitles were aligned by machine
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from pipelines.formats.tables import read_tsv
from pipelines.listing import is_safe
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Record, Reject, Transcript
from pipelines.source import Source

COLUMNS = ("path", "text")


class ReazonSpeech(Source):
    name = "reazonspeech"
    title = "ReazonSpeech: Japanese television"
    home = "https://huggingface.co/datasets/reazon-research/reazonspeech"
    licence = "CDLA-Sharing-1.0"
    commercial = False
    attribution = (
        "Y. Yin, D. Mori, S. Fujimoto: ReazonSpeech: A Free and Massive Corpus for Japanese ASR. Annual Meeting of the "
        "Association for Natural Language Processing, 2023"
    )
    tasks = ("asr",)
    languages = ("ja",)
    splits = dict.fromkeys(("all", "large", "medium", "small", "tiny"))
    default_splits = ("all",)
    mean_seconds = 8.5
    hours = 35_000.0
    origin_namespace = "reazonspeech"
    audio = "FLAC, 16 kHz mono, one file per utterance"
    obtain = (
        "Download a table and its archives (tiny: 000.tar, all: 000.tar to fff.tar) and unpack these beside it, or in "
        "flac/. Of a smaller size pass SPLIT=small."
    )
    expects = "the folder that holds all.tsv (or small.tsv, …) and 000/, 001/, … (or flac/000/, …)"
    split_tables = {split: (f"{split}.tsv",) for split in splits}
    layout = """
reazonspeech/                       <- SOURCE
  all.tsv                           000/0000b6f0a1d2.flac, tab, text; or large.tsv medium.tsv small.tsv tiny.tsv
  000/0000b6f0a1d2.flac
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        # Tables of these names are common: the folder of the first archive has to be there too.
        return super().recognises(folder) and any((folder / f"{place}000").is_dir() for place in ("", "flac/"))

    def read(self, split: str) -> Iterator[Record | Reject]:
        inside = "" if self.has_folder(self.root / "000") else "flac/"
        listing = lru_cache(maxsize=256)(self.listing)  # rows come by archive
        table = self.split_table(split)
        for row in read_tsv(self.root, table, COLUMNS, header=COLUMNS):
            if isinstance(row, Reject):
                yield Reject(_id(row.id), row.reason, row.where)
                continue
            number, (path, text) = row
            utterance, where = _id(path), f"{table}:{number}"
            folder, _, name = path.rpartition("/")
            if not is_safe(path):
                yield Reject(utterance, "unsafe_path", where)
            elif problem := listing(f"{inside}{folder}").problem(utterance, name, where, table):
                yield problem
            elif not text.strip():
                yield Reject(utterance, "no_transcript", where)
            else:
                yield Record(utterance, (AudioRef(f"{inside}{path}"),), (Transcript(text, "ja"),))


def _id(path: str) -> str:
    """The name of a recording in the release: its path without the ending."""
    return path.removesuffix(".flac")
