"""Records as canonical JSON: how a plan keeps them, and what its fingerprint is taken of."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, get_args

from pipelines.record import Annotation, AudioRef, Event, Record, Speaker, Word

_CLASSES: dict[str, type] = {
    cls.__name__: cls for cls in (Record, AudioRef, Speaker, Word, Event, *get_args(Annotation))
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


def _encoder(cls: type, name: str) -> Callable[[Any], str]:
    """What writes a value of a class: its fields in the order of their names, but for those that hold their default.

    Written as code for each class, as dataclasses are: a corpus has millions of records, and most fields their default.
    """
    known: dict[str, Any] = {"quoted": _quoted, "told": _text}
    lines = ["def encode(value):", f""" text = '{{"_":"{name}"'"""]
    for number, item in enumerate(sorted(fields(cls), key=lambda item: item.name)):
        default = _default(item)
        known[f"default_{number}"], known[f"as_text_{number}"] = default, "" if default is MISSING else _text(default)
        lines += [
            f" item = value.{item.name}",
            f" if item is not default_{number}:",
            "  part = quoted(item) if type(item) is str else told(item)",
            f"""  if part != as_text_{number}: text += ',"{item.name}":' + part""",
        ]
    exec("\n".join([*lines, " return text + '}'"]), known)
    made: Callable[[Any], str] = known["encode"]
    return made


def _text(value: Any) -> str:
    """What `json.dumps` writes with sorted keys and no spaces, in a third of the time: of a plan this is the most."""
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if kind is tuple:
        return "[" + ",".join([_text(item) for item in value]) + "]"
    encode = _ENCODERS.get(kind)
    return _plain(value) if encode is None else encode(value)


def _plain(value: Any) -> str:
    if type(value) is float and math.isfinite(value):
        return repr(value)
    if isinstance(value, dict):  # Record.original
        return "{" + ",".join([f"{_quoted(key)}:{_quoted(str(value[key]))}" for key in sorted(value)]) + "}"
    return _number(value)  # or true, false, null


# Classes that are defaults of others come first.
_ENCODERS: dict[type, Callable[[Any], str]] = {}
for _name, _class in reversed(_CLASSES.items()):
    _ENCODERS[_class] = _encoder(_class, _name)


def _unpack(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_unpack(item) for item in value)
    if isinstance(value, dict):
        cls = _CLASSES.get(value.pop("_", ""))
        if cls is None:
            raise ValueError("a plan row holds an annotation of a kind that this version does not know")
        return cls(**{key: item if key == "original" else _unpack(item) for key, item in value.items()})
    return value
