"""The statistics pages over HTTP: figures are the records', text stays text, nothing else is served."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import s3fs

from shards.index import RejectRow
from shards.layout import ShardName, plan_path, run_path, split_path
from shards.pages.figures import byte_size
from shards.pages.server import PageServer
from shards.pages.watch import Watch
from shards.record import read_records
from shards.sample import SampleWord
from shards.statistics import hours
from shards.storage import Storage
from shards.summary import read_split
from tag_schema.target import Target
from tests.shards.building import flac, make_sample, make_split, tagged, write_shard
from tests.shards.pages.test_pages import HOSTILE, Outline

ROOT = Path(__file__).resolve().parents[3]
UID = "qwen-audio-shards"


@pytest.fixture
def out(tmp_path):
    (tmp_path / "scratch").mkdir()
    return tmp_path / "out"


@contextlib.contextmanager
def serving(*storages):
    """A server of these OUTs that has looked once and looks again only when told."""
    watch = Watch(storages)
    watch.look()
    server = PageServer("127.0.0.1", 0, watch)
    server.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def get(server, path, headers=None):
    """Status, body and headers of an answer; the path is sent as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", path, headers=headers or {})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body, answer.headers


def text(server, path):
    """The page at a path, which must be there."""
    status, body, _ = get(server, path)
    assert status == 200, body[:500]
    return body.decode()


