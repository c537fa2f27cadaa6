"""Whatever was damaged comes back byte for byte, or it is said why not; nothing is passed off as the old."""

from __future__ import annotations

import itertools
import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines import forget, repair
from pipelines.sources.librispeech import LibriSpeech
from shards.layout import ShardName, dataset_path, plan_path, split_path
from shards.local_files import LocalFiles
from shards.record import file_in_place, read_record
from shards.sample import canonical_json
from shards.storage import Storage
from shards.summary import summarise_dataset, summarise_split
from shards.verify import verify
from tests.pipelines.corpora import flac, librispeech, shards_of
from tests.shards.building import contents

IDS = tuple(f"84-121-{number}" for number in range(7))
SHARDS = tuple(ShardName("librispeech", "dev-clean", number) for number in range(4))


class KilledError(BaseException):
    """In place of SIGKILL: nothing catches it."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A corpus with a reject, and its shards."""
    folder = tmp_path_factory.mktemp("made")
    audio = {name: flac(0.2 + place / 20, place) for place, name in enumerate(IDS)}
    corpus = librispeech(folder, audio | {"84-121-9": flac(0.2)}, "".join(f"{name} A TONE\n" for name in IDS))
    shards_of(LibriSpeech(corpus), "dev-clean", folder / "out")
    return corpus, folder / "out"


@pytest.fixture
def corpus(made: tuple[Path, Path], tmp_path: Path) -> Path:
    """A copy that a test may change."""
    shutil.copytree(made[0], tmp_path / "LibriSpeech")
    return tmp_path / "LibriSpeech"


@pytest.fixture
def out(made: tuple[Path, Path], tmp_path: Path) -> Path:
    """Shards that a test may damage."""
    shutil.copytree(made[1], tmp_path / "out")
    return tmp_path / "out"


def run(corpus: Path, out: Path, *more: str) -> int:
    """The command."""
    return repair.main(["dataset=librispeech", f"source={corpus}", f"out={out}", "shard_samples=2", *more])


def flip(path: Path, place: int | None = None) -> None:
    """Change one bit in the middle, or at `place`."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if place is None else place] ^= 1
    path.write_bytes(data)


def test_every_damaged_or_missing_file_comes_back(corpus: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, dice = contents(out), random.Random(5)
    assert run(corpus, out, "split=dev-clean") == 0
    assert "0 of them repaired: all true" in capsys.readouterr().out
    for name, data in before.items():
        for damage in ("flip", "cut", "delete"):
            if damage == "flip":
                flip(out / name, dice.randrange(len(data)))
            elif damage == "cut":
                (out / name).write_bytes(data[: len(data) // 2])
            else:
                (out / name).unlink()
            status = run(corpus, out)
            printed = capsys.readouterr()
            assert status == 0, (name, damage, printed.err)
            assert contents(out) == before, (name, damage)
    assert run(corpus, out) == 0


@pytest.mark.slow
@pytest.mark.ray
def test_all_at_once_on_ray(corpus: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repair, "FEW_SHARDS", 1)
    before = contents(out)
    flip(out / SHARDS[0].tar)
    (out / SHARDS[1].tar).write_bytes(b"")
    (out / SHARDS[2].parquet).unlink()
    flip(out / SHARDS[3].record)
    flip(out / "librispeech/dev-clean/index.parquet")
    flip(out / "librispeech/dev-clean/plan/records-00000.parquet")
    assert run(corpus, out, "workers=2") == 0
    assert contents(out) == before


def test_swapped_files(corpus: Path, out: Path) -> None:
    before = contents(out)
    for kinds in (("tar",), ("parquet",), ("record",), ("tar", "parquet", "record")):
        for kind in kinds:
            one, two = (out / getattr(shard, kind) for shard in SHARDS[:2])
            one.write_bytes(before[getattr(SHARDS[1], kind)])
            two.write_bytes(before[getattr(SHARDS[0], kind)])
        assert run(corpus, out) == 0
        assert contents(out) == before, kinds


def test_a_record_that_lies_is_told_from_shards_that_do(
    corpus: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its checksum is right, its files are those of the corpus: split.json tells that the record was edited."""
    before = contents(out)
    record = read_record(Storage(out), SHARDS[1])
    assert record is not None
    (out / SHARDS[1].record).write_bytes(replace(record, tar=replace(record.tar, sha256="0" * 64)).encode())
    assert run(corpus, out) == 0
    assert f"{SHARDS[1]}: restored, with its record, with the hash of all records" in capsys.readouterr().out
    assert contents(out) == before


