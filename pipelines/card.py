"""Writes a source's facts beside its shards, which may not import them: an OUT describes itself."""

from __future__ import annotations

from pipelines.source import Source
from shards.card import Card
from shards.layout import card_path
from shards.storage import Storage


def card(source: type[Source]) -> Card:
    """The facts that a source declares of its release."""
    return Card(
        dataset=source.name,
        title=source.title,
        home=source.home,
        licence=source.licence,
        commercial=source.commercial,
        attribution=source.attribution,
        tasks=source.tasks,
        languages=source.languages,
        splits=tuple(source.splits.items()),
        evaluation_splits=source.evaluation_splits,
        text_form=source.text_form,
        cut=source.cut,
        audio=source.audio,
        obtain=source.obtain,
    )


def write_card(storage: Storage, source: type[Source]) -> None:
    """Put card.json where it should be; an equal one is left alone.

    Raises:
        StorageError: it cannot be read or written.
    """
    path, data = card_path(source.name), card(source).encode()
    if storage.read_if_there(path) != data:
        storage.replace(path, data)
