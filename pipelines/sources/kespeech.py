"""KeSpeech: Mandarin and its eight subdialects, read by 27,237 speakers of 34 cities.

Release   github.com/KeSpeech/KeSpeech, on application; Tang et al., NeurIPS Datasets and Benchmarks 2021
Licence   its own, for research
Audio     one WAV per utterance, 16 kHz mono 16 bit
Splits    those of Tasks/ASR; `test` has both phases
Quirk     files of two columns are joined by id. A speaker reads Mandarin and his subdialect: the label is that of the
          utterance, and all but `Mandarin` is transcribed as dialect. `<SPOKEN_NOISE>` and other marks are no text.
          Gender and age are in Metadata/ (`spk2gender`, `spk2age`), by speaker. Audio that no list of Tasks/ASR names
          belongs to other tasks and is not reported
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache

from pipelines.formats.kaldi import Column, Entry, read_table
from pipelines.labels.speakers import age, gender
from pipelines.listing import is_safe
from pipelines.record import AudioRef, Label, Record, Reject, Speaker, Transcript
from pipelines.source import Source

DIALECTS = {
    "Mandarin", "Beijing", "Ji-Lu", "Jiang-Huai", "Jiao-Liao", "Lan-Yin", "Northeastern", "Southwestern", "Zhongyuan",
}  # fmt: skip
MARK = re.compile(r"<[^<>]*>")
FOLDERS = 4_096  # whose names are kept: lists are sorted by speaker


class KeSpeech(Source):
    name = "kespeech"
    title = "KeSpeech: Mandarin and its subdialects"
    home = "https://github.com/KeSpeech/KeSpeech"
    licence = "LicenseRef-KeSpeech"
    commercial = False
    attribution = (
        "Z. Tang, D. Wang, Y. Xu, J. Sun, X. Lei, S. Zhao, C. Wen, X. Tan, C. Xie, S. Zhou, R. Yan, C. Lv, Y. Han, W. "
        "Zou, X. Li: KeSpeech: An Open Source Speech Dataset of Mandarin and Its Eight Subdialects. NeurIPS Datasets "
        "and Benchmarks 2021"
    )
    tasks = ("asr", "dialect_asr", "did", "sv", "sgc", "sap")
    languages = ("zh",)
    splits = dict.fromkeys(("train_phase1", "train_phase2", "dev_phase1", "dev_phase2", "test"))
    default_splits = tuple(splits)
    evaluation_splits = ("dev_phase1", "dev_phase2", "test")
    text_form = "unpunctuated"
    mean_seconds = 5.7
    hours = 1_542.0
    origin_namespace = "kespeech"
    audio = "WAV, 16 kHz mono 16 bit, one file per utterance"
    obtain = "Apply as the README of github.com/KeSpeech/KeSpeech says, and unpack the archive."
    expects = "the folder KeSpeech/, which holds Audio/ and Tasks/ASR/train_phase1/, …"
    split_tables = {split: (f"Tasks/ASR/{split}/wav.scp",) for split in splits}
    layout = """
KeSpeech/                           <- SOURCE
  Audio/1000001/phase1/1000001_5d91….wav
  Tasks/ASR/train_phase1/           wav.scp  text  utt2spk  utt2subdialect
  Metadata/                         spk2gender  spk2age  (optional)
"""

    @cached_property
    def genders(self) -> dict[str, str]:
        """Speaker -> gender, as Metadata/spk2gender writes it."""
        return self.speakers("spk2gender")

    @cached_property
    def ages(self) -> dict[str, str]:
        """Speaker -> years."""
        return self.speakers("spk2age")

    def speakers(self, name: str) -> dict[str, str]:
        """A table by speaker; {} where it is not there."""
        if not self.has_file(self.root / f"Metadata/{name}"):
            return {}
        rows = read_table(self.root, f"Metadata/{name}")
        return {row.key: row.value for row in rows if isinstance(row, Entry)}

    def read(self, split: str) -> Iterator[Record | Reject]:
        folder, table = f"Tasks/ASR/{split}", self.split_table(split)
        listing = lru_cache(FOLDERS)(self.listing)
        texts, speakers, dialects = (
            Column(self.root, f"{folder}/{name}") for name in ("text", "utt2spk", "utt2subdialect")
        )
        for path in read_table(self.root, table):
            utterance = path.id if isinstance(path, Reject) else path.key
            text, who, spoken = texts.take(utterance), speakers.take(utterance), dialects.take(utterance)
            if isinstance(path, Reject):
                yield path
                continue
            if bad := next((cell for cell in (text, who, spoken) if isinstance(cell, Reject)), None):
                yield bad
                continue
            place, _, name = path.value.rpartition("/")
            said = MARK.sub(" ", text.value).strip() if isinstance(text, Entry) else ""
            label = spoken.value if isinstance(spoken, Entry) else ""
            if not is_safe(path.value):
                yield Reject(utterance, "unsafe_path" if path.value else "too_few_columns", path.where)
            elif problem := listing(place).problem(utterance, name, path.where, table):
                yield problem
            elif not said:
                yield Reject(utterance, "no_transcript", path.where)
            elif label not in DIALECTS:
                where = spoken.where if isinstance(spoken, Entry) else path.where
                yield Reject(utterance, "unknown_label" if label else "too_few_columns", where)
            else:
                speaker = who.value if isinstance(who, Entry) else ""
                sex, years = self.genders.get(speaker, ""), self.ages.get(speaker, "")
                original = {key: told for key, told in (("gender", sex), ("age", years)) if told}
                annotations = (Transcript(said, "zh", dialect=label != "Mandarin"), Label("did", (label,)))
                yield Record(
                    id=utterance,
                    audio=(AudioRef(path.value),),
                    annotations=annotations,
                    speaker=Speaker(speaker or None, gender(sex), age(years)),
                    original=original,
                )
        for line in texts.rest():
            if isinstance(line, Reject):
                yield line
            else:
                yield Reject(line.key, "audio_missing", line.where, f"{folder}/text")
