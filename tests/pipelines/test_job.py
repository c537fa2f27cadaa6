"""The shard job as users run it: a process that may be killed, run twice, or given the wrong thing."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import s3fs
import soundfile

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


def arguments(corpus: Path, out: Path | str) -> list[str]:
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
def test_a_bucket_gets_the_bytes_that_a_disk_gets(
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
    for out in ("s3://corpora/shards", str(tmp_path)):
        status, output = run(*arguments(corpus, out))
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


def test_a_wrong_folder_names_the_right_one(corpus: Path, tmp_path: Path) -> None:
    for wrong in (corpus.parent, corpus / "dev-clean", corpus / "dev-clean/84"):
        status, output = run("dataset=librispeech", f"source={wrong}", f"out={tmp_path}")
        assert status == 1
        assert f"SOURCE={corpus}" in output
        assert "Traceback" not in output


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
