"""Whatever is done to shards behind their back, verify tells it; what is true, it leaves alone."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shards.check import check_shard
from shards.layout import ShardName, dataset_path, split_path
from shards.record import ShardRecord, read_record
from shards.sample import AudioMember, Sample, SampleWord, TaggedTarget, canonical_json
from shards.storage import Storage
from shards.summary import summarise_dataset, summarise_split
from shards.tar import tar_members
from shards.totals import Totals
from shards.verify import main
from shards.writer import WrittenFile
from tag_schema.target import Target, TimedWord
from tests.shards.building import contents, flac, make_sample, make_split, tagged, write_shard

ROOT = Path(__file__).resolve().parents[2]
SHARD = ShardName("demo", "train", 1)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    make_split(Storage(folder / "out"), folder)
    return folder / "out"


@pytest.fixture
def out(made, tmp_path):
    shutil.copytree(made, tmp_path / "out")
    return tmp_path / "out"


def verify(out, capsys, *arguments):
    """The exit status and the lies."""
    status = main([str(out), *arguments, "workers=1"])
    printed = capsys.readouterr()
    *lies, last = printed.out.splitlines() or [""]
    assert (status == 0) == last.endswith("all true"), printed
    assert all(lie.startswith(f"{out}/demo") for lie in lies)
    return status, lies


def rewrite(out: Path, samples: list[Sample], clips: dict[str, list[bytes]] | None = None) -> None:
    """Build and commit the second shard anew, with everything above it: hashes agree, only the contents may lie."""
    storage = Storage(out)
    storage.delete(SHARD.record, split_path("demo", "train"))
    scratch = out.parent / "scratch"
    scratch.mkdir()
    write_shard(storage, scratch, SHARD, samples, clips=clips)
    summarise_split(storage, "demo", "train")
    summarise_dataset(storage, "demo")


def recommit(out: Path, **changes) -> None:
    """Write a record for what is there now: the files' hashes agree with it."""
    storage = Storage(out)
    record = read_record(storage, SHARD)
    assert record is not None
    files = {}
    for name, path in (("tar", SHARD.tar), ("parquet", SHARD.parquet)):
        data = storage.read_bytes(path)
        files[name] = WrittenFile(hashlib.sha256(data).hexdigest(), len(data))
    storage.replace(SHARD.record, ShardRecord(SHARD, **files, totals=changes.get("totals", record.totals)).encode())


def test_true_shards_are_left_alone(out, capsys):
    before = contents(out)
    assert verify(out, capsys) == (0, [])
    assert verify(out, capsys, "demo", "split=train") == (0, [])
    assert contents(out) == before


def test_one_changed_bit_in_any_file_is_found(out, capsys):
    """Each file in turn but plan.json, which has no checksum; half of what it says is compared by the job alone."""
    choice = random.Random(7)
    for name, data in contents(out).items():
        for _ in range(3 if not name.endswith("plan.json") else 0):
            changed = bytearray(data)
            place = choice.randrange(len(data))
            changed[place] ^= 1 << choice.randrange(8)
            (out / name).write_bytes(changed)
            status, lies = verify(out, capsys)
            (out / name).write_bytes(data)
            # A hash that was changed is told where the file lies whose hash it is.
            told = [lie for lie in lies if lie.startswith(f"{out}/{name}: ") or f"{Path(name).name} says" in lie]
            assert status == 1 and told, (name, place, lies)
    assert verify(out, capsys) == (0, [])


def test_a_missing_file_is_found(out, capsys):
    for name, data in contents(out).items():
        (out / name).unlink()
        status, lies = verify(out, capsys)
        assert status == 1 and any(lie.startswith(f"{out}/{name}: ") for lie in lies), (name, lies)
        (out / name).write_bytes(data)


