"""SLUE-VoxPopuli: speeches of the European Parliament in English, with named entities.

Release   github.com/asappresearch/slue-toolkit, `slue-voxpopuli.tar.gz`; Shon et al., ICASSP 2022
Licence   CC0
Audio     one Ogg per utterance, 16 kHz mono, cut from VoxPopuli
Splits    the release's own. Of test the table is blind (`slue-voxpopuli_test_blind.tsv`): transcripts without entities.
          A table `slue-voxpopuli_test.tsv` goes before it
Quirk     entities are [type, first character, length] in the text of their own column. Those of the normalised text are
          taken, which every utterance has and the benchmark scores; raw text is empty here and there, and its entities
          are taken where the others are not told. All 18 types of OntoNotes are kept, the benchmark's seven are groups
          of them. Normalised text holds `. , ; ? !` in places, which are left out, as the benchmark's NER does
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from pipelines.formats.tables import read_csv
from pipelines.record import AudioRef, Entities, Record, Reject, Speaker, Transcript
from pipelines.source import Source

FOLDERS = {"fine-tune": ("fine-tune", "finetune"), "dev": ("dev",), "test": ("test",)}
TYPES = {
    "CARDINAL", "DATE", "EVENT", "FAC", "GPE", "LANGUAGE", "LAW", "LOC", "MONEY", "NORP", "ORDINAL", "ORG", "PERCENT",
    "PERSON", "PRODUCT", "QUANTITY", "TIME", "WORK_OF_ART",
}  # fmt: skip
_PUNCTUATION = re.compile(r"[.,;?!]")


class SLUEVoxPopuli(Source):
    name = "slue_voxpopuli"
    title = "SLUE-VoxPopuli: named entities in parliamentary speech"
    home = "https://github.com/asappresearch/slue-toolkit"
    licence = "CC0-1.0"
    commercial = True
    attribution = (
        "S. Shon, A. Pasad, F. Wu, P. Brusco, Y. Artzi, K. Livescu, K. J. Han: SLUE: New Benchmark Tasks for Spoken "
        "Language Understanding Evaluation on Natural Speech. ICASSP 2022"
    )
    tasks = ("ser", "asr")
    languages = ("en",)
    splits = {"fine-tune": 5_000, "dev": 1_753, "test": 1_842}
    default_splits = ("fine-tune", "dev", "test")
    evaluation_splits = ("dev", "test")
    mean_seconds = 10.2
    hours = 24.4
    origin_namespace = "voxpopuli"
    audio = "Ogg, 16 kHz mono, one file per utterance"
    obtain = "Run scripts/download_datasets.sh of the home page, which unpacks slue-voxpopuli.tar.gz"
    expects = "the folder slue-voxpopuli/, which holds slue-voxpopuli_dev.tsv and dev/"
    split_tables = {s: (f"slue-voxpopuli_{s}.tsv", f"slue-voxpopuli_{s}_blind.tsv") for s in splits}
    layout = """
slue-voxpopuli/                     <- SOURCE
  slue-voxpopuli_fine-tune.tsv  slue-voxpopuli_dev.tsv  slue-voxpopuli_test_blind.tsv
                                    id raw_text normalized_text speaker_id split raw_ner normalized_ner
  fine-tune/20131007-0900-PLENARY-19-en_20131007-21:26:04_7.ogg
  dev/  test/
"""

    def read(self, split: str) -> Iterator[Record | Reject]:
        table = self.split_table(split)
        places = FOLDERS[split]
        folder = self.folder_of(f"the audio of '{split}'", *places, advice=f"unpack it again. {self.obtain}")
        listing = self.listing(folder)
        named: set[str] = set()
        optional = ("raw_text", "raw_ner", "normalized_ner", "speaker_id")
        for row in read_csv(self.root, table, ("id", "normalized_text"), optional, delimiter="\t"):
            utterance = row.id if isinstance(row, Reject) else row[1][0].strip()
            named.add(f"{utterance}.ogg")
            if isinstance(row, Reject):
                yield row
                continue
            number, (_, normal, raw, raw_ner, normal_ner, speaker) = row
            where = f"{table}:{number}"
            texts = (
                *([Transcript(raw, "en", "written")] if raw.strip() else []),
                *([Transcript(_PUNCTUATION.sub("", normal), "en", "unpunctuated")] if normal.strip() else []),
            )
            column, text = (normal_ner, normal) if normal_ner.strip() else (raw_ner, raw)
            found = None if table.endswith("_blind.tsv") else _entities(column, text)
            if problem := listing.problem(utterance, f"{utterance}.ogg", where, table):
                yield problem
            elif not texts:
                yield Reject(utterance, "no_transcript", where)
            elif isinstance(found, str):
                yield Reject(utterance, found, where)
            else:
                yield Record(
                    id=utterance,
                    audio=(AudioRef(f"{folder}/{utterance}.ogg"),),
                    annotations=(*texts, *([] if found is None else [Entities("ser", found)])),
                    speaker=Speaker(None if speaker.strip() in ("", "None") else speaker.strip()),
                    original={} if found is None else {"entities": column},
                )
        yield from listing.unnamed(named, ".ogg")


def _entities(column: str, text: str) -> tuple[tuple[str, str], ...] | str:
    """The entities that a column names, in their order in the text, or why they cannot be told."""
    try:
        listed = ast.literal_eval(column.strip() or "None") or []
        spans = sorted((int(start), int(length), str(kind)) for kind, start, length in listed)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return "bad_row"
    if any(kind not in TYPES for _, _, kind in spans):
        return "unknown_label"
    if any(start < 0 or length < 1 or not text[start : start + length].strip() for start, length, _ in spans):
        return "bad_row"
    return tuple((kind, text[start : start + length]) for start, length, kind in spans)
