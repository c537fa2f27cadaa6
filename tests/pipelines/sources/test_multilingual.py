"""What is peculiar to FLEURS, VoxPopuli and Emilia."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import catalogue
from pipelines.source import SourceError, Transcript, Translation
from pipelines.sources.fleurs import LANGUAGES
from tests.pipelines.sources.fixture import Fixture, write
from tests.pipelines.sources.fixtures import FIXTURES
from tests.pipelines.sources.test_quirks import records


def test_fleurs_forms_translations_and_lengths(tmp_path: Path) -> None:
    fixture = FIXTURES["fleurs"](tmp_path)
    found = records(fixture, "fleurs", "train")
    assert found["100"].annotations == (
        Transcript('The "cat sat, twice.', "en_us"), Transcript("the cat sat twice", "en_us", "unpunctuated"),
        Translation("Die Katze saß zweimal.", "de_de"),
    )  # fmt: skip
    assert found["200"].annotations[2:] == (Translation('The "cat sat, twice.', "en_us"),)
    assert found["102"].annotations == (Transcript("only plain\u2028text", "en_us", "unpunctuated"),)
    assert found["100"].speaker.gender == "female" and found["102"].speaker.gender is None
    assert found["100"].audio[0].seconds == 0.1 and found["102"].audio[0].seconds is None
    assert found["200"].audio[0].path == "data/de_de/audio/200.wav"
    alone = Fixture(fixture.source / "data", {})
    assert records(alone, "fleurs", "train")["100"].audio[0].path == "en_us/audio/train/100.wav"
    assert len(LANGUAGES) == 102


def test_fleurs_still_packed(tmp_path: Path) -> None:
    write(tmp_path / "data/en_us/dev.tsv", "1\t1.wav\tA.\ta\ta\t16\tMALE\n")
    write(tmp_path / "data/en_us/audio/dev.tar.gz", "packed")
    with pytest.raises(SourceError, match=r"en_us/audio is still packed; unpack it there: cd .*tar xzf"):
        list(catalogue.find("fleurs")(tmp_path).records("dev"))
