"""What a user says of data of his own, which no release describes: `make shards DATASET=manifest … LANGUAGE=de`.

It stands in plan.json among the settings, as far as bytes depend on it, so that workers, `make repair` and
`make forget` know the dataset without being told again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pipelines.labels.languages import language_code
from pipelines.own.fields import FIELDS
from shards.config import ConfigError
from shards.layout import NAME
from tag_schema.tasks import TASKS

_ENDINGS = re.compile(r"(\.(jsonl?|ndjson|csv|tsv|tar|arrow|parquet|gz))+$", re.IGNORECASE)
_IS_PATTERN = re.compile(r"[*?\[{]|_OP_")
UNKNOWN_LICENCE = "NOASSERTION"  # SPDX's word where nothing is said
# Names of splits of which even what is over 30 s is kept whole.
EVALUATION_SPLITS = ("dev", "development", "test", "val", "valid", "validation", "eval", "evaluation")


@dataclass(frozen=True, kw_only=True)
class OwnDataConfig:
    """The keys of `make shards` that describe data of one's own; a corpus of the catalogue describes itself."""

    name: str = ""  # what the dataset is called in OUT; empty: as the file or folder
    language: str = ""  # of what is said, where rows do not tell: de
    licence: str = ""  # where rows do not tell; an SPDX name or LicenseRef-…
    tasks: str = ""  # comma-separated; empty: all that rows have annotations for, but lid
    text_form: str = ""  # written (the default), spoken or unpunctuated (kaldi's default)
    cut: str = ""  # what is done over 30 s: annotated (the default: at pauses between words), window or whole
    columns: dict[str, str] = field(default_factory=dict)  # columns.audio=path: which of your fields is which of ours
    tars: str = ""  # NeMo's audio__OP_0..N_CL_.tar, where they do not lie beside their manifest
    title: str = ""  # this and the next stand in card.json
    attribution: str = ""


@dataclass(frozen=True)
class OwnData:
    """The same, checked. `format` is a source's name: manifest, kaldi, …; `split` is what SPLIT says."""

    format: str
    name: str
    language: str = ""
    licence: str = ""
    tasks: tuple[str, ...] = ()
    text_form: str = ""
    cut: str = ""
    columns: tuple[tuple[str, str], ...] = ()
    tars: str = ""
    split: str = ""
    title: str = ""
    attribution: str = ""

    def settings(self) -> dict[str, Any]:
        """What of it makes the bytes of a split, for plan.json."""
        told = {item.name: getattr(self, item.name) for item in fields(self)}
        for name in ("name", "split", "title", "attribution"):
            told.pop(name)
        told["tasks"], told["columns"] = list(self.tasks), dict(self.columns)
        return {key: value for key, value in told.items() if value}

    @classmethod
    def of_settings(cls, dataset: str, settings: Mapping[str, Any]) -> OwnData | None:
        """What the settings of a plan tell of `dataset`; None where it is a corpus of the catalogue."""
        told = settings.get("own")
        if told is None:
            return None
        lists = {"tasks": tuple(told.get("tasks", ())), "columns": tuple(sorted(told.get("columns", {}).items()))}
        return cls(name=dataset, **{**told, **lists})


# All that rows can say but the language alone, which is asked for by those who want it: TASKS=asr,lid.
DEFAULT_TASKS = tuple(task for task in TASKS if task not in ("lid", "sv", "mna"))
_SAY_NOTHING = frozenset({*EVALUATION_SPLITS, "train", "data", "audio", "tarred", "manifest", "manifests", "cuts"})


def own_data(config: OwnDataConfig, form: str, source: str, split: str, taken: frozenset[str]) -> OwnData:
    """What a user says, checked; `form` is what DATASET names, `taken` are names that no dataset of his may have.

    Raises:
        ConfigError: a value that cannot be, with those that can.
    """
    name = config.name or default_name(source, form)
    if not NAME.fullmatch(name):
        raise ConfigError(f"NAME={name}: use only letters, digits, '_' and '-'")
    if name in taken:
        raise ConfigError(f"NAME={name} is a corpus of the catalogue; give your data another NAME")
    tasks = tuple(part.strip() for part in config.tasks.split(",") if part.strip())
    for task in tasks:
        _among("TASKS", task, (*DEFAULT_TASKS, "lid"))
    for key, known in (("text_form", ("written", "spoken", "unpunctuated")), ("cut", ("annotated", "window", "whole"))):
        if getattr(config, key):
            _among(key.upper(), getattr(config, key), known)
    for key in config.columns:
        if key not in FIELDS:
            raise ConfigError(f"COLUMNS={key}=…: there is no such field; known: {', '.join(FIELDS)}")
    if config.language and language_code(config.language) is None:
        raise ConfigError(f"LANGUAGE={config.language}: is no code or English name of a language; pass one like de")
    told = {key: getattr(config, key) for key in ("language", "licence", "text_form", "cut", "tars", "title")}
    columns = tuple(sorted(config.columns.items()))
    return OwnData(form, name, tasks=tasks, columns=columns, split=split, attribution=config.attribution, **told)


def given_keys(config: OwnDataConfig) -> list[str]:
    """The keys that are set."""
    return [item.name for item in fields(OwnDataConfig) if getattr(config, item.name)]


def default_name(source: str, form: str) -> str:
    """What to call data that lie at `source`: after the file, or the nearest folder with a name that says something."""
    for part in reversed(re.split(r"[/\\]+", source)):
        if not _IS_PATTERN.search(part) and not _SAY_NOTHING.issuperset(words := _words(part)) and words:
            return safe_name(_ENDINGS.sub("", part))
    return form


def default_split(source: str) -> str:
    """What to call the split that lies at `source`: as the file or folder does, where it says, else "train"."""
    return next((word for word in _words(re.split(r"[/\\]+", source)[-1]) if word in EVALUATION_SPLITS), "train")


def _words(part: str) -> list[str]:
    """The words in a part of a path: `train_manifest.json` train, manifest."""
    return [word for word in re.split(r"[^A-Za-z0-9]+", _ENDINGS.sub("", part).lower()) if word]


def safe_name(text: str) -> str:
    """`text` as it can stand in the name of a dataset or split."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")


def _among(key: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ConfigError(f"{key}={value}: there is no such one; known: {', '.join(known)}")
