"""AISHELL-1: read Mandarin.

Release   OpenSLR 33; Bu et al., O-COCOSDA 2017
Licence   Apache 2.0
Audio     one WAV per utterance, 16 kHz mono 16 bit
Quirk     one transcript file for all splits, with spaces between words. The release itself lacks the transcripts of
          325 of its 141,925 recordings: they are reported as such. Word times are the user's own, of MFA
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from pipelines.formats.alignments import Alignments
from pipelines.formats.tables import lines_if_there, read_lines
from pipelines.labels.speakers import gender
from pipelines.listing import Listing, subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source

TEXTS = "data_aishell/transcript/aishell_transcript_v0.8.txt"
WAV = "data_aishell/wav"
UTTERANCE = re.compile(r".*(S(\d{4}))W\d+")
SPEAKERS = {"train": range(2, 724), "dev": range(724, 764), "test": range(764, 917)}  # for folders that are not there


class Aishell1(Source):
    name = "aishell1"
    title = "AISHELL-1: read Mandarin"
    home = "https://www.openslr.org/33"
    licence = "Apache-2.0"
    commercial = True
    attribution = (
        "H. Bu, J. Du, X. Na, B. Wu, H. Zheng: AISHELL-1: An Open-Source Mandarin Speech Corpus and a Speech "
        "Recognition Baseline. O-COCOSDA 2017"
    )
    tasks = ("asr", "sgc", "sv", "srwt")
    languages = ("zh",)
    splits = {"train": 120_098, "dev": 14_326, "test": 7_176}
    default_splits = ("train", "dev", "test")
    evaluation_splits = ("dev", "test")
    text_form = "unpunctuated"
    mean_seconds = 4.5
    hours = 178.0
    origin_namespace = "aishell"
    audio = "WAV, 16 kHz mono 16 bit, one file per utterance"
    obtain = "Get data_aishell.tgz and resource_aishell.tgz of openslr.org/33 into one folder; they need no unpacking."
    expects = "the folder that holds data_aishell/wav/train/ and data_aishell/transcript/"
    archives = ("data_aishell.tgz", "resource_aishell.tgz", f"{WAV}/S*.tar.gz")
    layout = """
aishell/                            <- SOURCE
  data_aishell/transcript/aishell_transcript_v0.8.txt      id, space, words
  data_aishell/wav/train/S0002/BAC009S0002W0122.wav
  resource_aishell/speaker.info     (optional: `0002 F`)
"""
    extra_roots = {"alignments": "word times: <utterance id>.TextGrid in any folders, as MFA writes them"}

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return (folder / TEXTS).is_file() and (folder / WAV).is_dir()

    def has_split(self, split: str) -> bool:
        return self.has_folder(self.root / WAV / split)

    @cached_property
    def genders(self) -> dict[str, str]:
        """Speaker (S0002) -> M or F, from speaker.info; empty without that file."""
        rows = (line.split() for line in lines_if_there(self, "resource_aishell/speaker.info"))
        return {f"S{row[0].removeprefix('S')}": row[1] for row in rows if len(row) > 1}

    def read(self, split: str) -> Iterator[Record | Reject]:
        speakers = {s: {folder.name for folder in subfolders(self.root / WAV / s)} for s in self.available_splits()}
        alignments = Alignments(self, "alignments")
        listings = {s: self.listing(f"{WAV}/{split}/{s}") for s in sorted(speakers[split])}
        named: set[str] = set()
        for item in read_lines(self.root, TEXTS):
            if isinstance(item, Reject):
                utterance, text, where = item.id, "", item.where
            else:
                utterance, text = (*item[1].split(maxsplit=1), "")[:2]
                where = f"{TEXTS}:{item[0]}"
            match = UTTERANCE.fullmatch(utterance)
            if match is None:
                if split == self.available_splits()[0]:  # an id of another form tells no split
                    yield item if isinstance(item, Reject) else Reject(utterance, "bad_row", where)
                continue
            speaker, number = match.groups()
            if speaker in listings:
                named.add(f"{utterance}.wav")
                yield (
                    item
                    if isinstance(item, Reject)
                    else self.utterance(utterance, text, where, speaker, split, listings[speaker], alignments)
                )
                yield from alignments.rejects()
            elif int(number) in SPEAKERS[split] and not any(speaker in there for there in speakers.values()):
                yield Reject(utterance, "audio_missing", where, metadata=TEXTS)
        for listing in listings.values():
            yield from listing.unnamed(named, ".wav")

    def utterance(
        self,
        utterance: str,
        text: str,
        where: str,
        speaker: str,
        split: str,
        listing: Listing,
        alignments: Alignments,
    ) -> Record | Reject:
        if problem := listing.problem(utterance, f"{utterance}.wav", where, TEXTS):
            return problem
        if not text.strip():
            return Reject(utterance, "no_transcript", where)
        sex = self.genders.get(speaker, "")
        folder = f"{WAV}/{split}/{speaker}"
        return Record(
            id=utterance,
            audio=(AudioRef(f"{folder}/{utterance}.wav"),),
            annotations=(Transcript(text, "zh"), *alignments.words(utterance, text, folder, listing.names)),
            speaker=Speaker(speaker, gender(sex)),
            original={"gender": sex} if sex else {},
        )
