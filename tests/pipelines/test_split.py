"""Plans and their shards belong together: whatever is broken off, and whoever comes late, two plans are never mixed."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.build import build_and_commit
from pipelines.job import main
from pipelines.planning.identity import IdentityError
from pipelines.sources.librispeech import LibriSpeech
from shards.layout import ShardName, split_folder
from shards.local_files import LocalFiles
from shards.record import read_record
from shards.schema import ShardError
from shards.storage import Storage
from shards.summary import SplitSummary, summarise_dataset, summarise_split
from shards.verify import verify
from tests.pipelines.corpora import SETTINGS, flac, librispeech, prepare, shards_of
from tests.shards.building import contents

AUDIO = {f"84-121-{number}": flac(0.2, number) for number in range(5)}
FIRST = ShardName("librispeech", "dev-clean", 0)


class KilledError(BaseException):
    """In place of SIGKILL: nothing catches it."""


def silent(line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A corpus, the same with other transcripts and one recording less, and a folder with the shards of both."""
    folder = tmp_path_factory.mktemp("two")
    old = librispeech(folder / "old", AUDIO)
    lines = "".join(f"84-121-{number} CORRECTED {number}\n" for number in range(4))
    new = librispeech(folder / "new", dict(list(AUDIO.items())[:4]), lines)
    shards_of(LibriSpeech(old), "dev-clean", folder / "out/old")
    shards_of(LibriSpeech(new), "dev-clean", folder / "out/new")
    return old, new, folder / "out"