def test_a_changed_byte_names_its_sample(out, capsys):
    path = out / SHARD.tar
    tar = bytearray(path.read_bytes())
    member = next(m for m in tar_members(bytes(tar)) if m.name == "demo-train-u1=2E2.flac")
    tar[member.offset + member.bytes // 2] ^= 1
    path.write_bytes(tar)
    _, lies = verify(out, capsys)
    said = [lie.removeprefix(f"{path}: ") for lie in lies]
    assert said[0].startswith("has sha256 ")
    assert said[1] == "demo-train-u1=2E2: demo-train-u1=2E2.flac: its bytes are not those that were indexed (crc32)"
    assert said[2].startswith("demo-train-u1=2E2: demo-train-u1=2E2.flac: does not decode: ")
    assert len(said) == 3


def test_a_damaged_tar_header_hides_no_other_sample(out, capsys):
    path = out / SHARD.tar
    tar = bytearray(path.read_bytes())
    tar[next(m for m in tar_members(bytes(tar)) if m.name == "demo-train-u1=2E1.json").offset - 512] ^= 1
    path.write_bytes(tar)
    _, lies = verify(out, capsys)
    assert any("header of" in lie for lie in lies)
    assert any("u1=2E1: the index says that demo-train-u1=2E1.json is at byte" in lie for lie in lies)
    assert any(lie.endswith("says samples = 3, the shard adds up to 2") for lie in lies)
    assert not any("u1=2E2" in lie or "u1=2E3" in lie for lie in lies)


def test_half_a_tar_is_found(out, capsys):
    path = out / SHARD.tar
    path.write_bytes(path.read_bytes()[:-12_000])
    _, lies = verify(out, capsys)
    assert any("is cut off after" in lie for lie in lies) and any("its record says" in lie for lie in lies)
    path.write_bytes(path.read_bytes()[:1000])
    _, lies = verify(out, capsys)
    assert f"{path}: ends before 3 of the 3 samples in its index, the first is demo-train-u1=2E1" in lies
    assert not any("the tar has something else there" in lie for lie in lies)


# Samples whose files agree with each other everywhere, but whose contents are not what they should be.
CONTENTS = {
    "truncated FLAC": (make_sample(), [flac(16_000)[:-9000]], "does not decode|is cut off"),
    "FLAC of another length": (make_sample(), [flac(16_001)], "has 16001 waveform samples, its JSON says 1.0 s"),
    "no FLAC": (make_sample(), [b"RIFF"], "does not decode"),
    "8 kHz": (make_sample(), [flac(16_000, rate=8_000)], "not 16-bit FLAC at 16000 Hz"),
    "empty FLAC": (make_sample(), [b""], "does not decode"),
    "word outside": (
        make_sample(words=(SampleWord("late", 0.9, 1.2),)),
        None,
        r"word 'late' at 0\.9-1\.2 s lies outside its clip of 1\.0 s",
    ),
    "reversed word": (make_sample(words=(SampleWord("back", 0.5, 0.4),)), None, "word 'back'"),
    "no target": (
        make_sample(targets=(TaggedTarget("asr", "<|startoftranscript|><|nonsense|>", "x"),)),
        None,
        r"target 0 \(asr\): does not parse: position \d+",
    ),
    "another task": (
        make_sample(targets=(TaggedTarget("s2tt", make_sample().targets[0].prompt, "hello"),)),
        None,
        "is a target of the task asr",
    ),
    "divided elsewhere": (
        make_sample(targets=(TaggedTarget("asr", make_sample().targets[0].prompt + "he", "llo"),)),
        None,
        "divided at the wrong place",
    ),
    "target after the end": (
        make_sample(
            targets=tagged(Target(task="srwt", audio_language="en", words=(TimedWord("x", 0.5, 1.5),), seconds=2.0))
        ),
        None,
        "outside the clip of 1 s",
    ),
    "another dataset": (make_sample(dataset="other"), None, "says it belongs to other/train|key is not that"),
    "a length between samples": (
        make_sample(audio=(AudioMember("flac", 1.00001, "a", "a.wav"),)),
        None,
        "no whole number of waveform samples",
    ),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_contents_that_are_not_what_they_should_be(out, capsys, name):
    sample, clips, what = CONTENTS[name]
    rewrite(out, [sample], None if clips is None else {sample.id: clips})
    status, lies = verify(out, capsys)
    assert status == 1 and any(re.search(what, lie) for lie in lies), lies


def swap_json(out: Path, old: bytes, new: bytes) -> None:
    """Change the first sample's JSON, and give the tar's new hash to everything above it."""
    path = out / SHARD.tar
    tar = path.read_bytes()
    assert len(old) == len(new) and old in tar
    path.write_bytes(tar.replace(old, new, 1))
    recommit(out)
    Storage(out).delete(split_path("demo", "train"))
    summarise_split(Storage(out), "demo", "train")
    summarise_dataset(Storage(out), "demo")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b'"licence":"CC0-1.0"', b'"licence":"CC0-1.1"', "the index says licence = 'CC0-1.0', the tar says 'CC0-1.1'"),
        (b'"id":"u1.1"', b'"id":"u1.9"', r"the key is not that of its id 'u1\.9'"),
        (b'"schema":1', b'"schema":2', "has schema 2, this version reads up to 1"),
        (b'"schema":1', b'"sch3ma":1', "'schema' is None"),
        (b'"licence":"', b'"licence":\x00', "no valid JSON"),
        (b'"licence"', b'"license"', "has no 'licence'"),
        (b'"id":"s1"', b'"id":"s2"', "the index says speaker = 's1', the tar says 's2'"),
        (b'"seconds":0.75', b'"seconds":0.25', "its JSON says 0.25 s"),
    ],
)
def test_json_that_does_not_fit(out, capsys, old, new, what):
    swap_json(out, old, new)
    _, lies = verify(out, capsys)
    assert any(re.search(what, lie) for lie in lies), lies


