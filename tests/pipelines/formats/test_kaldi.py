"""Tables of Kaldi's folders joined by key, in whatever order they are."""

from __future__ import annotations

import random
from pathlib import Path

from pipelines.formats.kaldi import Column, Entry
from pipelines.record import Reject
from tests.pipelines.memory import traced
from tests.pipelines.own.formats import opened
from tests.pipelines.sources.fixture import tone, write


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
    found, peak = traced(lambda: all(column.take(name) for name in names))
    assert found and peak < 300_000


def test_keys_that_a_sorted_column_lacks_cost_no_memory(tmp_path: Path) -> None:
    names = [f"u{number:06}" for number in range(20_000)]
    (tmp_path / "text").write_text("".join(f"{name} value of {name}\n" for name in names[::2]))
    column = Column(tmp_path, "text")
    found, peak = traced(lambda: sum(column.take(name) is not None for name in names))
    assert found == 10_000 and peak < 300_000 and not list(column.rest())


def test_a_column_that_is_not_there_names_nothing(tmp_path: Path) -> None:
    column = Column(tmp_path, "utt2dur", there=False)
    assert column.take("a") is None and not list(column.rest())


def test_a_text_in_another_order_than_its_recordings_is_whole(tmp_path: Path) -> None:
    """The first key that is asked for stands last: it was taken for one that the table does not name."""
    for name in "abcd":
        tone(tmp_path / f"train/{name}.wav")
    write(tmp_path / "train/wav.scp", "".join(f"{name} {name}.wav\n" for name in "abcd"))
    write(tmp_path / "train/text", "b two\nc caf\udce9\nd four\na one\n")
    items = list(opened("kaldi", tmp_path / "train", language="en", tasks="asr").records("train"))
    assert [(item.id, item.reason if isinstance(item, Reject) else "") for item in items] == [
        ("a", ""),
        ("b", ""),
        ("c", "wrong_encoding"),
        ("d", ""),
    ]
