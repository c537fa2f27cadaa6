"""Plans made by actors are those made here, whoever dies on the way."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.planning.planner import Planner, PlanTask, planners
from pipelines.record import Record, Reject
from pipelines.source import EmptySplitError, SourceError
from pipelines.sources.librispeech import LibriSpeech
from shards.local_ray import TaskLostError
from shards.scratch import PREFIX
from shards.storage import Storage
from tests.pipelines.corpora import SETTINGS, flac, librispeech
from tests.shards.building import contents

AUDIO = {f"84-121-{number}": flac(0.2, number) for number in range(5)}
SPLITS = ("dev-clean", "test-clean")


class Deadly(LibriSpeech):
    """Kills the process that reads it, `deaths` times; or is gone, or empty."""

    deaths = 0
    failure: Exception | None = None

    def read(self, split: str) -> Iterator[Record | Reject]:
        for number, item in enumerate(super().read(split)):
            if number == 2:
                if self.failure is not None:
                    raise self.failure
                died = len(list(self.root.parent.glob("died-*")))
                if died < self.deaths:
                    (self.root.parent / f"died-{died}").touch()
                    os.kill(os.getpid(), signal.SIGKILL)
            yield item


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    root = librispeech(folder, AUDIO)
    (root / SPLITS[1]).symlink_to(root / SPLITS[0])
    return root


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a Ray head with two cores."""
    pytest.importorskip("ray")
    from shards.local_ray import ray_options

    options = ray_options(2)
    import ray

    head = ray.init(**options)
    yield head.address_info["gcs_address"]
    ray.shutdown()


def tasks(source: LibriSpeech, out: Path) -> list[PlanTask]:
    return [PlanTask(source, split, True, SETTINGS, Storage(out), rebuild=False) for split in SPLITS]


def scratch_folders() -> set[str]:
    """The folders of drafts on this machine."""
    return {path.name for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*") if list(path.glob("*/*.parquet"))}


def planned_here(source: LibriSpeech, out: Path) -> dict[str, bytes]:
    for task in tasks(source, out):
        planner = Planner(task)
        planner.draft()
        planner.put_in_place()
    return contents(out)


def test_a_draft_leaves_out_alone_and_its_files_go(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    out = Storage(tmp_path / "out")
    planner = Planner(PlanTask(LibriSpeech(corpus), SPLITS[0], True, SETTINGS, out, rebuild=False))
    assert planner.draft().startswith("librispeech/dev-clean: 5 records in 3 shards")
    assert not (tmp_path / "out").exists()
    assert len(scratch_folders()) == 1
    job = planner.put_in_place()
    assert not scratch_folders()
    assert len(job.shard_seconds) == job.document["shards"] == 3
    assert job.shard_seconds == tuple([2 * LibriSpeech.mean_seconds] * 2 + [LibriSpeech.mean_seconds])
    assert [task.seconds for task in job.standing().missing] == list(job.shard_seconds)


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.parametrize("deaths", [0, 2])
def test_actors_plan_as_this_process_does(
    corpus: Path, cluster: str, deaths: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster)
    source = Deadly(corpus)
    source.deaths = deaths
    with planners(tasks(source, tmp_path / "out")) as crew:
        said = dict(crew.drafts())
        assert not (tmp_path / "out").exists()
        jobs = [crew.put_in_place(number) for number in range(2)]
    assert all(str(said[number]).startswith(f"librispeech/{split}: 5 records") for number, split in enumerate(SPLITS))
    assert [job.name for job in jobs] == [f"librispeech/{split}" for split in SPLITS]
    assert len(list(corpus.parent.glob("died-*"))) == deaths
    assert contents(tmp_path / "out") == planned_here(LibriSpeech(corpus), tmp_path / "here")


@pytest.mark.ray
@pytest.mark.slow
def test_what_an_actor_meets_is_told_as_if_it_were_here(
    corpus: Path, cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster)
    out = tmp_path / "out"
    for failure in (SourceError("librispeech: no such corpus"), OSError(5, "Input/output error", "x.trans.txt")):
        source = Deadly(corpus)
        source.failure = failure
        with planners(tasks(source, out)) as crew, pytest.raises(type(failure), match=str(failure.args[-1])):
            list(crew.drafts())
    before = scratch_folders()
    with planners(tasks(LibriSpeech(corpus), out)) as crew:
        assert len(list(crew.drafts())) == 2 and len(scratch_folders() - before) == 2
    assert not scratch_folders() - before  # nothing was put in place
    source = Deadly(corpus)
    source.failure = EmptySplitError("holds no records")
    with planners(tasks(source, out)) as crew:
        assert {number: type(said) for number, said in crew.drafts()} == dict.fromkeys(range(2), EmptySplitError)
    source = Deadly(corpus)
    source.deaths = 1000
    one = tasks(source, out)[:1]
    with planners(one) as crew, pytest.raises(TaskLostError, match="a worker died over"):
        list(crew.drafts())
    assert not out.exists()
