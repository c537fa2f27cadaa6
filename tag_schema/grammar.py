"""The grammars of responses: each turns the fields it owns into text and back, exactly.

| grammar    | response                                                                                           |
|------------|----------------------------------------------------------------------------------------------------|
| `TEXT`     | the text itself                                                                                    |
| `LIST`     | members separated by `<|delim|>` (labels hold commas); no labels: `<|sil|>`                        |
| `WORDS`    | unit, end time, unit, end time …: words and `<|sil|>`; the prompt gives the first time             |
| `SPANS`    | `<|startofword|>label<|endofword|><|start|><|delim|><|end|>` each; none: `<|sil|>`                 |
| `ENTITIES` | `<|startofentityvalue|>…<|endofentityvalue|>` and `<|startofentitytype|>…<|endofentitytype|>` each; |
|            | none: `<|sil|>`                                                                                    |
| `INTENT`   | `scenario<|action|>action`; the prompt ends in `<|scenario|>`                                      |
| `NOTE`     | `<|pitch|><|midi_pitch_60|><|velocity|><|midi_velocity_100|><|instrument|>organ<|sonic|>dark, reverb` |

`settle` refuses fields that cannot be rendered and returns those whose canonical form differs from what was
given (spans are sorted: their order carries nothing). `parse` accepts the canonical form only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from tag_schema.annotations import (
    Entity,
    Intent,
    Note,
    TargetError,
    check_text,
    tuple_of,
)
from tag_schema.timestamps import SILENCE
from tag_schema.vocabulary import find_token

if TYPE_CHECKING:
    from tag_schema.target import Target

NOTHING: Final = SILENCE  # silence between words, and an explicitly empty list
DELIMITER: Final = "<|delim|>"

_ENTITY: Final = re.compile(
    r"<\|startofentityvalue\|>(.*?)<\|endofentityvalue\|><\|startofentitytype\|>(.*?)<\|endofentitytype\|>", re.DOTALL
)
_MIDI: Final = "(0|[1-9][0-9]?|1[01][0-9]|12[0-7])"
_NOTE: Final = re.compile(
    rf"(?:<\|pitch\|><\|midi_pitch_{_MIDI}\|>)?(?:<\|velocity\|><\|midi_velocity_{_MIDI}\|>)?"
    r"(?:<\|instrument\|>([^<]*))?(?:<\|sonic\|>(.*))?",
    re.DOTALL,
)


class Grammar(Protocol):
    """One response format; `fields` are the fields of `Target` that it owns, of which the first must be given."""

    @property
    def fields(self) -> tuple[str, ...]: ...

    def settle(self, target: Target) -> Mapping[str, Any]:
        """Check the fields; return those to replace by their canonical form."""
        ...

    def render(self, target: Target) -> str:
        """The response of a settled target."""
        ...

    def parse(self, response: str, at: int, language: str | None) -> dict[str, Any]:
        """The fields of a response that begins at position `at`; `language` is the text's."""
        ...


@dataclass(frozen=True)
class TextGrammar:
    """Free text, or one of a closed set."""

    field: str = "text"
    closed: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.field,)

    def settle(self, target: Target) -> Mapping[str, Any]:
        self._check(getattr(target, self.field), None)
        return {}

    def _check(self, text: str, at: int | None) -> None:
        check_text(text, self.field, at)
        if self.closed and text not in self.closed:
            raise TargetError(f"{self.field} must be {' or '.join(self.closed)}, not {text!r}", at)

    def render(self, target: Target) -> str:
        text: str = getattr(target, self.field)
        return text

    def parse(self, response: str, at: int, language: str | None) -> dict[str, Any]:
        self._check(response, at)
        return {self.field: response}


@dataclass(frozen=True)
class ListGrammar:
    """Texts side by side: transcripts of overlapping speakers, or labels, which are distinct and may be none."""

    field: str
    labels: bool

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.field,)

    def settle(self, target: Target) -> Mapping[str, Any]:
        members = tuple_of(str, getattr(target, self.field), self.field)
        for member in members:
            check_text(member, f"a member of {self.field}")
        self._check_members(members, None)
        return {self.field: members}

    def _check_members(self, members: Sequence[str], at: int | None) -> None:
        if not members and not self.labels:
            raise TargetError(f"{self.field} is empty", at, "empty_text")
        if self.labels and len(set(members)) != len(members):
            raise TargetError(f"{self.field} names a label twice: {members!r}", at)

    def render(self, target: Target) -> str:
        return DELIMITER.join(getattr(target, self.field)) or NOTHING

    def parse(self, response: str, at: int, language: str | None) -> dict[str, Any]:
        if self.labels and response == NOTHING:
            return {self.field: ()}
        members = tuple(response.split(DELIMITER))
        position = at
        for member in members:
            check_text(member, f"a member of {self.field}", position)
            position += len(member) + len(DELIMITER)
        self._check_members(members, at)
        return {self.field: members}


