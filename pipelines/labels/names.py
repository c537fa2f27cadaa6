"""Labels of a closed set, as the model is to write them: which room of this package knows which kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from pipelines.labels.dialects import dialect
from pipelines.labels.emotions import emotion
from pipelines.labels.entities import entity_type
from pipelines.labels.languages import language_code
from pipelines.labels.music import genre, instrument, mood
from pipelines.labels.sounds import scene, sound


def _language(raw: str) -> str:
    return language_code(raw) or raw


_BY_KIND: dict[str, Callable[[str], str]] = {
    "ks": str.lower, "did": dialect, "er": emotion, "smer": mood, "mic": instrument, "mgr": genre, "sec": sound,
    "vsc": sound, "asc": scene, "lid": _language, "ser": entity_type, "sf": entity_type,
}  # fmt: skip


@lru_cache(maxsize=65536)
def label_text(kind: str, raw: str) -> str:
    """A label as the model is to write it: words with spaces, in small letters where the release codes them.

    `kind` is a task id (`sec`, `ks`, `did`, `mic`, …); of `ser` and `sf` the label is a type of entity.
    """
    text = " ".join(raw.replace("_", " ").split())
    mapped = _BY_KIND.get(kind)
    return text if mapped is None else mapped(text)
