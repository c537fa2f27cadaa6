"""Tiny corpora in the native layouts, written by code, each with the quirks and faults of its kind.

`FIXTURES[name](folder)` writes one and says what it must give: see `Fixture`. Each is a module of `corpora/`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

from tests.pipelines.sources.fixture import Fixture

FIXTURES: dict[str, Callable[[Path], Fixture]] = {
    module.name: importlib.import_module(f"tests.pipelines.sources.corpora.{module.name}").corpus
    for module in pkgutil.iter_modules([str(Path(__file__).with_name("corpora"))])
}
