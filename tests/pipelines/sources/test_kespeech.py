"""What ids and reasons do not show of KeSpeech: dialects, marks, speakers, files in another order."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

from pipelines.catalogue import find
from pipelines.formats.kaldi import Entry
from pipelines.formats.two_columns import Column
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


def test_columns_in_any_order(tmp_path: Path) -> None:
    names = [f"u{number}" for number in range(500)]
    (tmp_path / "text").write_text("".join(f"{name} value of {name}\n" for name in names))
    mixed = random.Random(0).sample(names, 400)
    column = Column(tmp_path, "text")
    assert [column.take(name) for name in mixed] == [
        Entry(name, f"value of {name}", f"text:{names.index(name) + 1}") for name in mixed
    ]
    assert column.take("nobody") is None and column.take(mixed[0]) is None
    assert {line.key for line in column.rest() if isinstance(line, Entry)} == set(names) - set(mixed)


def test_columns_in_the_same_order_cost_no_memory(tmp_path: Path) -> None:
    names = [f"u{number}" for number in range(10_000)]
    (tmp_path / "text").write_text("".join(f"{name} value of {name}\n" for name in names))
    column = Column(tmp_path, "text")
    tracemalloc.start()
    assert all(column.take(name) for name in names)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300_000
