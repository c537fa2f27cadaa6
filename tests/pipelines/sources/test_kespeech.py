"""What ids and reasons do not show of KeSpeech: dialects, marks, speakers, files in another order."""

from __future__ import annotations

from pathlib import Path

from pipelines.catalogue import find
from pipelines.record import Label, Record, Transcript
from tests.pipelines.sources.fixtures import FIXTURES


def test_dialects_and_speakers(tmp_path: Path) -> None:
    source = find("kespeech")(FIXTURES["kespeech"](tmp_path).source)
    plain, dialect, _ = (item for item in source.records("train_phase1") if isinstance(item, Record))
    assert plain.annotations == (Transcript("我们\u2028明天 去", "zh"), Label("did", ("Mandarin",)))
    assert dialect.annotations == (Transcript("好的", "zh", dialect=True), Label("did", ("Ji-Lu",)))
    assert (plain.speaker.id, plain.speaker.gender, plain.speaker.age) == ("1000002", "male", None)
    assert (dialect.speaker.gender, dialect.speaker.age) == ("female", "thirties")
    assert plain.original == {"gender": "Male", "age": "0"}


def test_without_tables_of_speakers(tmp_path: Path) -> None:
    fixture = FIXTURES["kespeech"](tmp_path)
    (fixture.source / "Metadata").rename(tmp_path / "away")
    records = [item for item in find("kespeech")(fixture.source).records("train_phase1") if isinstance(item, Record)]
    assert {record.speaker.gender for record in records} == {None} and records[0].speaker.id == "1000002"
