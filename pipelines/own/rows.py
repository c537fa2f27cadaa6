"""From a row of a user's own metadata to a record: what it says of which audio.

What of a row is no field of ours (`fields.py`) is kept in the record's `original`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.labels.languages import language_code
from pipelines.labels.licences import licence
from pipelines.own.data import OwnData
from pipelines.own.fields import LABELS, Columns, Told
from pipelines.own.row_values import RowError, events, items, pairs, seconds, turns, words
from pipelines.record import (
    Annotation,
    AudioRef,
    Caption,
    Entities,
    Events,
    Intent,
    Label,
    Overlap,
    QuestionAnswer,
    Record,
    Reject,
    Speaker,
    TextForm,
    Transcript,
    Translation,
    Turns,
    Words,
)
from pipelines.source import SourceError
from tag_schema.tasks import TASKS

_LABEL_TASKS = frozenset({*LABELS.values(), "lid", "sgc", "sap"})
_OTHER_TASKS = {
    "transcribe": "asr",
    "s2t_translation": "s2tt",
    "ast": "s2tt",
    "translate": "s2tt",
}  # NeMo's and others'
_SAYS = (
    "text", "translation", "caption", "question", "answer", "events", "turns", "entities", "scenario", "label",
    "gender", "age", *LABELS,
)  # fmt: skip
_NOTHING = frozenset({"na", "n/a", "nan", "none"})  # in NeMo's `answer`, where there is none yet
_FORMS: Mapping[str, TextForm] = {"written": "written", "spoken": "spoken", "unpunctuated": "unpunctuated"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where audio lies: a path, the root that it begins in, and where in the file, as `AudioRef` has them."""

    path: str
    root: str = ""
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of metadata. `where` is its file and line, `folder` that of the file, below SOURCE's; `name` what to call
    the row if it has no id, `place` where its audio lies if that is known already."""

    where: str
    cells: Mapping[str, Any]
    folder: str = ""
    name: str = ""
    place: Place | None = None


class RowReader:
    """Turns rows into records. `find_audio` gives the place of a row's path of audio, or a reason of a reject."""

    def __init__(self, own: OwnData, tasks: Sequence[str], find_audio: Callable[[str, Row], Place | str]) -> None:
        self._own, self._tasks, self._find_audio = own, frozenset(tasks), find_audio
        self._columns = Columns(dict(own.columns))
        named = [task for task in own.tasks if task in _LABEL_TASKS]
        self._label_task = named[0] if len(named) == 1 else ""  # of labels whose rows do not say

    def record(self, row: Row) -> Record | Reject:
        """The record that a row makes, or why it makes none."""
        told = self._columns.told(row.cells)
        given = told.text("audio")
        name = told.text("id") or row.name
        try:
            place = row.place or self._find_audio(given, row)
            ref = _audio(told, place if isinstance(place, Place) else Place(given))
            name = name or _name(told, ref, given if ref.inside else ref.path)
            if not isinstance(place, Place):
                return Reject(name, place, f"{row.where}: {given}" if given else f"{row.where}: no path of audio")
            annotations = tuple(self._annotations(told))
        except RowError as error:
            return Reject(name or given or row.where, error.reason, f"{row.where}: {error}")
        speaker = _speaker(told, self._task(told))
        if not annotations and not (speaker.gender or speaker.age):
            return Reject(name, "no_transcript", row.where)
        return Record(
            name,
            (ref,),
            annotations,
            speaker,
            licence=licence(told.text("licence")) or None,
            language=told.text("language") or None,
            original=told.rest(),
        )

    def split_of(self, row: Row) -> str:
        """The split that a row names; "" where it names none."""
        return re.sub(r"[^A-Za-z0-9_-]", "-", self._columns.told(row.cells).text("split"))

    def check_first(self, row: Row) -> None:
        """See that the first row of a corpus has what no row can do without.

        Raises:
            SourceError: which field it lacks, and what to pass.
        """
        told = self._columns.told(row.cells)
        problem = self._lacking(told, row.place is not None)
        if problem:
            there = ", ".join(row.cells) or "none at all"
            if len(row.cells) == 1 and ";" in there:
                there += " (a table's first line names its fields, between commas or, in .tsv, tabs; not semicolons)"
            raise SourceError(f"{self._own.name}: {problem}. The fields of {row.where} are: {there}")

    def all_lost(self, rows: Sequence[Row]) -> str:
        """The path of the first row's audio, where the audio of no row is there; else ""."""
        given = [(self._columns.told(row.cells).text("audio"), row) for row in rows if row.place is None]
        if not given or any(isinstance(self._find_audio(*one), Place) for one in given):
            return ""
        return given[0][0]

    def _lacking(self, told: Told, has_audio: bool) -> str:
        for field, column in self._columns.given.items():
            known = column in told.cells or (field == "audio" and has_audio)
            if not known and (field == "audio" or not (has_audio or told.has("audio"))):
                return f"COLUMNS={field}={column}: there is no such field"
        if not has_audio and not told.has("audio"):
            return "no field names the audio; say which does with COLUMNS=audio=FIELD"
        if not any(map(told.has, _SAYS)):
            return (
                "no field says anything of the audio; say which is the text with COLUMNS=text=FIELD, or which is "
                f"one of {', '.join(_SAYS[1:])}"
            )
        if told.has("text") and not self._language(told):
            return "no field names the language of the text; pass LANGUAGE=de, or COLUMNS=language=FIELD"
        if told.has("translation") and not told.has("translation_language"):
            return (
                "no field names the language of the translation; say which does with COLUMNS=translation_language=FIELD"
            )
        if told.has("label") and not told.has("task") and not self._label_task:
            return (
                "what kind of label is meant? Pass TASKS= with one of "
                f"{', '.join(sorted(_LABEL_TASKS))}, or say it by the field: COLUMNS=emotion=label, COLUMNS=sound=label"
            )
        return ""

    # What a row says -------------------------------------------------------------------------------------------------

    def _annotations(self, told: Told) -> Iterator[Annotation]:
        task = self._task(told)
        text, translation, target = map(told.text, ("text", "translation", "translation_language"))
        language = self._language(told)
        if not text and not told.has("question") and told.text("answer").lower() not in _NOTHING:
            text = told.text("answer")  # NeMo's: the answer to a prompt that asks for the transcript or its translation
        if text and not translation and (task == "s2tt" or _differ(target, language)):
            text, translation = "", text  # NeMo has one field for both
        if text:
            yield from self._speech(told, task, text, _spoken(language, "the text"))
        if translation:
            yield Translation(translation, _spoken(target, "the translation"))
        for caption in items(told.value("caption")):
            yield Caption(caption, task="mc" if self._is_music(task, "aac", "mc") else "aac")
        yield from self._labels(told, task, language)
        if told.has("events"):
            yield Events(events(told.value("events")))
        if told.has("turns"):
            yield Turns(turns(told.value("turns")))
        if told.has("entities"):
            kind: Literal["sf", "mr", "ser"] = "sf" if task == "sf" else "mr" if task == "mr" else "ser"
            yield Entities(kind, pairs(told.value("entities")))
        if told.has("scenario"):
            yield Intent(told.text("scenario"), told.text("action"))
        if told.has("question"):
            choices, about = tuple(items(told.value("choices"))), self._is_music(task, "aqa", "mqa")
            for answer in items(told.value("answer")):
                yield QuestionAnswer(told.text("question"), answer, choices, "mqa" if about else "aqa")

    def _speech(self, told: Told, task: str, text: str, language: str) -> Iterator[Annotation]:
        form = _form(told)
        if task == "osr":
            yield Overlap(tuple(items(told.value("text"))), language, form)
            return
        yield Transcript(text, language, form, dialect=task == "dialect_asr")
        if told.has("words"):
            yield Words(words(told.value("words")))

    def _labels(self, told: Told, task: str, language: str) -> Iterator[Annotation]:
        for field in told.labels:
            if told.has(field):
                yield Label(LABELS[field], tuple(items(told.value(field))))
        if told.has("label"):
            kind = task if task in _LABEL_TASKS else self._label_task
            if not kind:
                raise RowError("bad_row", f"a label of which kind? The row's task is {task or 'empty'}")
            if kind not in ("sgc", "sap"):
                yield Label(kind, tuple(items(told.value("label"))))
        elif task == "lid" and not told.has("text"):
            yield Label("lid", (_spoken(language, "the speech"),))

    def _language(self, told: Told) -> str:
        return told.text("language") or self._own.language

    def _task(self, told: Told) -> str:
        given = told.text("task")
        task = _OTHER_TASKS.get(given.lower(), given.lower())
        if task and task not in self._tasks:
            known = f"known: {', '.join(TASKS)}" if task not in TASKS else f"not one of TASKS={','.join(self._tasks)}"
            raise RowError("unknown_label", f"task {given}: {known}")
        return task

    def _is_music(self, task: str, sound: str, music: str) -> bool:
        """Which of two tasks with the same fields a row is for."""
        return task == music or (task != sound and sound not in self._tasks)


