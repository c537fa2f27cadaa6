"""Index rows come back, their bytes follow from the rows alone, and the columns are those of the contract."""

from __future__ import annotations

import hashlib
import io
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shards.index import (
    INDEX_SCHEMA,
    MEASURES,
    RejectRow,
    index_row,
    read_index,
    read_reject_file,
    read_shard_parquet,
    reject_table,
    shard_parquet,
    text_hash,
    write_index,
    write_rejects,
)
from shards.layout import ShardName
from shards.sample import TaggedTarget, sample_key
from shards.schema import ShardError
from shards.storage import Storage
from shards.writer import Part, StoredSample
from tests.shards.building import make_sample

SHARD = ShardName("demo", "train", 7)
REJECTS = (RejectRow("x", "truncated", "wav/x.wav"), RejectRow("日", "empty_text", "a.tsv:3"))


def make_row(id="a", **changes):
    targets = (TaggedTarget("asr", "<|en|>", "grün"), TaggedTarget("sec", "<|x|>", ""))
    sample = make_sample(id, frames=(16_000, 800), targets=targets)
    stored = StoredSample((Part(512, 100, 2**32 - 1), Part(1536, 50, 0)), Part(5 * 2**30, 300, 7))
    options = {"text_languages": ["en", None], "origin": "freesound:1", "text": "hello world"} | changes
    return index_row(sample, sample_key("demo", "train", id), SHARD, stored, **options)


def test_a_row_has_the_columns_of_the_contract():
    row = make_row(measures={"snr": 12.5})
    assert row == {
        "key": "demo-train-a",
        "shard": "demo-train-000007",
        "licence": "CC0-1.0",
        "language": "en",
        "speaker": "s1",
        "seconds": 1.05,
        "audio": [
            {"offset": 512, "bytes": 100, "crc32": 2**32 - 1, "seconds": 1.0},
            {"offset": 1536, "bytes": 50, "crc32": 0, "seconds": 0.05},
        ],
        "json": {"offset": 5 * 2**30, "bytes": 300, "crc32": 7},
        "targets": [
            {"task": "asr", "text_language": "en", "prompt_bytes": 6, "response_bytes": 5},
            {"task": "sec", "text_language": None, "prompt_bytes": 5, "response_bytes": 0},
        ],
        "words": 2,
        "origin": "freesound:1",
        "text_hash": text_hash("hello world"),
        "audio_fingerprint": None,
        "align_score": None,
        "chars_per_second": None,
        "snr": 12.5,
        "clipping": None,
    }
    assert list(row) == INDEX_SCHEMA.names and set(MEASURES) <= set(row)
    with pytest.raises(ShardError, match="no column 'loudness'"):
        make_row(measures={"loudness": 1.0})


def test_rows_and_rejects_come_back():
    rows = [make_row(str(number), measures={"audio_fingerprint": b"\0\xff", "snr": 0.5}) for number in range(5)]
    table, rejects = read_shard_parquet(shard_parquet(rows, REJECTS), "x")
    assert table.schema == INDEX_SCHEMA and table.to_pylist() == rows and rejects == REJECTS


@pytest.mark.parametrize(("rows", "rejects"), [(0, 0), (3, 0), (0, 2)])
def test_nothing_is_fine(rows, rejects):
    data = shard_parquet([make_row(str(number)) for number in range(rows)], REJECTS[:rejects])
    table, found = read_shard_parquet(data, "x")
    assert (table.num_rows, len(found)) == (rows, rejects) and table.schema == INDEX_SCHEMA


def test_the_bytes_follow_from_the_rows(tmp_path):
    rows = [make_row(str(number)) for number in range(50)]
    shuffled_keys = [dict(random.Random(1).sample(list(row.items()), len(row))) for row in rows]
    assert shard_parquet(rows, REJECTS) == shard_parquet(shuffled_keys, REJECTS)
    one = pa.Table.from_pylist(rows, INDEX_SCHEMA)
    pieces = pa.concat_tables([one.slice(0, 13), one.slice(13)])
    write_index(tmp_path / "one", [one])
    write_index(tmp_path / "pieces", [pieces])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "pieces").read_bytes()


