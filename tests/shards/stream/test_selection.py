"""What is left out of training, for which reason, and that the counts say so."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import pytest

from shards.config import ConfigError, load_config
from shards.schema import ShardError
from shards.storage import Storage
from shards.stream.benchmarks import benchmark_splits, is_benchmark
from shards.stream.catalogue import Catalogue, load_catalogue, log_selection
from shards.stream.config import MixtureConfig, StreamConfig
from tests.shards.stream.clips import Entry, write_split

LONG_TEXT = "the same sentence in two corpora"


def load(out: Path, *splits: str, **options) -> Catalogue:
    config = StreamConfig(str(out), splits or ("a/train",), **options)
    return load_catalogue(config, Storage(config.shards))


def places(catalogue: Catalogue) -> list[int]:
    """Which of a split's samples are in the catalogue."""
    return [int(key.rpartition("=2E")[2]) for key in catalogue.keys.to_pylist()]


def test_all_is_kept_by_default(tmp_path):
    catalogue = load(write_split(tmp_path, "a/train", 25))
    assert places(catalogue) == list(range(25)) and catalogue.left_out == {"a/train": {}}
    assert [catalogue.tars[tar] for tar in catalogue.samples.tar[[0, 24]]] == [
        "a/train/a-train-000000.tar",
        "a/train/a-train-000002.tar",
    ]


def test_long_clips_and_samples_without_targets(tmp_path):
    entries = [Entry(seconds=(0.5, 0.6)), Entry(seconds=(1.0,)), Entry(targets=()), Entry(), Entry(seconds=())]
    entries += [Entry(seconds=(0.2, 0.09))]
    catalogue = load(write_split(tmp_path, "a/train", entries), max_seconds=1.0)
    assert places(catalogue) == [1, 3, 4]
    assert catalogue.left_out["a/train"] == {"max_seconds": 1, "min_seconds": 1, "no_target": 1}


def test_targets_over_a_lanes_budget(tmp_path):
    """Only the targets that fit are played; a sample goes when none does."""
    fits, huge = ("asr", "short"), ("s2tt", "x" * 4000)
    entries = [Entry(targets=(huge, fits)), Entry(targets=(huge,)), Entry(targets=(fits,))]
    catalogue = load(write_split(tmp_path, "a/train", entries), lanes=2, batch_tokens=1000)
    assert places(catalogue) == [0, 2]
    assert catalogue.left_out["a/train"] == {"over_budget": 1}
    assert [catalogue.tasks[task] for task in catalogue.target_task] == ["asr", "asr"]
    assert catalogue.target_place.tolist() == [1, 0]


def test_tokens_count_audio_prompt_response_and_end(tmp_path):
    entry = Entry(seconds=(1.0, 0.5), targets=(("asr", "zwölf"),))
    catalogue = load(write_split(tmp_path, "a/train", [entry]), bytes_per_token=1.0)
    prompt = "<|startoftranscript|><|en|><|transcribe|><|en|><|notimestamps|><|itn|>"
    audio = 38 + 2 * 3  # 1.5 s at 25 a second; two markers per clip, and each clip may round up
    assert catalogue.samples.target_tokens.tolist() == [audio + len(prompt) + 6 + 1]


def test_where_and_licence(tmp_path):
    licences = ["CC0-1.0", "CC-BY-4.0 AND CC-BY-NC-4.0", "CC-BY-4.0 AND CC0-1.0", "nobody knows"]
    entries = [Entry(licence=licence, snr=snr) for licence in licences for snr in (None, 5.0, 20.0)]
    out = write_split(tmp_path, "a/train", entries, shard_samples=5)
    catalogue = load(out, where="snr > 10 and dataset == 'a'", licence="commercial")
    assert places(catalogue) == [2, 8]
    assert catalogue.left_out["a/train"] == {"licence": 6, "where": 4}
    assert places(load(out, where="snr is None")) == [0, 3, 6, 9]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"where": "snr > 'loud'"}, "where: 'snr > 'loud'' does not fit the columns"),
        ({"where": "license == 'x'"}, "did you mean 'licence'"),
        ({"where": "targets is None"}, "no column 'targets'"),
        ({"where": "seconds > 100"}, r"no sample of a/train is left to play: where 12"),
        (
            {"mixture": MixtureConfig(datasets={"aishell": 2.0})},
            "mixture.datasets: 'aishell' does not occur; there are a",
        ),
        ({"mixture": MixtureConfig(tasks={"srwt": 2.0})}, "mixture.tasks: 'srwt' does not occur; there are asr"),
        ({"mixture": MixtureConfig(datasets={"a": 0.0})}, "left to play: mixture 12"),
        ({"pins": {"a/train": "0" * 64}}, "the run was begun with 0000"),
    ],
)
def test_what_cannot_be_selected(tmp_path, options, complaint):
    with pytest.raises(ConfigError, match=complaint) as error:
        load(write_split(tmp_path, "a/train", 12), **options)
    assert "\n" not in str(error.value)


