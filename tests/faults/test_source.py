"""The corpus goes away, or cannot be read, at every moment of a job; no record is lost by it.

A sample of the moments is tried by default, of corpora that are read in different ways; with FAULTS=all, all of them.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from pipelines import catalogue
from tests.faults.disk import VANISHING, Fault, come_back
from tests.faults.runs import ALL, JobServer, Run, difference, ended_badly, product
from tests.pipelines.sources.fixtures import FIXTURES, WAYS

pytestmark = pytest.mark.slow

SAMPLED = 3  # moments of each corpus that the everyday run tries


@pytest.mark.parametrize("name", sorted(catalogue.sources()) if ALL else WAYS)
def test_whenever_the_corpus_is_away_no_record_is_lost(jobs: JobServer, tmp_path: Path, name: str) -> None:
    corpus, scratch, out = FIXTURES[name](tmp_path / "corpora"), tmp_path / "scratch", tmp_path / "out"
    source = corpus.source.absolute()
    scratch.mkdir()

    def run(fault: Fault | None = None) -> Run:
        roots = ",".join(f"{root}={path}" for root, path in corpus.roots.items())
        given = [f"dataset={name}", f"source={source}", f"roots={roots}", f"out={out}"]
        given += [f"split={','.join(corpus.records)}", "shard_samples=1", "max_reject_ratio=1"]
        given += [f"{key}={value}" for key, value in corpus.told.items()]
        return jobs.run(given, {"TMPDIR": str(scratch)}, (source,), fault)

    whole = run()
    assert whole.status == 0, whole.output
    calm = product(out)
    moments = [Fault(number, how) for number in range(len(whole.operations)) for how in ("fail", *VANISHING)]
    problems = []
    for fault in moments if ALL else random.Random(name).sample(moments, SAMPLED):
        shutil.rmtree(out, ignore_errors=True)
        first = run(fault)
        come_back(source)
        problem = ended_badly(first, fault)
        if not problem and first.status == 0:
            problem = difference(calm, product(out))
        if not problem and first.status != 0:
            again = run()
            problem = again.output if again.status else difference(calm, product(out))
        if problem:
            problems.append(f"{fault.how} at {fault.number}: {whole.operations[fault.number]}: {problem}")
    print(f"{name}: {len(whole.operations)} operations, {len(moments)} moments")
    assert not problems, f"{len(problems)} of {len(moments)} moments:\n" + "\n".join(problems)