def cells(page):
    """The rows of all tables of a page, as text."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", page, re.DOTALL)
    return [[Outline(cell).text for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)] for row in rows]


def tiles(page):
    """The figures at the top of a page, by what they are."""
    found = re.findall(r'<div class="tile"><b>(.*?)</b><span[^>]*>(.*?)</span></div>', page)
    return {what: value for value, what in found}


def bars(page, title):
    """Names and values of a chart."""
    chart = re.search(rf"<figcaption>{title}</figcaption>(.*?)</figure>", page, re.DOTALL)[1]
    names = [Outline(name).text for name in re.findall(r"<span><bdi>(.*?)</bdi>", chart, re.DOTALL)]
    return dict(zip(names, re.findall(r"<b>(.*?)</b>", chart), strict=True))


def test_the_figures_are_those_of_the_records(out, tmp_path):
    storage = Storage(out)
    make_split(storage, tmp_path / "scratch", "train", shards=3, samples=4)
    make_split(storage, tmp_path / "scratch", "test", shards=1, samples=2)
    totals = read_split(storage, "demo", "train").totals
    size = sum(record.tar.bytes for record in read_records(storage, "demo", "train").values())
    with serving(storage) as server:
        rows = cells(text(server, f"/d/{UID}/?orgId=1&theme=light&kiosk=1&refresh=5s"))
        page = text(server, "/shards/0/demo/train")
        whole = text(server, "/shards/0/demo")
    both = totals.seconds + read_split(storage, "demo", "test").totals.seconds
    assert rows[1][:4] == ["demo", "4/4", "14", hours(both)]
    assert rows[3] == ["train", "3/3", "12", hours(totals.seconds), byte_size(size), "", "", "4", "complete"]
    shown = tiles(page)
    assert shown["samples"] == "12" and shown["hours"] == hours(totals.seconds) and shown["in tars"] == byte_size(size)
    assert shown["targets"] == "24" and shown["words with times"] == "24" and shown["rejects"] == "4"
    assert bars(page, "Hours by language") == {"en": f"{hours(totals.seconds)} h"}
    assert set(bars(page, "Hours by task")) == {"asr", "srwt"} and tiles(whole)["samples"] == "14"
    assert ["truncated", "3", "r0 wav/0.wavr1 wav/1.wavr2 wav/2.wav"] in cells(page)
    assert ["duplicate_id", "1", "twice a.tsv:2"] in cells(page)
    histogram = re.findall(r"<title>(\d+–\d+ s): (\d+) samples", page)
    assert {int(name.split("–")[0]): int(count) for name, count in histogram if count != "0"} == dict(totals.lengths)


def test_a_shard_is_shown_with_its_sounds_pictures_and_words(out, tmp_path):
    storage = Storage(out)
    make_split(storage, tmp_path / "scratch", shards=1, samples=12)
    with serving(storage) as server:
        page = text(server, "/shards/0/demo/train/0")
        second = text(server, "/shards/0/demo/train/0?page=2&theme=dark")
        assert page.count("<audio") == 10 and second.count("<audio") == 2 and 'data-theme="dark"' in second
        assert "hello 0.10–0.40 s" in page and "&lt;|transcribe|&gt;" in page and "Hello, world" in page
        status, sound, headers = get(server, re.search(r'<audio[^>]* src="([^"]+)"', page)[1])
        assert (status, headers["Content-Type"], sound) == (200, "audio/flac", flac(12_000))
        address = re.search(r'<image href="([^"]+)"', page)[1]
        assert get(server, address)[1][:8] == b"\x89PNG\r\n\x1a\n"
        status, part, headers = get(server, "/audio/0/demo/train/0/0/0", {"Range": "bytes=4-9"})
        assert (status, part, headers["Content-Range"]) == (206, sound[4:10], f"bytes 4-9/{len(sound)}")
        assert get(server, "/audio/0/demo/train/0/0/0", {"Range": "bytes=-5"})[1] == sound[-5:]
        assert get(server, "/audio/0/demo/train/0/0/0", {"Range": "bytes=7-"})[1] == sound[7:]
        assert get(server, "/audio/0/demo/train/0/0/0", {"Range": f"bytes={len(sound)}-"})[0] == 416
        for nonsense in ("bytes=9-4", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", "bytes=-"):
            assert get(server, "/audio/0/demo/train/0/0/0", {"Range": nonsense})[:2] == (200, sound)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_ids_and_transcripts_stay_text(out, tmp_path, hostile):
    storage, name = Storage(out), ShardName("demo", "train", 0)
    hostile_text = hostile.replace("\ud800", "")
    storage.create(plan_path("demo", "train"), json.dumps({"shards": 2, "rejects": {hostile_text: 1}}).encode())

    def shown(word):
        sample = make_sample(
            word, licence=word, language=word, speaker={"id": word, "gender": word, "age": None},
            original={"text": word, "labels": {}}, words=(SampleWord(word, 0.1, 0.4),),
            words_by={"method": word, "version": ""},
            targets=tagged(Target(task="asr", audio_language="en", text="plain", itn=False)),
        )  # fmt: skip
        storage.delete(name.record)
        write_shard(storage, tmp_path / "scratch", name, [sample], (RejectRow(word, word, word),))
        with serving(storage) as server:
            pages = [
                text(server, path) for path in ("/", "/shards/0/demo", "/shards/0/demo/train", "/shards/0/demo/train/0")
            ]
        return [Outline(page) for page in pages]

    for got, expected in zip(shown(hostile_text), shown("t"), strict=True):
        assert set(got.elements) == set(expected.elements) and set(got.attributes) <= set(expected.attributes)
        assert "script" not in got.elements[got.elements.index("body") :]


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd", "/shards/0/../../secret", "/shards/0/..%2f..%2fsecret/train", "/shards/0/demo/..",
        "/shards/0/demo/train/..%2f..%2f..%2fsecret", "/audio/0/..%2f..%2f/secret/0/0/0", "/shards/0/%2e%2e/secret",
        "/audio/0/demo/train/0/-1/0", "/audio/0/demo/train/0/99/0", "/audio/0/demo/train/0/0/7",
        "/mel/0/demo/train/9/0/0",
        "/shards/1/demo", "/shards/-1/demo", "/shards/9999999999999/demo", "/shards/0/demo/train/%00", "/shards",
        "/shards/%D9%A3/demo", "/demo/train/split.json", "//etc/passwd", "/shards/0/secret", "/shards/0/secret/train/0",
        "/shards/0/demo/train/000000000000", "/live.js/..", "/shards/0/demo/train?page=x",
    ],
)  # fmt: skip
def test_nothing_outside_is_served(out, tmp_path, path):
    make_split(Storage(out), tmp_path / "scratch", shards=1)
    make_split(Storage(tmp_path / "other"), tmp_path / "scratch", shards=1)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/train.json").write_text("a secret")
    with serving(Storage(out)) as server:
        status, body, _ = get(server, path)
    assert status == 404 and b"secret" not in body and b"root:" not in body


def test_only_flac_leaves_even_where_an_index_lies(out, tmp_path):
    storage, name = Storage(out), ShardName("demo", "train", 0)
    make_split(storage, tmp_path / "scratch", shards=1)
    (tmp_path / "secret").write_bytes(b"a secret" * 10_000)
    (out / name.tar).unlink()
    (out / name.tar).symlink_to(tmp_path / "secret")
    with serving(storage) as server:
        for path in ("/audio/0/demo/train/0/0/0", "/mel/0/demo/train/0/0/0", "/shards/0/demo/train/0"):
            status, body, _ = get(server, path)
            assert b"a secret" not in body and (status == 404) == (path[1] != "s")


def test_pages_are_for_this_machine_and_load_nothing_else(out, tmp_path):
    make_split(Storage(out), tmp_path / "scratch", shards=1)
    with serving(Storage(out)) as server:
        assert get(server, "/", {"Host": "evil.example"})[0] == 403
        assert get(server, "/", {"Host": f"localhost:{server.port}"})[0] == 200
        for path in ("/", "/shards/0/demo/train", "/shards/0/demo/train/0", "/nothing"):
            _, body, headers = get(server, path)
            policy = headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'") and "script-src 'self'" in policy
            assert b"http:" not in body and b"https:" not in body and headers["X-Content-Type-Options"] == "nosniff"
        assert get(server, "/api/health")[1] == b'{"database": "ok", "version": "shards"}'
        assert json.loads(get(server, "/api/v1/query?query=vector(1)")[1])["status"] == "success"
        assert b"No Grafana here" in get(server, "/d-solo/rayDefaultDashboard/default-dashboard?panelId=24")[1]
        with socket.create_connection(("127.0.0.1", server.port)) as raw:
            raw.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
            assert raw.recv(100)
        for method, status in (("POST", 501), ("PUT", 501), ("DELETE", 501), ("HEAD", 200)):
            request = urllib.request.Request(f"http://127.0.0.1:{server.port}/", method=method)
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    assert answer.status == status and answer.read() == b""
            except urllib.error.HTTPError as error:
                assert error.code == status


def test_several_outs_and_one_that_is_not_there_yet(out, tmp_path):
    first, second, third = Storage(out), Storage(tmp_path / "second"), Storage(tmp_path / "later")
    make_split(first, tmp_path / "scratch", shards=1)
    make_split(second, tmp_path / "scratch", "dev", shards=2)
    (out / "lost+found").mkdir()
    (out / "notes.txt").write_text("x")
    with serving(first, second, third) as server:
        page = text(server, "/")
        assert [row[0] for row in cells(page) if "complete" in row] == ["demo / train", "demo / dev"]
        assert "there is no such folder yet" in page
        assert tiles(text(server, "/shards/1/demo/dev"))["shards"] == "2"
        assert get(server, "/shards/0/demo/dev")[0] == 404
        make_split(third, tmp_path / "scratch", "test", shards=1)
        server.watch.look()
        assert "demo / test" in [row[0] for row in cells(text(server, "/"))]


def test_a_split_under_construction_with_damage(out, tmp_path):
    storage = Storage(out)
    make_split(storage, tmp_path / "scratch", shards=4, samples=3)
    storage.delete(split_path("demo", "train"), ShardName("demo", "train", 3).record)
    (out / ShardName("demo", "train", 1).record).write_bytes(b'{"half a record')
    (out / ShardName("demo", "train", 2).tar).unlink()
    (out / "demo/train/.tmp-1-unfinished").write_bytes(b"x")
    now = time.time()
    events = [{"event": "built", "time": now - 30 + 10 * n, "seconds": 50.0, "wall": 10.0} for n in range(3)]
    log = "\n".join(["no json", *map(json.dumps, [{"event": "start", "time": now - 40}, *events])])
    storage.replace(run_path("demo", "train", "20260101-000000-abc"), log.encode())
    with serving(storage) as server:
        page = text(server, "/")
        row = next(row for row in cells(page) if row[0] == "demo / train")
        assert row[1:4] == ["1/4", "6", hours(6 * 1.0)] and row[5:] == ["5", "30 s", "3", "building"]
        assert "its record is damaged" in page and "demo-train-000002 is committed and has no tar" in page
        split = text(server, "/shards/0/demo/train")
        assert bars(split, "Hours by language") == {"en": f"{hours(6 * 1.0)} h"}
        assert any(row[0] == "demo-train-000001" and row[-1] == "record damaged" for row in cells(split))
        assert any(row[0] == "demo-train-000002" and row[-1] == "tar missing" for row in cells(split))
        assert ["duplicate_id", "1", "twice a.tsv:2"] in cells(split)
        assert "no record of this shard" in text(server, "/shards/0/demo/train/1")
        assert "Its tar is missing" in text(server, "/shards/0/demo/train/2")
        assert get(server, "/audio/0/demo/train/2/0/0")[0] == 404
        for damage in (b"", b"PAR1 and nothing else"):
            (out / ShardName("demo", "train", 0).parquet).write_bytes(damage)
            assert "not the parquet file it should be" in text(server, "/shards/0/demo/train/0")
        storage.replace(plan_path("demo", "train"), b"no plan")
        server.watch.look()
        assert "is no plan" in text(server, "/")
        storage.delete(plan_path("demo", "train"))
        server.watch.look()
        assert "no shards yet" in text(server, "/") and get(server, "/shards/0/demo/train")[0] == 404


def test_a_split_that_cannot_be_read_hides_no_other(out, tmp_path):
    storage = Storage(out)
    make_split(storage, tmp_path / "scratch", "good", shards=1)
    make_split(storage, tmp_path / "scratch", "bad", shards=1)
    with serving(storage) as server:
        (out / plan_path("demo", "bad")).unlink()
        (out / plan_path("demo", "bad")).mkdir()
        server.watch.look()
        rows = {row[0]: row for row in cells(text(server, "/"))}
        assert rows["good"][-1] == "complete" and rows["bad"][2] == "3"
        assert "a folder where a file should be" in text(server, "/shards/0/demo/bad")
    with serving(storage) as server:
        rows = {row[0]: row for row in cells(text(server, "/"))}
        assert rows["good"][-1] == "complete" and rows["bad"][1:3] == ["0/?", "0"]


def test_what_a_job_commits_appears(out, tmp_path):
    """Shard after shard while the pages are served; then the split is whole and the figures are split.json's."""
    finished, storage = Storage(tmp_path / "finished"), Storage(out)
    make_split(finished, tmp_path / "scratch", shards=3, samples=2)
    files = finished.list()
    records = [path for path in files if re.search(r"\d{6}\.json$", path)]
    last = [
        path for path in files if path.endswith(("split.json", "dataset.json", "index.parquet", "/rejects.parquet"))
    ]
    with serving(storage) as server:
        for path in [path for path in files if path not in records + last]:
            storage.replace(path, finished.read_bytes(path))
        seen = []
        for path in [*records, None]:
            server.watch.look()
            row = next(row for row in cells(text(server, "/")) if row[0] == "demo / train")
            seen.append((row[1], row[2], row[-1]))
            if path is not None:
                storage.replace(path, finished.read_bytes(path))
        assert seen == [(f"{n}/3", f"{2 * n}", "all shards built" if n == 3 else "unfinished") for n in range(4)]
        building = tiles(text(server, "/shards/0/demo/train"))
        for path in last:
            storage.replace(path, finished.read_bytes(path))
        server.watch.look()
        assert tiles(text(server, "/shards/0/demo/train")) == building
        assert next(row for row in cells(text(server, "/")) if row[0] == "demo / train")[-1] == "complete"