def test_pins_are_the_sha256_of_the_indexes(tmp_path):
    out = write_split(tmp_path, "a/train", 3)
    pins = dict(load(out).pins)
    assert pins == {"a/train": hashlib.sha256((out / "a/train/index.parquet").read_bytes()).hexdigest()}
    assert places(load(out, pins=pins)) == [0, 1, 2]


def test_a_split_that_is_not_there(tmp_path):
    write_split(tmp_path, "a/train", 3)
    with pytest.raises(ShardError, match="no index; finish the split: make shards DATASET=a SPLIT=dev"):
        load(tmp_path, "a/dev")


def test_benchmarks_are_left_out_and_counted(tmp_path, caplog):
    response = (("asr", LONG_TEXT),)
    train = [
        Entry(),
        Entry(origin="youtube:x"),
        Entry(targets=response, text="The same sentence, in two corpora!"),
        Entry(targets=(("ks", "yes"),), text="yes"),  # one word is no evidence
        Entry(origin="youtube:y", targets=response, text=LONG_TEXT),
    ]
    write_split(tmp_path, "a/train", train)
    write_split(tmp_path, "a/dev", [Entry(origin="youtube:x")])
    write_split(tmp_path, "b/test-clean", [Entry(origin="youtube:y"), Entry(origin="youtube:x")])
    write_split(tmp_path, "c/test", [Entry(text=LONG_TEXT, targets=response), Entry(text="yes")])
    (tmp_path / "d" / "test").mkdir(parents=True)  # still being built
    with caplog.at_level(logging.INFO):
        log_selection(catalogue := load(tmp_path))
    assert places(catalogue) == [0, 3]
    assert catalogue.left_out["a/train"] == {"benchmark": 3}
    assert catalogue.benchmark_matches == {
        ("a/train", "b/test-clean", "origin"): 2,
        ("a/train", "c/test", "text"): 2,
    }
    assert "split=a/train benchmark=b/test-clean matched_by=origin left_out=2" in caplog.text
    assert "benchmark=d/test not compared" in caplog.text
    assert places(load(tmp_path, exclude_benchmarks="none")) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        *((name, True) for name in ("test", "test-clean", "de_en-test", "tst-COMMON", "evaluation")),
        *((name, False) for name in ("train", "dev-clean", "latest", "contest", "validation")),
    ],
)
def test_names_of_test_splits(split, expected):
    assert is_benchmark(split) is expected


def test_benchmark_splits_of_a_storage(tmp_path):
    for split in ("b/test", "a/train", "a/test-other"):
        write_split(tmp_path, split, 1)
    (tmp_path / "a" / "dataset.json").write_text("{}")
    assert benchmark_splits(Storage(str(tmp_path))) == ["a/test-other", "b/test"]


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("lanes=0", "lanes=0"),
        ("splits=[]", "splits is empty"),
        ("splits=[train]", "not of the form dataset/split"),
        ("splits=[a/b,a/b]", "named twice"),
        ("licence=free", "licence=free: expected commercial"),
        ("exclude_benchmarks=some", "expected all or none"),
        ("mixture.temperature=2", "mixture.temperature=2"),
        ("mixture.datasets.a=-1", "mixture.datasets.a=-1"),
        ("mixture.temprature=1", "did you mean 'temperature'"),
        ("pins={b/train: x}", "'b/train' is not among splits"),
    ],
)
def test_a_configuration_that_cannot_be(override, complaint):
    with pytest.raises(ConfigError, match=complaint):
        load_config(StreamConfig, None, ["shards=/x", "splits=[a/train]", override])


def test_configuration_from_overrides():
    config = load_config(
        StreamConfig, None, ["shards=/x", "splits=[a/train]", "mixture.datasets.a=2", "where=seconds < 20, or not"]
    )
    assert config.splits == ("a/train",) and config.mixture == MixtureConfig(datasets={"a": 2.0})
    assert config.where == "seconds < 20, or not" and config.lane_tokens == 4000


def test_empty_splits(tmp_path):
    """Alone they are an error, beside others they are nothing; a test split may be empty too."""
    for split in ("a/train", "b/train", "a/test"):
        write_split(tmp_path, split, 2 if split == "b/train" else 0)
    assert places(load(tmp_path, "a/train", "b/train")) == [0, 1]
    with pytest.raises(ConfigError, match="left to play: the splits are empty"):
        load(tmp_path, "a/train")
