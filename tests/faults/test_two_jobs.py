"""Two jobs on one split at the same time, with and without REBUILD=1, on a disk and in a bucket, at random distances.

Each ends well or says in a line why not; the shards are those of one plan, and after one more job they are right.
A few meetings are tried by default, many with FAULTS=all.
"""

from __future__ import annotations

import random
import shutil
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import s3fs

from tests.faults.runs import ALL, JobServer, Run, difference, job_server, product, two_corpora

pytestmark = pytest.mark.slow

MEETINGS = 60 if ALL else 1
DISTANCE_SECONDS = 0.4  # at most, from start to start: about what a job takes
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
BUCKET = "two-jobs"
PAIRS = {
    "both plain": (("old", ()), ("old", ())),
    "both rebuild": (("old", ("rebuild=1",)), ("old", ("rebuild=1",))),
    "one rebuilds": (("old", ()), ("old", ("rebuild=1",))),
    "one rebuilds from another version": (("old", ()), ("new", ("rebuild=1",))),
    "both rebuild from two versions": (("old", ("rebuild=1",)), ("new", ("rebuild=1",))),
}


@pytest.fixture(scope="module")
def other_jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JobServer]:
    """A second server that forks jobs."""
    with job_server(tmp_path_factory.mktemp("other-job-server")) as server:
        yield server


class Bench:
    """Two versions of a corpus, the shards of both, and an OUT that two jobs work on."""

    def __init__(self, servers: tuple[JobServer, JobServer], folder: Path, endpoint: str) -> None:
        self.servers, self.folder, self.endpoint = servers, folder, endpoint
        self.corpora = two_corpora(folder)
        self.bucket = s3fs.S3FileSystem(endpoint_url=endpoint, use_listings_cache=False, skip_instance_cache=True)
        self.bucket.mkdir(BUCKET)
        self.calm = {}
        for name in self.corpora:
            run = self.run(servers[0], name, str(folder / f"calm-{name}"))
            assert run.status == 0, run.output
            self.calm[name] = product(folder / f"calm-{name}")

    def run(self, server: JobServer, corpus: str, out: str, *how: str) -> Run:
        """One job."""
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        given = ["dataset=librispeech", f"source={self.corpora[corpus]}", "split=dev-clean", f"out={out}"]
        environment = CREDENTIALS | {"TMPDIR": str(scratch), "AWS_ENDPOINT_URL": self.endpoint}
        return server.run([*given, "shard_samples=2", "max_reject_ratio=1", *how], environment)

    def product(self, out: str) -> dict[str, str]:
        """All that lies in OUT, but the run logs."""
        if not out.startswith("s3://"):
            return product(Path(out))
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        self.bucket.get(f"{out.removeprefix('s3://')}/", f"{copy}/", recursive=True)
        return product(copy)


@pytest.fixture(scope="module")
def bench(
    jobs: JobServer, other_jobs: JobServer, endpoint: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield Bench((jobs, other_jobs), tmp_path_factory.mktemp("two-jobs"), endpoint)


def told(run: Run) -> bool:
    """Whether a job that failed said so as to a user."""
    return run.status == 1 and "\nerror: " in run.output and "Traceback" not in run.output


@pytest.mark.parametrize("where", ["disk", "bucket"])
@pytest.mark.parametrize("pair", list(PAIRS))
def test_two_jobs_at_once_leave_the_shards_of_one(bench: Bench, pair: str, where: str) -> None:
    dice, problems, failures = random.Random(f"{pair} {where}"), list[str](), 0
    for _ in range(MEETINGS if where == "disk" else -(-MEETINGS // 4)):
        name = uuid.uuid4().hex
        out = str(bench.folder / name) if where == "disk" else f"s3://{BUCKET}/{name}"
        if dice.random() < 0.5:
            assert bench.run(bench.servers[0], "old", out).status == 0
        waits = [0.0, dice.uniform(0, DISTANCE_SECONDS)]
        dice.shuffle(waits)

        def late(number: int, out: str = out, waits: list[float] = waits) -> Run:
            time.sleep(waits[number])
            corpus, how = PAIRS[pair][number]
            return bench.run(bench.servers[number], corpus, out, *how)

        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(late, range(2)))
        found = [run.output for run in runs if not (run.status == 0 or told(run))]
        failures += sum(run.status != 0 for run in runs)
        versions = {corpus for corpus, _ in PAIRS[pair]}
        if all(run.status == 0 for run in runs) and bench.product(out) not in [bench.calm[each] for each in versions]:
            found.append(
                "both ended well: "
                + "; ".join(f"{each}: {difference(bench.calm[each], bench.product(out))}" for each in versions)
            )
        elif pair == "both plain" and any(run.status for run in runs):
            found += [run.output for run in runs]
        for corpus in sorted(versions):
            last = bench.run(bench.servers[0], corpus, out)
            if last.status == 0:
                break
        if last.status or bench.product(out) != bench.calm[corpus]:
            found.append(f"after one more job: {last.output} {difference(bench.calm[corpus], bench.product(out))}")
        problems += [f"distance {waits}: {problem}" for problem in found]
    print(f"{pair} on {where}: {failures} jobs said that another one was in their way")
    assert not problems, "\n".join(problems)
