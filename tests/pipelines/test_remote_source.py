"""Corpora in a bucket, read where they lie: the plans, shards and records of a disk, whatever the network does.

The bucket is moto's, over HTTP. With `-m endpoint` it is one made for the purpose at AWS_ENDPOINT_URL, with the
credentials of the environment.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import random
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

import fsspec
import pytest
import s3fs

from pipelines import catalogue
from pipelines.asked_for import DatasetConfig, class_asked_for
from pipelines.build import build_and_commit
from pipelines.formats.tables import read_lines
from pipelines.job import main
from pipelines.listing import files, subfolders
from pipelines.places.corpus_path import RemotePath, corpus_path
from pipelines.record import Record
from pipelines.repair import main as repair
from pipelines.source import SourceError
from pipelines.sources.librispeech import LibriSpeech
from pipelines.sources.speechcommands import SpeechCommands
from shards.storage import Storage, StorageError
from tests.faults.proxy import TRANSIENT, Proxy, Request, proxy_before
from tests.pipelines.corpora import SETTINGS, flac, librispeech, prepare, put, shards_of
from tests.pipelines.sources.corpora.webdataset import pack
from tests.pipelines.sources.fixtures import FIXTURES, WAYS, class_of
from tests.shards.building import contents

pytestmark = pytest.mark.slow

QUICK = {"config_kwargs": {"retries": {"max_attempts": 0}}}  # botocore's own patience is switched off
CHAPTER = "dev-clean/84/121"


class Bucket:
    """A bucket for corpora, and what to pass as SOURCE."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint, self.name = endpoint, f"corpora-{uuid.uuid4().hex[:12]}"
        self.options = {"endpoint_url": endpoint, **QUICK}
        self.fs = s3fs.S3FileSystem(endpoint_url=endpoint, use_listings_cache=False, skip_instance_cache=True)
        self.fs.mkdir(self.name)

    def hold(self, corpus: Path | Mapping[str, bytes]) -> str:
        """Upload a folder, or objects by their keys; the URL."""
        if isinstance(corpus, Path):
            found = (path for path in corpus.rglob("*") if path.is_file())
            corpus = {str(path.relative_to(corpus.parent)): path.read_bytes() for path in found}
        place = uuid.uuid4().hex[:8]
        for key, data in corpus.items():
            self.fs.call_s3("put_object", Bucket=self.name, Key=f"{place}/{key}", Body=data)
        return f"s3://{self.name}/{place}"

    def remove(self) -> None:
        """Delete the bucket and all in it, whatever its keys are."""
        while found := self.fs.call_s3("list_objects_v2", Bucket=self.name).get("Contents"):
            for item in found:
                self.fs.call_s3("delete_object", Bucket=self.name, Key=item["Key"])
        self.fs.call_s3("delete_bucket", Bucket=self.name)

    def path(self, url: str) -> RemotePath:
        """SOURCE as a job sees it."""
        found = corpus_path(url, self.options)
        assert isinstance(found, RemotePath)
        return found


@pytest.fixture(scope="module", params=["moto", pytest.param("given", marks=pytest.mark.endpoint)])
def bucket(request: pytest.FixtureRequest) -> Iterator[Bucket]:
    if request.param == "given":
        made = Bucket(os.environ["AWS_ENDPOINT_URL"])
        yield made
        made.remove()
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield Bucket(request.getfixturevalue("endpoint"))


@pytest.fixture
def proxy(bucket: Bucket) -> Iterator[Proxy]:
    with proxy_before(bucket.endpoint) as server:
        yield server


def through(proxy: Proxy, url: str) -> RemotePath:
    """SOURCE seen through the proxy, with nobody's patience but ours."""
    found = corpus_path(url, {"endpoint_url": proxy.url, **QUICK})
    assert isinstance(found, RemotePath)
    return found


@pytest.mark.parametrize("name", sorted(FIXTURES))
def test_a_corpus_reads_the_same_elsewhere(name: str, tmp_path: Path) -> None:
    fixture = FIXTURES[name](tmp_path / "corpus")
    cls = class_of(name, fixture)
    there, roots = in_memory(fixture.source), {key: in_memory(root) for key, root in fixture.roots.items()}
    for split in fixture.records:
        here = list(cls(fixture.source, fixture.roots).records(split))
        assert list(cls(there, roots).records(split)) == here


