"""Every request of a job to a bucket goes wrong in turn, in every way; run again, the job gives the same bytes.

A sample of the moments is tried by default, all of them with FAULTS=all. The bucket is moto's, over HTTP, behind a
proxy that kills the job before or after a request took effect, drops the connection, or answers 503.
"""

from __future__ import annotations

import os
import queue
import random
import re
import signal
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import s3fs

from tests.faults.disk import Fault
from tests.faults.proxy import TRANSIENT, Proxy, Request, proxy_before
from tests.faults.runs import ALL, JobServer, Run, difference, ended_badly, refused, two_corpora

pytestmark = pytest.mark.slow

SAMPLED = 4  # moments of each kind of job that the everyday run tries
CHANGING = ("kill before", "kill after", "drop before", "drop after", "slow down")
READING = ("drop before", "slow down", "short body")
BUCKET = "faults"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class Bench:
    """Two versions of a corpus, and the shards that undisturbed jobs made of both."""

    def __init__(self, server: JobServer, proxy: Proxy, endpoint: str, folder: Path) -> None:
        self.server, self.proxy, self.folder = server, proxy, folder
        # The bucket is looked at directly, not through the proxy.
        self.bucket = s3fs.S3FileSystem(endpoint_url=endpoint, use_listings_cache=False, skip_instance_cache=True)
        self.bucket.mkdir(BUCKET)
        self.corpora: dict[str, Path | str] = dict(two_corpora(folder))
        self.bucket.put(str(self.corpora["old"]), f"{BUCKET}/corpora/LibriSpeech", recursive=True)
        self.calm: dict[str, dict[str, bytes]] = {}
        for name in ("old", "new"):
            run = self.run(name, f"calm-{name}")
            assert run.status == 0, run.output
            self.calm[name] = self.product(f"calm-{name}")
        self.corpora["old, in the bucket"] = f"s3://{BUCKET}/corpora/LibriSpeech"

    def product(self, out: str) -> dict[str, bytes]:
        """Every object below OUT but the run logs."""
        start = len(f"{BUCKET}/{out}/")
        found = [path for path in self.bucket.find(f"{BUCKET}/{out}") if "/runs/" not in path]
        return {path[start:]: self.bucket.cat_file(path) for path in found}

    def left(self, out: str) -> str:
        """All that lies in OUT; names drawn by chance and times count for none."""
        found = self.bucket.find(f"{BUCKET}/{out}", detail=True).values()
        named = [(info["Key"].removeprefix(f"{BUCKET}/{out}/"), info["ETag"]) for info in found]
        by_chance = re.compile(r"(^|/)(\.tmp-|runs/).*")
        return repr(sorted(("", "") if by_chance.search(name) else (name, tag) for name, tag in named))

    def fill(self, out: str, product: dict[str, bytes]) -> None:
        """Lay a product into an empty OUT."""
        if product:
            self.bucket.pipe({f"{BUCKET}/{out}/{path}": data for path, data in product.items()})

    def clear(self, out: str) -> None:
        """Delete an OUT, which a job that was killed at once may not even have made."""
        if self.bucket.exists(f"{BUCKET}/{out}"):
            self.bucket.rm(f"{BUCKET}/{out}", recursive=True)

    def run(
        self,
        corpus: str,
        out: str,
        *more: str,
        fault: Fault | None = None,
        choose: Callable[[Request], str] = lambda request: "",
    ) -> Run:
        """One job, with the fault at the request of its number, or with what is chosen for each."""
        victim: queue.Queue[int] = queue.Queue()
        self.proxy.calm()
        self.proxy.kill = lambda: os.kill(victim.get(timeout=60), signal.SIGKILL)
        self.proxy.choose = choose
        if fault is not None:
            self.proxy.choose = lambda request: fault.how if request.number == fault.number else ""
        given = ["dataset=librispeech", f"source={self.corpora[corpus]}", "split=dev-clean"]
        given += [f"out=s3://{BUCKET}/{out}", "shard_samples=2", "max_reject_ratio=1", *more]
        environment = CREDENTIALS | {"TMPDIR": str(self.folder), "AWS_ENDPOINT_URL": self.proxy.url}
        run = self.server.run(given, environment, started=victim.put)
        asked = tuple(f"{request.method} {request.path}" for request in self.proxy.requests)
        return Run(run.status, run.output, asked)


