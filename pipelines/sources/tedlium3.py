"""TED-LIUM 3: English talks.

Release   OpenSLR 51; Hernandez et al., SPECOM 2018
Licence   CC BY-NC-ND 3.0
Audio     one NIST SPHERE file per talk, 16 kHz mono 16 bit
Splits    train is data/, where all 2,351 talks for training lie; dev and test are those of legacy/. Where data/ is not
          there, train is legacy/train. speaker-adaptation/ deals the same talks otherwise and is not read
Quirk     text is in small letters and divided: `it 's` becomes `it's`. Taken out: `{NOISE}` and its like, `<sil>`,
          `<unk>`, the number of a pronunciation (`word(2)`), the utterance's name at the end of some lines. Segments
          that the release has ignored in scoring are no items. Genders, where labels tell them, are an automatic guess
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.formats.stm import IGNORED, StmSegment, read_stm
from pipelines.listing import files, is_safe
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source

_FOLDERS = {"train": ("data", "legacy/train"), "dev": ("legacy/dev",), "test": ("legacy/test",)}
_UTTERANCE = re.compile(r"\s*\([^()\s]*\)\s*$")  # (JaneDoe_2011-17.82-25.11)
_NO_WORD = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]|<[^<>\s]*>|(?<=\w)\(\d+\)")
_SUFFIX = re.compile(r"(?<=\w) '(?=(?:s|m|d|t|re|ve|ll)\b)")


class TedLium3(Source):
    name = "tedlium3"
    title = "TED-LIUM 3: English talks"
    home = "https://www.openslr.org/51"
    licence = "CC-BY-NC-ND-3.0"
    commercial = False
    attribution = (
        "F. Hernandez, V. Nguyen, S. Ghannay, N. Tomashenko, Y. Estève: TED-LIUM 3: Twice as Much Data and Corpus "
        "Repartition for Experiments on Speaker Adaptation. SPECOM 2018"
    )
    tasks = ("asr",)
    languages = ("en",)
    splits = {"train": 268_263, "dev": 507, "test": 1_155}
    default_splits = ("train", "dev", "test")
    evaluation_splits = ("dev", "test")
    text_form = "unpunctuated"
    mean_seconds = 6.1
    hours = 456.0
    origin_namespace = "tedlium"
    audio = "NIST SPHERE, 16 kHz mono 16 bit, one file per talk, cut into segments"
    obtain = "Unpack TEDLIUM_release-3.tgz of openslr.org/51."
    expects = "the folder TEDLIUM_release-3/, which holds data/ and legacy/"
    layout = """
TEDLIUM_release-3/                  <- SOURCE
  data/stm/JaneDoe_2011.stm         talk 1 talk 17.82 25.11 <NA> so i went to {NOISE} the lab
  data/sph/JaneDoe_2011.sph
  legacy/dev/stm/  legacy/dev/sph/  legacy/test/…
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(_folder(folder, split) for split in cls.splits)

    def has_split(self, split: str) -> bool:
        return _folder(self.root, split) is not None

    def read(self, split: str) -> Iterator[Record | Reject]:
        folder = _folder(self.root, split)
        if folder is None:
            return
        listing = self.listing(f"{folder}/sph")
        tables = files(self.root / f"{folder}/stm", ".stm")
        for table in tables:
            for item in read_stm(self.root, f"{folder}/stm/{table}"):
                if isinstance(item, Reject):
                    yield item
                elif item.words != IGNORED:  # the release's word for what is no item
                    audio = f"{item.recording}.sph"
                    if is_safe(item.recording) and "/" not in item.recording:
                        problem = listing.problem(_id(item), audio, item.where, f"{folder}/stm/{table}")
                    else:
                        problem = Reject(_id(item), "unsafe_path", item.where)
                    yield problem or _utterance(item, f"{folder}/sph/{audio}")
        yield from listing.unnamed({f"{table.removesuffix('.stm')}.sph" for table in tables}, ".sph")


def _utterance(item: StmSegment, path: str) -> Record | Reject:
    text = clean(item.words)
    if not text:
        return Reject(_id(item), "no_transcript", item.where)
    told = {"label": item.label, "text": item.words if item.words != text else ""}
    return Record(
        id=_id(item),
        audio=(AudioRef(path, start=item.start, end=item.end, recording=item.recording),),
        annotations=(Transcript(text, "en"),),
        speaker=Speaker(item.speaker),
        original={key: value for key, value in told.items() if value},
    )


def clean(words: str) -> str:
    """A transcript without what is no word, suffixes joined to their words."""
    return _SUFFIX.sub("'", " ".join(_NO_WORD.sub("", _UTTERANCE.sub("", words)).split()))


def _id(item: StmSegment) -> str:
    """The release has no ids: as Kaldi names its segments, by talk and hundredths of seconds."""
    return f"{item.recording}-{round(item.start * 100):07d}-{round(item.end * 100):07d}"


def _folder(root: CorpusPath, split: str) -> str | None:
    """The folder of a split, relative to `root`; None where it is not there."""
    return next((folder for folder in _FOLDERS[split] if (root / folder / "stm").is_dir()), None)
