"""Which corpus a command is about: one of the catalogue, or data of a user's own with what he says of them."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.catalogue import class_of, find, sources
from pipelines.own.data import OwnDataConfig, given_keys, own_data
from pipelines.own.source import OwnSource
from pipelines.source import Source
from shards.config import ConfigError


@dataclass(frozen=True)
class DatasetConfig(OwnDataConfig):
    """One corpus of a job."""

    dataset: str = ""  # a name of the catalogue: make sources
    source: str = ""  # where it lies in its native layout: a folder or an s3:// URL; of one's own data also files
    roots: str = ""  # further corpora that this one draws on: name=/path,name=/path
    split: str = ""  # comma-separated; empty: the source's default splits that SOURCE has


def class_asked_for(config: DatasetConfig) -> type[Source]:
    """The class of the corpus that a config names.

    Raises:
        ConfigError, SourceError: there is none of that name, no SOURCE, or a key that this corpus does not take.
    """
    cls = find(config.dataset)
    if not config.source:
        raise ConfigError(f"SOURCE is missing: pass {cls.expects}; `make source DATASET={cls.name}` says more")
    if issubclass(cls, OwnSource):
        if config.columns and not cls.has_columns:
            raise ConfigError(f"COLUMNS is for rows with fields of your own; {cls.name} has tables of known names")
        taken = frozenset(name for name, one in sources().items() if not issubclass(one, OwnSource))
        return class_of("", own_data(config, cls.name, config.source, config.split, taken))
    if given := given_keys(config):
        forms = ", ".join(name for name, one in sources().items() if issubclass(one, OwnSource))
        raise ConfigError(f"{given[0].upper()} is for data of your own (DATASET={forms}); {cls.name} tells it itself")
    return cls
