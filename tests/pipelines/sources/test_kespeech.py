"""What ids and reasons do not show of KeSpeech: dialects, marks, speakers, files in another order."""

from __future__ import annotations

from pathlib import Path

from pipelines.catalogue import find
from pipelines.record import Label, Transcript
from tests.pipelines.sources.fixtures import FIXTURES, records_of


def test_dialects_and_speakers(tmp_path: Path) -> None:
    source = find("kespeech")(FIXTURES["kespeech"](tmp_path).source)
    plain, dialect, _ = records_of(source, "train_phase1")
    assert plain.annotations == (Transcript("我们\u2028明天 去", "zh"), Label("did", ("Mandarin",)))
    assert dialect.annotations == (Transcript("好的", "zh", dialect=True), Label("did", ("Ji-Lu",)))
    assert (plain.speaker.id, plain.speaker.gender, plain.speaker.age) == ("1000002", "male", None)
    assert (dialect.speaker.gender, dialect.speaker.age) == ("female", "thirties")
    assert plain.original == {"gender": "Male", "age": "0"}


def test_without_tables_of_speakers(tmp_path: Path) -> None:
    fixture = FIXTURES["kespeech"](tmp_path)
    (fixture.source / "Metadata").rename(tmp_path / "away")
    records = records_of(find("kespeech")(fixture.source), "train_phase1")
    assert {record.speaker.gender for record in records} == {None} and records[0].speaker.id == "1000002"
