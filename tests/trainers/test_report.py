"""The report of a run at every stage of it."""

import re

import pytest

from tests.shards.building import make_sample, tagged, write_shard
from tests.shards.pages.test_pages import Outline
from tests.trainers.runs import make_run, write_checkpoint, write_records
from trainers import evaluate
from trainers.report import main

TILE = re.compile(r'<div class="tile"><b>([^<]*)</b>([^<]*)</div>')


@pytest.fixture
def run(tmp_path):
    config = make_run(tmp_path)
    write_checkpoint(tmp_path)
    write_records(tmp_path)
    assert evaluate.main([str(config), "evaluate.processes=1"]) == 0
    return config


def page(config) -> str:
    return (config.parent / "runs" / "small" / "report.html").read_text()


def test_a_finished_run(run, capsys):
    capsys.readouterr()
    assert main([str(run), "report.samples=2"]) == 0
    html = page(run)
    numbers = {name: value for value, name in TILE.findall(html)}
    assert numbers["samples"] == "6" and numbers["shards"] == "2" and numbers["steps"] == "20"
    assert numbers["goals met"] == "0 of 2"
    assert html.count("<audio") == 2 and html.count("data:image/png") == 2
    assert "hello" in html and "not met" in html and "best-00000020" in html
    assert "http://" not in html and "https://" not in html and "<script" not in html
    said = capsys.readouterr().out
    assert said.splitlines()[-1] == f"report   {run.parent}/runs/small/report.html"
    assert "2 with 6 samples" in said and "█" in said and "NOT MET: <= 20 %" in said


def test_before_anything_was_trained(tmp_path, capsys):
    config = make_run(tmp_path)
    assert main([str(config)]) == 0
    assert "Nothing has been evaluated yet" in page(config)
    assert "scores" not in capsys.readouterr().out


def test_without_shards(tmp_path):
    config = make_run(tmp_path)
    assert main([str(config), f"data.shards={tmp_path}/none"]) == 0
    assert {name: value for value, name in TILE.findall(page(config))}["samples"] == "0"


def test_the_page_goes_where_it_is_told(run, tmp_path, capsys):
    assert main([str(run), f"report.output={tmp_path}/deep/page.html", "report.title=<b>mine</b>"]) == 0
    html = (tmp_path / "deep" / "page.html").read_text()
    assert "&lt;b&gt;mine" in html and "<b>mine" not in html
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["page.html"]


def test_hostile_transcripts_stay_text(tmp_path):
    from dataclasses import replace

    from shards.layout import ShardName, plan_path
    from shards.storage import Storage
    from shards.summary import summarise_dataset, summarise_split
    from tag_schema.target import Target

    config = make_run(tmp_path)
    hostile = "</td><script>alert(1)</script><img src=//evil onerror=x>"
    sample = make_sample("<script>", "train", speaker={"id": hostile, "gender": None, "age": None})
    words = tuple(replace(word, word=hostile) for word in sample.words)
    target = Target("asr", audio_language="en", text=hostile, itn=False)
    sample = replace(sample, words=words, targets=tagged(target))
    storage = Storage(f"{tmp_path}/shards")
    storage.create(plan_path("demo", "train"), b'{"shards": 1}')
    write_shard(storage, tmp_path / "scratch", ShardName("demo", "train", 0), [sample])
    summarise_split(storage, "demo", "train")
    summarise_dataset(storage, "demo")
    assert main([str(config)]) == 0
    outline = Outline(page(config))
    assert "script" not in outline.elements and "img" not in outline.elements
    assert outline.text.count("alert(1)") >= 3


def test_mistakes_are_told_in_one_line(run, capsys):
    assert main([str(run), "report.sample=2"]) == 1
    assert "did you mean 'samples'" in capsys.readouterr().err
    assert main([str(run), "output=s3://bucket/runs", "report.output="]) == 1
    assert capsys.readouterr().err.startswith("error: ")
