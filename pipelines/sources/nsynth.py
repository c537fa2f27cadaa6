"""NSynth: single musical notes with pitch, velocity, instrument family and sonic qualities.

Release   magenta.tensorflow.org/datasets/nsynth, the `jsonwav` archives; Engel et al., ICML 2017
Licence   CC BY 4.0
Audio     one WAV per note, 16 kHz mono 16 bit, 4 s
Quirk     `examples.json` of train is one object of several hundred megabytes: it is read entry by entry
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.formats.json_stream import read_object
from pipelines.record import AudioRef, Note, Record, Reject
from pipelines.source import Source
from tag_schema.annotations import SONIC_LABELS

FAMILIES = {"bass", "brass", "flute", "guitar", "keyboard", "mallet", "organ", "reed", "string", "synth_lead", "vocal"}


class NSynth(Source):
    name = "nsynth"
    title = "NSynth: musical notes"
    home = "https://magenta.tensorflow.org/datasets/nsynth"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = (
        "J. Engel, C. Resnick, A. Roberts, S. Dieleman, M. Norouzi, D. Eck, K. Simonyan: Neural Audio Synthesis of "
        "Musical Notes with WaveNet Autoencoders. ICML 2017"
    )
    tasks = ("mna", "mic")
    languages = ()
    splits = {"train": 289_205, "valid": 12_678, "test": 4_096}
    default_splits = ("train", "valid", "test")
    evaluation_splits = ("valid", "test")
    mean_seconds = 4.0
    hours = 340.0
    origin_namespace = "nsynth"
    audio = "WAV, 16 kHz mono 16 bit, 4 s"
    obtain = "Unpack nsynth-{train,valid,test}.jsonwav.tar.gz of the home page side by side (not the tfrecords)."
    expects = "the folder that holds nsynth-train/, nsynth-valid/, nsynth-test/"
    archives = ("nsynth-*.jsonwav.tar.gz",)
    split_tables = {split: (f"nsynth-{split}/examples.json",) for split in splits}
    layout = """
nsynth/                             <- SOURCE
  nsynth-train/examples.json
  nsynth-train/audio/bass_acoustic_000-024-025.wav
"""

    def read(self, split: str) -> Iterator[Record | Reject]:
        table = self.split_table(split)
        listing = self.listing(f"nsynth-{split}/audio")
        named: set[str] = set()
        for number, (name, facts) in enumerate(read_object(self.root / table), start=1):
            audio, where = f"{name}.wav", f"{table}:{number}"
            named.add(audio)
            if problem := listing.problem(name, audio, where, table):
                yield problem
            elif reason := _unusable(facts):
                yield Reject(name, reason, where)
            else:
                family = facts["instrument_family_str"]
                sonic = tuple(quality for quality in SONIC_LABELS if quality in facts["qualities_str"])
                yield Record(
                    id=name,
                    audio=(AudioRef(f"nsynth-{split}/audio/{audio}", seconds=4.0),),
                    annotations=(Note(facts["pitch"], facts["velocity"], family, sonic),),
                    original={key: facts[key] for key in ("instrument_str", "instrument_source_str") if key in facts},
                )
        yield from listing.unnamed(named, ".wav")


def _unusable(facts: Mapping[str, Any]) -> str:
    """The reason why an entry cannot be used; "" if it can."""
    if not isinstance(facts, Mapping):
        return "bad_row"
    numbers = facts.get("pitch"), facts.get("velocity")
    family, qualities = facts.get("instrument_family_str"), facts.get("qualities_str")
    if None in (*numbers, family, qualities):
        return "too_few_columns"
    if not isinstance(family, str) or not isinstance(qualities, list):
        return "bad_row"
    if not all(isinstance(quality, str) for quality in qualities):
        return "bad_row"
    if not all(type(number) is int and 0 <= number < 128 for number in numbers):
        return "bad_row"
    return "" if family in FAMILIES and set(qualities) <= set(SONIC_LABELS) else "unknown_label"