def _audio(told: Told, place: Place) -> AudioRef:
    start, end, length = (seconds(told.value(field), field) for field in ("start", "end", "duration"))
    if end is None and length is not None and start is not None:
        end = round(start + length, 6)
    if (end is not None and end <= (start or 0.0)) or length == 0:
        raise RowError("bad_times", f"from {start or 0.0} to {end if end is not None else length} s")
    channel = told.text("channel")
    if channel and not channel.isdecimal():
        raise RowError("bad_row", f"channel {channel} is no number, counted from 0")
    return AudioRef(
        place.path,
        place.root,
        start,
        end,
        recording=told.text("recording") or (f"{place.path}:{place.inside}" if place.inside else None),
        seconds=length if start is None and end is None else None,
        inside=place.inside,
        channel=int(channel) if channel else None,
    )


def _name(told: Told, ref: AudioRef, path: str) -> str:
    """What to call a row without an id: as its audio, with the times; with a hash where several rows may share them."""
    name = path.lstrip("./")
    stem, dot, ending = name.rpartition(".")
    name = stem if dot and "/" not in ending else name
    if ref.start is not None or ref.end is not None:
        name += f"-{ref.start or 0.0:.3f}" + ("" if ref.end is None else f"-{ref.end:.3f}")
    if ref.channel is not None:
        name += f"-{ref.channel}"
    if told.has("question") or told.has("task"):
        said = [told.text(field) for field in ("task", "question", "answer", "label", "translation_language")]
        name += "-" + hashlib.blake2b(json.dumps(said).encode(), digest_size=4).hexdigest()
    return name


def _speaker(told: Told, task: str) -> Speaker:
    gender, age, label = map(told.text, ("gender", "age", "label"))
    gender, age = (label if task == "sgc" else gender), (label if task == "sap" else age)
    return Speaker(told.text("speaker") or None, gender or None, age or None)


def _spoken(language: str, what: str) -> str:
    """A language as the row has it.

    Raises:
        RowError: it is none.
    """
    if language_code(language) is None:
        raise RowError("unknown_label", f"the language of {what} is {language or 'not told'}")
    return language


def _differ(target: str, language: str) -> bool:
    return bool(target and language) and language_code(target) != language_code(language)


def _form(told: Told) -> TextForm | None:
    """How the text is written, where the row tells; None: as in all of them."""
    given = told.text("text_form").lower()
    if given:
        if given not in _FORMS:
            raise RowError("unknown_label", f"text_form {given}: known are {', '.join(_FORMS)}")
        return _FORMS[given]
    punctuated, numbers = (told.text(field).lower().strip("<|>") for field in ("pnc", "itn"))
    if punctuated in ("no", "nopnc", "false"):
        return "unpunctuated"
    if punctuated in ("yes", "pnc", "true"):
        return "spoken" if numbers in ("no", "noitn", "false") else "written"
    return None
