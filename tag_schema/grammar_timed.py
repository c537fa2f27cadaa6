"""The grammars of responses with times: the words of a transcript, and labelled spans."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tag_schema.annotations import TargetError, TimedEvent, TimedWord, Turn, check_text, tuple_of
from tag_schema.grammar import DELIMITER, NOTHING
from tag_schema.languages import space_between
from tag_schema.timestamps import SECONDS_OF_DIGITS, TIME_PATTERN, check_span, time_token

if TYPE_CHECKING:
    from tag_schema.target import Target

MOST_SPEAKERS: Final = 999  # in one clip

_TIME: Final = re.compile(TIME_PATTERN)
_SPEAKER: Final = re.compile("[1-9][0-9]{0,2}")
_SPAN: Final = re.compile(rf"<\|startofword\|>(.*?)<\|endofword\|>{TIME_PATTERN}<\|delim\|>{TIME_PATTERN}", re.DOTALL)


@dataclass(frozen=True)
class WordsGrammar:
    """Words with gapless times; silence between words and up to the clip's end is explicit."""

    fields: tuple[str, ...] = ("words", "seconds")

    def settle(self, target: Target) -> Mapping[str, Any]:
        words = tuple_of(TimedWord, target.words, "words")
        last = 0.0
        for word in words:
            self._check_word(word.word, None)
            check_span(f"word {word.word!r}", word.start, word.end)
            if word.start < last:
                raise TargetError(
                    f"word {word.word!r} starts at {word.start} s, before {last} s, where the one before it ends",
                    code="bad_times",
                )
            last = word.end
        seconds = last if target.seconds is None else target.seconds
        time_token(seconds)
        if seconds < last or seconds == 0:
            raise TargetError(f"the clip ends at {seconds} s, the last word at {last} s", code="bad_times")
        return {"words": words, "seconds": seconds}

    def _check_word(self, word: str, at: int | None) -> None:
        check_text(word, "a word", at)
        if len(word.split()) > 1:
            raise TargetError(f"a word holds white space: {word!r}", at)

    def render(self, target: Target) -> str:
        assert target.words is not None and target.seconds is not None
        pieces: list[str] = []
        last, previous = 0.0, ""
        for word in target.words:
            if word.start > last:
                pieces += (NOTHING, time_token(word.start))
            if previous:
                pieces.append(space_between(previous, word.word, target.text_language))
            pieces += (word.word, time_token(word.end))
            last, previous = word.end, word.word
        if target.seconds > last:
            pieces += (NOTHING, time_token(target.seconds))
        return "".join(pieces)

    def parse(self, response: str, at: int, language: str | None) -> dict[str, Any]:
        pieces = _TIME.split(response)
        if pieces[-1] or len(pieces) == 1:
            raise TargetError("expected a time token at the end", at + len(response))
        words: list[TimedWord] = []
        start, previous, silent = 0.0, "", False
        for unit, digits in zip(pieces[0::2], pieces[1::2], strict=False):
            end = SECONDS_OF_DIGITS[digits]
            if unit == NOTHING:
                if silent:
                    raise TargetError("silence after silence is one silence", at)
                silent = True
            else:
                space = space_between(previous, unit.lstrip(" ") or unit, language) if previous and unit else ""
                word = unit[len(space) :]
                if not unit.startswith(space):
                    raise TargetError(f"expected a space before the word {unit!r}", at)
                self._check_word(word, at + len(space))
                words.append(TimedWord(word, start, end))
                previous, silent = word, False
            if end <= start:
                raise TargetError(f"times must rise, {end:.2f} follows {start:.2f}", at + len(unit), "bad_times")
            start = end
            at += len(unit) + len(digits) + 4
        return {"words": tuple(words), "seconds": start}


