"""A corpus, its shards as an undisturbed job makes them, and jobs in processes of their own that Ray deals out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.sources.librispeech import LibriSpeech
from tests.faults.runs import ROOT, difference, product
from tests.pipelines.corpora import flac, librispeech, shards_of


class Bench:
    """A corpus of `shards` shards, each of two recordings of `seconds`; the last one holds a reject."""

    def __init__(self, folder: Path, shards: int, seconds: float) -> None:
        self.folder, self.out, self.shards = folder, folder / "out", shards
        audio = {f"84-121-{number:03d}": flac(seconds + number / 10, number) for number in range(2 * shards - 1)}
        self.corpus = librispeech(folder, audio | {"84-121-999": b"no FLAC"})
        shards_of(LibriSpeech(self.corpus), "dev-clean", folder / "calm")
        self.calm = product(folder / "calm")

    @property
    def said(self) -> str:
        """What the last job said."""
        return (self.folder / "log").read_text()

    @property
    def committed(self) -> int:
        """How many shards have a record."""
        return len(list(self.out.glob("librispeech/dev-clean/*-0*.json")))

    def start(self, environment: Mapping[str, str], before: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """A job, on Ray of its own where `environment` names no cluster; `before` is what runs its command."""
        given = ["dataset=librispeech", f"source={self.corpus}", "split=dev-clean", f"out={self.out}"]
        given += ["shard_samples=2", "max_reject_ratio=1"]
        with (self.folder / "log").open("wb") as log:
            command = [*before, sys.executable, str(ROOT / "pipelines/job.py"), *given]
            inherited = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
            environment = inherited | {"OMP_NUM_THREADS": "1"} | dict(environment)
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=environment)

    def difference(self) -> str | None:
        """What of OUT is not as it should be."""
        return difference(self.calm, product(self.out))
