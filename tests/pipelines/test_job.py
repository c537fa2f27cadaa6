"""The shard job as users run it: a process that may be killed, run twice, or given the wrong thing."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import s3fs
import soundfile

from pipelines.job import DatasetConfig, ShardsConfig, drafted, judge, main, plan_tasks, unreadable
from pipelines.planning.planner import planners
from pipelines.source import EmptySplitError
from pipelines.sources.aishell1 import Aishell1
from shards.scratch import PREFIX
from shards.storage import Storage
from shards.summary import summarise_split
from tests.pipelines.corpora import SETTINGS, prepare, shards_of
from tests.pipelines.sources.fixture import mp3, write
from tests.pipelines.sources.fixtures import FIXTURES

ROOT = Path(__file__).resolve().parents[2]
UTTERANCES = 48
SHARD_SAMPLES = 4


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "pipelines/job.py"), *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment
    )


def run(*arguments: str) -> tuple[int, str]:
    job = start(*arguments)
    output, _ = job.communicate(timeout=300)
    return job.returncode, output


def product(out: Path) -> dict[str, str]:
    """Every file but the run logs, with its hash."""
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and "runs" not in path.relative_to(out).parts
    }


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LibriSpeech of tones: one speaker, one chapter; and one recording that nobody transcribed."""
    root = tmp_path_factory.mktemp("corpora") / "LibriSpeech"
    chapter = root / "dev-clean/84/121123"
    chapter.mkdir(parents=True)
    lines = []
    for number in range(UTTERANCES):
        seconds = 0.5 + number / 20
        tone = 0.2 * np.sin(2 * np.pi * (200 + 10 * number) * np.arange(int(16000 * seconds)) / 16000)
        soundfile.write(chapter / f"84-121123-{number:04d}.flac", tone, 16000, subtype="PCM_16")
        lines.append(f"84-121123-{number:04d} TONE NUMBER {number}")
    (chapter / "84-121123.trans.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    soundfile.write(chapter / "84-121123-9999.flac", tone, 16000, subtype="PCM_16")
    return root


def arguments(corpus: Path | str, out: Path | str) -> list[str]:
    return [
        "dataset=librispeech",
        f"source={corpus}",
        "split=dev-clean",
        f"out={out}",
        f"shard_samples={SHARD_SAMPLES}",
        "workers=2",
    ]


@pytest.mark.slow
@pytest.mark.ray
def test_killed_anywhere_it_gives_the_same_bytes(corpus: Path, tmp_path: Path) -> None:
    calm, tortured = tmp_path / "calm", tmp_path / "tortured"
    started = time.monotonic()
    status, output = run(*arguments(corpus, calm))
    whole = time.monotonic() - started
    assert status == 0, output
    assert f"librispeech/dev-clean: {UTTERANCES} samples" in output
    assert "rejected 1 × no_transcript" in output
    expected = product(calm)
    assert sum(name.endswith(".tar") for name in expected) == UTTERANCES // SHARD_SAMPLES

    dice = random.Random(7)
    # The last moments are those in which files are written.
    for share in (dice.uniform(0.3, 0.7), dice.uniform(0.7, 0.95), dice.uniform(0.7, 0.95)):
        job = start(*arguments(corpus, tortured))
        time.sleep(share * whole)
        job.send_signal(signal.SIGKILL)
        job.communicate()
    # Two at once, on what the dead ones left.
    jobs = [start(*arguments(corpus, tortured)) for _ in range(2)]
    for job in jobs:
        output, _ = job.communicate(timeout=300)
        assert job.returncode == 0, output
    assert product(tortured) == expected

    # What is complete is left alone, and what is missing comes back.
    changed = {path: path.stat().st_mtime_ns for path in tortured.rglob("*.tar")}
    victim = min(changed)
    victim.unlink()
    status, output = run(*arguments(corpus, tortured))
    assert status == 0, output
    assert "building 1 shards" in output
    assert product(tortured) == expected
    assert all(path.stat().st_mtime_ns == when for path, when in changed.items() if path != victim)

    status, output = run(*arguments(corpus, tortured)[:-2], "shard_samples=5")
    assert status == 1
    assert "settings.shard_samples: 4 → 5" in output
    assert "REBUILD=1" in output
    assert product(tortured) == expected


@pytest.mark.slow
@pytest.mark.ray
def test_from_bucket_to_bucket_the_bytes_are_those_of_a_disk(
    corpus: Path, tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    bucket = s3fs.S3FileSystem()
    status, output = run(*arguments(corpus, "s3://no-such-bucket/shards"))
    assert (status, "Traceback" in output) == (1, False)
    assert "there is no such bucket" in output

    bucket.mkdir("corpora")
    bucket.put(str(corpus), "corpora/source/LibriSpeech", recursive=True)
    for source, out in (("s3://corpora/source/LibriSpeech", "s3://corpora/shards"), (corpus, str(tmp_path))):
        status, output = run(*arguments(source, out))
        assert status == 0, output
        assert "hush-hush" not in output
    bucket.get("corpora/shards/", str(tmp_path / "bucket/"), recursive=True)
    there = product(tmp_path / "bucket")
    assert there and all(product(tmp_path)[name] == digest for name, digest in there.items())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["dataset=covost", "source=/nowhere"], "covost2"),
        (["dataset=librispeech"], "SOURCE is missing"),
        (["dataset=librispeech", "source=/nowhere/at/all"], "does not exist"),
        (["dataset=librispeech", "sorce=/x"], "did you mean 'source'?"),
        (["dataset=librispeech", "source=/x", "shard_mb=many"], "shard_mb"),
        (["dataset=librispeech", "source=/x", "align=magic"], "choose auto or none"),
        (["source=/x"], "give DATASET=name"),
        (["nosuch.yaml"], "no such configuration file"),
        (["dataset=covost2", "source=/x", "roots=/y"], "expected name=/path"),
    ],
)
def test_a_users_mistake_is_one_clear_message(given: list[str], said: str) -> None:
    status, output = run(*given)
    assert status == 1
    assert said in output
    assert "Traceback" not in output
    assert output.startswith("error: ")


