"""The same promises in a bucket: moto's server as a real process over HTTP."""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import s3fs

from shards.layout import ShardName, split_path
from shards.plan import read_plan
from shards.record import commit, read_records
from shards.remote_files import RemoteFiles
from shards.storage import Storage, StorageError
from shards.summary import datasets, read_splits, whole_split
from shards.verify import main as verify
from tests.faults.proxy import TRANSIENT, proxy_before
from tests.shards.building import contents, make_split
from tests.shards.test_record import make_record

pytestmark = pytest.mark.slow

QUICK = {"config_kwargs": {"retries": {"max_attempts": 0}}}  # botocore's own patience is switched off


@pytest.fixture
def options(endpoint, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return {"endpoint_url": endpoint}


@pytest.fixture
def storage(options):
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    s3fs.S3FileSystem(**options).mkdir(bucket)
    return Storage(f"s3://{bucket}/some/prefix", **options)


def test_files_are_written_read_listed_and_deleted(storage, tmp_path):
    assert storage.list() == {} and storage.folders() == ()
    storage.check_writable()
    assert storage.list() == {}
    storage.replace("d/s/a.json", b"one")
    storage.replace("d/s/a.json", b"other")
    assert storage.create("d/s/b.json", b"x") is True
    assert storage.create("d/s/b.json", b"late") is False
    (tmp_path / "local").write_bytes(b"0123456789")
    storage.put_file(tmp_path / "local", "d/s/plan/c.tar", move=True)
    assert not (tmp_path / "local").exists()
    assert storage.read_bytes("d/s/a.json") == b"other" and storage.read_bytes("d/s/b.json") == b"x"
    assert storage.list() == {"d/s/a.json": 5, "d/s/b.json": 1, "d/s/plan/c.tar": 10}
    assert storage.list("d/s", recursive=False) == {"d/s/a.json": 5, "d/s/b.json": 1}
    assert storage.list("d/t") == {} and storage.folders("d") == ("s",) and storage.folders("d/t") == ()
    assert storage.exists("d/s/a.json") and not storage.exists("d/s/z") and not storage.exists("d/s")
    assert storage.size("d/s/plan/c.tar") == 10
    assert storage.read_range("d/s/plan/c.tar", 2, 3) == b"234"
    for offset in (8, 10, 99):
        with pytest.raises(StorageError, match=r"c\.tar: ends at byte"):
            storage.read_range("d/s/plan/c.tar", offset, 5)
    with storage.open("d/s/plan/c.tar") as file:
        file.seek(4)
        assert file.read(2) == b"45"
    with storage.local_copy("d/s/plan/c.tar") as path:
        assert path.read_bytes() == b"0123456789"
    assert not path.exists()
    storage.delete("d/s/a.json", "d/s/never")
    assert storage.list() == {"d/s/b.json": 1, "d/s/plan/c.tar": 10}
    for read in (storage.read_bytes, lambda path: storage.read_range(path, 0, 1)):
        with pytest.raises(FileNotFoundError):
            read("d/s/a.json")


def test_a_large_file_goes_up_in_parts(storage, tmp_path):
    data = os.urandom(1 << 20) * 101  # over two of s3fs's parts of 50 MiB
    (tmp_path / "tar").write_bytes(data)
    storage.put_file(tmp_path / "tar", "d/s/tar")
    assert storage.list() == {"d/s/tar": len(data)}
    assert storage.read_range("d/s/tar", 60 << 20, 1000) == data[60 << 20 :][:1000]


def test_what_another_client_writes_is_seen_at_once(storage, options):
    """No listing may be remembered: two jobs write the splits of one dataset."""
    other = Storage(storage.url, **options)
    for number in range(3):
        assert len(storage.list("d")) == number
        assert not storage.exists(f"d/{number}")
        other.replace(f"d/{number}", b"x")
        assert storage.exists(f"d/{number}")


def test_of_many_committers_one_wins(storage):
    records = [make_record(tar=letter) for letter in "abcdef"]

    def attempt(record):
        try:
            return commit(storage, record)
        except Exception as error:
            return str(error)

    with ThreadPoolExecutor(len(records)) as pool:
        said = list(pool.map(attempt, records))
    assert said.count(True) == 1 and sum("built twice" in str(one) for one in said) == len(records) - 1
    winner = records[said.index(True)]
    assert read_records(storage, "demo", "train") == {3: winner}
    assert commit(storage, winner) is False


def test_a_bucket_holds_the_same_bytes_as_a_folder(storage, options, tmp_path, capsys):
    make_split(storage, tmp_path)
    make_split(Storage(tmp_path / "out"), tmp_path)
    there = {path: storage.read_bytes(path) for path in storage.list()}
    assert there == contents(tmp_path / "out")
    assert datasets(storage) == ("demo",) and list(read_splits(storage, "demo")) == ["train"]
    arguments = [storage.url, "workers=1", f"storage_options.endpoint_url={options['endpoint_url']}"]
    assert verify(arguments) == 0
    tar = bytearray(there[ShardName("demo", "train", 0).tar])
    tar[5000] ^= 1
    storage.replace(ShardName("demo", "train", 0).tar, bytes(tar))
    assert verify(arguments) == 1
    assert f"{storage.url}/demo/train/demo-train-000000.tar: has sha256" in capsys.readouterr().out


def test_the_endpoint_may_come_from_the_environment(storage, options, monkeypatch):
    storage.replace("a", b"x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", options["endpoint_url"])
    s3fs.S3FileSystem.clear_instance_cache()
    assert Storage(storage.url).read_bytes("a") == b"x"


def test_mistakes_are_said_without_secrets(options, monkeypatch, tmp_path):
    nowhere = Storage("s3://no-such-bucket-here/x", **options)
    for act in (
        nowhere.check_writable,
        lambda: nowhere.list(),
        lambda: nowhere.read_bytes("a"),
        lambda: nowhere.create("a", b""),
        lambda: nowhere.folders(),
    ):
        with pytest.raises(StorageError, match=r"s3://no-such-bucket-here/x.*: there is no such bucket") as said:
            act()
        assert "hush" not in str(said.value)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{probe.getsockname()[1]}"
    monkeypatch.setattr("shards.remote_files._FIRST_WAIT_SECONDS", 0.001)
    with pytest.raises(StorageError, match="the endpoint does not answer; check AWS_ENDPOINT_URL"):
        Storage("s3://bucket/x", endpoint_url=closed, **QUICK).check_writable()


def test_missing_credentials_are_said(options, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(StorageError, match=r"no credentials; set AWS_ACCESS_KEY_ID|access denied"):
        Storage("s3://bucket/x", anon=False, **options).check_writable()


@pytest.fixture
def shaky(storage, options):
    """The proxy, and the same bucket seen through it, with nobody's patience but ours."""
    with proxy_before(options["endpoint_url"]) as proxy:
        yield proxy, Storage(storage.url, endpoint_url=proxy.url, **QUICK)


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_fault_of_the_network_passes_unnoticed(shaky, storage, fault, tmp_path):
    proxy, there = shaky
    (tmp_path / "local").write_bytes(b"x" * 1000)
    record = make_record()
    there.list()
    acts = {
        "replace": lambda: there.replace("a", b"1"),
        "read": lambda: storage.read_bytes("a") == there.read_bytes("a") or pytest.fail("other bytes"),
        "put": lambda: there.put_file(tmp_path / "local", "b"),
        "range": lambda: there.read_range("b", 10, 10) == b"x" * 10 or pytest.fail("other bytes"),
        "list": lambda: list(there.list()) == ["a", "b"] or pytest.fail("another list"),
        "folders": lambda: there.folders() == () or pytest.fail("other folders"),
        "exists": lambda: there.exists("b") or pytest.fail("not there"),
        "missing": lambda: there.exists("c") and pytest.fail("there"),
        "commit": lambda: commit(there, record),
        "again": lambda: commit(there, record) and pytest.fail("committed twice"),
        "delete": lambda: there.delete("a"),
    }
    for name, act in acts.items():
        proxy.calm()
        proxy.choose = lambda request: fault if request.number == 0 else ""
        act()
        assert proxy.requests, name
    assert read_records(storage, "demo", "train") == {3: record}
    assert storage.list() == {"b": 1000, record.shard.record: len(record.encode())}


LASTING = {
    "no such bucket": "there is no such bucket",
    "denied": "access denied",
    "wrong region": "another region",
    "wrong signing region": "another region",
    "clock skew": "clock is wrong",
    "expired": "token has expired",
}


@pytest.mark.parametrize("fault", list(LASTING))
def test_what_does_not_pass_is_said_at_once(shaky, fault, tmp_path):
    proxy, there = shaky
    # Asked by HEAD where the bucket is, S3 tells even a client in the wrong region.
    proxy.choose = lambda request: "" if request.method == "HEAD" else fault
    (tmp_path / "local").write_bytes(b"x")
    for act in (
        there.check_writable,
        lambda: there.create("a", b"x"),
        lambda: there.put_file(tmp_path / "local", "a"),
        lambda: there.read_bytes("a"),
        lambda: there.list("d"),
        lambda: there.folders("d"),
        lambda: there.delete("a"),
    ):
        proxy.requests.clear()
        with pytest.raises(StorageError) as said:
            act()
        assert re.search(LASTING[fault], str(said.value))
        assert said.value.lasting and pickle.loads(pickle.dumps(said.value)).lasting
        assert "hush" not in str(said.value) and len(proxy.requests) <= 3, proxy.requests
    assert (tmp_path / "local").exists()


def test_what_lasts_too_long_is_said_and_may_pass_later(shaky, monkeypatch, caplog):
    monkeypatch.setattr("shards.remote_files._FIRST_WAIT_SECONDS", 0.001)
    proxy, there = shaky
    proxy.choose = lambda request: "internal error"
    with pytest.raises(StorageError) as said:
        there.replace("a", b"x")
    assert not said.value.lasting
    assert "storage: InternalError; trying again, 2 of 6" in caplog.text


def test_a_probe_that_a_killed_job_left_is_swept(storage):
    storage.replace(".tmp-0123", b"\0")
    storage.replace("d/s/a", b"x")
    assert storage.sweep("d/s") == 0 and storage.exists(".tmp-0123")
    assert storage.sweep("", recursive=False) == 1
    assert not storage.exists(".tmp-0123") and storage.list() == {"d/s/a": 1}


def test_a_probe_that_another_job_sweeps_is_written_again(storage, monkeypatch):
    real, swept = storage._files.create, []

    def create(path, data):
        made = real(path, data)
        if not swept:
            swept.append(storage.sweep("", recursive=False))
        return made

    monkeypatch.setattr(storage._files, "create", create)
    storage.check_writable()
    assert swept == [1] and storage.list() == {}


def test_an_endpoint_that_ignores_conditions_is_refused(shaky):
    """Commits rest on them: without, a second job would overwrite the first one's record."""
    proxy, there = shaky
    there.check_writable()
    proxy.ignored = "if-none-match"
    with pytest.raises(StorageError, match="ignores conditional writes"):
        there.check_writable()
    assert there.list() == {}


def test_a_whole_split_is_recognised_by_listing_alone(storage, tmp_path, monkeypatch):
    (tmp_path / "scratch").mkdir()
    make_split(storage, tmp_path / "scratch", shards=5)
    plan, read = read_plan(storage, "demo", "train"), []
    read_bytes = RemoteFiles.read_bytes
    monkeypatch.setattr(RemoteFiles, "read_bytes", lambda self, path: read.append(path) or read_bytes(self, path))
    monkeypatch.setattr(RemoteFiles, "size", lambda self, path: pytest.fail(f"asked for {path}"))
    assert whole_split(storage, "demo", "train", plan) is not None
    assert read == [split_path("demo", "train")]
    shard = ShardName("demo", "train", 3)
    data = storage.read_bytes(shard.record)
    storage.replace(shard.record, data[:-2] + b" \n")  # as long as before
    assert whole_split(storage, "demo", "train", plan) is None


def test_an_object_that_came_in_parts_has_no_md5(storage, tmp_path):
    """Its ETag is none; a job then reads the records."""
    storage.replace("d/s/a.json", b"one")
    storage.replace("d/s/a.tar", b"one")
    fs = s3fs.S3FileSystem(**storage._options)
    with fs.open(f"{storage.url}/d/s/b.json", "wb", block_size=5 << 20) as file:
        file.write(bytes(11 << 20))
    assert storage.stamps("d/s", ".json") == {
        "d/s/a.json": (3, hashlib.md5(b"one").hexdigest()),
        "d/s/a.tar": (3, None),
        "d/s/b.json": (11 << 20, None),
    }