@dataclass(frozen=True)
class EntitiesGrammar:
    """Typed values in the order in which they are heard or listed."""

    fields: tuple[str, ...] = ("entities",)

    def settle(self, target: Target) -> Mapping[str, Any]:
        entities = tuple_of(Entity, target.entities, "entities")
        for entity in entities:
            check_text(entity.value, "an entity's value")
            check_text(entity.type, "an entity's type")
        return {"entities": entities}

    def render(self, target: Target) -> str:
        assert target.entities is not None
        return (
            "".join(
                f"<|startofentityvalue|>{entity.value}<|endofentityvalue|>"
                f"<|startofentitytype|>{entity.type}<|endofentitytype|>"
                for entity in target.entities
            )
            or NOTHING
        )

    def parse(self, response: str, at: int, language: str | None) -> dict[str, Any]:
        if response == NOTHING:
            return {"entities": ()}
        entities: list[Entity] = []
        position = 0
        while position < len(response) or not entities:
            match = _ENTITY.match(response, position)
            if match is None:
                raise TargetError("expected an entity's value and type between their tokens", at + position)
            check_text(match[1], "an entity's value", at + match.start(1))
            check_text(match[2], "an entity's type", at + match.start(2))
            entities.append(Entity(match[2], match[1]))
            position = match.end()
        return {"entities": tuple(entities)}


@dataclass(frozen=True)
class IntentGrammar:
    """The scenario, whose tag ends the prompt, and the action."""

    fields: tuple[str, ...] = ("intent",)

    def settle(self, target: Target) -> Mapping[str, Any]:
        if not isinstance(target.intent, Intent):
            raise TargetError(f"intent must be an Intent, not {type(target.intent).__name__}")
        check_text(target.intent.scenario, "the scenario")
        check_text(target.intent.action, "the action")
        return {}

    def render(self, target: Target) -> str:
        assert target.intent is not None
        return f"{target.intent.scenario}<|action|>{target.intent.action}"

    def parse(self, response: str, at: int, language: str | None) -> dict[str, Any]:
        scenario, separator, action = response.partition("<|action|>")
        check_text(scenario, "the scenario", at)
        if not separator:
            raise TargetError("expected <|action|>", at + len(response))
        check_text(action, "the action", at + len(scenario) + len(separator))
        return {"intent": Intent(scenario, action)}


@dataclass(frozen=True)
class NoteGrammar:
    """A musical note as the released scorer reads it, its fields in one order."""

    fields: tuple[str, ...] = ("note",)

    def settle(self, target: Target) -> Mapping[str, Any]:
        if not isinstance(target.note, Note):
            raise TargetError(f"note must be a Note, not {type(target.note).__name__}")
        target.note.check()
        return {}

    def render(self, target: Target) -> str:
        note = target.note
        assert note is not None
        pitch = "" if note.pitch is None else f"<|pitch|><|midi_pitch_{note.pitch}|>"
        velocity = "" if note.velocity is None else f"<|velocity|><|midi_velocity_{note.velocity}|>"
        instrument = "" if note.instrument is None else f"<|instrument|>{note.instrument}"
        sonic = f"<|sonic|>{', '.join(note.sonic)}" if note.sonic else ""
        return pitch + velocity + instrument + sonic

    def parse(self, response: str, at: int, language: str | None) -> dict[str, Any]:
        match = _NOTE.match(response)
        assert match is not None  # every part of the pattern is optional
        if match.end() < len(response):
            found = find_token(response, match.end())
            raise TargetError(
                "expected pitch, velocity, instrument and sonic, each at most once and in this order",
                at + (match.end() if found is None else found[0]),
            )
        pitch, velocity, instrument, sonic = match.groups()
        note = Note(
            pitch=None if pitch is None else int(pitch),
            velocity=None if velocity is None else int(velocity),
            instrument=instrument,
            sonic=() if sonic is None else tuple(sonic.split(", ")),
        )
        try:
            note.check()
        except TargetError as error:
            raise TargetError(error.reason, at, error.code) from None
        return {"note": note}


TEXT: Final = TextGrammar()
ANSWER: Final = TextGrammar("answer")
YES_NO: Final = TextGrammar(closed=("yes", "no"))
TEXTS: Final = ListGrammar("texts", labels=False)
LABELS: Final = ListGrammar("labels", labels=True)
ENTITIES: Final = EntitiesGrammar()
INTENT: Final = IntentGrammar()
NOTE: Final = NoteGrammar()
