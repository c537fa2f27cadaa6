"""Every storage operation of a job on a disk goes wrong in turn, in every way; run again, the job gives the same bytes.

A sample of the moments is tried by default, all of them with FAULTS=all.
"""

from __future__ import annotations

import hashlib
import random
import re
import shutil
from pathlib import Path

import pytest

from shards.local_files import TEMPORARY
from shards.scratch import PREFIX
from tests.faults.disk import Fault, faults_of
from tests.faults.runs import ALL, JobServer, Run, difference, ended_badly, product, refused, two_corpora

pytestmark = pytest.mark.slow

SAMPLED = 20  # moments of each kind of job that the everyday run tries


class Bench:
    """A corpus, another version of it, and the shards that undisturbed jobs made of both."""

    def __init__(self, server: JobServer, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.corpora = two_corpora(folder)
        self.calm = {}
        for name in self.corpora:
            run = self.run(name, self.calm_out(name))
            assert run.status == 0, run.output
            self.calm[name] = product(self.calm_out(name))

    def calm_out(self, corpus: str) -> Path:
        return self.folder / f"calm-{corpus}"

    def run(self, corpus: str, out: Path, *more: str, fault: Fault | None = None) -> Run:
        """One job, its scratch folders beside OUT."""
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        given = ["dataset=librispeech", f"source={self.corpora[corpus]}", "split=dev-clean", f"out={out}"]
        given += ["shard_samples=2", "max_reject_ratio=1", *more]
        run = self.server.run(given, {"TMPDIR": str(scratch)}, (out, scratch), fault)
        if fault is None:
            assert not list(scratch.iterdir()), run.output
        return run

    def left(self, out: Path) -> str:
        """A digest of all that lies in OUT and the scratch folders; names drawn by chance and times count for none."""
        found = []
        for path in (*out.rglob("*"), *(self.folder / "scratch").rglob("*")):
            name = re.sub(rf"{TEMPORARY}\w+|{PREFIX}\w+|/tmp\w+|runs/[\w-]+", "~", str(path))
            data = path.read_bytes() if path.is_file() and "runs" not in path.parts else b""
            found.append((name, path.is_dir(), hashlib.sha256(data).hexdigest()))
        return hashlib.sha256(repr(sorted(found)).encode()).hexdigest()


@pytest.fixture(scope="module")
def bench(jobs: JobServer, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(jobs, tmp_path_factory.mktemp("disk"))


# What lies in OUT before, what the job that goes wrong builds from, and how.
JOBS = {
    "build": (None, "old", ()),
    "run again": ("old", "old", ()),
    "rebuild": ("old", "new", ("rebuild=1",)),
    "rebuild the same": ("old", "old", ("rebuild=1",)),
}


@pytest.mark.parametrize("kind", list(JOBS))
def test_whatever_goes_wrong_the_bytes_are_the_same(bench: Bench, kind: str) -> None:
    before, corpus, how = JOBS[kind]
    out = bench.folder / "out"

    def start_over() -> None:
        for folder in (out, bench.folder / "scratch"):
            shutil.rmtree(folder, ignore_errors=True)
        if before is not None:
            shutil.copytree(bench.calm_out(before), out)

    start_over()
    whole = bench.run(corpus, out, *how)
    assert whole.status == 0, whole.output
    assert product(out) == bench.calm[corpus]
    moments = [Fault(number, fault) for number, said in enumerate(whole.operations) for fault in faults_of(said)]
    problems, mended = list[str](), set[str]()
    for fault in moments if ALL else random.Random(kind).sample(moments, SAMPLED):
        start_over()
        first = bench.run(corpus, out, *how, fault=fault)
        what = f"{fault.how} at {fault.number}: {whole.operations[fault.number]}"
        problem = ended_badly(first, fault)
        if not problem and first.status == 0:
            problem = difference(bench.calm[corpus], product(out))
        left = bench.left(out)
        if not problem and left not in mended:  # from equal files a job goes on in the same way
            problem = mended_badly(bench, corpus, out, how)
            mended.add(left)
        if problem:
            problems.append(f"{what}: {problem}")
            print(problems[-1], flush=True)
    print(
        f"{kind}: {len(whole.operations)} operations, {len(moments)} moments, {len(mended)} different remains",
        flush=True,
    )
    assert not problems, f"{len(problems)} of {len(moments)} moments:\n" + "\n".join(problems)


def mended_badly(bench: Bench, corpus: str, out: Path, how: tuple[str, ...]) -> str | None:
    """What is wrong after the job was run again until it ended."""
    again = bench.run(corpus, out)
    if refused(again) and how:
        again = bench.run(corpus, out, *how)  # killed before its plan was in place: the old one's is there
    if again.status != 0:
        return f"run again, it ends with {again.status}: {again.output}"
    return difference(bench.calm[corpus], product(out))


def test_the_numbers_are_the_same_in_every_run(bench: Bench) -> None:
    """Else a moment would be tried twice and another never."""
    counts = set()
    for number in range(2):
        run = bench.run("old", bench.folder / f"counted-{number}")
        counts.add(tuple(said.partition(" ")[0] for said in run.operations))
    assert len(counts) == 1