def in_memory(corpus: Path) -> str:
    """A copy of a folder in fsspec's memory, or of all that lies beside a file."""
    place, top = uuid.uuid4().hex, corpus if corpus.is_dir() else corpus.parent
    for path in filter(Path.is_file, top.rglob("*")):
        fsspec.filesystem("memory").pipe(f"/{place}/{path.relative_to(top.parent)}", path.read_bytes())
    return f"memory://{place}/{corpus.relative_to(top.parent)}"


@pytest.mark.parametrize("name", WAYS)
def test_a_bucket_gives_the_bytes_that_a_disk_gives(name: str, bucket: Bucket, tmp_path: Path) -> None:
    fixture = FIXTURES[name](tmp_path / "corpus")
    cls = class_of(name, fixture)
    there = bucket.path(bucket.hold(fixture.source)) / fixture.source.name
    roots = {key: bucket.path(bucket.hold(root)) / root.name for key, root in fixture.roots.items()}
    for split in fixture.records:
        here = list(cls(fixture.source, fixture.roots).records(split))
        assert list(cls(there, roots).records(split)) == here
        shards_of(cls(fixture.source, fixture.roots), split, tmp_path / "disk")
        shards_of(cls(there, roots), split, tmp_path / "bucket")
    made = contents(tmp_path / "bucket")
    assert made == contents(tmp_path / "disk")
    assert not any(bucket.name.encode() in data or b"hush" in data for data in made.values())


@pytest.mark.parametrize("scheme", ["memory", "file"])
def test_so_does_every_file_system_that_fsspec_knows(scheme: str, tmp_path: Path) -> None:
    for name in ("librispeech", "commonvoice", "timit", "mls"):
        cls, fixture = catalogue.find(name), FIXTURES[name](tmp_path / name)
        url = f"file://{fixture.source}"
        if scheme == "memory":
            url = f"memory://{uuid.uuid4().hex}/{fixture.source.name}"
            fsspec.filesystem("memory").put(str(fixture.source), url, recursive=True)
        for split in fixture.records:
            there, here = cls(url), cls(fixture.source)
            assert list(there.records(split)) == list(here.records(split))
            assert shards_of(there, split, tmp_path / f"{name}-there").summary == (
                shards_of(here, split, tmp_path / f"{name}-here").summary
            )
        with pytest.raises(SourceError, match=re.escape(f"Pass SOURCE={there.root!s}.")):
            cls(there.root.parent)


def test_what_is_wrong_with_source_is_one_line(
    bucket: Bucket,
    proxy: Proxy,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = bucket.hold(librispeech(tmp_path, {"84-121-0": flac(0.2)}))
    (tmp_path / "own").mkdir()
    expected = "the folder LibriSpeech/, which holds train-clean-100/, dev-clean/, …"

    def said(source: str, *more: str) -> str:
        given = [f"source={source}", f"out={tmp_path / 'out'}", f"source_options.endpoint_url={proxy.url}", *more]
        assert main(["dataset=librispeech", "split=dev-clean", *given]) == 1
        line = capsys.readouterr().err
        assert line.startswith("error: librispeech: ") and line.count("\n") == 1 and "hush" not in line, line
        return line

    nowhere = f"s3://no-such-bucket-{uuid.uuid4().hex[:8]}/LibriSpeech"
    assert f"{nowhere}: there is no such bucket" in said(nowhere) and expected in said(nowhere)
    assert f"SOURCE={url}/typo does not exist; expected {expected}" in said(f"{url}/typo")
    assert f"found LibriSpeech. Pass SOURCE={url}/LibriSpeech.\n" in said(f"{url}/")
    assert f"Pass SOURCE={url}/LibriSpeech.\n" in said(f"{url}/LibriSpeech/{CHAPTER}")
    assert "is not the corpus. Expected" in said(f"{url}/LibriSpeech/{CHAPTER}/84-121-0.flac")
    assert "ROOTS names 'commonvoice'" in said(f"{url}/LibriSpeech", f"roots=commonvoice={url}")
    for fault, advice in {"denied": "access denied", "clock skew": "clock", "wrong region": "another region"}.items():
        # Asked by HEAD where the bucket is, S3 tells even a client in the wrong region.
        proxy.choose = lambda request, fault=fault: "" if request.method == "HEAD" else fault  # type: ignore[misc]
        proxy.requests.clear()
        line = said(f"{url}/LibriSpeech")
        assert advice in line and expected in line and f"{url}/LibriSpeech" in line
        assert len(proxy.requests) <= 3  # it does not pass, so nothing was tried again
    for mistake in ("s3://", "nonsense://bucket/x", "ftp://me:hush-hush@host/x"):
        assert main(["dataset=librispeech", f"source={mistake}", f"out={tmp_path / 'out'}"]) == 1
        line = capsys.readouterr().err
        assert line.startswith("error: ") and line.count("\n") == 1 and "hush" not in line, line
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)
    for option in ("endpoint=x", "endpoint_url=nonsense", "client_kwargs.hint=x", "config_kwargs=3", "profile=nobody"):
        given = [f"source={url}/LibriSpeech", f"out={tmp_path / 'out'}", f"source_options.{option}"]
        assert main(["dataset=librispeech", *given]) == 1
        line = capsys.readouterr().err
        assert line.startswith("error: ") and line.count("\n") == 1 and "Traceback" not in line, line
    assert not list((tmp_path / "out").iterdir())


