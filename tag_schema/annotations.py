"""What a target can say about a clip, and the rule that all its text obeys.

Text is NFC, stripped and free of vocabulary tokens; times are seconds on the 10 ms grid (`timestamps.py`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tag_schema.vocabulary import MIDI_VALUES, find_token

# NSynth's qualities in the order of its quality vector; the released scorer knows exactly these.
SONIC_LABELS: Final[tuple[str, ...]] = (
    "bright",
    "dark",
    "distortion",
    "fast_decay",
    "long_release",
    "multiphonic",
    "nonlinear_env",
    "percussive",
    "reverb",
    "tempo-synced",
)


class TargetError(ValueError):
    """A target that cannot be, or a string that is none.

    Attributes:
        reason: what is wrong, in one line.
        position: character position in the parsed string; None where nothing was parsed.
        code: `malformed`, `empty_text`, `reserved_token`, `bad_times` or `bad_language`.
    """

    def __init__(self, reason: str, position: int | None = None, code: str = "malformed") -> None:
        super().__init__(reason if position is None else f"position {position}: {reason}")
        self.reason = reason
        self.position = position
        self.code = code

    def __reduce__(self) -> tuple[type[TargetError], tuple[str, int | None, str]]:
        return TargetError, (self.reason, self.position, self.code)


def check_text(value: object, what: str, position: int | None = None) -> None:
    """Refuse what cannot stand between two tokens and be read back unchanged.

    Args:
        what: the name of the value in the message, such as "text" or "a word".
        position: where the value begins in the parsed string.

    Raises:
        TargetError: not a string, empty, not stripped, not NFC, or with a vocabulary token inside.
    """
    if not isinstance(value, str):
        raise TargetError(f"{what} must be a string, not {type(value).__name__}", position)
    if not value:
        raise TargetError(f"{what} is empty", position, "empty_text")
    if value[0].isspace() or value[-1].isspace():
        raise TargetError(f"{what} begins or ends with white space: {_shown(value)}", position)
    if not value.isascii():
        # A mark at the beginning would fuse with the ">" of the token before it, so NFC is asked of both.
        if not unicodedata.is_normalized("NFC", ">" + value):
            raise TargetError(f"{what} is not in Unicode's NFC form: {_shown(value)}", position)
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise TargetError(f"{what} holds half a surrogate pair: {_shown(value)}", position)
    found = find_token(value)
    if found is not None:
        at = None if position is None else position + found[0]
        raise TargetError(f"{what} holds the token {found[1]}", at, "reserved_token")


def _shown(value: str) -> str:
    return ascii(value if len(value) <= 40 else value[:40] + "…")


def tuple_of(kind: type, value: object, field: str) -> tuple[Any, ...]:
    """The value as a tuple whose members are all of one kind."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TargetError(f"{field} must be a tuple, not {type(value).__name__}")
    for member in value:
        if not isinstance(member, kind):
            raise TargetError(f"{field} must hold {kind.__name__}, not {type(member).__name__}")
    return tuple(value)


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word (in languages without spaces: a word or character) and its span in seconds."""

    word: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class TimedEvent:
    """A sound event and its span in seconds."""

    label: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's stretch of speech, in seconds; speakers are numbered from 1 by first appearance."""

    speaker: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Entity:
    """A typed value: a named entity, a slot, or a field of a song's metadata."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What a command is about and what it asks for: `calendar`, `set`."""

    scenario: str
    action: str


@dataclass(frozen=True, slots=True)
class Note:
    """A musical note: MIDI pitch and velocity, instrument, sonic qualities in the order of SONIC_LABELS.

    Each field may be missing, but not all of them.
    """

    pitch: int | None = None
    velocity: int | None = None
    instrument: str | None = None
    sonic: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse a note that no response can spell."""
        if self.pitch is None and self.velocity is None and self.instrument is None and not self.sonic:
            raise TargetError("a note without pitch, velocity, instrument and sonic qualities says nothing")
        for name, value in (("pitch", self.pitch), ("velocity", self.velocity)):
            if value is not None and (type(value) is not int or not 0 <= value < MIDI_VALUES):
                raise TargetError(f"{name} must be a whole number from 0 to {MIDI_VALUES - 1}, not {value!r}")
        if self.instrument is not None:
            check_text(self.instrument, "instrument")
            if "<" in self.instrument:  # the released scorer ends the instrument's name there
                raise TargetError(f"instrument holds '<': {_shown(self.instrument)}")
        if tuple(label for label in SONIC_LABELS if label in self.sonic) != self.sonic:
            raise TargetError(f"sonic must be distinct NSynth qualities in NSynth's order, not {self.sonic!r}")