def killed_rebuilds(corpus: Path, shards: Path, folder: Path) -> Iterator[Path]:
    """Copies of `shards`, on each of which a rebuild from `corpus` was killed one deletion later than on the last."""
    delete = LocalFiles.delete
    for moment in itertools.count():
        out, left = folder / str(moment), iter(range(moment))

        def dying(self: LocalFiles, path: str, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise KilledError
            delete(self, path)

        shutil.copytree(shards, out)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(LocalFiles, "delete", dying)
            try:
                prepare(LibriSpeech(corpus), "dev-clean", Storage(out), SETTINGS, rebuild=True, say=silent)
                return
            except KilledError:
                pass
        yield out


def test_a_rebuild_killed_anywhere_never_mixes_two_plans(two: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """The next job, whether or not it is told to rebuild, either is refused or ends as on an empty OUT."""
    old, new, shards = two
    calm = {old: contents(shards / "old"), new: contents(shards / "new")}
    for corpus in (old, new):
        refused = []
        for out in killed_rebuilds(new, shards / "old", tmp_path / corpus.parent.name):
            try:
                shards_of(LibriSpeech(corpus), "dev-clean", out)
                refused.append(False)
            except IdentityError:  # the other corpus's plan is still there
                refused.append(True)
                prepare(LibriSpeech(corpus), "dev-clean", Storage(out), SETTINGS, rebuild=True, say=silent)
                shards_of(LibriSpeech(corpus), "dev-clean", out)
            assert contents(out) == calm[corpus], out
        assert len(refused) > 12 and refused == sorted(refused, reverse=True)
        assert any(refused) == (corpus is new)


def test_a_job_that_a_rebuild_overtook_writes_nothing(two: tuple[Path, Path, Path], tmp_path: Path) -> None:
    old, new, shards = two
    late = prepare(LibriSpeech(old), "dev-clean", Storage(tmp_path), SETTINGS, say=silent).standing().missing
    prepare(LibriSpeech(new), "dev-clean", Storage(tmp_path), SETTINGS, rebuild=True, say=silent)
    planned = contents(tmp_path)
    for task in late:
        with pytest.raises(IdentityError, match=r"plan\.json: no longer the plan of this job"):
            build_and_commit(task)
    assert contents(tmp_path) == planned
    shards_of(LibriSpeech(new), "dev-clean", tmp_path)
    assert contents(tmp_path) == contents(shards / "new")


@pytest.mark.parametrize("moment", ["put_file", "replace"])
def test_a_job_overtaken_while_it_uploads_leaves_no_tar_over_a_committed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Not even one of the same length, which nothing but its bytes would tell from the right one."""
    audio = dict(list(AUDIO.items())[:2])
    old, new = (librispeech(tmp_path / word, audio, f"84-121-0 {word}\n84-121-1 {word}\n") for word in ("OLD", "NEW"))
    out, calm = tmp_path / "out", tmp_path / "calm"
    shards_of(LibriSpeech(new), "dev-clean", calm)
    (late,) = prepare(LibriSpeech(old), "dev-clean", Storage(out), SETTINGS, say=silent).standing().missing
    original = getattr(Storage, moment)

    def overtaken(self: Storage, *arguments: object, **options: object) -> None:
        monkeypatch.setattr(Storage, moment, original)
        prepare(LibriSpeech(new), "dev-clean", Storage(out), SETTINGS, rebuild=True, say=silent)
        shards_of(LibriSpeech(new), "dev-clean", out)
        assert contents(out) == contents(calm)
        original(self, *arguments, **options)

    monkeypatch.setattr(Storage, moment, overtaken)
    with pytest.raises(IdentityError, match="no longer the plan of this job"):
        build_and_commit(late)
    job = prepare(LibriSpeech(new), "dev-clean", Storage(out), SETTINGS, say=silent)
    assert [task.shard for task in job.standing().missing] == [FIRST]
    shards_of(LibriSpeech(new), "dev-clean", out)
    assert contents(out) == contents(calm)


def test_a_shard_of_another_plan_does_not_exist(
    two: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Committed by a job that a rebuild overtook between its last look and its commit."""
    _, new, shards = two
    out = tmp_path / "out"
    shutil.copytree(shards / "new", out)
    for path in (FIRST.tar, FIRST.parquet, FIRST.record):
        shutil.copy(shards / "old" / path, out / path)
    storage = Storage(out)
    assert verify(storage, "librispeech", ("dev-clean",), workers=1) == 1
    assert f"{out}/{FIRST.record}: was built by another plan: " in capsys.readouterr().out
    job = prepare(LibriSpeech(new), "dev-clean", storage, SETTINGS, say=silent)
    assert [task.shard for task in job.standing().missing] == [FIRST]
    with pytest.raises(ShardError, match="1 of 2 shards are not committed"):
        summarise_split(storage, "librispeech", "dev-clean")
    shards_of(LibriSpeech(new), "dev-clean", out)
    assert contents(out) == contents(shards / "new")


def test_a_tar_laid_over_a_committed_one_ends_no_job_well(two: tuple[Path, Path, Path], tmp_path: Path) -> None:
    _, new, shards = two
    shutil.copytree(shards / "new", tmp_path / "out")
    (tmp_path / "out" / FIRST.tar).write_bytes(b"another tar")
    with pytest.raises(ShardError, match=rf"{FIRST.tar}: has 11 bytes, its record says \d+; run make shards"):
        summarise_split(Storage(tmp_path / "out"), "librispeech", "dev-clean")
    shards_of(LibriSpeech(new), "dev-clean", tmp_path / "out")
    assert contents(tmp_path / "out") == contents(shards / "new")


def test_an_older_record_that_names_no_plan_is_of_any(two: tuple[Path, Path, Path], tmp_path: Path) -> None:
    old, _, shards = two
    shutil.copytree(shards / "old", tmp_path / "out")
    storage = Storage(tmp_path / "out")
    record = read_record(storage, FIRST)
    assert record is not None and record.plan is not None
    storage.replace(FIRST.record, replace(record, plan=None).encode())
    assert prepare(LibriSpeech(old), "dev-clean", storage, SETTINGS, say=silent).standing().missing == []


def test_a_plan_that_was_edited_is_refused(two: tuple[Path, Path, Path], tmp_path: Path) -> None:
    old, _, shards = two
    shutil.copytree(shards / "old", tmp_path / "out")
    path = tmp_path / "out" / split_folder("librispeech", "dev-clean") / "plan/plan.json"
    for text, error in ((path.read_text() + "\n", IdentityError), ("[]", ShardError), ("{", ShardError)):
        path.write_text(text)
        with pytest.raises(error, match="REBUILD=1"):
            prepare(LibriSpeech(old), "dev-clean", Storage(tmp_path / "out"), SETTINGS, say=silent)


def test_a_mistyped_split_costs_no_other_its_shards(
    two: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, _, shards = two
    out = tmp_path / "out"
    shutil.copytree(shards / "old", out)
    given = ["dataset=librispeech", f"source={old}", f"out={out}", "rebuild=1"]
    assert main([*given, "split=dev-clean,dve-clean"]) == 1
    assert "no split 'dve-clean'" in capsys.readouterr().err
    assert contents(out) == contents(shards / "old")


def test_what_killed_jobs_left_half_written_is_swept(two: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """A kill can come while OUT is probed, while dataset.json is written, or inside the split."""
    old, _, shards = two
    out = tmp_path / "out"
    shutil.copytree(shards / "old", out)
    for folder in ("", "librispeech", "librispeech/dev-clean", "librispeech/dev-clean/plan"):
        (out / folder / ".tmp-0123").write_bytes(b"half")
    others = out / "of-somebody-else/.tmp-4567"
    others.parent.mkdir()
    others.write_bytes(b"half")
    given = ["dataset=librispeech", f"source={old}", f"out={out}", "split=dev-clean", "shard_samples=2"]
    assert main(given) == 0
    assert contents(out) == {**contents(shards / "old"), "of-somebody-else/.tmp-4567": b"half"}


ONE_A_SHARD = {**SETTINGS, "shard_samples": 1}
SPLIT = ("librispeech", "dev-clean")


def rebuilt(corpus: Path, out: Path) -> SplitSummary:
    """What another job gives that cuts smaller shards, from its REBUILD to its end."""
    job = prepare(LibriSpeech(corpus), "dev-clean", Storage(out), ONE_A_SHARD, rebuild=True, say=silent)
    for task in job.standing().missing:
        build_and_commit(task)
    return summarise_split(Storage(out), *SPLIT, job.plan)


def test_a_job_does_not_take_another_plan_s_split_for_its_own(two: tuple[Path, Path, Path], tmp_path: Path) -> None:
    old, _, shards = two
    shutil.copytree(shards / "old", tmp_path / "out")
    job = prepare(LibriSpeech(old), "dev-clean", Storage(tmp_path / "out"), SETTINGS, say=silent)
    assert job.whole() is not None
    rebuilt(old, tmp_path / "out")
    assert job.whole() is None
    with pytest.raises(IdentityError, match="no longer the plan of this job"):
        build_and_commit(job.standing().missing[0])
    with pytest.raises(ShardError, match="3 of 3 shards are not committed"):
        summarise_split(Storage(tmp_path / "out"), *SPLIT, job.plan)
    summarise_dataset(Storage(tmp_path / "out"), SPLIT[0])
    assert verify(Storage(tmp_path / "out"), *SPLIT[:1], SPLIT[1:], workers=1) == 0


@pytest.mark.parametrize("moment", ["index.parquet", "rejects.parquet", "split.json"])
def test_a_job_that_sums_up_late_spoils_no_rebuild(
    moment: str, two: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other job runs from its beginning to its end just before a file is written."""
    old, _, shards = two
    out = tmp_path / "out"
    shutil.copytree(shards / "old", out)
    (out / "librispeech/dev-clean/split.json").unlink()
    job = prepare(LibriSpeech(old), "dev-clean", Storage(out), SETTINGS, say=silent)
    put_file, replace_file, met = LocalFiles.put_file, LocalFiles.replace, []

    def meet(path: str) -> None:
        if path.endswith(f"dev-clean/{moment}") and not met:
            met.append(path)
            rebuilt(old, out)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            LocalFiles, "put_file", lambda self, a, path, move: (meet(path), put_file(self, a, path, move))[1]
        )
        patch.setattr(LocalFiles, "replace", lambda self, path, data: (meet(path), replace_file(self, path, data))[1])
        with pytest.raises(ShardError, match="no longer the plan of this job"):
            summarise_split(Storage(out), *SPLIT, job.plan)
    assert met
    assert rebuilt_again(old, out) == 5
    summarise_dataset(Storage(out), SPLIT[0])
    assert verify(Storage(out), *SPLIT[:1], SPLIT[1:], workers=1) == 0


def rebuilt_again(corpus: Path, out: Path) -> int:
    """How many shards the other job sums up when it is run once more, without REBUILD."""
    job = prepare(LibriSpeech(corpus), "dev-clean", Storage(out), ONE_A_SHARD, say=silent)
    assert job.standing().missing == []
    return summarise_split(Storage(out), *SPLIT, job.plan).shards


def test_a_job_puts_no_file_beside_the_plan_of_another(
    two: tuple[Path, Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is overtaken between its look at the plan and what it puts there, or deletes."""
    old, _, shards = two
    out = tmp_path / "out"
    shutil.copytree(shards / "old", out)
    listing, met = LocalFiles.list, []

    def late(self: LocalFiles, prefix: str, recursive: bool) -> dict[str, int]:
        if prefix.endswith("/plan") and not met:
            met.append(prefix)
            rebuilt(old, out)
        return listing(self, prefix, recursive)

    monkeypatch.setattr(LocalFiles, "list", late)
    with pytest.raises(ShardError, match="no longer the plan of this job"):
        prepare(LibriSpeech(old), "dev-clean", Storage(out), SETTINGS, say=silent)
    assert met
    summarise_dataset(Storage(out), SPLIT[0])
    assert verify(Storage(out), *SPLIT[:1], SPLIT[1:], workers=1) == 0


def test_totals_are_not_made_without_the_rejects_of_the_plan(tmp_path: Path) -> None:
    """A REBUILD of the same corpus deletes them while this job sums up, and its plan has the same name."""
    lines = "".join(f"84-121-{number} TEXT\n" for number in range(5)) + "84-121-9\n"
    corpus = librispeech(tmp_path, AUDIO, lines)
    shards_of(LibriSpeech(corpus), "dev-clean", tmp_path / "out")
    out = Storage(tmp_path / "out")
    out.delete("librispeech/dev-clean/split.json", "librispeech/dev-clean/plan/rejects.parquet")
    job = prepare(LibriSpeech(corpus), "dev-clean", out, SETTINGS, say=silent)
    out.delete("librispeech/dev-clean/plan/rejects.parquet")
    with pytest.raises(ShardError, match=r"rejects\.parquet: is missing or damaged: it holds 0 rejects, .* says 1"):
        summarise_split(out, *SPLIT, job.plan)
    job = prepare(LibriSpeech(corpus), "dev-clean", out, SETTINGS, say=silent)
    assert summarise_split(out, *SPLIT, job.plan).totals.rejects == {"audio_missing": 1}
