"""A shard is committed once; a damaged record is no record; two results for one shard are told."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shards.layout import LAST_NUMBER, ShardName, parse_shard_path
from shards.record import ShardRecord, commit, decode, listed_records, read_record, read_records
from shards.sample import canonical_json
from shards.schema import ShardError
from shards.storage import Storage
from shards.totals import Totals, summed
from shards.writer import WrittenFile
from tests.shards.building import make_sample


def make_record(number: int = 3, tar: str = "a") -> ShardRecord:
    totals = Totals()
    totals.add_sample(make_sample())
    totals.add_sample(make_sample("b", language=None, frames=(12_345, 7)))
    totals.rejects["truncated"] += 2
    totals.left_out["language_not_in_vocabulary"] += 1
    return ShardRecord(
        ShardName("demo", "train", number), WrittenFile(tar * 64, 10_240), WrittenFile("b" * 64, 5), totals
    )


def test_a_record_says_what_the_contract_has():
    document = json.loads(make_record().encode())
    assert document["tar"] == {"sha256": "a" * 64, "bytes": 10_240} and document["parquet"]["bytes"] == 5
    assert (document["schema"], document["dataset"], document["split"], document["shard"]) == (1, "demo", "train", 3)
    assert document["samples"] == 2 and document["seconds"] == (16_000 + 12_345 + 7) / 16_000
    assert document["rejects"] == {"truncated": 2} and document["left_out"] == {"language_not_in_vocabulary": 1}
    assert document["counts"]["asr"] == {
        "en": {"count": 1, "seconds": 1.0},
        "unknown": {"count": 1, "seconds": 12_352 / 16_000},
    }
    assert document["words"] == 4 and document["targets"] == 4 and document["lengths"] == {"1": 1, "0": 1}


def test_a_record_comes_back():
    record = make_record()
    assert decode(record.encode(), "x") == record and record.encode() == make_record().encode()


@settings(max_examples=100)
@given(st.data())
def test_a_damaged_record_is_none(data):
    """Every changed bit and every cut is noticed, but for the line end behind the closing brace."""
    encoded = make_record().encode()
    place = data.draw(st.integers(0, len(encoded) - 2))
    changed = bytearray(encoded)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    assert decode(bytes(changed), "x") is None
    assert decode(encoded[:place], "x") is None


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{}", b"\xff", b"1" * 100, b'{"checksum": null}'])
def test_what_is_no_record_is_none(data):
    assert decode(data, "x") is None


def test_a_newer_record_is_refused():
    document = json.loads(make_record().encode()) | {"schema": 2}
    del document["checksum"]
    newer = canonical_json(document | {"checksum": hashlib.sha256(canonical_json(document)).hexdigest()})
    with pytest.raises(ShardError, match=r"x: has schema 2, this version reads up to 1"):
        decode(newer, "x")


def test_commit_is_once_and_again_is_success(tmp_path):
    storage, record = Storage(tmp_path), make_record()
    assert read_record(storage, record.shard) is None
    assert commit(storage, record) is True
    assert commit(storage, record) is False
    assert read_records(storage, "demo", "train") == {3: record}
    assert listed_records(storage, "demo", "train") == (record.shard,)


def test_two_results_for_one_shard_are_told(tmp_path):
    storage = Storage(tmp_path)
    commit(storage, make_record(tar="a"))
    with pytest.raises(
        ShardError, match=f"built twice with different results: there tar {'a' * 64}.*now tar {'c' * 64}"
    ):
        commit(storage, make_record(tar="c"))
    assert read_records(storage, "demo", "train")[3].tar.sha256 == "a" * 64


def test_the_record_of_another_plan_is_absent_and_replaced(tmp_path):
    storage = Storage(tmp_path)
    late, record = (replace(make_record(tar=tar), plan=plan * 64) for tar, plan in (("c", "0"), ("a", "1")))
    commit(storage, late)
    assert decode(late.encode(), "x") == late
    assert read_record(storage, record.shard, record.plan) is None
    assert read_records(storage, "demo", "train", late.plan) == {3: late}
    assert read_records(storage, "demo", "train", record.plan) == {}
    assert commit(storage, record) is True
    assert read_records(storage, "demo", "train", record.plan) == {3: record}


def test_a_record_that_names_no_plan_is_of_any(tmp_path):
    storage, record = Storage(tmp_path), make_record()
    assert b'"plan"' not in record.encode()
    commit(storage, record)
    assert read_record(storage, record.shard, "1" * 64) == record


def test_a_record_that_names_no_plan_gets_its_name_and_no_other_result(tmp_path):
    """It was written by an older version, and is as much a promise as any."""
    storage, old = Storage(tmp_path), make_record()
    commit(storage, old)
    with pytest.raises(ShardError, match="built twice with different results"):
        commit(storage, replace(make_record(tar="c"), plan="1" * 64))
    assert read_record(storage, old.shard) == old
    assert commit(storage, replace(old, plan="1" * 64))
    assert read_record(storage, old.shard) == replace(old, plan="1" * 64)


@pytest.mark.parametrize("damaged", [b"", b"{", make_record().encode()[:200]])
def test_a_damaged_record_is_absent_and_replaced(tmp_path, damaged):
    storage, record = Storage(tmp_path), make_record()
    storage.replace(record.shard.record, damaged)
    assert read_records(storage, "demo", "train") == {}
    assert commit(storage, record) is True
    assert read_records(storage, "demo", "train") == {3: record}


def test_the_record_of_another_shard_is_absent(tmp_path):
    storage = Storage(tmp_path)
    storage.replace(ShardName("demo", "train", 4).record, make_record(3).encode())
    assert read_records(storage, "demo", "train") == {}


def test_many_commit_at_once(tmp_path):
    storage, record = Storage(tmp_path), make_record()
    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(lambda _: commit(storage, record), range(16))) == [False] * 15 + [True]


@settings(max_examples=30)
@given(st.lists(st.integers(1, 10**6), max_size=8), st.randoms())
def test_sums_do_not_depend_on_their_order(frames, random):
    def total(count):
        totals = Totals()
        totals.add_sample(make_sample(frames=(count,), targets=(), words=()))
        return totals

    shuffled = random.sample(frames, len(frames))
    assert summed(map(total, frames)).to_json() == summed(map(total, shuffled)).to_json()
    assert summed(map(total, frames)).seconds == sum(frames) / 16_000


def test_paths_and_shards_belong_together():
    for number in (0, 17, LAST_NUMBER):
        shard = ShardName("covost2", "train-clean_1", number)
        for extension, path in (("tar", shard.tar), ("parquet", shard.parquet), ("json", shard.record)):
            assert parse_shard_path(path) == (shard, extension)
    assert ShardName("covost2", "train", 17).tar == "covost2/train/covost2-train-000017.tar"
    for path in ("covost2/train/index.parquet", "a/b/a-c-000001.tar", "a/b/plan/a-b-000001.tar", "a/b/a-b-1.tar", ""):
        assert parse_shard_path(path) is None
    for bad in (("a.b", "train", 0), ("a", "", 0), ("a", "b", -1), ("a", "b", LAST_NUMBER + 1)):
        with pytest.raises(ShardError):
            ShardName(*bad)