def test_an_edited_sample_with_all_that_vouches_for_it(
    corpus: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tar, record and totals were made to agree: nothing promises the old bytes any more, and that is said."""
    storage, shard = Storage(out), SHARDS[0]
    tar = (out / shard.tar).read_bytes()
    (out / shard.tar).write_bytes(tar.replace(b"A TONE", b"A LIE!"))
    record = read_record(storage, shard)
    assert record is not None
    found = file_in_place(storage, shard.tar)
    assert found is not None
    storage.replace(shard.record, replace(record, tar=found).encode())
    storage.delete(split_path("librispeech", "dev-clean"))
    summarise_split(storage, "librispeech", "dev-clean")
    summarise_dataset(storage, "librispeech")
    edited = contents(out)
    assert run(corpus, out) == 1
    said = capsys.readouterr().err
    assert f"{shard}: SOURCE no longer gives the bytes that its record promises" in said and "REBUILD=1" in said
    assert contents(out) == edited


@pytest.mark.parametrize("change", ["audio", "audio gone", "text"])
def test_a_source_that_has_changed_is_told_and_nothing_is_overwritten(
    corpus: Path, out: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    chapter = corpus / "dev-clean/84/121"
    if change == "text":
        (chapter / "84-121.trans.txt").write_text("".join(f"{name} ANOTHER TONE\n" for name in IDS))
    for name in IDS:
        path = chapter / f"{name}.flac"
        if change == "audio":
            path.write_bytes(flac(0.33, 99))
        elif change == "audio gone":
            path.unlink()
    flip(out / SHARDS[2].tar)
    if change == "text":  # the plan's own copy of the text still stands for the shard
        flip(out / "librispeech/dev-clean/plan/records-00000.parquet")
    damaged = contents(out)
    assert run(corpus, out) == 1
    said = capsys.readouterr().err
    expected = {
        "audio": f"{SHARDS[2]}: SOURCE no longer gives the bytes that its record promises (2 of 2 samples, the first "
        "is librispeech-dev-clean-84-121-",
        "audio gone": f"{SHARDS[2]}: cannot be built: ",
        "text": "the corpus's records: 7 → 7, fingerprint changed",
    }[change]
    assert expected in said
    assert contents(out) == damaged


def test_with_nothing_left_that_promises_anything(corpus: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Record, split.json and dataset.json are gone: what the corpus gives is taken, and called no more than that."""
    before = contents(out)
    for path in (SHARDS[0].record, split_path("librispeech", "dev-clean"), dataset_path("librispeech")):
        (out / path).unlink()
    assert run(corpus, out) == 0
    said = capsys.readouterr().out
    assert f"{SHARDS[0]}: restored, with its record, as the corpus gives it: no record, and no split.json" in said
    assert contents(out) == before


def test_a_lost_record_of_a_changed_source_is_not_taken(
    corpus: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (out / SHARDS[0].record).unlink()
    for name in IDS:
        (corpus / f"dev-clean/84/121/{name}.flac").write_bytes(flac(0.33, 99))
    damaged = contents(out)
    assert run(corpus, out) == 1
    assert "split.json does not confirm what SOURCE gives now" in capsys.readouterr().err
    assert contents(out) == damaged


def test_a_lost_plan_needs_the_settings_that_it_had(
    corpus: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(out)
    (out / plan_path("librispeech", "dev-clean")).unlink()
    assert run(corpus, out, "shard_samples=3") == 1
    assert "pass SHARD_MB, SHARD_SAMPLES and the like as they were" in capsys.readouterr().err
    assert run(corpus, out) == 0
    assert contents(out) == before


def test_totals_that_were_edited(corpus: Path, out: Path) -> None:
    before = contents(out)
    for path in (split_path("librispeech", "dev-clean"), dataset_path("librispeech")):
        document = json.loads(before[path])
        (out / path).write_bytes(canonical_json(document | {"samples": 99}) + b"\n")
        assert run(corpus, out) == 0
        assert contents(out) == before


def test_files_of_no_shard_go(corpus: Path, out: Path) -> None:
    before = contents(out)
    shutil.copy(out / SHARDS[0].tar, out / ShardName("librispeech", "dev-clean", 9).tar)
    assert run(corpus, out) == 0
    assert contents(out) == before


def test_killed_anywhere_it_goes_on(corpus: Path, out: Path, tmp_path: Path) -> None:
    before = contents(out)
    flip(out / SHARDS[0].tar)
    flip(out / SHARDS[1].parquet)
    (out / SHARDS[2].record).unlink()
    flip(out / "librispeech/dev-clean/plan/records-00000.parquet")
    flip(out / "librispeech/dev-clean/index.parquet")
    for moment in itertools.count():
        copy, left = tmp_path / str(moment), iter(range(moment))
        shutil.copytree(out, copy)
        with pytest.MonkeyPatch.context() as patch:
            for name in ("_write", "_moved", "delete"):
                method = getattr(LocalFiles, name)

                def dying(*given: object, real: Callable = method, left=left, **named: object) -> object:
                    if next(left, None) is None:
                        raise KilledError
                    return real(*given, **named)

                patch.setattr(LocalFiles, name, dying)
            try:
                assert run(corpus, copy) == 0
                break
            except KilledError:
                pass
        assert run(corpus, copy) == 0
        assert contents(copy) == before, moment
    assert moment > 5


def test_after_forgetting_it_restores_what_was_left(corpus: Path, out: Path) -> None:
    given = ["dataset=librispeech", f"out={out}", f"ids={IDS[3]}"]
    assert forget.main(given) == 0
    after = contents(out)
    for shard in SHARDS:
        flip(out / shard.tar)
    flip(out / "librispeech/dev-clean/plan/records-00000.parquet")
    assert run(corpus, out) == 0
    assert contents(out) == after
    assert verify(Storage(out), "librispeech", (), workers=1) == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["dataset=librispeach"], "did you mean librispeech"),
        (["source="], "SOURCE is missing"),
        (["source=/nowhere"], "does not exist"),
        (["split=test-other"], "neither a plan nor a record of one"),
        (["out={out}/empty"], "no shards here"),
    ],
)
def test_mistakes_are_told(
    corpus: Path, out: Path, given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(corpus, out, *(part.format(out=out) for part in given)) == 1
    assert said in capsys.readouterr().err