def test_totals_that_disagree_with_the_samples(out, capsys):
    totals = Totals()
    totals.add_sample(make_sample())
    recommit(out, totals=totals)
    _, lies = verify(out, capsys)
    said = [lie.removeprefix(f"{out / SHARD.record}: ") for lie in lies if lie.startswith(str(out / SHARD.record))]
    assert "says samples = 1, the shard adds up to 3" in said
    assert "says seconds = 1.0, the shard adds up to 3.0" in said
    assert "says rejects = {}, the shard adds up to {'truncated': 1}" in said
    assert any("split.json: was made from other commit records" in lie for lie in lies)
    assert any("split.json: says samples = 6, what the records say adds up to 4" in lie for lie in lies)


def test_ids_that_are_not_those_of_the_plan(out, capsys):
    """Everything else agrees: the shard was built from other records than those that were planned for it."""
    rewrite(out, [make_sample("u1.1"), make_sample("u0.1")])
    _, lies = verify(out, capsys)
    assert f"{out / SHARD.tar}: 1 ids were not planned for this shard, the first is 'u0.1'" in lies
    assert f"{out / SHARD.tar}: 3 planned ids gave neither sample nor reject, the first is 'r1'" in lies


def test_ids_whose_targets_were_all_left_out_are_not_missed(out, capsys):
    rewrite(out, [make_sample("u1.1"), make_sample("u1.2")])
    totals = read_record(Storage(out), SHARD).totals
    totals.left_out["language_not_in_vocabulary"] += 2
    recommit(out, totals=totals)
    _, lies = verify(out, capsys)
    assert not any("planned" in lie for lie in lies)


def test_a_shard_of_another_plan_is_found(out, capsys):
    record = read_record(Storage(out), SHARD)
    Storage(out).replace(SHARD.record, dataclasses.replace(record, plan="f" * 64).encode())
    _, lies = verify(out, capsys)
    assert any(lie.startswith(f"{out / SHARD.record}: was built by another plan: ffff") for lie in lies)


def test_totals_of_a_split_that_disagree(out, capsys):
    path = out / split_path("demo", "train")
    path.write_bytes(canonical_json(json.loads(path.read_bytes()) | {"words": 99}) + b"\n")
    _, lies = verify(out, capsys)
    assert f"{path}: says words = 99, what the records say adds up to 12" in lies
    assert f"{out / dataset_path('demo')}: does not say what the split.json files say" in lies


def test_shards_that_were_swapped(out, capsys):
    other = ShardName("demo", "train", 0)
    for mine, theirs in ((SHARD.tar, other.tar), (SHARD.parquet, other.parquet), (SHARD.record, other.record)):
        one, two = (out / mine).read_bytes(), (out / theirs).read_bytes()
        (out / mine).write_bytes(two)
        (out / theirs).write_bytes(one)
    _, lies = verify(out, capsys)
    assert f"{out / SHARD.record}: is the record of another shard, demo-train-000000" in lies


