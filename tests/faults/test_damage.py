"""What a disk does to a job beside failing: it fills up, or keeps half of a file under its final name."""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines import job
from pipelines.build import ShardTask, build_and_commit
from pipelines.run_log import RunLog
from shards.storage import Storage
from tests.faults.disk import Fault
from tests.faults.runs import ROOT, JobServer, Run, difference, ended_badly, product, two_corpora

pytestmark = pytest.mark.slow

SPLIT = "librispeech/dev-clean"
KIB = 1024


class Bench:
    """A corpus and its shards."""

    def __init__(self, server: JobServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.corpus = two_corpora(folder)["old"]
        self.scratch = folder / "scratch"
        run = self.run(folder / "calm")
        assert run.status == 0, run.output
        self.calm = product(folder / "calm")

    def run(self, out: Path) -> Run:
        """One job."""
        self.scratch.mkdir(exist_ok=True)
        return self.server.run(self.arguments(out), {"TMPDIR": str(self.scratch)})

    def arguments(self, out: Path) -> list[str]:
        """What a job is given."""
        given = ["dataset=librispeech", f"source={self.corpus}", "split=dev-clean", f"out={out}"]
        return [*given, "shard_samples=2", "max_reject_ratio=1"]


@pytest.fixture(scope="module")
def bench(jobs: JobServer, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(jobs, tmp_path_factory.mktemp("damage"))


def halve(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def zero(path: Path) -> None:
    """What some file systems make of the newest blocks when the power fails."""
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("damage", [halve, empty])
def test_half_a_file_under_a_final_name_is_made_anew(
    bench: Bench, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    mend_each(bench, tmp_path, [path for path in bench.calm if not path.endswith("plan.json")], damage)


def test_a_record_or_summary_of_zeros_counts_as_absent(bench: Bench, tmp_path: Path) -> None:
    documents = [path for path in bench.calm if path.endswith(".json") and not path.endswith("plan.json")]
    assert len(documents) == 6, documents
    mend_each(bench, tmp_path, documents, zero)


def mend_each(bench: Bench, folder: Path, paths: list[str], damage: Callable[[Path], None]) -> None:
    """Damage file after file, alone; a job mends it, or says what to do."""
    problems = []
    for path in paths:
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(bench.folder / "calm", out)
        damage(out / path)
        run = bench.run(out)
        problem = run.output if run.status else difference(bench.calm, product(out))
        if problem:
            problems.append(f"{path}: {problem}")
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("damage", [halve, empty, zero])
def test_a_damaged_plan_is_said(bench: Bench, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    shutil.copytree(bench.folder / "calm", tmp_path / "out")
    damage(tmp_path / f"out/{SPLIT}/plan/plan.json")
    run = bench.run(tmp_path / "out")
    assert run.status == 1 and "plan.json: is no plan; build the split anew with REBUILD=1" in run.output


def test_plan_rows_of_zeros_build_no_shard(bench: Bench, tmp_path: Path) -> None:
    """They have the length of those of the plan; what is in them is looked at before it is believed."""
    out = tmp_path / "out"
    shutil.copytree(bench.folder / "calm", out)
    rows = out / SPLIT / "plan/records-00000.parquet"
    zero(rows)
    tar = min((out / SPLIT).glob("*.tar"))
    tar.unlink()
    run = bench.run(out)
    assert run.status == 1 and f"error: {rows}: is damaged" in run.output and "Traceback" not in run.output
    assert not tar.exists()
    rows.unlink()  # as it says
    run = bench.run(out)
    assert run.status == 0, run.output
    assert product(out) == bench.calm


def test_a_clock_that_jumps_changes_no_byte(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By decades, forward and backward, at every look; and no file that is being written counts as left behind."""
    dice, swept = random.Random(1), list[int]()
    monkeypatch.setattr(time, "time", lambda: dice.uniform(0, 4e9))
    sweep = Storage.sweep

    def counted(self: Storage, prefix: str = "", recursive: bool = True) -> int:
        with (tmp_path / "out/.tmp-living").open("wb") as living:
            fcntl.flock(living, fcntl.LOCK_EX)
            swept.append(sweep(self, prefix, recursive))
        return swept[-1]

    def build_here(tasks: list[ShardTask], config: object, log: RunLog, *others: object) -> None:
        for task in tasks:
            event = build_and_commit(task).event
            assert 0 <= event["wall"] < 60
            log.add(task.shard.dataset, task.shard.split, event)

    monkeypatch.setattr(Storage, "sweep", counted)
    monkeypatch.setattr(job, "build", build_here)
    assert job.main(bench.arguments(tmp_path / "out")) == 0, capsys.readouterr()
    assert swept and not any(swept)
    (tmp_path / "out/.tmp-living").unlink()
    assert product(tmp_path / "out") == bench.calm


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "small", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a file system can be mounted by root only")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.root
@pytest.mark.parametrize("full", ["out", "scratch"])
def test_a_disk_that_was_full_and_is_freed(bench: Bench, small_disk: Path, tmp_path: Path, full: str) -> None:
    """With less room each time, so that it gets full at another moment."""
    refused, problems = 0, []
    for room in range(160, -1, -8):
        out = (small_disk if full == "out" else tmp_path) / "out"
        bench.scratch = (small_disk if full == "scratch" else tmp_path) / "scratch"
        for folder in (out, bench.scratch):
            shutil.rmtree(folder, ignore_errors=True)
        out.mkdir()
        bench.scratch.mkdir()
        (small_disk / "others").write_bytes(bytes(shutil.disk_usage(small_disk).free - room * KIB))
        first = bench.run(out)
        (small_disk / "others").unlink()
        refused += first.status == 1
        problem = ended_badly(first, Fault(0, "full"))
        if not problem and first.status == 1 and "no space left" not in first.output.lower():
            problem = first.output
        again = bench.run(out)
        problem = problem or (again.output if again.status else difference(bench.calm, product(out)))
        if problem:
            problems.append(f"{room} KiB: {problem}")
    bench.scratch = bench.folder / "scratch"
    assert not problems, "\n".join(problems)
    assert refused > 3


def while_it_waits(bench: Bench, folder: Path, out: Path, before: str, then: str) -> str:
    """A job on Ray: `before` is done when it begins to build, `then` once a task waits to be tried again; its log."""
    program = f"""
import sys, threading, time
from pathlib import Path
from pipelines import job
build, log = job.build, Path({str(folder / "log")!r})
def later():
    while "retry=1/" not in log.read_text():
        time.sleep(0.1)
    {then}
def go_first(*arguments):
    {before}
    threading.Thread(target=later, daemon=True).start()
    build(*arguments)
job.build = go_first
sys.exit(job.main({bench.arguments(out)} + ["workers=2"]))
"""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with (folder / "log").open("w") as log:
        command = [sys.executable, "-c", program]
        status = subprocess.run(command, stdout=log, stderr=log, cwd=ROOT, env=environment, timeout=300).returncode
    said = (folder / "log").read_text()
    assert status == 0, said
    assert "retry=1/3" in said and "retry=3/3" not in said
    return said


@pytest.mark.ray
def test_a_source_that_is_away_for_a_while_costs_no_record(bench: Bench, tmp_path: Path) -> None:
    """It goes between plan and build and comes back while the tasks wait to be tried again."""
    away = f"{bench.corpus}.away"
    go, come_back = f"Path({str(bench.corpus)!r}).rename({away!r})", f"Path({away!r}).rename({str(bench.corpus)!r})"
    while_it_waits(bench, tmp_path, tmp_path / "out", go, come_back)
    assert product(tmp_path / "out") == bench.calm


@pytest.mark.root
@pytest.mark.ray
def test_a_disk_that_is_freed_while_the_job_waits(bench: Bench, small_disk: Path, tmp_path: Path) -> None:
    out = small_disk / "out"
    others = small_disk / "others"
    fill = f"import shutil; Path({str(others)!r}).write_bytes(bytes(shutil.disk_usage({str(small_disk)!r}).free))"
    said = while_it_waits(bench, tmp_path, out, fill, f"Path({str(others)!r}).unlink()")
    assert "no space left on the device" in said
    assert product(out) == bench.calm