@dataclass(frozen=True)
class EventsGrammar:
    """Sound events, which may overlap, in order of start, end and label."""

    fields: tuple[str, ...] = ("events",)

    def settle(self, target: Target) -> Mapping[str, Any]:
        events = tuple_of(TimedEvent, target.events, "events")
        for event in events:
            check_text(event.label, "an event's label")
            check_span(f"event {event.label!r}", event.start, event.end)
        return {"events": tuple(sorted(events, key=_event_order))}

    def render(self, target: Target) -> str:
        return _render_spans((event.label, event.start, event.end) for event in target.events or ())

    def parse(self, response: str, at: int, language: str | None) -> dict[str, Any]:
        events: list[TimedEvent] = []
        for label, start, end, position in _read_spans(response, at):
            event = TimedEvent(label, start, end)
            if events and _event_order(event) < _event_order(events[-1]):
                raise TargetError("events must be in order of start, end and label", position)
            events.append(event)
        return {"events": tuple(events)}


@dataclass(frozen=True)
class TurnsGrammar:
    """Speaker turns, which may overlap, in order of start, end and speaker; the label is the speaker's number."""

    fields: tuple[str, ...] = ("turns",)

    def settle(self, target: Target) -> Mapping[str, Any]:
        turns = tuple_of(Turn, target.turns, "turns")
        for turn in turns:
            if type(turn.speaker) is not int:
                raise TargetError(f"a speaker's number must be whole, not {turn.speaker!r}")
            check_span(f"turn of speaker {turn.speaker}", turn.start, turn.end)
        turns = tuple(sorted(turns, key=_turn_order))
        known = 0
        for turn in turns:
            known = _check_number(turn.speaker, known, None)
        return {"turns": turns}

    def render(self, target: Target) -> str:
        return _render_spans((str(turn.speaker), turn.start, turn.end) for turn in target.turns or ())

    def parse(self, response: str, at: int, language: str | None) -> dict[str, Any]:
        turns: list[Turn] = []
        known = 0
        for label, start, end, position in _read_spans(response, at):
            if not _SPEAKER.fullmatch(label):
                raise TargetError(f"expected a speaker's number, found {label!r}", position)
            turn = Turn(int(label), start, end)
            if turns and _turn_order(turn) < _turn_order(turns[-1]):
                raise TargetError("turns must be in order of start, end and speaker", position)
            known = _check_number(turn.speaker, known, position)
            turns.append(turn)
        return {"turns": tuple(turns)}


def _render_spans(spans: Iterable[tuple[str, float, float]]) -> str:
    return (
        "".join(
            f"<|startofword|>{label}<|endofword|>{time_token(start)}{DELIMITER}{time_token(end)}"
            for label, start, end in spans
        )
        or NOTHING
    )


def _read_spans(response: str, at: int) -> Iterator[tuple[str, float, float, int]]:
    """(label, start, end, position of the label) of each span; `at` is the position of the response."""
    if response == NOTHING:
        return
    done = 0
    while done < len(response) or not done:
        match = _SPAN.match(response, done)
        if match is None:
            raise TargetError("expected <|startofword|>label<|endofword|><|start|><|delim|><|end|>", at + done)
        label, start, end = match[1], SECONDS_OF_DIGITS[match[2]], SECONDS_OF_DIGITS[match[3]]
        check_text(label, "a label", at + match.start(1))
        if end <= start:
            raise TargetError(f"the span ends at {end} s but starts at {start} s", at + match.start(3) - 2, "bad_times")
        yield label, start, end, at + match.start(1)
        done = match.end()


def _event_order(event: TimedEvent) -> tuple[float, float, str]:
    return event.start, event.end, event.label


def _turn_order(turn: Turn) -> tuple[float, float, int]:
    return turn.start, turn.end, turn.speaker


def _check_number(speaker: int, known: int, at: int | None) -> int:
    """Refuse a speaker who is neither one of the `known` first ones nor the next; how many are known then."""
    if not 1 <= speaker <= min(known + 1, MOST_SPEAKERS):
        raise TargetError(
            f"speakers are numbered from 1 by first appearance, up to {MOST_SPEAKERS}: {speaker} cannot follow {known}",
            at,
        )
    return max(known, speaker)


WORDS: Final = WordsGrammar()
EVENTS: Final = EventsGrammar()
TURNS: Final = TurnsGrammar()
