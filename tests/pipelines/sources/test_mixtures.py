"""What ids and reasons do not show of mixtures: order of the texts, turns, licences, what ROOTS are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.catalogue import find
from pipelines.record import Overlap, Speaker, Turns
from pipelines.source import SourceError
from tests.pipelines.sources.fixtures import FIXTURES, records_of


def test_librispeechmix_tells_texts_in_the_order_in_which_they_begin(tmp_path: Path) -> None:
    source = find("librispeechmix")(FIXTURES["librispeechmix"](tmp_path).source)
    record = records_of(source, "dev-clean-2mix")[0]
    assert record.annotations == (
        Overlap(("FIRST", "SECOND\u2028HALF"), "en"),
        Turns((("251", 0.0, 0.08), ("84", 0.05, 0.1))),
    )
    assert record.audio[0].seconds == 0.1 and record.speaker == Speaker()
    assert record.original["genders"] == "f m"
    (alone,) = records_of(source, "test-clean-1mix")
    assert alone.annotations[0] == Overlap(("ALONE",), "en") and alone.speaker == Speaker("84", "female")


def test_librispeechmix_before_run_sh(tmp_path: Path) -> None:
    fixture = FIXTURES["librispeechmix"](tmp_path)
    (fixture.source / "data").rename(tmp_path / "data")
    source = find("librispeechmix")(fixture.source)
    assert source.available_splits() == ()
    with pytest.raises(SourceError, match=r"it holds: none.*run its run\.sh"):
        source.records("dev-clean-2mix")


def test_librimix_texts_turns_and_licences(tmp_path: Path) -> None:
    fixture = FIXTURES["librimix"](tmp_path)
    source = find("librimix")(fixture.source, fixture.roots)
    first, second = records_of(source, "libri2mix-dev-mix_clean")
    assert first.annotations == (
        Overlap(("GO DO YOU HEAR", "A NAME"), "en"),
        Turns((("84", 0.0, 0.1), ("251", 0.0, 0.075))),
    )
    assert first.audio[0].seconds == 0.1 and second.audio[0].path.endswith(
        "max/dev/mix_clean/251-7-0000_84-121-0001.wav"
    )
    (noisy,) = records_of(source, "libri3mix-dev-mix_both")
    assert noisy.audio[0].seconds == 0.1 and (first.licence, noisy.licence) == ("CC-BY-4.0", "CC-BY-NC-4.0")


def test_librimix_one_of_its_folders_without_lengths(tmp_path: Path) -> None:
    fixture = FIXTURES["librimix"](tmp_path)
    speech = {"librispeech": fixture.roots["librispeech"].parent}  # the folder above it does as well
    for number in (2, 3):
        source = find("librimix")(fixture.source / f"Libri{number}Mix", speech)
        (split,) = source.available_splits()
        assert split.startswith(f"libri{number}mix-dev")
        assert {len(record.annotations) for record in records_of(source, split)} == {1}


def test_librimix_says_what_roots_are_for(tmp_path: Path) -> None:
    fixture = FIXTURES["librimix"](tmp_path)
    split = "libri2mix-dev-mix_clean"
    with pytest.raises(SourceError, match=r"pass ROOTS=librispeech=/path/to/LibriSpeech"):
        list(find("librimix")(fixture.source).records(split))
    with pytest.raises(SourceError, match=r"no transcripts in .*dev-clean: ROOTS=librispeech names"):
        list(find("librimix")(fixture.source, {"librispeech": tmp_path / "LibriMix"}).records(split))
    roots = dict(fixture.roots) | {"metadata": tmp_path / "LibriMix"}
    with pytest.raises(SourceError, match=r"dev-clean\.csv is missing: ROOTS=metadata names LibriMix/metadata"):
        list(find("librimix")(fixture.source, roots).records(split))
