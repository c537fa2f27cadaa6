"""What a dataset is, in its own folder: card.json tells whose it is wherever the shards are copied.

Jobs write it from the facts that the source declares. It holds nothing of what a job found: that is in split.json.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from shards.layout import card_path
from shards.sample import canonical_json
from shards.schema import SCHEMA, ShardError, check_schema
from shards.storage import Storage


@dataclass(frozen=True, slots=True)
class Card:
    """The facts of a corpus as released."""

    dataset: str
    title: str
    home: str  # URL
    licence: str  # of the corpus; a sample may have its own
    commercial: bool  # whether the licence of every record allows commercial use
    attribution: str  # the citation: authors, title, venue, year
    tasks: tuple[str, ...]
    languages: tuple[str, ...]  # of the speech; () where there is none
    splits: tuple[tuple[str, int | None], ...]  # in the release's order, with its records; None: it differs, or unknown
    evaluation_splits: tuple[str, ...]
    text_form: str  # written, spoken or unpunctuated
    cut: str  # annotated, window or whole
    audio: str  # what was on disk
    obtain: str  # where to get it

    def encode(self) -> bytes:
        """The bytes of card.json."""
        return canonical_json({"schema": SCHEMA, **asdict(self)}) + b"\n"


def read_card(storage: Storage, dataset: str) -> Card | None:
    """What card.json says; None where there is none, as in shards of before there were cards.

    Raises:
        ShardError: it is damaged, of another dataset, or of a newer schema.
    """
    path = card_path(dataset)
    data = storage.read_if_there(path)
    if data is None:
        return None
    where = storage.full(path)
    try:
        document = json.loads(data.decode("utf-8"))
        number = document["schema"]
    except (ValueError, TypeError, KeyError) as error:
        raise ShardError(f"{where}: is damaged; run make shards again, which writes it anew") from error
    check_schema(number, where)
    try:
        card = _card(document)
    except (KeyError, TypeError) as error:
        raise ShardError(f"{where}: is no card ({error}); run make shards again, which writes it anew") from error
    if card.dataset != dataset:
        raise ShardError(f"{where}: is that of {card.dataset}; run make shards again, which writes it anew")
    return card


def _card(document: Mapping[str, Any]) -> Card:
    given = {field.name: document[field.name] for field in fields(Card)}
    for name in ("tasks", "languages", "evaluation_splits"):
        given[name] = tuple(_of(name, one, str) for one in _of(name, given[name], list))
    for name in ("dataset", "title", "home", "licence", "attribution", "text_form", "cut", "audio", "obtain"):
        _of(name, given[name], str)
    _of("commercial", given["commercial"], bool)
    given["splits"] = tuple(_split(pair) for pair in _of("splits", given["splits"], list))
    return Card(**given)


def _split(pair: Any) -> tuple[str, int | None]:
    if not isinstance(pair, list) or len(pair) != 2 or isinstance(pair[1], bool):
        raise TypeError("'splits' is of the wrong type")
    name, count = pair
    return _of("splits", name, str), None if count is None else _of("splits", count, int)


def _of(name: str, value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"'{name}' is of the wrong type")
    return value
