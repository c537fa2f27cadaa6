"""The fields of a user's own metadata, and which column of a row is which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.own.row_values import text_of
from tag_schema.tasks import TASKS

FIELDS: Mapping[str, str] = {
    "audio": "path of the recording",
    "start": "seconds, where the clip begins in the recording",
    "end": "seconds, where it ends",
    "duration": "seconds, its length; either this or `end`",
    "channel": "which channel is heard, counted from 0; without it all of them, mixed",
    "text": "what is said",
    "language": "of what is said: de, zh-CN, German",
    "words": "[{word, start, end}, …], times in seconds in the recording",
    "translation": "the text in another language",
    "translation_language": "which",
    "speaker": "who speaks, by any name",
    "gender": "male, female, m, f",
    "age": "in years or decades: 34, thirties",
    "dialect": "a label (did)",
    "emotion": "a label (er)",
    "keyword": "a label (ks)",
    "sound": "labels (sec)",
    "vocal_sound": "a label (vsc)",
    "scene": "a label (asc)",
    "genre": "labels (mgr)",
    "instrument": "labels (mic)",
    "mood": "labels (smer)",
    "singer": "a label (sid)",
    "label": "labels of the kind that `task` names",
    "caption": "what is heard, as a sentence, or several; English",
    "question": "about the clip; English",
    "answer": "to the question",
    "choices": "the answers to choose from",
    "entities": "[{type, value}, …]: named entities (ser), slots (sf) or song metadata (mr), as `task` says",
    "scenario": "what a command is about (ic)",
    "action": "what it asks for",
    "events": "[{label, start, end}, …], times in seconds in the recording",
    "turns": "[{speaker, start, end}, …], the same",
    "task": "what the row is for, where that is not clear: " + ", ".join(sorted(TASKS)),
    "text_form": "written, spoken or unpunctuated, where rows differ",
    "pnc": "NeMo's: yes where the text has punctuation and capitals",
    "itn": "NeMo's: no where numbers are spelled out",
    "licence": "of this row",
    "id": "a name of the row's own",
    "recording": "a name of the recording",
    "split": "train, dev, …",
}
# Fields that are labels of a task.
LABELS: Mapping[str, str] = {
    "dialect": "did", "emotion": "er", "keyword": "ks", "sound": "sec", "vocal_sound": "vsc", "scene": "asc",
    "genre": "mgr", "instrument": "mic", "mood": "smer", "singer": "sid",
}  # fmt: skip
# What others call them: NeMo, DeepSpeech, SpeechBrain, Common Voice.
_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "audio": (
        "audio_filepath", "audio_file", "audio_path", "wav_filename", "wav", "path", "file", "filename", "file_name",
    ),
    "start": ("offset", "start_time", "begin"),
    "end": ("end_time",),
    "duration": ("seconds", "length"),
    "text": ("transcript", "transcription", "sentence", "wrd"),
    "language": ("lang", "source_lang", "source_language", "locale"),
    "translation_language": ("target_lang", "target_language"),
    "speaker": ("speaker_id", "spk_id", "client_id"),
    "gender": ("sex",),
    "label": ("labels",),
    "caption": ("captions",),
    "task": ("taskname",),
    "licence": ("license",),
    "id": ("ID", "utt_id", "utterance_id", "uid"),
}  # fmt: skip
_REMEMBERED = 1000  # sets of columns; the rows of JSON may each have their own


@dataclass(frozen=True, slots=True)
class Told:
    """A row by fields. A cell that holds nothing (null, blank, NaN) is as good as none."""

    columns: Mapping[str, str]  # field -> column
    labels: Sequence[str]  # fields of LABELS that are there
    others: Sequence[str]  # columns that are no field
    cells: Mapping[str, Any]

    def value(self, field: str) -> Any:
        """What a cell holds, None where it is not there."""
        column = self.columns.get(field)
        return None if column is None else self.cells[column]

    def text(self, field: str) -> str:
        """What a cell holds, as text; "" where it is not there."""
        column = self.columns.get(field)
        if column is None:
            return ""
        value = self.cells[column]
        return value.strip() if type(value) is str else text_of(value)

    def has(self, field: str) -> bool:
        """Whether a cell is there, and holds something."""
        return field in self.columns and bool(self.text(field))

    def rest(self) -> dict[str, str]:
        """The columns that are no field, as text."""
        return {column: text for column in self.others if (text := text_of(self.cells[column]))}


class Columns:
    """Finds the fields of rows: by the name that the user gives them in `columns`, else by their own, or by one that
    others use."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given
        self._seen: dict[tuple[str, ...], tuple[dict[str, str], list[str], list[str]]] = {}

    def told(self, cells: Mapping[str, Any]) -> Told:
        """A row by fields."""
        names = tuple(cells)
        if names not in self._seen:
            if len(self._seen) == _REMEMBERED:
                self._seen.clear()
            self._seen[names] = self._sorted(names)
        return Told(*self._seen[names], cells)

    def _sorted(self, names: tuple[str, ...]) -> tuple[dict[str, str], list[str], list[str]]:
        there = set(names)
        free = there - set(self.given.values())
        found = {field: column for field, column in self.given.items() if column in there}
        for field in FIELDS:
            if field not in self.given:
                known = (name for name in (field, *_OTHER_NAMES.get(field, ())) if name in free)
                if (column := next(known, None)) is not None:
                    found[field] = column
        used = set(found.values())
        return found, [field for field in LABELS if field in found], [name for name in names if name not in used]
