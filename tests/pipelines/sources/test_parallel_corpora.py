"""What ids and reasons do not show of corpora with translations: which lines belong together, what is merged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.catalogue import find
from pipelines.record import Record, Reject, Transcript, Translation
from pipelines.source import SourceError
from tests.pipelines.sources.fixture import write
from tests.pipelines.sources.fixtures import FIXTURES, records_of


def test_mustc_merges_equal_segments_of_pairs(tmp_path: Path) -> None:
    source = find("mustc")(FIXTURES["mustc"](tmp_path).source)
    first, second, _, fourth = records_of(source, "train")
    assert first.annotations == (
        Transcript("Hello\u2028there.", "en"),
        Translation("Hallo.", "de"),
        Translation("你好。", "zh"),
    )
    assert second.annotations == (Transcript("Thank you. (Applause)", "en"),)
    assert fourth.annotations[1:] == (Translation("只在这里。", "zh"),)
    assert (fourth.audio[0].path, fourth.audio[0].start, fourth.audio[0].end) == (
        "en-zh/data/train/wav/ted_1.wav",
        0.05,
        0.15,
    )
    assert (first.speaker.id, source.origin(first)) == ("spk.1", "ted:1")


def test_mustc_one_pair_as_source(tmp_path: Path) -> None:
    fixture = FIXTURES["mustc"](tmp_path)
    source = find("mustc")(fixture.source / "en-de")
    assert source.available_splits() == ("train", "tst-HE")
    found = records_of(source, "train")  # of one pair nothing is held out
    assert [record.id for record in found] == [
        *fixture.records["train"][:2],
        "ted_3_0000000_0000100",
        "ted_1_0000500_0000600",
    ]
    assert found[0].audio[0].path == "data/train/wav/ted_1.wav"


@pytest.mark.parametrize(("lines", "says"), [("One.\n", "1 lines"), ("One.\n\nThree.\nFour.\n", "4 lines")])
def test_mustc_texts_of_another_length_are_refused(tmp_path: Path, lines: str, says: str) -> None:
    fixture = FIXTURES["mustc"](tmp_path)
    write(fixture.source / "en-zh/data/train/txt/train.zh", lines)
    with pytest.raises(SourceError, match=rf"train\.zh has {says}, but .*train\.yaml has 2 entries: .*download"):
        list(find("mustc")(fixture.source).records("train"))


def test_europarl_merges_equal_segments_of_pairs(tmp_path: Path) -> None:
    source = find("europarl_st")(FIXTURES["europarl_st"](tmp_path).source)
    first, second, third = records_of(source, "train")
    assert first.annotations == (
        Transcript("Señora Presidenta.", "es"),
        Translation("Frau Präsidentin!", "de"),
        Translation("Madam President.", "en"),
    )
    assert second.annotations == (Transcript("Muchas gracias.", "es"),)
    assert (third.speaker.id, source.origin(third)) == ("Some_Body_1234", "europarl_st:es.20080901.22.1-107")
    assert (third.audio[0].start, third.audio[0].end) == (0.2, 0.3)
    assert [record.annotations[0].language for record in records_of(source, "test")] == ["es", "it"]  # type: ignore[union-attr]


def test_europarl_without_the_audio_of_a_language_tells_each_segment(tmp_path: Path) -> None:
    fixture = FIXTURES["europarl_st"](tmp_path)
    for folder in fixture.source.glob("*/audios"):
        shutil.rmtree(folder)
    items = list(find("europarl_st")(fixture.source).records("train"))
    reasons = {item.reason for item in items if isinstance(item, Reject)}
    assert "audio_missing" in reasons and not any(isinstance(item, Record) for item in items)
