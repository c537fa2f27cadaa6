"""The command: mistakes told in a line, a run written down, gone on with or refused, and finished exactly."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from omegaconf import OmegaConf

from shards.config import ConfigError, load_config
from shards.storage import Storage
from tests.shards.stream.clips import write_split
from trainers import checkpoint
from trainers.checkpoint import CheckpointRecord, load_model
from trainers.config import PretrainConfig
from trainers.model.qwen_audio import ModelConfig
from trainers.pretrain import begin, explain, first_difference, main
from trainers.progress import describe, duration

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
name: tiny
steps: 2000
micro_batch_positions: 800
model:
  freeze_llm: false
  time_rows: shared
  audio: {width: 32, layers: 1, heads: 4}
  language: {width: 32, layers: 1, heads: 4, kv_heads: 4, mlp: 64}
optim: {lr: 0.001, lowest_lr: 0.0001, warmup_steps: 100}
data: {splits: [a/train], batch_tokens: 6000, bytes_per_token: 1.0}
workers: {count: 2}
"""


@pytest.fixture(scope="module")
def config_path(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("config") / "test.yaml"
    path.write_text(CONFIG)
    return str(path)


@pytest.fixture
def shards(tmp_path) -> Path:
    return write_split(tmp_path / "shards", "a/train", 3)


@pytest.fixture
def loaded(shards, config_path) -> Callable[..., PretrainConfig]:
    given = [f"data.shards={shards}", f"output={shards.parent}"]
    return lambda *overrides: load_config(PretrainConfig, config_path, [*given, *overrides])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optim.learning_rat=1", "unknown key 'optim.learning_rat'"),
        ("model.audio.widht=1", "did you mean 'width'?"),
        ("steps=many", "steps"),
        ("steps=0", "steps=0: expected 1 or more"),
        ("zero_stage=7", "zero_stage=7: expected 0, 1, 2 or 3"),
        ("precision=half", "precision=half: expected auto"),
        ("name=a/b", "name=a/b"),
        ("data.shards=/nowhere/at/all", "no index"),
        ("data.splits=[nonsense]", "not of the form dataset/split"),
        ("workers.count=5 workers.cores=0.1", "use 1, 2, 3, 4, 6, 8, 12, 24 workers"),
        ("workers.cores=9000", "this machine has"),
        ("workers.gpus=1 workers.count=1000", "use fewer, or set RAY_ADDRESS"),
        ("workers.gpus=2", "expected 0 or 1"),
        ("workers.threads=0", "expected 1 or more"),
        ("name=..", "expected the name of a folder"),
        ("seed=-1", "expected 0 to"),
        ("loss.chunk=0", "loss.chunk=0: expected 1 or more"),
        ("data.max_seconds=60", "the encoder takes 30 s"),
        ("model.time_rows=smoth", "expected random, smooth, shared"),
        ("model.base_size=300", "has 257 ids"),
        ("model.audio.heads=5", "multiple of heads=5"),
        ("model.language.kv_heads=3", "kv_heads=3"),
        ("model.language.pretrained=/nowhere", "no such folder"),
        ("augment.time_share=1.5", "1 at most"),
        ("validation.splits=[a]", "not of the form dataset/split"),
        ("validation.splits=[nowhere/dev]", "no index"),
        ("validation.samples_per_task=0", "expected 1 or more"),
        ("evaluate.max_new_tokens_of.er=0", "expected at least 1"),
        ("evaluate.goals.ks/en=95", "write 'ks'"),
        ("model.tokenizer=/nowhere", "no tokenizer can be loaded"),
    ],
)
def test_a_mistake_is_one_line(override, message, tmp_path, capsys, shards, config_path):
    given = [f"data.shards={shards}", f"output={tmp_path}"]
    assert main([config_path, *given, *override.split()]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
    assert message in error


def test_no_configuration_or_help(capsys):
    assert main([]) == 2
    assert main(["--help"]) == 0
    assert "python trainers/pretrain.py" in capsys.readouterr().out
    assert main(["/no/such.yaml"]) == 1
    assert "no such configuration file" in capsys.readouterr().err


@pytest.mark.parametrize("path", sorted((ROOT / "trainers" / "configs").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_configuration_loads_and_counts(path, capsys):
    if "data" not in OmegaConf.load(path) or "model" not in OmegaConf.load(path):
        pytest.skip("not a configuration of pretraining")
    assert main([str(path), "dry_run=true"]) == 0
    assert "trainable" in capsys.readouterr().out


def test_a_run_is_written_down_without_credentials(shards, loaded):
    storage = Storage(shards.parent / "tiny")
    config = begin(loaded("data.storage_options.secret=hush"), storage)
    run = json.loads(storage.read_bytes("run.json"))
    assert run["pins"] == config.data.pins and set(run["pins"]) == {"a/train"}
    assert run["seed"] == 0 and run["versions"]["torch"] and run["settings"]["optim"]["lr"]
    written = storage.read_bytes("config.yaml") + storage.read_bytes("run.json")
    assert b"hush" not in written
    again = load_config(PretrainConfig, storage.local_path("config.yaml"))
    assert again.data.pins == config.data.pins and again.optim == config.optim


def test_what_was_begun_is_gone_on_with_or_refused(shards, loaded):
    storage = Storage(shards.parent / "tiny")
    first = begin(loaded(), storage)
    assert begin(loaded("workers.count=1", "log_every=3", "checkpoint.every=7"), storage).data == first.data
    with pytest.raises(ConfigError, match=r"optim\.lr was 0\.\d+, is now 0\.5; choose another name="):
        begin(loaded("optim.lr=0.5"), storage)
    # The indexes stay those the run was begun with.
    shutil.rmtree(shards)
    write_split(shards, "a/train", 4)
    with pytest.raises(ConfigError, match="the run was begun with"):
        begin(loaded(), storage)


def test_what_changes_only_the_speed_may_change(shards, loaded):
    storage = Storage(shards.parent / "tiny")
    begin(loaded(), storage)
    begin(loaded("data.threads=3", "data.prefetch=5", "loss.chunk=7", "data.storage_options.anon=true"), storage)


def test_a_run_begun_before_a_setting_existed_has_its_default(shards, loaded):
    storage = Storage(shards.parent / "tiny")
    begin(loaded(), storage)
    run = json.loads(storage.read_bytes("run.json"))
    del run["settings"]["loss"], run["settings"]["model"]["time_rows"]
    storage.replace("run.json", json.dumps(run).encode())
    begin(loaded("model.time_rows=smooth"), storage)
    with pytest.raises(ConfigError, match="time_rows was smooth, is now random"):
        begin(loaded("model.time_rows=random"), storage)


def test_a_test_split_built_during_a_run_does_not_change_it(shards, loaded):
    storage = Storage(shards.parent / "tiny")
    write_split(shards, "b/test", 1)
    begun = begin(loaded(), storage)
    assert set(begun.data.benchmark_pins) == {"b/test"}
    write_split(shards, "c/test", 3)
    assert begin(loaded(), storage).data == begun.data
    shutil.rmtree(shards / "b")
    with pytest.raises(ConfigError, match="the run leaves out what occurs in b/test: put it back"):
        begin(loaded(), storage)


def test_other_pins_than_the_runs_are_refused(shards, loaded):
    storage = Storage(shards.parent / "tiny")
    begin(loaded(), storage)
    with pytest.raises(ConfigError, match="begun with another index of a/train"):
        begin(loaded(f"data.pins.a/train={'0' * 64}"), storage)


def test_the_precision_is_decided_where_the_run_begins(shards, loaded, monkeypatch):
    storage = Storage(shards.parent / "tiny")
    monkeypatch.setattr("trainers.pretrain.resolve_precision", lambda *_: "autocast")
    assert begin(loaded(), storage).precision == "autocast"
    monkeypatch.setattr("trainers.pretrain.resolve_precision", lambda *_: "float32")
    assert begin(loaded(), storage).precision == "autocast"
    with pytest.raises(ConfigError, match="precision was autocast, is now float32"):
        begin(loaded("precision=float32"), storage)
    with pytest.raises(ConfigError, match="precision=bfloat16 needs zero_stage=1"):
        monkeypatch.setattr("trainers.pretrain.resolve_precision", lambda *_: "bfloat16")
        begin(loaded("zero_stage=0", "name=other"), Storage(shards.parent / "other"))


def test_the_reason_of_a_failure_is_told():
    class GroupError(Exception):
        worker_failures: ClassVar = {
            0: "Traceback …\nRuntimeError: [gloo] Connection closed by peer [127.0.0.1]:1",
            1: "Traceback …\nOutOfMemoryError: killed",
        }

    assert explain(GroupError()).startswith("OutOfMemoryError: killed (the workers' logs: ")
    assert explain(ValueError("")).startswith("ValueError (")
    assert explain(Exception("…\nshards.config.ConfigError: no such thing")) == "no such thing"


def test_a_finished_run_says_so(shards, loaded, config_path, capsys):
    storage = Storage(shards.parent / "tiny")
    config = begin(loaded(), storage)
    record = CheckpointRecord(step=config.steps, seed=0, model=config.model, frozen="")
    checkpoint.write(storage, checkpoint.step_folder(config.steps), record, {})
    assert main([config_path, f"data.shards={shards}", f"output={shards.parent}"]) == 0
    assert "finished" in capsys.readouterr().out


def test_first_difference():
    assert first_difference({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}) == "a.c was 2, is now 3"
    assert first_difference({"a": 1}, {"a": 1, "b": 2}) == "b was None, is now 2"
    assert not first_difference({"a": [1]}, {"a": [1]})


def test_checkpoints_are_found_pruned_and_refused(tmp_path):
    storage = Storage(tmp_path)
    for step in (5, 10, 15):
        record = CheckpointRecord(step=step, seed=0, model=ModelConfig(), frozen="")
        checkpoint.write(storage, checkpoint.step_folder(step), record, {})
    (tmp_path / "checkpoints" / "step-00000020").mkdir()  # died before its record was written
    assert checkpoint.find(storage, "step")[-1].endswith("step-00000015")
    assert checkpoint.read_record(storage, checkpoint.step_folder(10)).step == 10
    checkpoint.prune(storage, "step", 2)
    assert [folder[-2:] for folder in checkpoint.find(storage, "step")] == ["10", "15"]
    (tmp_path / "checkpoints" / "step-00000005").mkdir()  # its deletion died before its tensors were gone
    (tmp_path / "checkpoints" / "step-00000005" / checkpoint.WEIGHTS).write_bytes(b"many")
    checkpoint.prune(storage, "step", 1)
    assert sorted(storage.folders("checkpoints")) == ["step-00000015", "step-00000020"]
    with pytest.raises(ConfigError, match="no checkpoint there"):
        load_model(str(tmp_path / "elsewhere"))
    with pytest.raises(ConfigError, match="newer version"):
        checkpoint.decode(b'{"schema": 9}', "here")
    with pytest.raises(ConfigError, match="here: no checkpoint record"):
        checkpoint.decode(b"{", "here")


def test_lines_for_people():
    assert [duration(seconds) for seconds in (7, 247, 3753)] == ["0:07", "4:07", "1:02:33"]
    record = {"kind": "train", "step": 20, "steps": 10, "loss": 1.5, "losses": {"asr": 1.5}, "lr": 1e-3, "clips": 100}
    record |= {"audio_seconds": 200.0, "seconds": 5.0, "padding": 0.1, "waiting": 0.0}
    line = describe(record, 100)
    assert "20.0 clips/s" in line and "40.0 audio-s/s" in line and "padding 10%" in line and "0:40 left" in line


@pytest.mark.slow
@pytest.mark.ray
def test_a_killed_run_goes_on_bit_for_bit(tmp_path, config_path):
    shards = write_split(tmp_path / "shards", "a/train", 60)
    write_split(shards, "a/dev", 5)
    common = [f"data.shards={shards}", "validation.splits=[a/dev]", f"output={tmp_path}"]
    common += ["steps=8", "log_every=1", "checkpoint.every=2", "validation.every=4", "data.batch_tokens=4800"]

    def start(name: str) -> subprocess.Popen:
        command = [sys.executable, ROOT / "trainers" / "pretrain.py", config_path, *common, f"name={name}"]
        return subprocess.Popen(
            command, cwd=tmp_path, env=os.environ | {"OMP_NUM_THREADS": "1"}, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def told(name: str) -> list[dict]:
        lines = (tmp_path / name / "metrics.jsonl").read_text().splitlines()
        return [{key: record[key] for key in ("kind", "step", "loss", "losses")} for record in map(json.loads, lines)]

    whole = start("whole")
    output = whole.communicate(timeout=400)[0]
    assert whole.returncode == 0, output
    assert "step 8/8" in output and "held-out loss" in output and "finished, 8 steps" in output

    killed = start("killed")
    first = tmp_path / "killed" / checkpoint.step_folder(2) / checkpoint.RECORD
    deadline = time.monotonic() + 300
    while not first.exists() and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    shutil.rmtree(tmp_path / "killed" / checkpoint.step_folder(8), ignore_errors=True)  # should it have been too quick
    again = start("killed")
    output = again.communicate(timeout=400)[0]
    assert again.returncode == 0, output
    assert told("killed") == told("whole")
