"""Jobs that are killed or that fail at a given storage operation, and what they leave."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.disk import Fault
from tests.pipelines.corpora import flac, librispeech

ALL = os.environ.get("FAULTS") == "all"
AUDIO = {f"84-121-{number}": flac(0.2, number) for number in range(5)}
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run:
    """How a job ended: its exit status (below 0: the signal), what it said, and the operations it came to."""

    status: int
    output: str
    operations: tuple[str, ...]


class JobServer:
    """The process that forks the jobs."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process, self._folder = process, folder

    def run(
        self,
        arguments: list[str],
        environment: Mapping[str, str],
        folders: tuple[Path, ...] = (),
        fault: Fault | None = None,
        started: Callable[[int], None] = lambda pid: None,
    ) -> Run:
        """One job to its end; operations below `folders` are counted, and `started` is told its process id."""
        log, output = self._folder / "operations", self._folder / "output"
        disk: dict[str, Any] | None = None
        if folders:
            disk = {"folders": [str(folder) for folder in folders], "log": str(log), "fault": None}
            disk["fault"] = fault and [fault.number, fault.how]
        request = {"arguments": arguments, "environment": dict(environment), "output": str(output), "disk": disk}
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        started(int(self._process.stdout.readline()))
        status = int(self._process.stdout.readline())
        operations = tuple(log.read_text().splitlines()) if folders else ()
        return Run(status, output.read_text(), operations)


@contextmanager
def job_server(folder: Path) -> Iterator[JobServer]:
    """A server that keeps its notes in `folder`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.job_server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    try:
        yield JobServer(process, folder)
    finally:
        process.kill()
        process.communicate()


def product(out: Path) -> dict[str, str]:
    """Every file below OUT but the run logs, with its sha256; unfinished files are part of it, for none may stay."""
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ("runs" not in path.relative_to(out).parts or path.name.startswith(".tmp-"))
    }


def two_corpora(folder: Path) -> dict[str, Path]:
    """A corpus with a reject, and the same with other transcripts and fewer recordings; as SOURCE."""
    old = librispeech(folder / "old", AUDIO | {"84-121-9": b"no FLAC"})
    lines = "".join(f"84-121-{number} CORRECTED {number}\n" for number in range(3))
    new = librispeech(folder / "new", dict(list(AUDIO.items())[:3]), lines)
    return {"old": old, "new": new}


def ended_badly(run: Run, fault: Fault) -> str | None:
    """What is wrong with how a disturbed job ended."""
    if fault.how.startswith("kill"):
        return None if run.status == -9 else f"it was not killed but ended with {run.status}: {run.output}"
    if run.status == 0:
        return None  # it did without, or tried again
    last = run.output.rstrip().rpartition("\n")[2]
    told = run.status == 1 and last.startswith("error: ") and "Traceback" not in run.output
    return None if told else f"status {run.status}: {run.output}"


def refused(run: Run) -> bool:
    """Whether the job found another plan in OUT, as it may where it was killed before its own was in place."""
    return run.status == 1 and "REBUILD=1" in run.output


def difference(wanted: Mapping[str, object], found: Mapping[str, object]) -> str | None:
    """What is missing, what is too much, what has other bytes."""
    lacking, surplus = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    other = [path for path in sorted(wanted.keys() & found.keys()) if wanted[path] != found[path]]
    return f"lacking {lacking}, surplus {surplus}, other bytes {other}" if wanted != found else None
