"""What a model is to say about a clip, and its one rendering as prompt and response.

    target = Target(task="s2tt", audio_language="de", text_language="en", text="Good morning.")
    tagged = target.render()
    Target.parse(tagged.text) == target

`render` and `parse` are exact inverses. A target is checked when it is made, and its fields take their canonical
form then (defaults filled in, spans sorted), so that two targets that render alike are equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from tag_schema.annotations import (
    Entity,
    Intent,
    Note,
    TargetError,
    TimedEvent,
    TimedWord,
    Turn,
)
from tag_schema.prompt import FORMS, PromptReading, read_prompt, render_prompt, settle_prompt
from tag_schema.tasks import TASKS

__all__ = [
    "Entity",
    "Intent",
    "Note",
    "Tagged",
    "Target",
    "TargetError",
    "TimedEvent",
    "TimedWord",
    "Turn",
]

_PROMPT_FIELDS = ("itn", "style", "question", "choices")
_RESPONSE_FIELDS = tuple(dict.fromkeys(name for task in TASKS.values() for name in task.grammar.fields))


class Tagged(NamedTuple):
    """A rendered target: what the decoder is conditioned on, and what it must predict."""

    prompt: str
    response: str

    @property
    def text(self) -> str:
        """Prompt and response in one string."""
        return self.prompt + self.response


@dataclass(frozen=True, slots=True)
class Target:
    """One task's answer about a clip. Only fields of the task may be set; which ones, `tasks.py` tells.

    A field left at None is not said; an empty tuple says that there is nothing (no events, no entities).

    Attributes:
        task: a key of `TASKS`.
        audio_language: code of the language heard; None: no language, or what the task always says.
        text_language: code of the response's language; None: what the task says.
        timestamps: follows from the task; given, it must agree.
        text: transcript, translation, caption or label.
        texts: transcripts of overlapping speakers, in order of their beginning.
        itn: True for written text (cased, punctuated, digits), False for spoken or unpunctuated text.
        words: words with times, in order, without overlap.
        seconds: where the clip of timed words ends, on the 10 ms grid; None: with the last word.
        events: sound events with times.
        turns: speaker turns.
        entities: typed values: named entities, slots, song metadata.
        labels: distinct labels of the whole clip.
        intent: scenario and action of a command.
        note: a musical note.
        question, choices, answer: of question answering.
        style: caption style or event ontology (`Task.styles`).

    Raises:
        TargetError: on construction, for whatever cannot be rendered and read back.
    """

    task: str
    audio_language: str | None = None
    text_language: str | None = None
    timestamps: bool | None = None
    text: str | None = None
    texts: tuple[str, ...] | None = None
    itn: bool | None = None
    words: tuple[TimedWord, ...] | None = None
    seconds: float | None = None
    events: tuple[TimedEvent, ...] | None = None
    turns: tuple[Turn, ...] | None = None
    entities: tuple[Entity, ...] | None = None
    labels: tuple[str, ...] | None = None
    intent: Intent | None = None
    note: Note | None = None
    question: str | None = None
    choices: tuple[str, ...] = ()
    answer: str | None = None
    style: str | None = None

    def __post_init__(self) -> None:
        form = FORMS.get(self.task)
        if form is None:
            raise TargetError(f"unknown task {self.task!r}; tasks are {', '.join(TASKS)}")
        task = form.task
        grammar_fields = task.grammar.fields
        for name in _RESPONSE_FIELDS:
            if name not in grammar_fields and getattr(self, name) is not None:
                raise TargetError(f"{self.task} has no {name}")
        for name in _PROMPT_FIELDS:
            if name not in form.fields and getattr(self, name) not in (None, ()):
                raise TargetError(f"{self.task} has no {name}")
        if getattr(self, grammar_fields[0]) is None:
            raise TargetError(f"{self.task} needs {grammar_fields[0]}")
        if self.timestamps is not None and self.timestamps != task.timestamps:
            raise TargetError(f"{self.task} is {'with' if task.timestamps else 'without'} timestamps")
        audio, text, itn, style, choices = settle_prompt(
            form, self.audio_language, self.text_language, self.itn, self.style, self.question, self.choices
        )
        assign = object.__setattr__
        assign(self, "audio_language", audio)
        assign(self, "text_language", text)
        assign(self, "timestamps", task.timestamps)
        assign(self, "itn", itn)
        assign(self, "style", style)
        assign(self, "choices", choices)
        for name, value in task.grammar.settle(self).items():
            assign(self, name, value)

    def render(self) -> Tagged:
        """The prompt and the response."""
        form = FORMS[self.task]
        prompt = render_prompt(
            form, self.audio_language, self.text_language, self.itn, self.style, self.question, self.choices
        )
        return Tagged(prompt, form.task.grammar.render(self))

    @classmethod
    def parse(cls, text: str) -> Target:
        """The target that renders as this text.

        Raises:
            TargetError: there is none; with the position in `text` and the reason.
        """
        reading = read_prompt(text)
        return cls._read(reading, text[reading.end :], reading.end)

    @classmethod
    def parse_response(cls, prompt: str, response: str) -> Target:
        """The target with this prompt and response, as stored in a sample.

        Raises:
            TargetError: there is none; positions count from the beginning of the prompt.
        """
        reading = read_prompt(prompt)
        if reading.end != len(prompt):
            raise TargetError(f"the prompt of {reading.form.task.id} ends here", reading.end)
        return cls._read(reading, response, reading.end)

    @classmethod
    def _read(cls, reading: PromptReading, response: str, at: int) -> Target:
        task = reading.form.task
        fields: dict[str, Any] = task.grammar.parse(response, at, reading.text_language)
        return cls(
            task=task.id,
            audio_language=reading.audio_language,
            text_language=reading.text_language,
            **reading.fields,
            **fields,
        )

    @property
    def tag_languages(self) -> tuple[str, ...]:
        """Codes of the languages whose tags the prompt holds: what a vocabulary must have."""
        languages = (self.audio_language, self.text_language)
        return tuple(dict.fromkeys(code for code in languages if code is not None))
