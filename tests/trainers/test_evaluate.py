"""The evaluate command over small shards and a small model: generated text, resumption, messages."""

import json
from importlib.metadata import version

import pytest

from shards.stream.reader import read_split
from tests.trainers.runs import make_run, write_checkpoint
from trainers.batch import collate, make_prompt
from trainers.checkpoint import load_model
from trainers.evaluate import main
from trainers.evaluation.predictions import read_predictions


@pytest.fixture
def run(tmp_path):
    config = make_run(tmp_path)
    write_checkpoint(tmp_path)
    return config


def evaluate(config, *overrides) -> int:
    return main([str(config), "evaluate.processes=1", *overrides])


def results(config):
    return config.parent / "runs" / "small" / "evaluation" / "best-00000020"


def test_predictions_are_what_the_model_generates_one_by_one(run, capsys):
    assert evaluate(run) == 0
    found = {one.id: one for one in read_predictions(results(run) / "demo" / "test.jsonl")}
    model, tokenizer, _ = load_model(str(run.parent / "runs" / "small"))
    asked = 0
    for evaluand in read_split(str(run.parent / "shards"), "demo/test"):
        for target in evaluand.sample.targets:
            batch = collate([make_prompt(target.prompt, evaluand.waveforms, tokenizer)], tokenizer)
            made = found[evaluand.key, target.prompt]
            assert made.text == model.generate(batch, 12, tokenizer)[0].strip()
            assert made.references == (target.response,)
            asked += 1
    assert len(found) == asked == 12
    printed = capsys.readouterr().out
    assert "demo/test  asr" in printed and "NOT MET" in printed and "scores.json" in printed
    scores = json.loads((results(run) / "scores.json").read_text())
    assert [(row["task"], row["score"]["count"]) for row in scores["scores"]] == [("asr", 6), ("srwt", 6)]
    assert scores["checkpoint"]["name"] == "best-00000020"
    assert scores["versions"]["torch"] == version("torch")


def test_several_processes_say_the_same(run):
    assert evaluate(run) == 0
    alone = (results(run) / "demo" / "test.jsonl").read_text()
    (results(run) / "demo" / "test.jsonl").unlink()
    (results(run) / "scores.json").unlink()
    assert main([str(run), "evaluate.processes=2"]) == 0
    assert (results(run) / "demo" / "test.jsonl").read_text() == alone


def test_again_only_what_is_missing_is_generated(run, monkeypatch, capsys):
    assert evaluate(run, "evaluate.tasks=[asr]", "evaluate.limit=2") == 0
    path = results(run) / "demo" / "test.jsonl"
    assert len(read_predictions(path)) == 2
    before = path.read_text()
    assert evaluate(run) == 0
    assert len(read_predictions(path)) == 12
    assert path.read_text().startswith(before)
    monkeypatch.setattr("trainers.evaluate.load_model", lambda *_, **__: pytest.fail("nothing is missing"))
    capsys.readouterr()
    assert evaluate(run, "evaluate.goals={asr/en: 1000}") == 0
    assert "<= 1000 %  met" in capsys.readouterr().out


def test_a_limit_scores_only_what_was_asked_for(run, capsys):
    assert evaluate(run) == 0
    assert evaluate(run, "evaluate.tasks=[srwt]", "evaluate.limit=1") == 0
    scores = json.loads((results(run) / "scores.json").read_text())["scores"]
    assert [(row["task"], row["score"]["count"]) for row in scores] == [("srwt", 1), ("asr", 6)]


def test_a_dataset_stands_for_its_test_splits(run, capsys):
    assert evaluate(run, "evaluate.splits=[demo]", "evaluate.limit=1") == 0
    assert "demo/test  asr" in capsys.readouterr().out


def test_other_weights_under_the_same_name_begin_anew(run):
    assert evaluate(run) == 0
    before = (results(run) / "demo" / "test.jsonl").read_text()
    write_checkpoint(run.parent, seed=1)
    assert evaluate(run) == 0
    after = (results(run) / "demo" / "test.jsonl").read_text()
    assert after.splitlines()[0] != before.splitlines()[0]
    assert len(after.splitlines()) == 13


def test_a_checkpoint_is_named_by_best_last_or_its_folder(run):
    last = write_checkpoint(run.parent, step=30, seed=2, best=False)
    assert evaluate(run, "evaluate.checkpoint=last", "evaluate.limit=1") == 0
    assert evaluate(run, f"evaluate.checkpoint={last}/", "evaluate.limit=1") == 0
    assert (results(run).parent / "step-00000030" / "scores.json").exists()
    assert not results(run).exists()


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["name=other"], "make pretrain"),
        (["evaluate.checkpoint=nowhere"], "checkpoint.json is not there"),
        (["evaluate.splits=[]"], "name what to evaluate on"),
        (["evaluate.splits=[demo/dev]"], "make shards DATASET=demo SPLIT=dev"),
        (["evaluate.splits=[demo/test/x]"], "dataset/split"),
        (["evaluate.splits=[covost2]"], "make shards DATASET=covost2"),
        (["evaluate.task=[asr]"], "did you mean 'tasks'"),
        (["evaluate.tasks=[arr]"], "unknown task 'arr'"),
        (["output=s3://bucket/runs", "evaluate.checkpoint={checkpoint}"], "evaluate.output=FOLDER"),
    ],
)
def test_mistakes_are_told_in_one_line(run, capsys, overrides, said):
    folder = run.parent / "runs" / "small" / "checkpoints" / "best-00000020"
    assert evaluate(run, *(override.replace("{checkpoint}", str(folder)) for override in overrides)) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("error: ") and error.count("\n") == 1


def test_a_damaged_tar_is_named(run, capsys):
    (tar,) = (path for path in (run.parent / "shards").rglob("*000000.tar"))
    data = bytearray(tar.read_bytes())
    data[2000] ^= 255
    tar.write_bytes(data)
    assert evaluate(run) == 1
    assert "demo-test-000000.tar" in capsys.readouterr().err
