"""CoVoST 2: translations of Common Voice sentences, 21 languages into English and English into 15.

Release   facebookresearch/covost; audio and transcripts are Common Voice corpus 4 (2019-12-10)
Licence   CC0
Audio     one MP3 per clip, in `clips/` beside the tables or under ROOTS=commonvoice=/path
Splits    `train` is `train` and `train_covost`. One record per clip carries all its translations; where they
          disagree on the split, test goes before dev and dev before train, so that no clip is in two
Quirk     transcripts come from the tables of splits where the release's script wrote these, else from
          `validated.tsv`. Clips of Common Voice without a translation are no part of CoVoST and are not reported
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pipelines.formats.tables import read_tsv
from pipelines.formats.translation_tables import clip_name, find_tables, read_pairs
from pipelines.labels.speakers import age, gender
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript, Translation
from pipelines.source import Source, SourceError

RANK = {"train": 0, "dev": 1, "test": 2}


@dataclass(slots=True)
class Clip:
    """What the tables say about one clip. `translations` are packed: English has 15 for each of 290,000 clips."""

    where: str
    sentence: str
    client: str
    gender: str = ""
    age: str = ""
    translations: bytes = b""  # language TAB text NEWLINE, repeated


class CoVoST2(Source):
    name = "covost2"
    title = "CoVoST 2: speech translation of Common Voice"
    home = "https://github.com/facebookresearch/covost"
    licence = "CC0-1.0"
    commercial = True
    attribution = (
        "C. Wang, A. Wu, J. Gu, J. Pino: CoVoST 2 and Massively Multilingual Speech Translation. Interspeech 2021"
    )
    tasks = ("s2tt",)
    languages = (
        "en", "fr", "de", "es", "ca", "it", "ru", "zh", "pt", "fa", "et", "mn", "nl", "tr", "ar", "sv", "lv", "sl",
        "ta", "ja", "id", "cy",
    )  # fmt: skip
    splits = dict.fromkeys(("train", "dev", "test"))
    default_splits = ("train", "dev", "test")
    evaluation_splits = ("dev", "test")
    mean_seconds = 5.5
    hours = 2_880.0
    origin_namespace = "commonvoice"
    audio = "MP3, 48 kHz mono (Common Voice corpus 4)"
    obtain = (
        "Unpack covost_v2.<from>_<to>.tsv.tar.gz (links in the README of github.com/facebookresearch/covost) and "
        "Common Voice corpus 4, one folder per language."
    )
    expects = "the folder that holds de/covost_v2.de_en.tsv, … (or these tables themselves)"
    extra_roots = {"commonvoice": "Common Voice corpus 4, where the clips are not in SOURCE"}
    archives = ("covost_v2.*.tsv.tar.gz",)
    layout = """
