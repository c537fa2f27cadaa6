"""The values of a row's fields: lists of words, events and turns, times, labels, as JSON or as text writes them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from pipelines.record import Event, Word


class RowError(Exception):
    """A row that cannot be used; `reason` is a key of `REJECT_REASONS`."""

    def __init__(self, reason: str, said: str) -> None:
        super().__init__(said)
        self.reason = reason


def text_of(value: Any) -> str:
    """A value as text, stripped; "" for none."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:g}" if value.is_integer() else repr(value)
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def seconds(value: Any, field: str) -> float | None:
    """A time; None where there is none.

    Raises:
        RowError: `bad_times`: it is no number, or a negative one.
    """
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise RowError("bad_times", f"{field} {text_of(value)} is no number of seconds") from None
    if math.isnan(number):  # how pandas writes that there is none
        return None
    if not 0 <= number < math.inf:
        raise RowError("bad_times", f"{field} is {number}")
    return number


def items(value: Any) -> list[str]:
    """Texts: of a list, of a list as JSON text, or one."""
    value = _unpacked(value)
    found = [text_of(item) for item in value] if isinstance(value, list | tuple) else [text_of(value)]
    return [text for text in found if text]


def words(value: Any) -> tuple[Word, ...]:
    """Words with times: objects, triples [word, start, end], or lines of CTM (`[utterance channel] start length word`).

    Raises:
        RowError: they are none of these.
    """
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return tuple(_ctm_word(line) for line in value.split("\n") if line.strip())
    return tuple(Word(*_timed(item, ("word", "text", "symbol", "label"))) for item in _list(value, "words"))


def events(value: Any) -> tuple[Event, ...]:
    """Sound events: objects, or triples [label, start, end]."""
    return tuple(Event(*_timed(item, ("label", "event", "event_label"))) for item in _list(value, "events"))


def turns(value: Any) -> tuple[tuple[str, float, float], ...]:
    """Speaker turns: objects, or triples [speaker, start, end]."""
    return tuple(_timed(item, ("speaker", "label")) for item in _list(value, "turns"))


def pairs(value: Any) -> tuple[tuple[str, str], ...]:
    """Entities: objects {type, value}, or pairs [type, value]."""
    found = []
    for item in _list(value, "entities"):
        if isinstance(item, Mapping):
            item = [item.get("type"), item.get("value")]
        if not isinstance(item, list | tuple) or len(item) != 2 or not all(map(text_of, item)):
            raise RowError("bad_row", f"entities: {text_of(item)} is not {{type, value}}")
        found.append((text_of(item[0]), text_of(item[1])))
    return tuple(found)


def _timed(item: Any, names: tuple[str, ...]) -> tuple[str, float, float]:
    """A name with its start and end, in seconds."""
    if isinstance(item, Mapping):
        name = next((item[key] for key in names if key in item), None)
        start = next((item[key] for key in ("start", "start_time", "onset", "offset") if key in item), None)
        end = next((item[key] for key in ("end", "end_time") if key in item), None)
        length = item.get("duration")
    elif isinstance(item, list | tuple) and len(item) == 3:
        (name, start, end), length = item, None
    else:
        name = start = end = length = None
    begin, finish, lasting = seconds(start, "start"), seconds(end, "end"), seconds(length, "duration")
    if finish is None and begin is not None and lasting is not None:
        finish = round(begin + lasting, 6)
    if not text_of(name) or begin is None or finish is None:
        raise RowError("bad_row", f"{text_of(item)[:80]} is not {{{names[0]}, start, end}}")
    if finish < begin:
        raise RowError("bad_times", f"{text_of(name)!r} from {begin} to {finish} s")
    return text_of(name), begin, finish


def _ctm_word(line: str) -> Word:
    parts = line.split()
    for place in (2, 0):
        try:
            start, length = float(parts[place]), float(parts[place + 1])
        except (ValueError, IndexError):
            continue
        if len(parts) > place + 2 and start >= 0 and length >= 0:
            return Word(parts[place + 2], start, round(start + length, 6))
    raise RowError("bad_row", f"words: {line.strip()[:80]!r} is no line of CTM")


def _list(value: Any, field: str) -> list[Any]:
    value = _unpacked(value)
    if not isinstance(value, list | tuple):
        raise RowError("bad_row", f"{field}: {text_of(value)[:80]} is no list")
    return list(value)


def _unpacked(value: Any) -> Any:
    """A list that a cell of CSV holds as JSON."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
