"""What is peculiar to GigaSpeech and TED-LIUM."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import catalogue
from pipelines.record import Reject, Speaker
from pipelines.source import SourceError
from pipelines.sources.tedlium3 import clean
from tests.pipelines.sources.fixture import write
from tests.pipelines.sources.fixtures import FIXTURES, records, text


def test_gigaspeech_turns_tags_to_marks(tmp_path: Path) -> None:
    found = records(FIXTURES["gigaspeech"](tmp_path), "gigaspeech", "XL")
    assert text(found["POD_S0"]) == "we went home, slowly." and text(found["POD_S2"]) == "o'neil said, really? yes!"
    assert found["POD_S0"].original["text"] == "WE WENT HOME <COMMA> SLOWLY <PERIOD>"
    assert found["POD_S2"].audio[0].start == 0.05 and found["POD_S2"].audio[0].recording == "POD0000000025"
    assert found["YOU_S2"].speaker == Speaker("Jo") and found["POD_S0"].speaker == Speaker()
    assert found["YOU_S2"].origin == "youtube:--5llN02F84" and found["POD_S0"].origin is None


def test_gigaspeech_cut_off_metadata_is_told(tmp_path: Path) -> None:
    fixture = FIXTURES["gigaspeech"](tmp_path)
    path = fixture.source / "GigaSpeech.json"
    path.write_text(path.read_text()[:-8])
    with pytest.raises(SourceError, match=r"GigaSpeech\.json: no valid JSON at character \d+; download it again"):
        records(fixture, "gigaspeech", "XL")
    for document, message in (({"audio": []}, "no list 'audios' in it; it holds: audio"), ({"audios": 1}, "no list")):
        write(path, json.dumps(document))
        with pytest.raises(SourceError, match=message):
            list(catalogue.find("gigaspeech")(fixture.source).records("XL"))


def test_tedlium_words_and_times(tmp_path: Path) -> None:
    fixture = FIXTURES["tedlium3"](tmp_path)
    (record,) = records(fixture, "tedlium3", "train").values()
    assert text(record) == "it's a test of the 'em lab" and record.speaker.id == "AnnA_2001"
    assert record.audio[0].path == "data/sph/AnnA_2001.sph" and record.audio[0].end == 0.05
    first, second = records(fixture, "tedlium3", "dev").values()
    assert text(first) == "i'm here now" and first.original["label"] == "F0_M" and first.speaker.id == "BobB"
    assert text(second) == "no label" and second.original == {}
    assert clean("we don 't say 's or o 'clock , they 'll ve") == "we don't say's or o 'clock , they'll ve"


def test_tedlium_legacy_alone(tmp_path: Path) -> None:
    fixture = FIXTURES["tedlium3"](tmp_path)
    (fixture.source / "data").rename(fixture.source / "elsewhere")
    source = catalogue.find("tedlium3")(fixture.source)
    assert source.available_splits() == ("train", "dev")
    (item,) = source.records("train")
    assert item == Reject("AnnA_2001-0000000-0000005", "audio_missing", "legacy/train/stm/AnnA_2001.stm:1",
                          "legacy/train/stm/AnnA_2001.stm")  # fmt: skip
