"""SLURP: commands to a home assistant, with intent, entities and transcript.

Release   github.com/pswietojanski/slurp, audio of zenodo.org/record/4274930; Bastianelli et al., EMNLP 2020
Licence   text CC BY 4.0, audio CC BY-NC 4.0
Audio     one FLAC per recording, mono; `-headset` is the near microphone of the same utterance
Splits    the release's own; `train_synthetic` is synthetic speech. One record per recording, several per sentence
Quirk     the intent is scenario and action: the field `intent` holds the action alone in some rows.
          The entities are the slots of the command (sf), which the release calls entities and scores as such: they make
          the target of ser as well. Their words are those of the tokens, joined as in the sentence (`domino's`).
          `wer` and `status` are kept: a recording whose `wer` is not 0 may say something else than its sentence
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from pipelines.formats.json_lines import read_json_lines
from pipelines.formats.json_stream import read_object
from pipelines.labels.speakers import gender
from pipelines.record import Annotation, AudioRef, Entities, Intent, Record, Reject, Speaker, Transcript
from pipelines.source import Source

REAL = ("train", "devel", "test")  # share the folder slurp_real/


class SLURP(Source):
    name = "slurp"
    title = "SLURP: spoken commands to a home assistant"
    home = "https://github.com/pswietojanski/slurp"
    licence = "CC-BY-4.0 AND CC-BY-NC-4.0"
    commercial = False
    attribution = (
        "E. Bastianelli, A. Vanzo, P. Swietojanski, V. Rieser: SLURP: A Spoken Language Understanding Resource "
        "Package. EMNLP 2020"
    )
    tasks = ("ic", "sf", "ser", "asr", "sgc")
    languages = ("en",)
    splits = {"train": 50_628, "train_synthetic": 69_253, "devel": 8_690, "test": 13_078}
    default_splits = REAL
    evaluation_splits = ("devel", "test")
    text_form = "unpunctuated"
    mean_seconds = 2.9
    hours = 101.0
    origin_namespace = "slurp"
    audio = "FLAC mono, one file per recording"
    obtain = (
        "git clone https://github.com/pswietojanski/slurp, and run scripts/download_audio.sh there, which unpacks "
        "slurp_real.tar.gz and slurp_synth.tar.gz of zenodo.org/record/4274930 to audio/"
    )
    expects = "the folder slurp/, which holds dataset/slurp/devel.jsonl and audio/slurp_real/"
    archives = ("audio/slurp_*.tar.gz", "slurp_*.tar.gz")
    split_tables = {split: (f"dataset/slurp/{split}.jsonl",) for split in splits}
    layout = """
slurp/                              <- SOURCE
  dataset/slurp/train.jsonl  train_synthetic.jsonl  devel.jsonl  test.jsonl
  dataset/slurp/metadata.json       (optional: who speaks in which recording)
  audio/slurp_real/audio-1492784000-headset.flac
  audio/slurp_synth/audio-….flac
"""

    def read(self, split: str) -> Iterator[Record | Reject]:
        part = "slurp_real" if split in REAL else "slurp_synth"
        places = (f"audio/{part}", part, f"scripts/audio/{part}")
        folder = self.folder_of(f"the audio of '{split}'", *places, advice=f"unpack {part}.tar.gz there")
        listing = self.listing(folder)
        table = self.split_table(split)
        for item in self.sentences(split):
            if isinstance(item, Reject):
                yield item
                continue
            where, entry = item
            annotations = _annotations(entry)
            for recording in _recordings(entry):
                name = str(recording["file"])
                clip = name.removesuffix(".flac")
                if problem := listing.problem(clip, name, where, table):
                    yield problem
                elif annotations is None:
                    yield Reject(clip, "bad_row", where)
                else:
                    who = self.speakers.get(name, "") if split in REAL else ""
                    told = {key: recording.get(key) for key in ("wer", "ent_wer", "status")}
                    told |= {key: entry.get(key) for key in ("slurp_id", "intent", "sentence_annotation")}
                    yield Record(
                        id=clip,
                        audio=(AudioRef(f"{folder}/{name}"),),
                        annotations=annotations,
                        speaker=Speaker(who or None, gender(who.partition("-")[0][:1])),
                        original={key: str(value) for key, value in told.items() if value is not None},
                    )
        # All recordings of a folder can be told from strangers only by all the tables that share it.
        sharing = REAL if split in REAL else (split,)
        if split == sharing[0] and all(map(self.has_split, sharing)):
            items = (item for other in sharing for item in self.sentences(other) if not isinstance(item, Reject))
            named = {str(recording["file"]) for _, entry in items for recording in _recordings(entry)}
            yield from listing.unnamed(named, ".flac")

    def sentences(self, split: str) -> Iterator[tuple[str, Mapping[str, Any]] | Reject]:
        """Where each sentence of a split that has recordings stands, and what is told of it."""
        table = self.split_table(split)
        for item in read_json_lines(self.root / table, table):
            if isinstance(item, Reject):
                yield Reject(item.id, item.reason, item.id)
                continue
            where, entry = f"{table}:{item[0]}", item[1]
            yield (where, entry) if _recordings(entry) else Reject(where, "bad_row", where)

    @cached_property
    def speakers(self) -> dict[str, str]:
        """Recording -> `FE-488`: sex (F, M, UNK), native (E) or other (O) speaker of English, number."""
        table = self.root / "dataset/slurp/metadata.json"
        if not self.has_file(table):
            return {}
        told = (facts.get("recordings") for _, facts in read_object(table) if isinstance(facts, dict))
        recordings = (item for found in told if isinstance(found, dict) for item in found.items())
        return {name: str(facts.get("usrid") or "") for name, facts in recordings if isinstance(facts, dict)}


def _recordings(entry: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The recordings of a sentence, each with its `file`."""
    found = entry.get("recordings")
    listed = found if isinstance(found, list) else ()
    return [recording for recording in listed if isinstance(recording, dict) and recording.get("file")]


def _annotations(entry: Mapping[str, Any]) -> tuple[Annotation, ...] | None:
    """What is said of every recording of a sentence; None: not in the release's form."""
    try:
        sentence, scenario, action = entry["sentence"], entry["scenario"], entry["action"]
        surfaces = dict(enumerate(token["surface"] for token in entry["tokens"]))
        found = tuple(
            (str(entity["type"]), _as_said(" ".join(surfaces[place] for place in entity["span"]), sentence))
            for entity in entry["entities"]
        )
    except (KeyError, TypeError):
        return None
    if not all(isinstance(text, str) and text.strip() for text in (sentence, scenario, action)):
        return None
    return Transcript(sentence, "en"), Intent(scenario, action), Entities("sf", found), Entities("ser", found)


def _as_said(words: str, sentence: str) -> str:
    """The words of an entity, with what the tokens take apart (`domino 's`) joined where the sentence has it so."""
    joined = words.replace(" '", "'")
    return joined if words not in sentence and joined in sentence else words
