"""Readers of metadata files, against the standard library's and on files made to break them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.formats import json_stream
from pipelines.formats.sample_times import read_words
from pipelines.formats.tables import read_csv, read_lines, read_tsv
from pipelines.listing import is_safe
from pipelines.record import Reject, Word
from pipelines.source import SourceError

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=12)
VALUES = st.recursive(
    st.none() | st.integers() | st.booleans() | TEXT, lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXT, v)
)


@QUICK
@given(document=st.dictionaries(TEXT, VALUES, max_size=5), chunk=st.integers(1, 9), indent=st.sampled_from([None, 2]))
def test_json_object_piece_by_piece(tmp_path: Path, document: dict, chunk: int, indent: int | None) -> None:  # type: ignore[type-arg]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document, indent=indent, ensure_ascii=False), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "CHUNK", chunk)
        assert list(json_stream.read_object(path)) == list(document.items())


@QUICK
@given(items=st.lists(VALUES, max_size=4), chunk=st.integers(1, 9), indent=st.sampled_from([None, 2]))
def test_json_items_piece_by_piece(tmp_path: Path, items: list, chunk: int, indent: int | None) -> None:  # type: ignore[type-arg]
    path = tmp_path / "x.json"
    document = {"before": {"items": [1]}, "items": items, "after": [2]}
    path.write_text(json.dumps(document, indent=indent, ensure_ascii=False), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_stream, "CHUNK", chunk)
        assert list(json_stream.read_items(path, "items")) == items


@pytest.mark.parametrize(
    "text",
    ["", "[1]", '{"a": 1', '{"a" 1}', '{"a": 1 "b": 2}', '{"a": }', "{1: 2}", "\x00", '{"a": ' + "[" * 100_000,
     '{"a": ' + "9" * 5_000 + "}"],
    ids=range(10),
)  # fmt: skip
def test_broken_json_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"x\.json: no valid JSON at character \d+; download it again"):
        list(json_stream.read_object(path))


@QUICK
@given(rows=st.lists(st.tuples(TEXT, TEXT, TEXT).filter(any), max_size=6), ending=st.sampled_from(["\n", "\r\n"]))
def test_csv_as_the_standard_library_writes_it(tmp_path: Path, rows: list[tuple[str, ...]], ending: str) -> None:
    with (tmp_path / "x.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator=ending).writerows([("a", "b", "c"), *rows])
    found = [row[1] for row in read_csv(tmp_path, "x.csv", ("c", "a"), ("absent",)) if not isinstance(row, Reject)]
    assert found == [(c, a, "") for a, _, c in rows]


def test_lines_split_on_line_feed_only(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_bytes("\ufeffone\u2028still one\x85\r\n\n\u00e9\n".encode() + b"\xe9\nlast")
    assert list(read_lines(tmp_path, "x.txt")) == [
        (1, "one\u2028still one\x85"), (3, "é"), Reject("x.txt:4", "wrong_encoding", "x.txt:4"), (5, "last"),
    ]  # fmt: skip


def test_tsv_quotes_widths_and_escapes(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text('a\tb\tc\n"1\t2"\t3\nshort\t2\nlong\t2\t3\t4\n1\t2\t3\t\n\\"x\\\t\\\\\ty\tz\n')
    assert list(read_tsv(tmp_path, "x.tsv", ("a", "c"), escape="\\")) == [
        (2, ('"1', "3")),
        Reject("short", "too_few_columns", "x.tsv:3"),
        Reject("long", "bad_row", "x.tsv:4"),
        (5, ("1", "3")),
        (6, ('"x\t\\', "z")),
    ]


def test_a_row_that_cannot_be_read_is_named_as_far_as_it_can(tmp_path: Path) -> None:
    """By the first column asked for, wherever it stands; else by its place."""
    rows = [b"1\tone\ttext", b"2\ttwo", b"3", b"4\tfour\tcaf\xe9", b"5\tf\xfcnf\ttext", b"6\t \t", b"7\t "]
    expected = [("two", "too_few_columns", 3), ("", "too_few_columns", 4), ("four", "wrong_encoding", 5),
                ("", "wrong_encoding", 6), ("", "too_few_columns", 8)]  # fmt: skip
    for reader, separator in ((read_tsv, b"\t"), (read_csv, b",")):
        lines = b"\n".join([b"n\tname\ttext", *rows, b""])
        (tmp_path / "x").write_bytes(lines.replace(b"\t", separator))
        found = [item for item in reader(tmp_path, "x", ("name", "text")) if isinstance(item, Reject)]
        assert found == [Reject(name or f"x:{line}", reason, f"x:{line}") for name, reason, line in expected]
    (tmp_path / "x").write_bytes(b"one a\n two caf\xe9\n\xe9 x\n\xe9\n")
    assert list(read_lines(tmp_path, "x")) == [
        (1, "one a"), *(Reject(name, "wrong_encoding", where) for name, where in
                        [("two", "x:2"), ("x:3", "x:3"), ("x:4", "x:4")]),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("reader", [read_tsv, read_csv])
def test_a_table_in_another_encoding_is_told(tmp_path: Path, reader: object, encoding: str) -> None:
    (tmp_path / "x").write_text("path\tsentence\na.mp3\tHallo\nb.mp3\tWelt\n", encoding)
    with pytest.raises(SourceError, match=r"x: not UTF-8; convert it, for instance from UTF-16: iconv"):
        list(reader(tmp_path, "x", ("path", "sentence")))  # type: ignore[operator]


@pytest.mark.parametrize("reader", [read_tsv, read_csv])
def test_tables_without_header_or_column(tmp_path: Path, reader: object) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "other").write_text("x\n1\n")
    with pytest.raises(SourceError, match="empty: empty; expected a header with a"):
        list(reader(tmp_path, "empty", ("a",)))  # type: ignore[operator]
    with pytest.raises(SourceError, match="other: no column 'a' in its header: x"):
        list(reader(tmp_path, "other", ("a",)))  # type: ignore[operator]


def test_word_times_in_waveform_samples(tmp_path: Path) -> None:
    (tmp_path / "x.WRD").write_text(
        "0 8000 she\r\n7900 16000 had it\n5 5 x\n1 2\na b c\n-3 4 d\n0 ² e\n0 " + "9" * 5_000 + " f\n", "utf-8"
    )
    words = list(read_words(tmp_path, "x.WRD", 16_000))
    assert words[:2] == [Word("she", 0.0, 0.5), Word("had it", 7900 / 16_000, 1.0)]
    assert [item.reason for item in words[2:] if isinstance(item, Reject)] == [
        "bad_times", "too_few_columns", "bad_row", "bad_row", "bad_row", "bad_row",
    ]  # fmt: skip


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a/..", "a\\..\\x", "x\0.wav"])
def test_hostile_paths(path: str) -> None:
    assert not is_safe(path)


@pytest.mark.parametrize("path", ["x.wav", "a/b.wav", "so...so.wav", " x.wav", "..x", "Café.wav"])
def test_ordinary_paths(path: str) -> None:
    assert is_safe(path)
