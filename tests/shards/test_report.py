"""The report: its figures are the records', it needs nothing else, and what is damaged is named."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
import s3fs

from shards.index import RejectRow
from shards.layout import ShardName, card_path, index_path, plan_path, split_path
from shards.pages.embedded import choose
from shards.pages.figures import byte_size
from shards.record import read_records
from shards.report import main
from shards.sample import SampleWord
from shards.statistics import hours
from shards.storage import Storage
from shards.summary import read_split
from tag_schema.target import Target
from tests.shards.building import flac, make_sample, make_split, tagged, write_shard
from tests.shards.pages.test_dashboard import bars, cells, tiles
from tests.shards.pages.test_pages import HOSTILE, Outline
from tests.shards.test_card import CARD

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def out(tmp_path):
    (tmp_path / "scratch").mkdir()
    return tmp_path / "out"


def report(out, tmp_path, *arguments):
    """The page about an OUT, which must be written."""
    path = tmp_path / f"{uuid.uuid4().hex}.html"
    assert main([str(out), f"file={path}", *arguments]) == 0
    return path.read_text(encoding="utf-8")


def section(page, name):
    """The part of the page about one split."""
    start = page.index(f'id="{name}"')
    end = page.find('<h3 class="split"', start)
    return page[start : end if end >= 0 else None]


def test_the_figures_are_those_of_the_records(out, tmp_path):
    storage = Storage(out)
    make_split(storage, tmp_path / "scratch", "train", shards=3, samples=4)
    make_split(storage, tmp_path / "scratch", "test", shards=1, samples=2)
    storage.replace(card_path("demo"), CARD.encode())
    page = report(out, tmp_path)
    train, test = (read_split(storage, "demo", name).totals for name in ("train", "test"))
    rows = cells(page)
    assert ["demo", "4/4", "14", hours(train.seconds + test.seconds)] in [row[:4] for row in rows]
    assert tiles(page.partition("<section")[0])["samples"] == "14"
    for name, totals in (("train", train), ("test", test)):
        size = sum(record.tar.bytes for record in read_records(storage, "demo", name).values())
        part = section(page, f"demo/{name}")
        shown = tiles(part)
        assert (shown["samples"], shown["hours"], shown["in tars"], shown["targets"], shown["rejects"]) == (
            f"{totals.samples}", hours(totals.seconds), byte_size(size), f"{totals.targets}",
            f"{totals.rejects.total()}",
        )  # fmt: skip
        assert shown["words with times"] == f"{totals.words}"
        assert bars(part, "Hours by language") == {"en": f"{hours(totals.seconds)} h"}
        assert bars(part, "Hours by licence") == {"CC0-1.0": f"{hours(totals.seconds)} h"}
        assert set(bars(part, "Hours by task")) == {"asr", "srwt"} and "30,000 h" in part
        lengths = re.findall(r"<title>(\d+)–\d+ s: (\d+) samples", part)
        assert {int(at): int(count) for at, count in lengths if count != "0"} == dict(totals.lengths)
    assert ["truncated", "3", "r0 wav/0.wavr1 wav/1.wavr2 wav/2.wav"] in cells(section(page, "demo/train"))
    for fact in (CARD.title, CARD.home, CARD.attribution, "commercial use allowed", CARD.obtain):
        assert fact in page
    # Released and read: two shards' 3 rejects and 1 of the plan are records too, but no samples.
    by_name = {row[0]: row for row in rows if len(row) == 9}
    assert by_name["train"] == ["train", "", "6", "", "12", hours(train.seconds), "4", "0", "complete"]
    assert by_name["test"][1:3] == ["evaluation", ""]


def test_it_needs_nothing_else_and_comes_out_the_same(out, tmp_path):
    make_split(Storage(out), tmp_path / "scratch", shards=2, samples=4)
    Storage(out).replace(card_path("demo"), CARD.encode())
    page = report(out, tmp_path)
    assert page == report(out, tmp_path)
    loaded = re.findall(r'(?:src|href|action|data|poster)="([^"]*)"', page)
    elsewhere = {address for address in loaded if not address.startswith(("data:", "#"))}
    assert elsewhere == {CARD.home}  # a link, which is followed when clicked and not before
    assert "<script" not in page and "url(" not in page and "@import" not in page and "<iframe" not in page
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy.startswith("default-src &#x27;none&#x27;") and "http" not in policy and "script" not in policy
    targets = {address[1:] for address in loaded if address.startswith("#")}
    assert targets == {"demo", "demo/train"} & set(re.findall(r' id="([^"]+)"', page))
    clips = [base64.b64decode(data) for data in re.findall(r'src="data:audio/flac;base64,([^"]+)"', page)]
    assert len(clips) == 3 and set(clips) <= {flac(8_000 + 4_000 * place) for place in range(1, 5)}
    assert page.count("data:image/png;base64,") == 3 and "hello 0.10–0.40 s" in page


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_texts_stay_text(out, tmp_path, hostile):
    def shown(word, place):
        storage, name = Storage(out / place), ShardName("demo", "train", 0)
        plan = {"shards": 2, "records": 1, "rejects": {word: 1}, "settings": {"align": word}, "toolchain": {word: word}}
        storage.create(plan_path("demo", "train"), json.dumps(plan).encode())
        sample = make_sample(
            word, licence=word, language=word, speaker={"id": word, "gender": word, "age": None},
            original={"text": word, "labels": {}}, words=(SampleWord(word, 0.1, 0.11),),
            audio=(replace(make_sample().audio[0], origin=word),), words_by={"method": word, "version": ""},
            targets=tagged(Target(task="asr", audio_language="en", text="plain", itn=False)),
        )  # fmt: skip
        write_shard(storage, tmp_path / "scratch", name, [sample], (RejectRow(word, word, word),))
        texts = dict.fromkeys(("title", "home", "licence", "attribution", "text_form", "cut", "audio", "obtain"), word)
        card = replace(CARD, **texts, languages=(word,), tasks=(word,), splits=((word, 1),), evaluation_splits=(word,))
        storage.replace(card_path("demo"), card.encode())
        return Outline(report(out / place, tmp_path))

    got, expected = shown(hostile.replace("\ud800", ""), "hostile"), shown("t", "plain")
    # A long word has no room for its label above the picture.
    assert set(got.elements) == set(expected.elements) and set(got.attributes) <= set(expected.attributes)
    assert got.elements.count("audio") == 1 and "script" not in got.elements


@pytest.mark.parametrize("home", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", " https://x", ""])
def test_only_web_addresses_become_links(out, tmp_path, home):
    make_split(Storage(out), tmp_path / "scratch", shards=1)
    Storage(out).replace(card_path("demo"), replace(CARD, home=home).encode())
    assert f'href="{home}"' not in report(out, tmp_path)


def test_what_is_missing_or_damaged_is_named(out, tmp_path, capsys):
    storage = Storage(out)
    make_split(storage, tmp_path / "scratch", "train", shards=7, samples=2)
    make_split(storage, tmp_path / "scratch", "test", shards=1, samples=2)
    names = [ShardName("demo", "train", number) for number in range(7)]
    storage.delete(split_path("demo", "train"), index_path("demo", "test"))
    storage.delete(names[1].record, names[2].record, names[5].record)
    (out / names[3].record).write_bytes(b'{"half a record')
    (out / names[0].tar).unlink()
    (out / names[6].parquet).write_bytes(b"PAR1")
    (out / "demo/card.json").write_bytes(b"no card")
    with (out / names[4].tar).open("r+b") as tar:
        tar.seek(1_000)
        tar.write(b"broken")
    page = report(out, tmp_path, "samples=9")
    said = capsys.readouterr().out
    head = page.partition("<table")[0]
    for expected in (
        "demo/train: demo-train-000003: its record is damaged", "demo-train-000000 is committed and has no tar",
        f"{out}/demo/test/index.parquet: is missing", f"{out}/demo/card.json: is damaged",
        f"{names[6].parquet}: not the parquet file", "crc32 is",
    ):  # fmt: skip
        assert expected in Outline(head).text, expected
    assert "5 shards are still to be built: 0–3, 5" in page
    assert next(row for row in cells(page) if row[0] == "train")[1:3] == ["2/7", "6"]
    assert "1 of them unfinished" in page and "Missing or damaged" in page and "make verify finds all" in said


def test_samples_within_their_bounds(out, tmp_path):
    storage = Storage(out)
    make_split(storage, tmp_path / "scratch", "a", shards=2, samples=4)
    make_split(storage, tmp_path / "scratch", "b", shards=1, samples=1)
    assert report(out, tmp_path, "samples=0").count("<audio") == 0
    assert report(out, tmp_path, "samples=100").count("<audio") == 9
    bare = len(report(out, tmp_path, "samples=0").encode())
    for room in (1, 0):
        page = report(out, tmp_path, "samples=100", f"sample_mb={room}")
        assert len(page.encode()) - bare <= room * 1_000_000 + 1_000
    assert "8 chosen samples left out" in page and "1 chosen sample left out" in page
    long = make_sample("long", "c", (45 * 16_000,))
    storage.create(plan_path("demo", "c"), b'{"shards": 1}')
    write_shard(storage, tmp_path / "scratch", ShardName("demo", "c", 0), [long, make_sample("none", "c", ())])
    part = section(report(out, tmp_path, "demo"), "demo/c")
    assert "the first 30 of 45.0 s" in part and part.count("<audio") == 1


def test_samples_differ_in_what_they_show():
    keys = {f"k{number}": {("asr", "en")} for number in range(50)} | {"rare": {("s2tt", "de"), ("asr", "de")}}
    assert "rare" in choose(keys, 2) and len(choose(keys, 2)) == 2
    assert choose(keys, 3) == choose(dict(reversed(keys.items())), 3)
    assert sorted(choose(keys, 99)) == sorted(keys) and choose({}, 3) == [] and choose(keys, 0) == []


def command(*arguments):
    """The command as a process."""
    return subprocess.run(
        [sys.executable, "shards/report.py", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_mistakes_end_in_a_line(out, tmp_path):
    make_split(Storage(out), tmp_path / "scratch", shards=1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder").mkdir()
    for arguments, said in (
        ((tmp_path / "empty",), "no shards here"), ((tmp_path / "nowhere",), "there is no such folder"),
        ((out, "dmo"), "no shards here; give the OUT of make shards; there is: demo"), ((), "give OUT"),
        ((out, "file=s3://bucket/x.html"), "give a file on this machine"), ((out, "samples=x"), "a whole number"),
        ((out, "sampels=3"), "did you mean samples"), ((out, f"file={tmp_path / 'folder'}"), f"{tmp_path / 'folder'}"),
    ):  # fmt: skip
        done = command(*arguments)
        assert done.returncode == 1 and done.stderr.startswith("error: ") and said in done.stderr, done
        assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "folder", "out", "scratch"]
    assert command("--help").stdout.startswith("One HTML page")
    done = command(out, "demo", f"file={tmp_path / 'new/page.html'}")
    assert done.returncode == 0 and done.stdout.splitlines()[-1].startswith(f"report   {tmp_path}/new/page.html (")


@pytest.mark.slow
def test_an_out_in_a_bucket(endpoint, monkeypatch, tmp_path, out):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    bucket = f"report-{uuid.uuid4().hex[:12]}"
    s3fs.S3FileSystem(endpoint_url=endpoint).mkdir(bucket)
    url = f"s3://{bucket}/some/shards"
    for storage in (Storage(url, endpoint_url=endpoint), Storage(out)):
        make_split(storage, tmp_path / "scratch", shards=2)
        storage.replace(card_path("demo"), CARD.encode())
    page = report(url, tmp_path, f"storage_options.endpoint_url={endpoint}")
    assert page.count("<audio") == 3 and "hush" not in page
    assert page.replace(url, str(out)) == report(out, tmp_path)
