"""Tiny corpora in the native layouts, written by code, each with the quirks and faults of its kind.

`FIXTURES[name](folder)` writes one and says what it must give: see `Fixture`. Each is a module of `corpora/`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

from pipelines import catalogue
from pipelines.asked_for import DatasetConfig, class_asked_for
from pipelines.record import Record, Transcript
from pipelines.source import Source
from tests.pipelines.sources.fixture import Fixture


def class_of(name: str, fixture: Fixture) -> type[Source]:
    """The source of a fixture, told what its user says of data of his own."""
    return class_asked_for(DatasetConfig(**fixture.told, dataset=name, source=str(fixture.source)))


def records(fixture: Fixture, name: str, split: str) -> dict[str, Record]:
    """The records of a split by id, without its rejects."""
    return {record.id: record for record in records_of(catalogue.find(name)(fixture.source, fixture.roots), split)}


def records_of(source: Source, split: str) -> list[Record]:
    return [item for item in source.records(split) if isinstance(item, Record)]


def text(record: Record) -> str:
    """Its first transcript."""
    return next(a.text for a in record.annotations if isinstance(a, Transcript))


FIXTURES: dict[str, Callable[[Path], Fixture]] = {
    module.name: importlib.import_module(f"tests.pipelines.sources.corpora.{module.name}").corpus
    for module in pkgutil.iter_modules([str(Path(__file__).with_name("corpora"))])
}
# Corpora that between them reach their audio, and read their metadata, in every way there is.
WAYS = (
    "aishell1", "audioset", "commonvoice", "fma", "gigaspeech", "huggingface", "ksponspeech", "librimix", "librispeech",
    "manifest", "meld", "timit", "voxceleb1", "voxpopuli", "webdataset",
)  # fmt: skip