@pytest.mark.skipif(pa.__version__ != "26.0.1", reason="the hash is that of another version of pyarrow")
def test_the_bytes_do_not_change_by_themselves():
    """A change here is a change of every shard ever built: raise RECIPE."""
    data = shard_parquet([make_row(str(number)) for number in range(3)], REJECTS)
    assert hashlib.sha256(data).hexdigest() == "574052679d8fd1456b687d00845c0f3d15a34fb529a5a6669df3218e133493c1"


def test_the_index_has_a_row_group_per_shard_and_no_trace_of_its_maker(tmp_path):
    tables = [pa.Table.from_pylist([make_row(str(n)) for n in range(count)], INDEX_SCHEMA) for count in (2, 0, 3)]
    write_index(tmp_path / "index.parquet", tables)
    file = pq.ParquetFile(tmp_path / "index.parquet")
    assert [file.metadata.row_group(group).num_rows for group in range(3)] == [2, 0, 3]
    assert file.metadata.metadata == {b"schema": b"1"}
    # Any Parquet reader gets at it, nested columns too.
    assert pq.read_table(tmp_path / "index.parquet")["audio"].to_pylist()[0][0]["offset"] == 512


def test_a_split_s_index_is_read_whole_or_by_column(tmp_path):
    storage = Storage(tmp_path)
    with pytest.raises(ShardError, match=r"demo/train/index\.parquet: no index; finish the split"):
        read_index(storage, "demo", "train")
    (tmp_path / "demo/train").mkdir(parents=True)
    write_index(tmp_path / "demo/train/index.parquet", [pa.Table.from_pylist([make_row()], INDEX_SCHEMA)])
    assert read_index(storage, "demo", "train").to_pylist() == [make_row()]
    assert read_index(storage, "demo", "train", ["seconds", "key"]).to_pylist() == [
        {"seconds": 1.05, "key": "demo-train-a"}
    ]


def test_rejects_come_back(tmp_path):
    write_rejects(tmp_path / "rejects.parquet", map(reject_table, [REJECTS[:1], (), REJECTS[1:]]))
    assert read_reject_file(Storage(tmp_path), "rejects.parquet") == REJECTS
    assert read_reject_file(Storage(tmp_path), "none.parquet") == ()


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "other", "newer"])
def test_a_file_that_is_no_index_is_refused(damage):
    data = shard_parquet([make_row()], ())
    other = io.BytesIO()
    pq.write_table(pa.table({"a": [1]}), other)
    newer = data.replace(b"\x18\x06schema\x18\x011", b"\x18\x06schema\x18\x012")
    assert newer != data
    bad = {"cut": data[:-5], "empty": b"", "text": b"key,shard\n", "other": other.getvalue(), "newer": newer}[damage]
    with pytest.raises(ShardError, match="x: has schema 2" if damage == "newer" else "^x: "):
        read_shard_parquet(bad, "x")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("Hello, world!", "hello  world", True),
        ("don’t", "DON'T", True),
        ("Straße", "STRASSE", True),
        ("é", "e\u0301", True),
        ("ＡＢ", "ab", True),
        ("你 好。", "你好", True),
        ("ab", "ba", False),
        ("12", "13", False),
    ],
)
def test_texts_that_sound_alike_have_one_hash(one, other, equal):
    assert (text_hash(one) == text_hash(other)) == equal
    assert len(text_hash(one) or "") == 16


def test_no_text_has_no_hash_and_hashes_do_not_change():
    assert text_hash("") is None and text_hash(" …!") is None
    # b2sum -l 64 of "helloworld"
    assert text_hash("Hello, world") == "6a4e8c267246645e"


@given(st.text(max_size=30))
def test_any_text_can_be_hashed(text):
    assert text_hash(text) in (None, text_hash(f"  {text}. "))


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_ascii_takes_a_shorter_way_to_the_same_hash(text):
    assert text_hash(text) == text_hash(f"{text}…")