def test_a_shard_too_many_and_an_uncommitted_tar(out, capsys):
    shutil.copy(out / SHARD.tar, out / ShardName("demo", "train", 2).tar)
    _, lies = verify(out, capsys)
    assert lies == [f"{out}/demo/train/demo-train-000002.tar: belongs to no shard of the split, which has 2"]


def test_an_unfinished_split(out, capsys):
    for path in (SHARD.tar, SHARD.parquet, SHARD.record, split_path("demo", "train")):
        (out / path).unlink()
    status, lies = verify(out, capsys)
    assert status == 1 and any("there is no commit record" in lie for lie in lies)
    assert any(lie.endswith("split.json: is missing: the split is not finished; run make shards again") for lie in lies)


def test_without_a_readable_index_the_tar_is_still_checked(out, capsys):
    (out / SHARD.parquet).write_bytes(b"PAR1")
    path = out / SHARD.tar
    tar = bytearray(path.read_bytes())
    member = next(m for m in tar_members(bytes(tar)) if m.name == "demo-train-u1=2E2.flac")
    tar[member.offset + member.bytes // 2] ^= 1
    path.write_bytes(tar)
    findings = check_shard(Storage(out), SHARD)
    assert findings.totals.samples == 3
    assert sum("does not decode" in lie.what for lie in findings.lies) == 1


@pytest.mark.slow
def test_as_a_command_on_several_processes(out, tmp_path):
    command = [sys.executable, ROOT / "shards/verify.py", out, "demo", "workers=2"]
    good = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert re.fullmatch(r"verified 2 shards, 6 samples, 0\.002 h, 0\.2 MB at \d+ MB/s: all true\n", good.stdout), (
        good.stdout
    )
    (out / SHARD.tar).unlink()
    bad = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert bad.returncode == 1 and f"{out}/{SHARD.tar}: is missing" in bad.stdout


@pytest.mark.slow
@pytest.mark.ray
def test_on_ray_it_finds_what_it_finds_here(out, capsys, monkeypatch):
    """Every shard is told of, with its lies, in whatever order they come; the progress has rate and time left."""
    monkeypatch.setattr("shards.verify.WORTH_BYTES", 0)
    monkeypatch.setattr("shards.verify.PROGRESS_SECONDS", 0.0)
    path = out / SHARD.tar
    path.write_bytes(path.read_bytes()[:-12_000])
    _, here = verify(out, capsys)
    assert here and main([str(out), "workers=2"]) == 1
    printed = capsys.readouterr()
    assert sorted(printed.out.splitlines()[:-1]) == sorted(here)
    assert re.search(r"verified 1 of 2 shards, \d+ of \d+ MB, \d+ MB/s, \d+ s left\n", printed.err)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "give OUT"),
        (["{out}/nothing"], "no shards here"),
        (["{out}", "other"], "no shards here"),
        (["{out}", "workers=many"], "a whole number is needed"),
        (["{out}", "split=dev"], "dev"),
    ],
)
def test_mistakes_are_told(out, capsys, arguments, what):
    assert main([part.format(out=out) for part in arguments]) == 1
    printed = capsys.readouterr()
    assert what in printed.err + printed.out


def test_a_newer_schema_is_told(out, capsys):
    path = out / split_path("demo", "train")
    path.write_bytes(path.read_bytes().replace(b'"schema":1', b'"schema":2'))
    _, lies = verify(out, capsys)
    assert any("has schema 2" in lie for lie in lies)


def test_a_file_that_cannot_be_read_hides_no_other(out, capsys):
    """As of a failing disk; here a folder stands in the place of the first shard's tar."""
    first = ShardName("demo", "train", 0)
    (out / first.tar).unlink()
    (out / first.tar).mkdir()
    data = (out / SHARD.parquet).read_bytes()
    (out / SHARD.parquet).write_bytes(data[:-4] + b"XXXX")
    status, lies = verify(out, capsys)
    assert status == 1
    assert any(lie.startswith(f"{out}/{first.tar}: cannot be read: ") for lie in lies)
    assert any(lie.startswith(f"{out}/{SHARD.parquet}: ") for lie in lies)
