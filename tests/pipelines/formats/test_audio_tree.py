"""Audio is found by its name wherever it lies; what is not found is missing, and never because the corpus is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.formats.audio_tree import AudioTree
from pipelines.source import SourceError
from pipelines.sources.esc50 import ESC50
from tests.pipelines.sources.fixture import tone, write
from tests.pipelines.sources.fixtures import FIXTURES


def tree(folder: Path) -> tuple[ESC50, AudioTree]:
    root = FIXTURES["esc50"](folder).source
    for place in ("b/c/x.1.wav", "b/twice.flac", "a/twice.wav", "-y_1.WAV"):
        tone(root / "sounds" / place, format="WAV" if place.lower().endswith("wav") else None)
    write(root / "sounds/a/._twice.wav", "litter")
    write(root / "sounds/a/notes.txt", "none")
    source = ESC50(root)
    return source, AudioTree(source, "sounds")


def test_finds_by_stem_whatever_the_folder(tmp_path: Path) -> None:
    _, found = tree(tmp_path)
    assert found.find("x.1") == "sounds/b/c/x.1.wav" and found.find("x.1.wav") == "sounds/b/c/x.1.wav"
    assert found.find("nowhere", "-y_1") == "sounds/-y_1.WAV"
    assert found.find("twice") == "sounds/a/twice.wav"  # the first path
    assert found.find("notes") is None and found.find("._twice") is None
    assert sorted(found.paths()) == ["sounds/-y_1.WAV", "sounds/a/twice.wav", "sounds/b/c/x.1.wav"]


def test_says_why_nothing_was_found(tmp_path: Path) -> None:
    _, found = tree(tmp_path)
    assert found.problem("1", "z", "t.csv:2", "t.csv").reason == "audio_missing"
    assert found.problem("1", "../z", "t.csv:2").reason == "unsafe_path"


def test_a_corpus_that_is_away_is_not_empty(tmp_path: Path) -> None:
    source, found = tree(tmp_path)
    source.root.rename(tmp_path / "away")
    with pytest.raises((SourceError, OSError)):
        found.find("z")
