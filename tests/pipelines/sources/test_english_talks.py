"""What is peculiar to GigaSpeech and TED-LIUM."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines import catalogue
from pipelines.source import SourceError, Speaker
from tests.pipelines.sources.fixture import write
from tests.pipelines.sources.fixtures import FIXTURES
from tests.pipelines.sources.test_quirks import records, text


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
    with pytest.raises(
        SourceError, match=r"GigaSpeech\.json: no valid JSON object at character \d+; download it again"
    ):
        records(fixture, "gigaspeech", "XL")
    for document, message in (({"audio": []}, "no list 'audios' in it; it holds: audio"), ({"audios": 1}, "no list")):
        write(path, json.dumps(document))
        with pytest.raises(SourceError, match=message):
            list(catalogue.find("gigaspeech")(fixture.source).records("XL"))
