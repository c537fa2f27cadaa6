"""VoxPopuli: speeches in the European Parliament, transcribed.

Release   facebookresearch/voxpopuli, the part for speech recognition; Wang et al., ACL 2021
Licence   CC0
Audio     Ogg Vorbis, 16 kHz mono: a file per utterance as the release's script cuts them, or whole sessions
Splits    en_accented has a test alone. Rows of any other split are not part of the release's sets
Quirk     an utterance is what was voiced between its start and end: the spans of the column `vad`, put together. Where
          the script has cut it, its file is taken, else the spans of its session. Both the text as written, which may
          be empty, and without case and marks are there; `None` stands for what is not known
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from pipelines.formats.tables import read_csv, read_tsv
from pipelines.labels.speakers import gender
from pipelines.listing import is_safe, subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Annotation, AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source

CUT, SESSIONS = "transcribed_data", "raw_audios/original"
_SPOKEN = ("id", "raw_text", "normalized_text", "speaker_id", "gender")
_ANNOTATED = ("id_", "original_text", "normed_text", "speaker_id", "gender", "session_id", "split", "vad")


class _Row(NamedTuple):
    """A row of either table; `spans` are None where they cannot be read, or need not be."""

    where: str
    id: str
    written: str
    plain: str
    speaker: str
    sex: str
    gold: str
    accent: str
    session: str = ""
    spans: tuple[tuple[float, float], ...] | None = None


class VoxPopuli(Source):
    name = "voxpopuli"
    title = "VoxPopuli: speeches in the European Parliament"
    home = "https://github.com/facebookresearch/voxpopuli"
    licence = "CC0-1.0"
    commercial = True
    attribution = (
        "C. Wang, M. Rivière, A. Lee, A. Wu, C. Talnikar, D. Haziza, M. Williamson, J. Pino, E. Dupoux: VoxPopuli: A "
        "Large-Scale Multilingual Speech Corpus for Representation Learning, Semi-Supervised Learning and "
        "Interpretation. ACL 2021"
    )
    tasks = ("asr", "lid", "sgc")
    languages = ("en", "de", "fr", "es", "pl", "it", "ro", "hu", "cs", "nl", "fi", "hr", "sk", "sl", "et", "lt")
    splits = dict.fromkeys(("train", "dev", "test"))
    default_splits = ("train", "dev", "test")
    evaluation_splits = ("dev", "test")
    mean_seconds = 10.0
    hours = 1_800.0
    origin_namespace = "voxpopuli"
    audio = "Ogg Vorbis, 16 kHz mono, one file per utterance, or per session"
    obtain = (
        "Run voxpopuli.download_audios --subset asr, and voxpopuli.get_asr_data for each language (the table will do)."
    )
    expects = "the folder that holds transcribed_data/en/, transcribed_data/de/, …"
    layout = """
voxpopuli/                          <- SOURCE
  transcribed_data/en/
    asr_train.tsv  asr_dev.tsv  asr_test.tsv           with the utterances, cut:
    2013/20131007-0900-PLENARY-19-en_20131007-21:26:04_7.ogg
    asr_en.tsv.gz                                      or this table, with the sessions:
  raw_audios/original/2013/20131007-0900-PLENARY_original.ogg
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(_tables(folder, split) for split in cls.splits)

    def has_split(self, split: str) -> bool:
        return bool(_tables(self.root, split))

    def read(self, split: str) -> Iterator[Record | Reject]:
        for language, table in _tables(self.root, split).items():
            listing = lru_cache(maxsize=256)(self.listing)
            whole = not table.endswith(f"asr_{split}.tsv")
            for row in _annotated(self.root, table, split) if whole else _cut(self.root, table):
                if isinstance(row, Reject):
                    yield row
                    continue
                year = row.id[:4]
                if "/" in row.id or not (year.isdigit() and is_safe(row.id)):
                    yield Reject(row.id, "unsafe_path", row.where)
                    continue
                folder, name = f"{CUT}/{language}/{year}", f"{row.id}.ogg"
                joined = whole and name not in listing(folder).names
                if joined:
                    folder, name = f"{SESSIONS}/{year}", f"{row.session}_original.ogg"
                if problem := listing(folder).problem(row.id, name, row.where, table):
                    yield problem
                elif not joined:
                    yield _record(row, language, AudioRef(f"{folder}/{name}"))
                elif row.spans is None:
                    yield Reject(row.id, "bad_times", row.where)
                else:
                    yield _record(row, language, AudioRef.join(f"{folder}/{name}", row.spans, row.session))


def _record(row: _Row, language: str, audio: AudioRef) -> Record | Reject:
    texts: list[Annotation] = [Transcript(row.written, language)] if row.written.strip() else []
    texts += [Transcript(row.plain, language, "unpunctuated")] if row.plain.strip() else []
    if not texts:
        return Reject(row.id, "no_transcript", row.where)
    told = {"gender": row.sex, "gold": row.gold, "accent": row.accent}
    return Record(
        id=row.id,
        audio=(audio,),
        annotations=tuple(texts),
        speaker=Speaker(row.speaker if row.speaker not in ("", "None") else None, gender(row.sex)),
        original={key: value for key, value in told.items() if value not in ("", "None")},
    )


def _cut(root: CorpusPath, table: str) -> Iterator[_Row | Reject]:
    """The rows of a table of the release's script."""
    for row in read_tsv(root, table, _SPOKEN, ("is_gold_transcript", "accent")):
        if isinstance(row, Reject):
            yield row
        else:
            number, (name, written, plain, speaker, sex, gold, accent) = row
            yield _Row(f"{table}:{number}", name, written, plain, speaker, sex, gold, accent)


def _annotated(root: CorpusPath, table: str, split: str) -> Iterator[_Row | Reject]:
    """The rows of the release's own table that belong to `split`; of a row that cannot be read nobody knows it."""
    for row in read_csv(root, table, _ANNOTATED, ("is_gold_transcript", "accent"), delimiter="|"):
        if isinstance(row, Reject):
            if split == VoxPopuli.default_splits[0]:
                yield row
            continue
        number, (utterance, written, plain, speaker, sex, session, of, vad, gold, accent) = row
        if of == split:
            told = (f"{session}-{utterance}", written, plain, speaker, sex, gold, accent, session)
            yield _Row(f"{table}:{number}", *told, spans=_spans(vad))


def _spans(vad: str) -> tuple[tuple[float, float], ...] | None:
    """The pairs of a list as Python writes it, in lists or tuples; None where it is none."""
    try:
        pairs = json.loads(vad.replace("(", "[").replace(")", "]"))
        spans = tuple((float(start), float(end)) for start, end in pairs)
    except (ValueError, TypeError, RecursionError):
        return None
    return spans if spans and all(0 <= start < end < float("inf") for start, end in spans) else None


def _tables(root: CorpusPath, split: str) -> dict[str, str]:
    """Language -> the table that holds `split`: of the script that cuts, else the release's own."""
    found = {}
    for folder in subfolders(root / CUT) if (root / CUT).is_dir() else ():
        language = folder.name
        names = [f"asr_{split}.tsv"]
        cut = any((folder / f"asr_{other}.tsv").is_file() for other in VoxPopuli.splits)
        if not cut and (split == "test" or language != "en_accented"):
            names = [f"asr_{language}.tsv.gz", f"asr_{language}.tsv"]
        there = [name for name in names if (folder / name).is_file()]
        if there:
            found[language] = f"{CUT}/{language}/{there[0]}"
    return found
