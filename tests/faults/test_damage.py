"""What a disk does to a job beside failing: it fills up, or keeps half of a file under its final name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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
    assert len(documents) == 5
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


@pytest.mark.ray
def test_a_source_that_is_away_for_a_while_costs_no_record(bench: Bench, tmp_path: Path) -> None:
    """It goes between plan and build and comes back while the tasks wait to be tried again."""
    program = f"""
import sys, threading, time
from pathlib import Path
from pipelines import job
build, source, away = job.build, Path({str(bench.corpus)!r}), Path({str(bench.corpus) + ".away"!r})
def come_back():
    while "retry=1/" not in log.read_text():
        time.sleep(0.1)
    away.rename(source)
def go_first(*arguments):
    source.rename(away)
    threading.Thread(target=come_back).start()
    build(*arguments)
job.build, log = go_first, Path({str(tmp_path / "log")!r})
sys.exit(job.main({bench.arguments(tmp_path / "out")} + ["workers=2"]))
"""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with (tmp_path / "log").open("w") as log:
        command = [sys.executable, "-c", program]
        status = subprocess.run(command, stdout=log, stderr=log, cwd=ROOT, env=environment, timeout=300).returncode
    said = (tmp_path / "log").read_text()
    assert status == 0, said
    assert "retry=1/3" in said and "retry=3/3" not in said
    assert product(tmp_path / "out") == bench.calm
