"""Records as canonical JSON: how a plan keeps them, and what its fingerprint is taken of."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from operator import attrgetter
from typing import Any

from pipelines import record
from pipelines.record import Record

_CLASSES: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        record.Record,
        record.AudioRef,
        record.Speaker,
        record.Transcript,
        record.Word,
        record.Words,
        record.Translation,
        record.Caption,
        record.Label,
        record.Event,
        record.Events,
        record.Turns,
        record.Overlap,
        record.Entities,
        record.Intent,
        record.Note,
        record.QuestionAnswer,
    )
}


_quoted: Callable[[str], str] = json.encoder.encode_basestring
_number = json.JSONEncoder(allow_nan=False).encode


def encode_record(record: Record) -> str:
    """One line of JSON; equal records give equal text. Fields that hold their default are left out."""
    return _text(record)


def decode_record(text: str) -> Record:
    """The record that `encode_record` was given."""
    record = _unpack(json.loads(text))
    assert isinstance(record, Record)
    return record


def _default(item: Field[Any]) -> Any:
    return item.default if item.default_factory is MISSING else item.default_factory()


def _layout(cls: type, name: str) -> tuple[str, Callable[[Any], tuple[Any, ...]], tuple[tuple[str, Any, str], ...]]:
    """How a class is written: the beginning of its JSON; what gives its fields in the order of their names; of each
    field its key, and its default as it is and as JSON."""
    items = sorted(fields(cls), key=lambda item: item.name)
    names = [item.name for item in items]
    values = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
    defaults = [_default(item) for item in items]
    told = ["" if default is MISSING else _text(default) for default in defaults]
    return f'{{"_":"{name}"', values, tuple(zip([f',"{name}":' for name in names], defaults, told, strict=True))


def _text(value: Any) -> str:
    """What `json.dumps` writes with sorted keys and no spaces, in half the time: of a plan this is the most."""
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if kind is tuple:
        return "[" + ",".join([_text(item) for item in value]) + "]"
    layout = _LAYOUTS.get(kind)
    if layout is None:
        return _plain(value)
    text, values, known = layout
    for item, (key, default, default_text) in zip(values(value), known):  # noqa: B905 -- a keyword costs a tenth
        if item is not default:
            told = _quoted(item) if type(item) is str else _text(item)
            if told != default_text:
                text += key + told
    return text + "}"


def _plain(value: Any) -> str:
    if isinstance(value, dict):  # Record.original
        return "{" + ",".join([f"{_quoted(key)}:{_quoted(str(value[key]))}" for key in sorted(value)]) + "}"
    return _number(value)  # or true, false, null


# Looked up once, because a corpus has millions of records; classes that are defaults of others come first.
_LAYOUTS: dict[type, tuple[str, Callable[[Any], tuple[Any, ...]], tuple[tuple[str, Any, str], ...]]] = {}
for _name, _class in reversed(_CLASSES.items()):
    _LAYOUTS[_class] = _layout(_class, _name)


def _unpack(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_unpack(item) for item in value)
    if isinstance(value, dict):
        cls = _CLASSES.get(value.pop("_", ""))
        if cls is None:
            raise ValueError("a plan row holds an annotation of a kind that this version does not know")
        return cls(**{key: item if key == "original" else _unpack(item) for key, item in value.items()})
    return value
