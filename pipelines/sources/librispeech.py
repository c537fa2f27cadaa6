"""LibriSpeech: English audiobooks with their transcripts.

Release   OpenSLR 12 (and the mini sets of OpenSLR 31); Panayotov et al., ICASSP 2015
Licence   CC BY 4.0
Audio     one FLAC per utterance, 16 kHz mono, up to about 35 s
Quirk     transcripts are upper case without punctuation; they are passed on as they are. Word times are those of
          CorentinJ/librispeech-alignments (MFA), condensed or as TextGrids, merged into the tree or in a root of their
          own; the 127 (46) utterances that these lack keep their other tasks
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from pipelines.formats.alignments import Alignments
from pipelines.formats.tables import lines_if_there, read_lines
from pipelines.labels.speakers import gender
from pipelines.listing import files, subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Annotation, AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source


class LibriSpeech(Source):
    name = "librispeech"
    title = "LibriSpeech: read English audiobooks"
    home = "https://www.openslr.org/12"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = (
        "V. Panayotov, G. Chen, D. Povey, S. Khudanpur: LibriSpeech: An ASR Corpus Based on Public Domain Audio "
        "Books. ICASSP 2015"
    )
    tasks = ("asr", "sgc", "sv", "srwt")
    languages = ("en",)
    splits = {
        "train-clean-100": 28_539, "train-clean-360": 104_014, "train-other-500": 148_688,
        "dev-clean": 2_703, "dev-other": 2_864, "test-clean": 2_620, "test-other": 2_939,
        "train-clean-5": 1_519, "dev-clean-2": 1_089,
    }  # fmt: skip
    default_splits = tuple(splits)[:7]
    evaluation_splits = ("dev-clean", "dev-other", "test-clean", "test-other", "dev-clean-2")
    text_form = "unpunctuated"
    mean_seconds = 12.3
    hours = 982.0
    origin_namespace = "librispeech"
    audio = "FLAC, 16 kHz mono, one file per utterance"
    obtain = "Unpack the archives of openslr.org/12 (mini sets: openslr.org/31) into one folder; all hold LibriSpeech/."
    expects = "the folder LibriSpeech/, which holds train-clean-100/, dev-clean/, …"
    archives = ("train-*.tar.gz", "dev-*.tar.gz", "test-*.tar.gz")
    layout = """
LibriSpeech/                        <- SOURCE
  SPEAKERS.TXT                      (optional: speakers' genders)
  dev-clean/1272/128104/
    1272-128104.trans.txt           id, space, TEXT
    1272-128104-0000.flac
    1272-128104.alignment.txt       (optional: word times; or 1272-128104-0000.TextGrid)
"""
    extra_roots = {"librispeech_alignments": "word times, where they are not merged into LibriSpeech/"}

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        # LibriTTS has the same folders, without these files.
        return any(next((folder / split).glob("*/*/*.trans.txt"), None) for split in cls.splits)

    @cached_property
    def genders(self) -> dict[str, str]:
        """Speaker -> M or F, from SPEAKERS.TXT: `ID |SEX| SUBSET |MINUTES| NAME`; empty without that file."""
        rows = (line.split("|", 4) for line in lines_if_there(self, "SPEAKERS.TXT") if not line.startswith(";"))
        return {row[0].strip(): row[1].strip() for row in rows if len(row) > 1}

    def read(self, split: str) -> Iterator[Record | Reject]:
        alignments = Alignments(self, "librispeech_alignments")
        for speaker in subfolders(self.root / split):
            for chapter in subfolders(speaker):
                yield from self.chapter(f"{split}/{speaker.name}/{chapter.name}", speaker.name, alignments)

    def chapter(self, folder: str, speaker_id: str, alignments: Alignments) -> Iterator[Record | Reject]:
        """The utterances of one chapter, by line; then the recordings that no line names."""
        listing = self.listing(folder)
        sex = self.genders.get(speaker_id, "")
        speaker = Speaker(speaker_id, gender(sex))
        named: set[str] = set()
        for transcript in files(self.root / folder, ".trans.txt"):
            for item in read_lines(self.root, f"{folder}/{transcript}"):
                if isinstance(item, Reject):
                    named.add(f"{item.id}.flac")
                    yield item
                    continue
                table = f"{folder}/{transcript}"
                where = f"{table}:{item[0]}"
                utterance, _, text = item[1].partition(" ")
                audio = f"{utterance}.flac"
                named.add(audio)
                if problem := listing.problem(utterance, audio, where, table):
                    yield problem
                elif not text.strip():
                    yield Reject(utterance, "no_transcript", where)
                else:
                    words = alignments.words(utterance, text, folder, listing.names)
                    annotations: tuple[Annotation, ...] = (Transcript(text, "en"), *words)
                    original = {"gender": sex} if sex else {}
                    yield Record(utterance, (AudioRef(f"{folder}/{audio}"),), annotations, speaker, original=original)
                    yield from alignments.rejects()
        yield from listing.unnamed(named, ".flac")