@pytest.fixture(scope="module")
def bench(jobs: JobServer, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with pytest.MonkeyPatch.context() as patch, proxy_before(endpoint) as proxy:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield Bench(jobs, proxy, endpoint, tmp_path_factory.mktemp("bucket"))


JOBS = {
    "build": (None, "old", ()),
    "run again": ("old", "old", ()),
    "rebuild": ("old", "new", ("rebuild=1",)),
    "rebuild the same": ("old", "old", ("rebuild=1",)),
}


@pytest.mark.parametrize("kind", list(JOBS))
def test_whatever_goes_wrong_the_bytes_are_the_same(bench: Bench, kind: str) -> None:
    before, corpus, how = JOBS[kind]

    def fresh() -> str:
        out = uuid.uuid4().hex
        bench.fill(out, bench.calm[before] if before else {})
        return out

    out = fresh()
    whole = bench.run(corpus, out, *how)
    assert whole.status == 0, whole.output
    assert bench.product(out) == bench.calm[corpus]
    moments = [
        Fault(number, fault)
        for number, said in enumerate(whole.operations)
        for fault in (READING if said.startswith(("GET ", "HEAD ")) else CHANGING)
    ]
    problems, mended = list[str](), set[str]()
    for fault in moments if ALL else random.Random(kind).sample(moments, SAMPLED):
        out = fresh()
        first = bench.run(corpus, out, *how, fault=fault)
        what = f"{fault.how} at {fault.number}: {whole.operations[fault.number]}"
        problem = ended_badly(first, fault)
        if not problem and fault.how.startswith("kill"):
            if (left := bench.left(out)) not in mended:  # from equal objects a job goes on in the same way
                problem = mended_badly(bench, corpus, out, how)
                mended.add(left)
        elif not problem:
            # One fault of the network is no reason to give up.
            problem = first.output if first.status else difference(bench.calm[corpus], bench.product(out))
        if problem:
            problems.append(f"{what}: {problem}")
            print(problems[-1], flush=True)
        bench.clear(out)
    print(
        f"{kind}: {len(whole.operations)} requests, {len(moments)} moments, {len(mended)} different remains", flush=True
    )
    assert not problems, f"{len(problems)} of {len(moments)} moments:\n" + "\n".join(problems)


def mended_badly(bench: Bench, corpus: str, out: str, how: tuple[str, ...]) -> str | None:
    """What is wrong after the job was run again until it ended."""
    again = bench.run(corpus, out)
    if refused(again) and how:
        again = bench.run(corpus, out, *how)  # killed before its plan was in place: the old one's is there
    if again.status != 0:
        return f"run again, it ends with {again.status}: {again.output}"
    return difference(bench.calm[corpus], bench.product(out))


# Of every kind of failure together, and of each by itself.
KINDS = {"each": TRANSIENT, **{kind: (kind,) for kind in TRANSIENT}}


@pytest.mark.parametrize("corpus", ["old", "old, in the bucket"])
@pytest.mark.parametrize("kind", KINDS if ALL else ["each", "drop after"])
@pytest.mark.parametrize("seed", range(8 if ALL else 1))
def test_at_a_fifth_of_all_requests_failing_the_bytes_are_the_same(
    bench: Bench, seed: int, kind: str, corpus: str
) -> None:
    """In one job without being run again."""
    dice, out = random.Random(seed), uuid.uuid4().hex
    befallen = Counter[str]()

    def choose(request: Request) -> str:
        fault = dice.choice(KINDS[kind]) if dice.random() < 0.2 else ""
        befallen[fault] += 1
        return fault

    run = bench.run(corpus, out, choose=choose)
    assert run.status == 0, run.output
    assert bench.product(out) == bench.calm["old"]
    assert befallen.total() - befallen[""] >= 10, befallen
    bench.clear(out)
