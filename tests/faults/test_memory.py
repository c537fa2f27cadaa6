"""A worker that runs out of memory, at whatever moment, says so; it never takes that for damaged audio."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from pipelines.build import build_and_commit
from pipelines.sources.librispeech import LibriSpeech
from shards.storage import Storage
from tests.faults.runs import ALL, ROOT, product
from tests.pipelines.corpora import SETTINGS, librispeech, prepare, shards_of
from tests.pipelines.recordings import chirp, encoded, ffmpeg, mp3

pytestmark = pytest.mark.slow

KIB = 1024
# What the job tries again. Some libraries do not look what malloc gave them: a worker that died, as any other.
ENDS = ("right", "MemoryError", "_ArrayMemoryError", "OSError", "killed by SIGSEGV")


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A corpus with a recording of every decoder, and its shards without the tars."""
    folder = tmp_path_factory.mktemp("memory")
    one, two = chirp(3.0, 48_000), chirp(3.0, 48_000, 2)
    audio = {
        "84-121-0": encoded(chirp(3.0, 16_000), 16_000, "FLAC", "PCM_16"),
        "84-121-1": encoded(two, 48_000, "FLAC", "PCM_16"),
        "84-121-2": encoded(two, 48_000, "WAV", "PCM_24"),
        "84-121-3": encoded(one, 48_000, "OGG", "VORBIS"),
        "84-121-4": encoded(one, 48_000, "OGG", "OPUS"),
        "84-121-5": mp3(one, 48_000),
        "84-121-6": ffmpeg(one, 48_000, "mp4", "aac"),
    }
    corpus, out = librispeech(folder, audio), folder / "out"
    job = prepare(
        LibriSpeech(corpus), "dev-clean", Storage(out), SETTINGS | {"shard_samples": 1}, say=lambda line: None
    )
    for task in job.standing().missing:
        built = build_and_commit(task)
        assert built.totals.samples == 1 and not built.totals.rejects
    for tar in out.rglob("*.tar"):
        tar.unlink()
    return corpus, out


def test_short_of_memory_no_recording_is_rejected(planned: tuple[Path, Path]) -> None:
    budgets = list(range(0, 4000, 50)) + list(range(4000, 24_000, 1000))
    if not ALL:
        budgets = [0, 100, 200, 400, *random.Random(4).sample(budgets, 4)]
    command = [
        sys.executable,
        "-m",
        "tests.faults.short_memory",
        *map(str, planned),
        *(str(KIB * kib) for kib in budgets),
    ]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment, timeout=3600)
    assert run.returncode == 0
    lines = [line.split("\t") for line in run.stdout.splitlines()]
    counts = Counter(said for _, _, said in lines)
    print(counts)
    assert len(lines) == 7 * len(budgets)
    wrong = [line for line in lines if line[2] not in ENDS]
    assert not wrong
    assert counts["right"] and counts["MemoryError"]


@pytest.mark.ray
def test_a_job_whose_workers_are_killed_for_memory_ends_and_says_why(
    planned: tuple[Path, Path], tmp_path: Path
) -> None:
    """Every worker is too large here; Ray would try again for ever."""
    corpus, _ = planned
    out = tmp_path / "out"
    given = ["dataset=librispeech", f"source={corpus}", "split=dev-clean", f"out={out}", "shard_samples=2"]
    program = f"""
import sys
from pipelines import job
from shards import retry
retry.FIRST_WAIT_SECONDS = 0.01
sys.exit(job.main({given}))
"""
    small = {"RAY_memory_usage_threshold": "0.001", "RAY_memory_monitor_refresh_ms": "50"}
    ends = []
    for limit in (small, {}):
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)} | limit
        command = [sys.executable, "-c", program]
        ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=300)
        ends.append(ended.returncode)
        if limit:
            last = ended.stderr.rstrip().rpartition("\n")[2]
            assert last.startswith("error: a node ran out of memory over one shard ("), ended.stderr
            assert "pass fewer WORKERS, then run the same command again" in last and "Traceback" not in ended.stderr
    assert ends == [1, 0]
    shards_of(LibriSpeech(corpus), "dev-clean", tmp_path / "calm")
    assert product(out) == product(tmp_path / "calm")
