"""The same promises in a bucket: moto's server as a real process over HTTP."""

from __future__ import annotations

import http.client
import os
import socket
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import s3fs

from shards.layout import ShardName
from shards.record import commit, read_records
from shards.storage import Storage, StorageError
from shards.summary import datasets, read_splits
from shards.verify import main as verify
from tests.shards.building import contents, make_split
from tests.shards.test_record import make_record

pytestmark = pytest.mark.slow


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
    # botocore's and s3fs's own patience is switched off to keep the test short.
    quick = {"endpoint_url": closed, "config_kwargs": {"retries": {"max_attempts": 0}}}
    with pytest.raises(StorageError, match="the endpoint does not answer; check AWS_ENDPOINT_URL"):
        Storage("s3://bucket/x", **quick).check_writable()


def test_missing_credentials_are_said(options, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(StorageError, match=r"no credentials; set AWS_ACCESS_KEY_ID|access denied"):
        Storage("s3://bucket/x", anon=False, **options).check_writable()


class Unreliable(ThreadingHTTPServer):
    """Stands before the endpoint: drops the connection, before or after the request took effect, or says SlowDown."""

    daemon_threads = True

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), Forward)
        self.endpoint = endpoint
        self.faults: list[str] = []
        self.ignored = ""  # a header that is not passed on
        self.lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Forward(BaseHTTPRequestHandler):
    """Passes one request on, or meets it with the next fault."""

    protocol_version = "HTTP/1.1"
    server: Unreliable

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    def do_any(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.lock:
            fault = self.server.faults.pop(0) if self.server.faults else ""
        if fault == "drop before":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if fault == "slow down":
            status, headers, data = 503, {}, b"<Error><Code>SlowDown</Code><Message>wait</Message></Error>"
        else:
            status, headers, data = self.passed_on(body)
        if fault == "drop after":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "date", "server", "content-length"):
                self.send_header(name, value)
        length = headers.get("Content-Length", str(len(data))) if self.command == "HEAD" else str(len(data))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def passed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """The endpoint's answer."""
        headers = {name: value for name, value in self.headers.items() if name.lower() != self.server.ignored}
        connection = http.client.HTTPConnection(self.server.endpoint.removeprefix("http://"), timeout=30)
        connection.request(self.command, self.path, body=body or None, headers=headers)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), data

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_any  # noqa: N815


@pytest.fixture
def unreliable(storage, options):
    server = Unreliable(options["endpoint_url"])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    quick = {"config_kwargs": {"retries": {"max_attempts": 0}}}
    yield server, Storage(storage.url, endpoint_url=server.url, **quick)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("fault", ["drop before", "drop after", "slow down"])
def test_a_fault_of_the_network_passes_unnoticed(unreliable, storage, fault, tmp_path):
    server, shaky = unreliable
    (tmp_path / "local").write_bytes(b"x" * 1000)
    record = make_record()
    shaky.list()
    acts = {
        "replace": lambda: shaky.replace("a", b"1"),
        "read": lambda: storage.read_bytes("a") == shaky.read_bytes("a") or pytest.fail("other bytes"),
        "put": lambda: shaky.put_file(tmp_path / "local", "b"),
        "range": lambda: shaky.read_range("b", 10, 10),
        "list": lambda: shaky.list(),
        "exists": lambda: shaky.exists("b") or pytest.fail("not there"),
        "commit": lambda: commit(shaky, record),
        "delete": lambda: shaky.delete("a"),
    }
    for name, act in acts.items():
        server.faults[:] = [fault]
        act()
        assert server.faults == [], name
    assert read_records(storage, "demo", "train") == {3: record}
    assert storage.list() == {"b": 1000, record.shard.record: len(record.encode())}


def test_an_endpoint_that_ignores_conditions_is_refused(unreliable):
    """Commits rest on them: without, a second job would overwrite the first one's record."""
    server, shaky = unreliable
    shaky.check_writable()
    server.ignored = "if-none-match"
    with pytest.raises(StorageError, match="ignores conditional writes"):
        shaky.check_writable()
    assert shaky.list() == {}