def test_a_neighbour_that_nobody_may_look_into_is_not_proposed(bucket: Bucket, proxy: Proxy, tmp_path: Path) -> None:
    """Policies of buckets often allow one folder alone."""
    url = bucket.hold({"LibriSpeech/dev-clean/readme.txt": b"", "corpora/other/x": b""})
    proxy.choose = lambda request: "" if "LibriSpeech" in request.path else "denied"
    with pytest.raises(
        SourceError, match=r"is not the corpus\. .*found dev-clean/ \(readme\.txt\)\. `python pipelines/catalogue\.py"
    ):
        LibriSpeech(through(proxy, f"{url}/LibriSpeech"))


def test_planning_lists_pages_and_building_gets_each_recording_once(
    bucket: Bucket, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    speakers, chapters, utterances = 12, 3, 5
    keys: dict[str, bytes] = {}
    for speaker in range(speakers):
        for chapter in range(chapters):
            names = [f"{speaker}-{chapter}-{number}" for number in range(utterances)]
            folder = f"dev-clean/{speaker}/{chapter}"
            keys |= {f"{folder}/{name}.flac": b"" for name in names}
            keys[f"{folder}/{speaker}-{chapter}.trans.txt"] = "".join(f"{name} A TONE\n" for name in names).encode()
    monkeypatch.setattr("pipelines.places.remote_folders.PAGE", 20)
    root = through(proxy, bucket.hold(keys))
    assert sum(isinstance(item, Record) for item in LibriSpeech(root).records("dev-clean")) == (
        speakers * chapters * utterances
    )
    assert all(request.method == "GET" for request in proxy.requests)
    listed = [request for request in proxy.requests if "list-type" in request.path]
    # Beside the speakers: the corpus as such, at the beginning and once more at the end.
    assert len(listed) <= speakers + 9 and len(proxy.requests) == len(listed) + speakers * chapters

    audio = {f"84-121-{number}": flac(0.2, number) for number in range(9)}
    root = through(proxy, bucket.hold(librispeech(tmp_path, audio))) / "LibriSpeech"
    job = prepare(LibriSpeech(root), "dev-clean", Storage(tmp_path / "out"), SETTINGS, say=lambda line: None)
    proxy.calm()
    for task in pickle.loads(pickle.dumps(job.standing().missing)):
        build_and_commit(task)
    asked = [f"{request.method} {request.path.rpartition('/')[2]}" for request in proxy.requests]
    assert sorted(line for line in asked if ".flac" in line) == sorted(f"GET {name}.flac" for name in audio)
    assert len(asked) <= len(audio) + 6  # the worker looks once whether the corpus is there


def test_a_folder_of_many_pages_is_read_page_by_page(
    bucket: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.places.remote_folders.PAGE", 20)
    many = 2 * 20 + 7
    keys = {f"yes/{number:05d}_nohash_0.wav": b"" for number in range(many)}
    root = through(proxy, bucket.hold(keys | {"no/1_nohash_0.wav": b"", "yes-not/x.txt": b""}))
    source = SpeechCommands(root)
    proxy.calm()
    assert len(files(root / "yes", ".wav")) == many == len(source.listing("yes").names)
    assert len(proxy.requests) == 2 + 3  # of all below, of the level, then all its pages: once
    assert (root / "yes/00001_nohash_0.wav").is_file() and not (root / "yes/00001").exists()
    assert (root / "yes").is_dir() and not (root / "ye").exists() and not (root / "yes").is_file()
    anew = root.fresh()
    assert (anew / "yes/00040_nohash_0.wav").is_file() and not (anew / "yes/00040_nohash").is_file()


@pytest.mark.parametrize("fault", [*TRANSIENT, "a fifth of all requests"])
def test_a_fault_of_the_network_changes_no_byte(
    fault: str, bucket: Bucket, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shards.remote_files._FIRST_WAIT_SECONDS", 0.001)
    audio = {f"84-121-{number}": flac(0.2, number) for number in range(6)}
    local = librispeech(tmp_path, {**audio, "84-121-8": audio["84-121-0"][:-300], "84-121-9": None})
    calm = shards_of(LibriSpeech(local), "dev-clean", tmp_path / "calm")
    assert [reason for _, reason in calm.rejects] == ["truncated", "audio_missing"]
    url, dice, befallen = bucket.hold(local), random.Random(fault), set[str]()

    def choose(request: Request) -> str:
        if fault in TRANSIENT:
            return "" if request.path in befallen or befallen.add(request.path) else fault
        return dice.choice(TRANSIENT) if dice.random() < 0.2 else ""

    proxy.choose = choose
    shards_of(LibriSpeech(through(proxy, f"{url}/LibriSpeech")), "dev-clean", tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "calm")


@pytest.mark.parametrize("fault", ["denied", "no such bucket", "drop before", "short body", "internal error"])
def test_what_lasts_is_a_failure_and_no_reject(
    fault: str, bucket: Bucket, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shards.remote_files._FIRST_WAIT_SECONDS", 0.001)
    monkeypatch.setattr("s3fs.S3FileSystem.retries", 1)
    audio: dict[str, bytes | None] = {f"84-121-{number}": flac(0.2, number) for number in range(3)}
    url = bucket.hold(librispeech(tmp_path, audio | {"84-121-9": None}))
    source = LibriSpeech(through(proxy, f"{url}/LibriSpeech"))
    items = source.records("dev-clean")
    assert isinstance(next(items), Record)
    proxy.choose = lambda request: fault
    with pytest.raises(StorageError) as said:  # not audio_missing, although it is missing
        list(items)
    assert said.value.lasting == (fault in ("denied", "no such bucket")) and "hush" not in str(said.value)
    proxy.calm()
    job = prepare(LibriSpeech(source.root), "dev-clean", Storage(tmp_path / "out"), SETTINGS, say=lambda line: None)
    task = job.standing().missing[0]
    proxy.choose = lambda request: fault if ".flac" in request.path else ""
    with pytest.raises(StorageError, match=re.escape(url)):
        build_and_commit(task)
    assert len(job.standing().missing) == 2
    proxy.calm()
    assert build_and_commit(task).totals.rejects.total() == 0


def test_a_shard_is_repaired_from_a_bucket(bucket: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = bucket.hold(librispeech(tmp_path, {f"84-121-{number}": flac(0.2, number) for number in range(3)}))
    out = tmp_path / "out"
    shards_of(LibriSpeech(bucket.path(f"{url}/LibriSpeech")), "dev-clean", out)
    whole = contents(out)
    for lost in (*out.rglob("*.tar"), *out.rglob("records-*.parquet")):
        lost.write_bytes(b"damaged")
    assert contents(out) != whole
    given = [f"source={url}/LibriSpeech", f"out={out}", f"source_options.endpoint_url={bucket.endpoint}", "workers=1"]
    assert repair(["dataset=librispeech", *given]) == 0, capsys.readouterr()
    assert contents(out) == whole


def test_what_vanishes_is_a_failure_and_no_reject(bucket: Bucket, tmp_path: Path) -> None:
    audio: dict[str, bytes | None] = {f"84-121-{number}": flac(0.2, number) for number in range(3)}
    url = bucket.hold(librispeech(tmp_path, audio | {"84-121-9": None}))
    source = LibriSpeech(bucket.path(f"{url}/LibriSpeech"))
    job = prepare(source, "dev-clean", Storage(tmp_path / "out"), SETTINGS, say=lambda line: None)
    victim = f"{url}/LibriSpeech/{CHAPTER}/84-121-1.flac"
    bucket.fs.rm(victim)
    failed = []
    for task in job.standing().missing:
        try:
            build_and_commit(task)
        except FileNotFoundError as error:
            failed.append(error.filename)
    assert failed == [victim]
    items = source.records("dev-clean")
    assert isinstance(next(items), Record)
    bucket.fs.rm(f"{url}/LibriSpeech", recursive=True)
    with pytest.raises((SourceError, FileNotFoundError)):
        list(items)


def test_an_object_that_comes_late_is_seen(bucket: Bucket, tmp_path: Path) -> None:
    """Before a file counts as missing, its folder is listed again."""
    url = bucket.hold(librispeech(tmp_path, {"84-121-0": flac(0.2), "84-121-1": None}))
    items = LibriSpeech(bucket.path(f"{url}/LibriSpeech")).records("dev-clean")
    assert isinstance(next(items), Record)
    bucket.fs.pipe(f"{url}/LibriSpeech/{CHAPTER}/84-121-1.flac", flac(0.2, 1))
    assert [isinstance(item, Record) for item in items] == [True]


HOSTILE = ("a/../b.wav", "../c.wav", "a//d.wav", "./e.wav", "a/./f.wav", "a/g.wav?versionId=1")


def test_keys_that_no_file_could_have_are_left_out_with_a_warning(
    bucket: Bucket, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = (
        "a",
        "a/x.wav",
        "a/back\\slash.wav",
        "a/new\u2028line.wav",
        "a/+ %2B&?#.wav",
        "a/._x.wav",
        "a/.DS_Store",
        "b/",
    )
    url = bucket.hold({key: key.encode() for key in (*kept, *HOSTILE)})
    for size in ("small", "large"):
        monkeypatch.setattr("pipelines.places.remote_folders.PAGE", 1000 if size == "small" else 4)
        root = bucket.path(url)
        caplog.clear()
        assert [str(folder) for folder in subfolders(root)] == [f"{url}/a", f"{url}/b"]
        assert files(root, "a") == ["a"] and files(root / "b", "") == []
        assert files(root / "a", ".wav") == ["+ %2B&?#.wav", "back\\slash.wav", "new\u2028line.wav", "x.wav"]
        assert (root / "a").is_file() and (root / "a").is_dir() and (root / "b").is_dir() and not (root / "b").is_file()
        assert {record.levelno for record in caplog.records} == {logging.WARNING}
        for name in files(root / "a", ".wav"):
            assert (root / "a" / name).read_bytes() == f"a/{name}".encode()
        with pytest.raises(FileNotFoundError):
            (root / "b").open("rb")
    for path in ("\udcff", "x" * 1100, "x/" * 600):
        assert not (root / path).exists()
        with pytest.raises(FileNotFoundError):
            files(root / path, ".wav")


def test_names_stand_in_the_order_of_a_disk(bucket: Bucket, tmp_path: Path) -> None:
    names = ["a", "a-b", "a.b", "A", "z", "é", "e\u0301", "\u00ff", "\u4e2d", "\uff5e", "\U0001d11e", "a b", "~"]
    for name in names:
        put(tmp_path / "root" / name / f"{name}.wav", "x")
        put(tmp_path / f"root/all/{name}.wav", "x")
    root, there = tmp_path / "root", bucket.path(bucket.hold(tmp_path / "root")) / "root"
    assert [folder.name for folder in subfolders(there)] == [folder.name for folder in subfolders(root)]
    assert files(there / "all", ".wav") == files(root / "all", ".wav")
    for pattern in ("*", "*/*.wav", "a*/*", "nothing/*", "all/?.wav"):
        found = [str(path.relative_to(root)) for path in sorted(root.glob(pattern))]
        assert [str(path).removeprefix(f"{there}/") for path in sorted(there.glob(pattern))] == found


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metadata is read by requests of kilobytes, where it is megabytes."""
    monkeypatch.setattr("pipelines.places.corpus_path.FIRST_BYTES", 1_000)
    monkeypatch.setattr("pipelines.places.corpus_path._BLOCK_BYTES", 10_000)


def test_text_files_of_utterances_are_fetched_ahead_and_once(bucket: Bucket, proxy: Proxy) -> None:
    names = [f"{number:03d}.TXT" for number in range(40)]
    others = {"table.tsv": b"x", "003.WRD": b"0 1 x", "other/001.TXT": b"y"}
    root = through(proxy, bucket.hold({name: f"0 1 {name}\n".encode() for name in names} | others))
    assert files(root, ".txt") == names
    proxy.calm()
    proxy.delay = 0.1
    began = time.monotonic()
    for number, name in enumerate(names):
        assert list(read_lines(root, name)) == [(1, f"0 1 {name}")]
        if number == 3:
            assert list(read_lines(root, "003.WRD")) == [(1, "0 1 x")]
    assert time.monotonic() - began < 40 * 0.1
    assert len(proxy.requests) == len({request.path for request in proxy.requests}) == 41
    proxy.calm()
    for name in ("table.tsv", "other/001.TXT", "000.TXT", "010.TXT"):  # no series
        list(read_lines(root, name))
    assert len(proxy.requests) == 4


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("size", [0, 1, 999, 1_000, 1_001, 100_000])
def test_metadata_of_any_length_is_read_whole(bucket: Bucket, proxy: Proxy, size: int) -> None:
    line = b"0123456789 words\n"
    data = (line * (size // len(line) + 1))[:size]
    root = through(proxy, bucket.hold({"table.tsv": data}))
    with (root / "table.tsv").open("rb") as file:
        assert file.read() == data
    assert len(proxy.requests) <= (1 if size < 1_000 else 2 + -(-size // 10_000))
    proxy.choose = lambda request: "short body" if request.number % 3 == 0 else ""
    assert len(list(read_lines(root, "table.tsv"))) == -(-size // len(line))


@pytest.mark.usefixtures("small_pieces")
def test_an_object_that_changes_while_it_is_read_is_not_mixed(bucket: Bucket) -> None:
    url = bucket.hold({"table.tsv": b"old line\n" * 10_000})
    with (bucket.path(url) / "table.tsv").open("rb") as file:
        assert file.readline() == b"old line\n"
        bucket.fs.pipe(f"{url}/table.tsv", b"new line\n" * 10_000)
        with pytest.raises(StorageError, match=re.escape(f"{url}/table.tsv: changed while it was read")):
            file.read()


def test_paths_are_compared_pickled_and_shown_without_their_options() -> None:
    options = {"key": "k", "secret": "hush-hush", "endpoint_url": "http://127.0.0.1:1"}
    path = corpus_path("s3://bucket/corpora/x/", options)
    assert isinstance(path, RemotePath)
    again = pickle.loads(pickle.dumps(path / "de/clips"))
    assert again == path / "de" / "clips/" and hash(again) == hash(path / "./de//clips")
    assert again != path and again != corpus_path("s3://bucket/corpora/x/de/clips", {})
    assert str(path) == "s3://bucket/corpora/x" and "hush" not in repr([path, again]) + str(path)
    assert again.name == "clips" and str(again.parent) == "s3://bucket/corpora/x/de"
    assert [str(parent) for parent in path.parents] == ["s3://bucket/corpora", "s3://bucket"]
    assert path.parents[-1].parent == path.parents[-1] and corpus_path(path) is path
    assert corpus_path("file:///corpora/x") == corpus_path("/corpora/x/") == Path("/corpora/x")


def test_a_manifest_may_lie_apart_from_its_audio(bucket: Bucket, proxy: Proxy, tmp_path: Path) -> None:
    """Relative paths, addresses in a bucket, patterns of files, and tars of which only the members are fetched."""
    said = [flac(0.5, seed) for seed in range(3)]
    url = bucket.hold({"audio/a.flac": said[0], "b.flac": said[1], "lists/.keep": b""})
    rows = [{"audio": "../audio/a.flac", "text": "a"}, {"audio": f"{url}/b.flac", "text": "b"}]
    for number, row in enumerate(rows):
        bucket.fs.pipe(f"{url[5:]}/lists/{number}.jsonl", json.dumps(row).encode())
    source = class_asked_for(DatasetConfig(dataset="manifest", source=f"{url}/lists/{{0..1}}.jsonl", language="de"))(
        through(proxy, f"{url}/lists/{{0..1}}.jsonl")
    )
    assert source.name == "lists" and source.available_splits() == ("train",)
    made = shards_of(source, "train", tmp_path / "out")
    assert {sample["targets"][0]["response"] for sample in made.samples.values()} == {"a", "b"} and not made.rejects
    pack(tmp_path / "set/audio_0.tar", {f"{n}.flac": data for n, data in enumerate([*said, bytes(20 << 20)])})
    rows = [{"audio_filepath": f"{n}.flac", "text": "x", "lang": "de", "shard_id": 0} for n in range(3)]
    (tmp_path / "set/m.json").write_text("\n".join(map(json.dumps, rows)))
    url = bucket.hold(tmp_path / "set") + "/set/m.json"
    source = class_asked_for(DatasetConfig(dataset="manifest", source=url))(through(proxy, url))
    made = shards_of(source, "train", tmp_path / "tarred")
    assert len(made.samples) == 3 and not made.rejects
    # By the planner and the builder each: the headers by blocks of 8 MiB, then each member alone.
    assert sum("audio_0.tar" in request.path and request.method == "GET" for request in proxy.requests) <= 12
