"""THCHS-30: read Mandarin news, recorded at Tsinghua University.

Release   OpenSLR 18; Wang and Zhang, arXiv 1512.01882
Licence   Apache 2.0
Audio     one WAV per utterance, 16 kHz mono 16 bit
Splits    the folders train/, dev/ and test/ tell who belongs where; recordings and texts are those of data/
Quirk     `data/<id>.wav.trn` has words, pinyin and phones, a line each. The `.trn` of a split's folder is a link to it,
          or a file of one line that points there. One text holds a stray ` l =`, which is removed
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import normpath

from pipelines.formats.tables import read_lines
from pipelines.listing import Listing, files, is_safe
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source

WAV, TEXT = ".wav", ".wav.trn"


class Thchs30(Source):
    name = "thchs30"
    title = "THCHS-30: read Mandarin news"
    home = "https://www.openslr.org/18"
    licence = "Apache-2.0"
    commercial = True
    attribution = "D. Wang, X. Zhang: THCHS-30: A Free Chinese Speech Corpus. arXiv:1512.01882, 2015"
    tasks = ("asr",)
    languages = ("zh",)
    splits = {"train": 10_000, "dev": 893, "test": 2_495}
    default_splits = ("train", "dev", "test")
    evaluation_splits = ("dev", "test")
    text_form = "unpunctuated"
    mean_seconds = 9.1
    hours = 33.5
    origin_namespace = "thchs30"
    audio = "WAV, 16 kHz mono 16 bit, one file per utterance"
    obtain = "Unpack data_thchs30.tgz of openslr.org/18."
    expects = "the folder data_thchs30/, which holds data/, train/, dev/ and test/"
    layout = """
data_thchs30/                       <- SOURCE
  data/A11_0.wav  data/A11_0.wav.trn           words, pinyin, phones
  train/A11_0.wav  train/A11_0.wav.trn         which utterances are train
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(next((folder / split).glob(f"*{TEXT}"), None) for split in ("data", *cls.splits))

    def read(self, split: str) -> Iterator[Record | Reject]:
        listings = {folder: self.listing(folder) for folder in ("data", split)}
        members = {name.removesuffix(".trn") for name in files(self.root / split, WAV, TEXT, lost=True)}
        for wav in sorted(members):
            utterance = wav.removesuffix(WAV)
            text = self.text(wav, split, listings)
            where = f"{split}/{wav}.trn" if f"{wav}.trn" in listings[split].names else f"{split}/{wav}"
            folder = next((folder for folder, listing in listings.items() if wav in listing), None)
            if folder is None:
                yield Reject(utterance, "audio_missing", where)
            elif isinstance(text, Reject):
                yield Reject(utterance, text.reason, text.where)
            elif not text.strip():
                yield Reject(utterance, "no_transcript", where)
            else:
                yield Record(
                    id=utterance,
                    audio=(AudioRef(f"{folder}/{wav}"),),
                    annotations=(Transcript(text.replace(" l =", ""), "zh"),),
                    speaker=Speaker(utterance.partition("_")[0]),
                )

    def text(self, wav: str, split: str, listings: Mapping[str, Listing]) -> str | Reject:
        """The words of a recording, "" where there are none: from data/, or where the split's own file points to."""
        name = f"{wav}.trn"
        places = [f"{folder}/{name}" for folder in ("data", split) if name in listings[folder].names]
        for path in places:
            line = next(read_lines(self.root, path), None)
            if isinstance(line, Reject) or line is None:
                return line or ""
            if not line[1].endswith(".trn"):
                return line[1]
            there = normpath(f"{path.rpartition('/')[0]}/{line[1]}")
            if is_safe(there) and there not in places and self.has_file(self.root / there):
                places.append(there)
        return ""