@pytest.mark.parametrize("given", ["split=dev-clean", "source=/x", "roots=a=/x"])
def test_a_config_of_several_corpora_takes_no_split_of_one(
    given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "shards.yaml"
    config.write_text(f"out: {tmp_path / 'out'}\ndatasets:\n  - {{dataset: librispeech, source: /corpora/x}}\n")
    assert main([str(config), given]) == 1
    assert f"{given} stands beside `datasets:`" in capsys.readouterr().err


def drafted_splits(dataset: str, source: Path, folder: Path, split: str = "") -> list[str]:
    """The splits that a job on `source` would build."""
    asked = DatasetConfig(dataset, str(source), "", split)
    tasks = plan_tasks(ShardsConfig(dataset=dataset), asked, Storage(folder / "out"))
    with planners(tasks) as crew:
        return [tasks[number].split for number in drafted(tasks, crew)]


def test_a_default_split_that_is_not_there_is_left_out_and_a_named_one_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clotho = FIXTURES["clotho"](tmp_path).source
    shutil.copy(clotho / "clotho_captions_development.csv", clotho / "clotho_captions_evaluation.csv")
    assert drafted_splits("clotho", clotho, tmp_path) == ["development"]
    said = capsys.readouterr().out
    assert "clotho/evaluation: left out. clotho: the audio of 'evaluation' is not there: expected " in said
    with pytest.raises(EmptySplitError, match="the audio of 'evaluation' is not there"):
        drafted_splits("clotho", clotho, tmp_path, "development,evaluation")
    (clotho / "development").rename(tmp_path / "away")
    with pytest.raises(EmptySplitError, match=r"unpack clotho_audio_development\.7z"):
        drafted_splits("clotho", clotho, tmp_path)

    speech = tmp_path / "covost/fr"
    write(speech / "covost_v2.fr_en.tsv", "path\ttranslation\tsplit\n1.mp3\tIt is cold.\ttrain\n")
    write(speech / "validated.tsv", "path\tsentence\n1.mp3\tIl fait froid.\n")
    mp3(speech / "clips/1.mp3")
    assert drafted_splits("covost2", speech, tmp_path) == ["train"]


def test_audio_that_the_release_did_not_transcribe_is_no_record_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """AISHELL-1 has 325 such recordings; a line that is lost is still told."""
    root = FIXTURES["aishell1"](tmp_path).source
    table = root / "data_aishell/transcript/aishell_transcript_v0.8.txt"
    lines = ["BAC009S0002W0122 而 对", "BAC009S0002W0123 卡拉"]
    monkeypatch.setattr(Aishell1, "splits", {"train": 2, "dev": 0, "test": 0})
    for number in (2, 1):
        write(table, "\n".join([*lines[:number], ""]))
        shards_of(Aishell1(root), "train", tmp_path / f"out{number}")
        storage = Storage(tmp_path / f"out{number}")
        job = prepare(Aishell1(root), "train", storage, SETTINGS, say=lambda line: None)
        summary = summarise_split(storage, "aishell1", "train")
        assert summary.totals.rejects == {"no_transcript": 4 - number}
        judge([job], [summary], storage, 1.0)
        warned = "warning: the release has 2 records, SOURCE has 1" in capsys.readouterr().out
        assert warned == (number == 1)


def test_a_wrong_folder_names_the_right_one(corpus: Path, tmp_path: Path) -> None:
    for wrong in (corpus.parent, corpus / "dev-clean", corpus / "dev-clean/84"):
        status, output = run("dataset=librispeech", f"source={wrong}", f"out={tmp_path}")
        assert status == 1
        assert f"SOURCE={corpus}" in output
        assert "Traceback" not in output


def test_a_full_scratch_disk_is_said_with_its_place() -> None:
    """Arrow tells the number of the error, but not the file."""
    said = unreadable(OSError(errno.ENOSPC, "Error writing bytes to file"))
    assert said.startswith(f"{tempfile.gettempdir()}: no space left; free some, or set TMPDIR")
    assert "REBUILD" not in said


def test_an_unknown_split_lists_what_there_is(corpus: Path, tmp_path: Path) -> None:
    status, output = run("dataset=librispeech", f"source={corpus}", f"out={tmp_path}", "split=dev")
    assert (status, "Traceback" in output) == (1, False)
    assert "it holds: dev-clean" in output


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_out_that_cannot_be_written(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "shut"
    out.mkdir(mode=0o555)
    status, output = run(*arguments(corpus, out))
    assert (status, "Traceback" in output) == (1, False)
    assert "permission denied" in output


def test_an_out_below_a_file(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    status, output = run(*arguments(corpus, tmp_path / "file/out"))
    assert (status, "Traceback" in output) == (1, False)
    assert "a part of this path is a file" in output


@pytest.mark.slow
@pytest.mark.ray
def test_a_scheduler_s_sigterm_ends_a_job_in_order(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of Slurm, Kubernetes or a spot machine's end: a word, the usual status, nothing left behind."""
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    job = start(*arguments(corpus, tmp_path / "out"))
    assert job.stdout is not None
    said = list(itertools.takewhile(lambda line: not line.startswith("building"), job.stdout))
    job.send_signal(signal.SIGTERM)
    output, _ = job.communicate(timeout=120)
    assert (job.returncode, "Traceback" in output) == (143, False), "".join(said) + output
    assert output.rstrip().endswith("interrupted; the same command goes on from here")
    assert not [path for path in (tmp_path / "scratch").iterdir() if path.name.startswith(PREFIX)]
