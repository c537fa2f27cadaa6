"""Records as canonical JSON: how a plan keeps them, and what its fingerprint is taken of."""

from __future__ import annotations

import json
from dataclasses import MISSING, Field, fields
from typing import Any

from pipelines import source
from pipelines.source import Record

_CLASSES: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        source.Record,
        source.AudioRef,
        source.Speaker,
        source.Transcript,
        source.Word,
        source.Words,
        source.Translation,
        source.Caption,
        source.Label,
        source.Event,
        source.Events,
        source.Turns,
        source.Overlap,
        source.Entities,
        source.Intent,
        source.Note,
        source.QuestionAnswer,
    )
}
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode


def encode_record(record: Record) -> str:
    """One line of JSON; equal records give equal text. Fields that hold their default are left out."""
    return _dumps(_pack(record))


def decode_record(text: str) -> Record:
    """The record that `encode_record` was given."""
    record = _unpack(json.loads(text))
    assert isinstance(record, Record)
    return record


def _default(item: Field[Any]) -> Any:
    return item.default if item.default_factory is MISSING else item.default_factory()


# Of each class its fields and their defaults; looked up once, because a corpus has millions of records.
_FIELDS = {cls: (name, tuple((item.name, _default(item)) for item in fields(cls))) for name, cls in _CLASSES.items()}
_PLAIN = frozenset({str, int, float, bool})


def _pack(value: Any) -> Any:
    kind = type(value)
    if kind is tuple:
        return [item if type(item) in _PLAIN else _pack(item) for item in value]
    found = _FIELDS.get(kind)
    if found is None:
        return value if value is None else {str(key): str(item) for key, item in value.items()}  # Record.original
    name, names = found
    packed: dict[str, Any] = {"_": name}
    for field_name, default in names:
        item = getattr(value, field_name)
        if item is not default and item != default:
            packed[field_name] = item if type(item) in _PLAIN else _pack(item)
    return packed


def _unpack(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_unpack(item) for item in value)
    if isinstance(value, dict):
        cls = _CLASSES.get(value.pop("_", ""))
        if cls is None:
            raise ValueError("a plan row holds an annotation of a kind that this version does not know")
        return cls(**{key: item if key == "original" else _unpack(item) for key, item in value.items()})
    return value
