"""A split is summed up when it is whole, the same whoever does it, and dataset.json says what its splits say."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from shards import summary as summary_module
from shards.index import RejectRow, read_index, read_rejects, reject_table, write_rejects
from shards.layout import ShardName, index_path, plan_path, plan_rejects_path, rejects_path, split_path
from shards.plan import read_plan
from shards.schema import ShardError
from shards.statistics import histogram, hours, overview
from shards.storage import Storage
from shards.summary import (
    datasets,
    read_split,
    read_splits,
    splits,
    summarise_dataset,
    summarise_split,
    whole_split,
)
from tests.shards.building import contents, make_sample, make_split, write_shard

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def out(tmp_path):
    (tmp_path / "scratch").mkdir()
    return tmp_path / "out"


def test_a_split_is_merged_in_shard_order(out, tmp_path):
    storage = Storage(out)
    out.mkdir()
    storage.create(plan_path("demo", "train"), b'{"shards": 3, "rejects": {"duplicate_id": 1}}')
    planned = (RejectRow("twice", "duplicate_id", "a.tsv:9"),)
    (out / "demo/train/plan").mkdir(exist_ok=True)
    write_rejects(out / plan_rejects_path("demo", "train"), [reject_table(planned)])
    for number in (2, 0, 1):
        samples = [
            make_sample(f"{number}-{place}", frames=(16_000 * (number + 1),)) for place in range(2 * (number != 1))
        ]
        rejects = (RejectRow(f"r{number}", "truncated", "x"),)
        write_shard(storage, tmp_path / "scratch", ShardName("demo", "train", number), samples, rejects)
    summary = summarise_split(storage, "demo", "train")

    index = read_index(storage, "demo", "train")
    assert index["key"].to_pylist() == [f"demo-train-{name}" for name in ("0-0", "0-1", "2-0", "2-1")]
    groups = pq.ParquetFile(out / "demo/train/index.parquet").metadata
    assert [groups.row_group(group).num_rows for group in range(groups.num_row_groups)] == [2, 0, 2]
    assert [reject.id for reject in read_rejects(storage, "demo", "train")] == ["twice", "r0", "r1", "r2"]
    document = json.loads((out / split_path("demo", "train")).read_bytes())
    assert document["shards"] == 3 and document["samples"] == 4 and document["seconds"] == 8.0
    assert document["rejects"] == {"duplicate_id": 1, "truncated": 3}
    assert document["counts"]["asr"]["en"] == {"count": 4, "seconds": 8.0}
    assert read_split(storage, "demo", "train") == summary and splits(storage, "demo") == ("train",)


def test_again_and_elsewhere_it_is_the_same(out, tmp_path):
    make_split(Storage(out), tmp_path / "scratch")
    first = contents(out)
    make_split(Storage(tmp_path / "other"), tmp_path / "scratch")
    assert contents(tmp_path / "other") == first
    for name in (
        "demo/train/split.json",
        "demo/train/index.parquet",
        "demo/train/rejects.parquet",
        "demo/dataset.json",
    ):
        (out / name).unlink()
        summarise_split(Storage(out), "demo", "train")
        summarise_dataset(Storage(out), "demo")
        assert contents(out) == first


def test_what_is_there_and_true_is_not_written_again(out, tmp_path, monkeypatch):
    storage = Storage(out)
    make_split(storage, tmp_path / "scratch")
    written = []
    monkeypatch.setattr(Storage, "put_file", lambda *_, **__: written.append("put_file"))
    monkeypatch.setattr(Storage, "replace", lambda *_: written.append("replace"))
    summarise_split(storage, "demo", "train")
    assert written == []


def test_an_unfinished_split_has_no_summary(out, tmp_path):
    storage = Storage(out)
    with pytest.raises(ShardError, match="no plan; make it"):
        summarise_split(storage, "demo", "train")
    make_split(storage, tmp_path / "scratch", shards=3)
    storage.delete(split_path("demo", "train"), ShardName("demo", "train", 1).record)
    with pytest.raises(ShardError, match="1 of 3 shards are not committed, the first is number 1; build them"):
        summarise_split(storage, "demo", "train")
    assert read_splits(storage, "demo") == {} and splits(storage, "demo") == ("train",)


def test_a_damaged_shard_is_not_merged(out, tmp_path):
    storage = Storage(out)
    make_split(storage, tmp_path / "scratch")
    storage.delete(split_path("demo", "train"))
    for data, what in ((b"PAR1", "is not the file that its record promises"), (None, "is missing")):
        path = ShardName("demo", "train", 1).parquet
        storage.replace(path, data) if data else storage.delete(path)
        with pytest.raises(ShardError, match=rf"000001\.parquet: {what}"):
            summarise_split(storage, "demo", "train")


def test_a_split_that_ends_meanwhile_is_not_lost(out, tmp_path, monkeypatch):
    """Two jobs on two splits: the second writes its split.json after the first has listed."""
    storage = Storage(out)
    make_split(storage, tmp_path / "scratch", "train")
    make_split(Storage(tmp_path / "other"), tmp_path / "scratch", "test")
    listed = summary_module.read_splits

    def meanwhile(storage, dataset):
        found = listed(storage, dataset)
        if not storage.exists(split_path("demo", "test")):
            storage.replace(split_path("demo", "test"), (tmp_path / "other/demo/test/split.json").read_bytes())
        return found

    monkeypatch.setattr(summary_module, "read_splits", meanwhile)
    summarise_dataset(storage, "demo")
    document = json.loads((out / "demo/dataset.json").read_bytes())
    assert list(document["splits"]) == ["test", "train"] and document["shards"] == 4 and document["samples"] == 12


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"schema": 1}', b'{"schema": 1, "dataset": 3}'])
def test_a_damaged_split_json_is_absent(tmp_path, data):
    storage = Storage(tmp_path)
    storage.replace(split_path("demo", "train"), data)
    if data == b"{}" or data[:1] != b"{":
        assert read_split(storage, "demo", "train") is None
    else:
        assert read_splits(storage, "demo") == {}


def test_the_tables_say_what_is_there(out, tmp_path):
    make_split(Storage(out), tmp_path / "scratch", "train")
    make_split(Storage(out), tmp_path / "scratch", "test", shards=1)
    Storage(out).create(plan_path("demo", "dev"), b'{"shards": 1}')
    found = subprocess.run(
        [sys.executable, ROOT / "shards/stats.py", out], capture_output=True, text=True, cwd=tmp_path, check=True
    ).stdout
    rows = {line.split()[0]: line.split()[1:] for line in found.splitlines() if line}
    # 3 samples of 0.75, 1 and 1.25 s in each of 3 shards
    assert rows["demo/train"] == ["2", "6", "0.002", "1.00", "12", "12", "3"]
    assert rows["all"] == ["3", "9", "0.003", "1.00", "18", "18", "5"]
    assert rows["srwt"] == ["en", "9", "0.003"] and rows["truncated"] == ["3"]
    assert "unfinished, not counted: demo/dev" in found
    assert datasets(Storage(out)) == ("demo",)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "give OUT"),
        (["{out}"], "no complete split here"),
        (["{out}", "demo", "x"], "give OUT"),
        (["{out}", "wrokers=2"], "unknown option 'wrokers'"),
    ],
)
def test_mistakes_are_told_in_a_line(tmp_path, arguments, what):
    command = [sys.executable, ROOT / "shards/stats.py", *(part.format(out=tmp_path) for part in arguments)]
    found = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert found.returncode == 1 and what in found.stderr.splitlines()[-1] and "Traceback" not in found.stderr


def test_figures_are_readable():
    assert [hours(seconds) for seconds in (36, 3600 * 12.34, 3600 * 12_345)] == ["0.010", "12.3", "12,345"]
    assert histogram({0: 1, 29: 10}).splitlines()[2].split() == ["0-2", "1", "###"]
    assert overview([]).splitlines()[0].split()[0] == "split"


@pytest.mark.parametrize("damage", ["record", "equal record", "tar", "parquet", "index", "rejects", "plan"])
def test_a_listing_shows_whether_a_split_is_whole(damage, out, tmp_path):
    storage, shard = Storage(out), ShardName("demo", "train", 1)
    make_split(storage, tmp_path / "scratch", shards=3)
    plan = read_plan(storage, "demo", "train")
    assert whole_split(storage, "demo", "train", plan) == read_split(storage, "demo", "train")
    paths = {
        "tar": shard.tar,
        "parquet": shard.parquet,
        "index": index_path("demo", "train"),
        "rejects": rejects_path("demo", "train"),
    }
    if damage == "record":
        storage.delete(shard.record)
    elif damage == "equal record":  # one that says the same of another shard
        other = json.loads(storage.read_bytes(shard.record))
        storage.replace(shard.record, json.dumps(other, sort_keys=True).encode())
    elif damage == "plan":
        plan = replace(plan, sha256="0" * 64)
    else:
        with (out / paths[damage]).open("ab") as file:
            file.write(b"x")
    assert whole_split(storage, "demo", "train", plan) is None


def test_totals_of_an_older_version_are_made_again(out, tmp_path):
    """Without a digest of the listing; nothing else in them changes."""
    storage = Storage(out)
    make_split(storage, tmp_path / "scratch")
    whole = contents(out)
    summary = read_split(storage, "demo", "train")
    storage.replace(split_path("demo", "train"), replace(summary, listing=None).encode())
    assert summarise_split(storage, "demo", "train") == summary
    assert contents(out) == whole
