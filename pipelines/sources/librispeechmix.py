"""LibriSpeechMix: one to three LibriSpeech utterances that overlap in part, for evaluation.

Release   github.com/NaoyukiKanda/LibriSpeechMix; Kanda et al., Interspeech 2020; its run.sh makes the audio
Licence   the lists MIT; the audio that is made of LibriSpeech CC BY 4.0
Audio     one WAV per mixture, 16 kHz mono
Splits    dev-clean and test-clean, each with one, two and three speakers, each LibriSpeech utterance once per speaker
Quirk     texts, delays, durations and speakers of a mixture are lists that belong together. A speaker begins after his
          delay; texts are told in the order in which they begin. `list/optional/` holds speaker profiles: left out
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pipelines.formats.json_lines import read_json_lines
from pipelines.labels.speakers import gender
from pipelines.listing import is_safe
from pipelines.record import AudioRef, Overlap, Record, Reject, Speaker, Turns
from pipelines.source import Source

LISTS = ("texts", "delays", "durations", "speakers")


class LibriSpeechMix(Source):
    name = "librispeechmix"
    title = "LibriSpeechMix: overlapping utterances"
    home = "https://github.com/NaoyukiKanda/LibriSpeechMix"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = (
        "N. Kanda, Y. Gaur, X. Wang, Z. Meng, T. Yoshioka: Serialized Output Training for End-to-End Overlapped Speech "
        "Recognition. Interspeech 2020"
    )
    tasks = ("osr", "sd")
    languages = ("en",)
    splits = {
        "dev-clean-1mix": 2_703, "dev-clean-2mix": 2_703, "dev-clean-3mix": 2_703,
        "test-clean-1mix": 2_620, "test-clean-2mix": 2_620, "test-clean-3mix": 2_620,
    }  # fmt: skip
    default_splits = ("dev-clean-2mix", "dev-clean-3mix", "test-clean-2mix", "test-clean-3mix")
    evaluation_splits = tuple(splits)
    text_form = "unpunctuated"
    mean_seconds = 12.0
    origin_namespace = "librispeechmix"
    audio = "WAV, 16 kHz mono, one file per mixture"
    obtain = "Clone github.com/NaoyukiKanda/LibriSpeechMix and run its run.sh, which makes data/."
    expects = "the folder LibriSpeechMix/, which holds list/dev-clean-2mix.jsonl, … and data/ made by run.sh"
    split_tables = {split: (f"list/{split}.jsonl",) for split in splits}
    layout = """
LibriSpeechMix/                     <- SOURCE
  list/dev-clean-2mix.jsonl
  data/dev-clean-2mix/dev-clean-2mix-0000.wav
"""

    def has_split(self, split: str) -> bool:
        return super().has_split(split) and self.has_folder(self.root / f"data/{split}")

    def read(self, split: str) -> Iterator[Record | Reject]:
        table = self.split_table(split)
        listing = self.listing(f"data/{split}")
        named: set[str] = set()
        for item in read_json_lines(self.root / table, table):
            if isinstance(item, Reject):
                yield Reject(item.id, item.reason, item.id)
                continue
            where, mixture = f"{table}:{item[0]}", item[1]
            if not _is_mixture(mixture):
                yield Reject(where, "bad_row", where)
                continue
            mixture_id, path = mixture["id"], mixture["mixed_wav"]
            folder, _, name = path.rpartition("/")
            named.add(name)
            if not is_safe(path) or folder != split:
                yield Reject(mixture_id, "bad_row" if is_safe(path) else "unsafe_path", where)
            elif problem := listing.problem(mixture_id, name, where, table):
                yield problem
            else:
                yield _record(mixture, f"data/{path}")
        yield from listing.unnamed(named, ".wav", f"{split}/")


def _record(mixture: dict[str, Any], path: str) -> Record:
    parts = sorted(zip(*(mixture[key] for key in LISTS), strict=True), key=lambda part: part[1])
    turns = tuple((who, delay, round(delay + duration, 6)) for _, delay, duration, who in parts)
    sexes = mixture.get("genders") or []
    alone = Speaker(parts[0][3], gender(sexes[0]) if len(sexes) == 1 else None) if len(parts) == 1 else Speaker()
    original = {key: " ".join(map(str, mixture[key])) for key in ("wavs", "genders") if mixture.get(key)}
    return Record(
        id=mixture["id"],
        audio=(AudioRef(path, seconds=max(end for _, _, end in turns)),),
        annotations=(Overlap(tuple(text for text, *_ in parts), "en"), Turns(turns)),
        speaker=alone,
        original=original,
    )


def _is_mixture(mixture: dict[str, Any]) -> bool:
    """Whether a line of a list tells what a mixture needs."""
    if not all(isinstance(mixture.get(key), str) for key in ("id", "mixed_wav")):
        return False
    lists = [mixture.get(key) for key in LISTS]
    if not all(isinstance(values, list) and values and len(values) == len(lists[0] or []) for values in lists):
        return False
    texts, speakers = mixture["texts"], mixture["speakers"]
    times = [*mixture["delays"], *mixture["durations"]]
    return all(isinstance(value, str) for value in (*texts, *speakers)) and all(
        isinstance(value, (int, float)) and math.isfinite(value) and value >= 0 for value in times
    )