@pytest.mark.slow
def test_an_out_in_a_bucket(endpoint, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem(endpoint_url=endpoint).mkdir("dashboard")
    storage = Storage("s3://dashboard/shards", endpoint_url=endpoint)
    (tmp_path / "scratch").mkdir()
    make_split(storage, tmp_path / "scratch", shards=2)
    with serving(storage, Storage("s3://no-such-bucket/x", endpoint_url=endpoint)) as server:
        page = text(server, "/")
        assert "demo / train" in [row[0] for row in cells(page)] and "no such bucket" in page and "hush" not in page
        assert get(server, "/audio/0/demo/train/1/0/0")[1] == flac(12_000)
        assert text(server, "/shards/0/demo/train/1").count("<audio") == 3


def command(*arguments, **options):
    """The command as a process."""
    return subprocess.Popen(
        [sys.executable, "shards/dashboard.py", *map(str, arguments)], cwd=ROOT, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, **options,
    )  # fmt: skip


def free_port():
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_the_command_serves_until_interrupted(out, tmp_path):
    make_split(Storage(out), tmp_path / "scratch", shards=1)
    port = free_port()
    process = command(out, "ray=false", f"page_port={port}")
    try:
        assert process.stdout.readline() == f"statistics of {out}: http://127.0.0.1:{port}\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
            assert b"demo" in answer.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("key", ["page_port", "port", "ray_port", "agent_port"])
def test_a_port_that_is_taken_is_named(tmp_path, key):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        ports = {name: free_port() for name in ("page_port", "port", "ray_port", "agent_port")}
        ports[key] = holder.getsockname()[1]
        process = command(tmp_path, *(f"{name}={port}" for name, port in ports.items()))
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 1 and "Traceback" not in said
    assert said.splitlines()[-1].startswith(f"error: port {ports[key]} is taken") and f"{key}=…" in said


def test_help_and_mistakes(tmp_path):
    said = command("--help").communicate(timeout=60)[0]
    assert "page_port=8266" in said and "Ctrl-C" in said
    said = command(tmp_path, "prot=1").communicate(timeout=60)[0]
    assert said.startswith("error:") and "did you mean 'port'?" in said
