"""Training runs without Ray: exact when resumed, at every ZeRO stage, and alike for every number of workers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from shards.storage import Storage
from tests.shards.stream.clips import Entry, write_split
from tests.trainers.items import noise
from trainers.batch import collate, make_prompt
from trainers.checkpoint import load_model
from trainers.pretrain import divergence

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
name: MISSING
steps: 4
log_every: 1
micro_batch_positions: 150
model:
  freeze_llm: false
  time_rows: shared
  audio: {width: 32, layers: 2, heads: 4, dropout: 0.1}
  language: {width: 32, layers: 2, heads: 4, kv_heads: 4, mlp: 64}
loss: {time_smoothing_seconds: 0.02}
optim: {lr: 0.003, lowest_lr: 0.001, warmup_steps: 2}
data: {splits: [a/train], batch_tokens: 3600, bytes_per_token: 1.0}
validation: {splits: [a/dev], every: 2, samples_per_task: 3}
checkpoint: {every: 2}
"""


@pytest.fixture(scope="session")
def corpus(tmp_path_factory) -> Path:
    """Shards with two tasks, and the path of a configuration that trains on them."""
    out = tmp_path_factory.mktemp("corpus")
    targets = (("asr", "one two"), ("ks", "three"))
    entries = [Entry(seconds=(0.1 + 0.01 * place,), targets=targets) for place in range(60)]
    write_split(out / "shards", "a/train", entries)
    write_split(out / "shards", "a/dev", entries[:7])
    (out / "config.yaml").write_text(CONFIG)
    return out


def run(corpus: Path, world_size: int, *runs: str) -> None:
    """Train with `world_size` processes; `runs` are overrides, each of one run."""
    store = corpus / f"store-{os.urandom(4).hex()}"
    shared = f"data.shards={corpus / 'shards'} output={corpus / 'runs'} workers.count={world_size}"
    lines = " -- ".join(f"{shared} {line}" for line in runs).split()
    command = [sys.executable, ROOT / "tests/trainers/run_worker.py"]
    workers = [
        subprocess.Popen(
            [*map(str, command), str(rank), str(world_size), str(store), str(corpus / "config.yaml"), *lines],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for rank in range(world_size)
    ]
    errors = [worker.communicate(timeout=300)[1] for worker in workers]
    assert not any(worker.returncode for worker in workers), errors


def records(corpus: Path, name: str) -> list[dict]:
    lines = (corpus / "runs" / name / "metrics.jsonl").read_text().splitlines()
    return [
        {key: record[key] for key in ("kind", "step", "loss", "losses") if key in record}
        for record in map(json.loads, lines)
    ]


def interrupt(corpus: Path, name: str, copy: str) -> None:
    """A copy of a run as it was right after its first checkpoint."""
    folder = corpus / "runs" / copy
    shutil.copytree(corpus / "runs" / name, folder)
    shutil.rmtree(folder / "checkpoints" / "step-00000004")
    shutil.rmtree(folder / "checkpoints" / "best-00000004", ignore_errors=True)


SETTINGS = {
    "stage0": "zero_stage=0 precision=float32",
    "stage1": "zero_stage=1 precision=float32",
    "autocast": "zero_stage=1 precision=autocast",
    "stage2": "zero_stage=2 precision=float32",
    "stage3": "zero_stage=3 precision=float32",
    "bfloat16": "zero_stage=1 precision=bfloat16",
    "frozen": "zero_stage=1 precision=float32 model.freeze_llm=true model.time_rows=smooth",
    "frozen3": "zero_stage=3 precision=bfloat16 model.freeze_llm=true micro_batch_positions=400",
}


@pytest.mark.slow
def test_resuming_changes_no_bit_at_any_stage(corpus):
    run(corpus, 2, *(f"name={name} {settings}" for name, settings in SETTINGS.items()))
    for name in SETTINGS:
        interrupt(corpus, name, f"{name}-resumed")
    run(corpus, 2, *(f"name={name}-resumed {settings}" for name, settings in SETTINGS.items()))
    for name in SETTINGS:
        whole, resumed = records(corpus, name), records(corpus, f"{name}-resumed")
        assert [record["step"] for record in whole] == [1, 2, 2, 3, 4, 4]
        assert resumed == whole, name
        assert whole[4]["loss"] < whole[0]["loss"]
    # A base that was made, or stored, in other numbers than it was trained in is still the same base.
    for name in ("frozen", "frozen3"):
        model, *_ = load_model(str(corpus / "runs" / name))
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    # The stage shards memory, not arithmetic.
    for name in ("stage0", "stage2", "stage3"):
        for one, other in zip(records(corpus, "stage1"), records(corpus, name), strict=True):
            assert one["loss"] == pytest.approx(other["loss"], rel=1e-4)

    # One worker goes on where two stopped.
    fewer = ("stage1", "stage3", "frozen")
    for name in fewer:
        interrupt(corpus, name, f"{name}-alone")
    run(corpus, 1, *(f"name={name}-alone {SETTINGS[name]}" for name in fewer))
    for name in fewer:
        assert [record["step"] for record in records(corpus, f"{name}-alone")] == [1, 2, 2, 3, 4, 4]


@pytest.mark.slow
def test_a_run_that_diverges_stops_and_keeps_what_was_good(corpus):
    run(corpus, 2, "name=wild seed=4294967295 steps=40 optim.lr=1e30 optim.warmup_steps=1 precision=float32")
    wild = [json.loads(line) for line in (corpus / "runs" / "wild" / "metrics.jsonl").read_text().splitlines()]
    assert wild[-1]["kind"] == "diverged" and wild[-1]["step"] < 40
    storage = Storage(str(corpus / "runs" / "wild"))
    assert "the gradient is no finite number" in divergence(storage, 40)
    assert not any(
        record["best"] for record in wild if record["kind"] == "validation" and record["loss"] != record["loss"]
    )


@pytest.mark.slow
def test_any_number_of_workers_learns_the_same(corpus):
    line = "model.audio.dropout=0 precision=float32 zero_stage=1"
    run(corpus, 1, f"name=one {line}")
    run(corpus, 2, f"name=two {line}", f"name=uneven {line} micro_batch_positions=60")
    interrupt(corpus, "one", "one-then-two")
    run(corpus, 2, f"name=one-then-two {line}")
    for name in ("two", "uneven", "one-then-two"):
        for one, other in zip(records(corpus, "one"), records(corpus, name), strict=True):
            assert other["step"] == one["step"]
            assert other["loss"] == pytest.approx(one["loss"], rel=1e-5), name

    # What is loaded without DeepSpeed is what was trained.
    model, tokenizer, record = load_model(str(corpus / "runs" / "one"))
    assert record.step == 4 and record.best_loss == min(
        r["loss"] for r in records(corpus, "one") if r["kind"] != "train"
    )
    other, *_ = load_model(str(corpus / "runs" / "two" / "checkpoints" / "step-00000004"))
    for (name, one), (_, two) in zip(model.named_parameters(), other.named_parameters(), strict=True):
        torch.testing.assert_close(one, two, atol=1e-4, rtol=1e-3, msg=name)
    prompt = make_prompt("<|startofanalysis|><|en|>", [noise(0.2)], tokenizer)
    assert isinstance(model.generate(collate([prompt], tokenizer), 3, tokenizer)[0], str)
