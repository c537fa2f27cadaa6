"""LibriTTS: sentences of English audiobooks, cased and punctuated.

Release   OpenSLR 60; Zen et al., Interspeech 2019
Licence   CC BY 4.0
Audio     one WAV per utterance, 24 kHz mono 16 bit
Quirk     each recording has its text in a file of its own: as printed (.original.txt), which is the transcript, and
          with numbers and abbreviations spelled out (.normalized.txt), which stands in where the first is not there.
          The recordings are those of LibriSpeech's splits, cut anew
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from pipelines.formats.tables import read_lines
from pipelines.labels.speakers import gender
from pipelines.listing import subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source

WAV = ".wav"
TEXTS = (".original.txt", ".normalized.txt")  # the first that is there is the transcript


class LibriTTS(Source):
    name = "libritts"
    title = "LibriTTS: sentences of English audiobooks"
    home = "https://www.openslr.org/60"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = (
        "H. Zen, V. Dang, R. Clark, Y. Zhang, R. J. Weiss, Y. Jia, Z. Chen, Y. Wu: LibriTTS: A Corpus Derived from "
        "LibriSpeech for Text-to-Speech. Interspeech 2019"
    )
    tasks = ("asr", "sgc", "sv")
    languages = ("en",)
    splits = {
        "train-clean-100": 33_236, "train-clean-360": 116_500, "train-other-500": 205_044,
        "dev-clean": 5_736, "dev-other": 4_613, "test-clean": 4_837, "test-other": 5_120,
    }  # fmt: skip
    default_splits = tuple(splits)
    evaluation_splits = ("dev-clean", "dev-other", "test-clean", "test-other")
    mean_seconds = 5.6
    hours = 585.8
    origin_namespace = "libritts"
    audio = "WAV, 24 kHz mono 16 bit, one file per utterance"
    obtain = "Unpack the archives of openslr.org/60 into one folder; all hold LibriTTS/."
    expects = "the folder LibriTTS/, which holds train-clean-100/, dev-clean/, …"
    archives = ("train-*.tar.gz", "dev-*.tar.gz", "test-*.tar.gz")
    layout = """
LibriTTS/                           <- SOURCE
  speakers.tsv                      (optional: speakers' genders; or SPEAKERS.txt)
  test-clean/1089/134686/
    1089_134686_000007_000004.wav
    1089_134686_000007_000004.original.txt
    1089_134686_000007_000004.normalized.txt
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        # LibriSpeech has the same folders, without these files.
        return any(next((folder / split).glob(f"*/*/*{TEXTS[1]}"), None) for split in cls.splits)

    @cached_property
    def genders(self) -> dict[str, str]:
        """Speaker -> M or F: of speakers.tsv, else SPEAKERS.txt; empty without either."""
        for name, delimiter in (("speakers.tsv", "\t"), ("SPEAKERS.txt", "|")):
            if self.has_file(self.root / name):
                rows = (
                    item[1].split(delimiter) for item in read_lines(self.root, name) if not isinstance(item, Reject)
                )
                return {row[0].strip(): row[1].strip() for row in rows if len(row) > 1 and row[0].strip().isdigit()}
        return {}

    def read(self, split: str) -> Iterator[Record | Reject]:
        for speaker in subfolders(self.root / split):
            for chapter in subfolders(speaker):
                yield from self.chapter(f"{split}/{speaker.name}/{chapter.name}", speaker.name)

    def chapter(self, folder: str, speaker_id: str) -> Iterator[Record | Reject]:
        """The utterances of one chapter, by id: each that has a recording or a text."""
        listing = self.listing(folder)
        sex = self.genders.get(speaker_id, "")
        stems = (name.removesuffix(end) for name in listing.names for end in (WAV, *TEXTS) if name.endswith(end))
        for utterance in sorted(set(stems)):
            name = next((f"{utterance}{end}" for end in TEXTS if f"{utterance}{end}" in listing.names), None)
            audio, where = f"{folder}/{utterance}{WAV}", f"{folder}/{name}"
            if name is None:
                yield Reject(utterance, "no_transcript", audio)
                continue
            text = self.text(where)
            if problem := listing.problem(utterance, f"{utterance}{WAV}", where):
                yield problem
            elif isinstance(text, Reject) or not text.strip():
                yield Reject(utterance, text.reason if isinstance(text, Reject) else "no_transcript", where)
            else:
                yield Record(
                    id=utterance,
                    audio=(AudioRef(audio),),
                    annotations=(Transcript(text, "en"),),
                    speaker=Speaker(speaker_id, gender(sex)),
                    original={"gender": sex} if sex else {},
                )

    def text(self, path: str) -> str | Reject:
        """All that a text file says, in one line."""
        said = []
        for line in read_lines(self.root, path):
            if isinstance(line, Reject):
                return line
            said.append(line[1].strip())
        return " ".join(said)