covost2/                            <- SOURCE (or the folder of one language)
  de/
    covost_v2.de_en.tsv             path, translation, split (and/or covost_v2.de_en.train.tsv …)
    validated.tsv                   transcripts         } in SOURCE, or under
    clips/common_voice_de_1.mp3                         } ROOTS=commonvoice=/corpora/cv-corpus-4
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return bool(find_tables(folder))

    def has_split(self, split: str) -> bool:
        return split in self.splits_there

    @cached_property
    def splits_there(self) -> frozenset[str]:
        """The splits that have a clip: a table of all splits may hold rows of one alone."""
        ranks = {rank for source in self.sources() for rank in set(self.ranks(source).values())}
        # Where no row can be read, all of them: reading them says what is wrong.
        return frozenset(split for split, rank in RANK.items() if rank in ranks or not ranks)

    def sources(self) -> list[str]:
        """The languages of the clips."""
        return sorted({table.source for table in find_tables(self.root)})

    def ranks(self, source: str) -> dict[str, int]:
        """Clip -> the rank of its split."""
        ranks: dict[str, int] = {}
        for pair in read_pairs(self.root, [table for table in find_tables(self.root) if table.source == source]):
            if not isinstance(pair, Reject):
                ranks[pair.clip] = max(ranks.get(pair.clip, 0), RANK[pair.split])
        return ranks

    def read(self, split: str) -> Iterator[Record | Reject]:
        for source in self.sources():
            yield from self.language(source, split)

    def language(self, source: str, split: str) -> Iterator[Record | Reject]:
        """The clips of one language, in the order of its tables."""
        tables = [table for table in find_tables(self.root) if table.source == source]
        ranks = self.ranks(source)
        clips: dict[str, Clip] = {}
        for pair in read_pairs(self.root, tables):
            if isinstance(pair, Reject):
                if split == self.available_splits()[0]:  # a row that cannot be read tells no split
                    yield pair
            elif ranks[pair.clip] == RANK[split]:
                clip = clips.get(pair.clip)
                if clip is None:
                    clip = clips[pair.clip] = Clip(pair.where, pair.sentence, pair.client)
                if pair.translation.strip() in ("", "REMOVE"):  # REMOVE: a placeholder of the release
                    yield Reject(f"{pair.clip[:-4]}:{pair.target}", "empty_text", pair.where)
                else:
                    clip.translations += f"{pair.target}\t{pair.translation}\n".encode()
        if clips:
            yield from self.joined(source, clips)

    def joined(self, source: str, clips: dict[str, Clip]) -> Iterator[Record | Reject]:
        """`clips` with their audio, and with what `validated.tsv` says about them where it is there."""
        root, folder = self.corpus(source)
        base = self.roots[root] if root else self.root
        if self.has_file(base / f"{folder}validated.tsv"):
            columns = ("client_id", "gender", "age")
            for row in read_tsv(base, f"{folder}validated.tsv", ("path", "sentence"), columns, escape="\\"):
                if isinstance(row, Reject) or (clip := clips.get(clip_name(row[1][0]))) is None:
                    continue
                _, sentence, client, sex, years = row[1]
                clip.sentence, clip.client = clip.sentence or sentence, clip.client or client
                clip.gender, clip.age = sex, years
        elif not any(clip.sentence for clip in clips.values()):
            raise SourceError(
                f"{self.name}: no transcripts of '{source}': expected {base / folder}/validated.tsv; "
                "copy it from Common Voice corpus 4, or pass ROOTS=commonvoice=/path/to/cv-corpus-4"
            )
        listing = self.listing(f"{folder}clips", root)
        for path, clip in clips.items():
            problem = listing.problem(path[:-4], path, clip.where, clip.where.rpartition(":")[0])
            if problem is None and not clip.sentence.strip():
                problem = Reject(path[:-4], "no_transcript", clip.where)
            if problem is not None or not clip.translations:  # without a translation: rejected above
                if problem is not None:
                    yield problem
                continue
            rows = (line.split("\t", 1) for line in clip.translations.decode().split("\n")[:-1])
            yield Record(
                id=path[:-4],
                audio=(AudioRef(f"{folder}clips/{path}", root),),
                annotations=(Transcript(clip.sentence, source), *(Translation(text, to) for to, text in rows)),
                speaker=Speaker(clip.client or None, gender(clip.gender), age(clip.age)),
                original={key: told for key, told in (("gender", clip.gender), ("age", clip.age)) if told},
            )

    def corpus(self, source: str) -> tuple[str, str]:
        """Where the clips of a language are: the name of the root, and the folder in it ("" or "de/").

        Raises:
            SourceError: nowhere.
        """
        for root, base in (*self.roots.items(), ("", self.root)):
            for folder in (f"{source}/", ""):
                if (base / f"{folder}clips").is_dir():
                    return root, folder
        place = self.roots.get("commonvoice", self.root) / source / "clips"
        raise SourceError(
            f"{self.name}: no clips of '{source}': expected the folder {place}; "
            "unpack Common Voice corpus 4 there, or pass ROOTS=commonvoice=/path/to/cv-corpus-4"
        )
