"""What was asked to be forgotten leaves everything, whatever dies when, and nothing brings it back."""

from __future__ import annotations

import itertools
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import s3fs

from pipelines import forget, job, repair
from pipelines.build import build_and_commit
from pipelines.planning.identity import IdentityError
from pipelines.source import Source
from pipelines.sources.covost2 import CoVoST2
from pipelines.sources.librispeech import LibriSpeech
from shards.forgotten import add_names, read_forgotten
from shards.layout import ShardName, forgotten_folder, journal_path, plan_path
from shards.local_files import LocalFiles
from shards.storage import Storage
from shards.verify import verify
from tests.pipelines.corpora import SETTINGS, flac, librispeech, prepare, put, shards_of
from tests.pipelines.recordings import chirp, mp3
from tests.shards.building import contents

ROOT = Path(__file__).resolve().parents[3]
IDS = tuple(f"84-121-{number}" for number in range(9))
FORGOTTEN = (IDS[2], IDS[5])
GIVEN = {name: flac(0.2 + 0.05 * place, place) for place, name in enumerate(IDS)}


class KilledError(BaseException):
    """In place of SIGKILL: nothing catches it."""


def silent(line: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A corpus; its shards; and the shards built with the list of forgotten recordings there from the beginning."""
    folder = tmp_path_factory.mktemp("made")
    # One recording is cut short, one has no transcript, one is there twice.
    lines = "".join(f"{name} A TONE\n" for name in (*IDS, IDS[5]))
    audio = {**GIVEN, "84-121-8": GIVEN["84-121-8"][:-900], "84-121-9": flac(0.2)}
    corpus = librispeech(folder, audio, lines)
    shards_of(LibriSpeech(corpus), "dev-clean", folder / "out")
    assert run(folder / "out", *FORGOTTEN) == 0
    shutil.copytree(folder / "out" / forgotten_folder("librispeech"), folder / "new" / forgotten_folder("librispeech"))
    shards_of(LibriSpeech(corpus), "dev-clean", folder / "new")
    shutil.rmtree(folder / "out")
    shards_of(LibriSpeech(corpus), "dev-clean", folder / "out")
    return corpus, folder / "out", folder / "new"


@pytest.fixture
def out(made: tuple[Path, Path, Path], tmp_path: Path) -> Path:
    """A copy of the shards with everything still in them."""
    shutil.copytree(made[1], tmp_path / "out")
    return tmp_path / "out"


def run(out: Path, *ids: str, dataset: str = "librispeech") -> int:
    """The command."""
    return forget.main([f"dataset={dataset}", f"out={out}", f"ids={','.join(ids)}"])


def test_the_bytes_are_those_of_a_build_that_never_knew_them(made: tuple[Path, Path, Path], out: Path) -> None:
    corpus, _, new = made
    before = contents(out)
    assert run(out, *FORGOTTEN) == 0
    after = contents(out)
    assert after == contents(new)
    tars = [name for name in before if name.endswith(".tar")]
    # The duplicate of a forgotten id is forgotten too, and no other record has moved.
    assert 1 <= sum(before[name] != after[name] for name in tars) <= 2 < len(tars)
    assert verify(Storage(out), "librispeech", (), workers=1) == 0
    for name, data in after.items():
        assert not any(forgotten.encode() in data for forgotten in FORGOTTEN), name
    # Again, in part, or with what the corpus never had: nothing changes but the list.
    assert run(out, *FORGOTTEN) == run(out, FORGOTTEN[0]) == 0
    assert contents(out) == after
    assert run(out, "84-121-99") == 0
    shards_of(LibriSpeech(corpus), "dev-clean", out)
    assert {name: data for name, data in contents(out).items() if "forgotten/" not in name} == {
        name: data for name, data in after.items() if "forgotten/" not in name
    }


def test_one_after_the_other_is_the_same_as_both_at_once(made: tuple[Path, Path, Path], out: Path) -> None:
    def product(folder: Path) -> dict[str, bytes]:
        return {name: data for name, data in contents(folder).items() if "/forgotten/" not in name}

    assert [run(out, id) for id in FORGOTTEN] == [0, 0]
    assert product(out) == product(made[2])
    assert read_forgotten(Storage(out), "librispeech") == read_forgotten(Storage(made[2]), "librispeech")


@pytest.mark.parametrize("source_has", ["all", "neither audio nor text", "no audio", "no text"])
def test_a_later_job_neither_brings_them_back_nor_is_refused(
    made: tuple[Path, Path, Path], out: Path, tmp_path: Path, source_has: str
) -> None:
    """Whether or not the corpus was cleaned too; and a missing shard is built with the bytes that it had."""
    shutil.copytree(made[0], tmp_path / "LibriSpeech")
    chapter = tmp_path / "LibriSpeech/dev-clean/84/121"
    table = chapter / "84-121.trans.txt"
    if "text" in source_has:
        lines = table.read_text().splitlines(keepends=True)
        table.write_text("".join(line for line in lines if line.split()[0] not in FORGOTTEN))
    if "audio" in source_has:
        for id in FORGOTTEN:
            (chapter / f"{id}.flac").unlink()
    assert run(out, *FORGOTTEN) == 0
    after = contents(out)
    for number in range(5):
        (out / ShardName("librispeech", "dev-clean", number).tar).unlink()
    shards_of(LibriSpeech(tmp_path / "LibriSpeech"), "dev-clean", out)
    assert contents(out) == after
    prepare(LibriSpeech(tmp_path / "LibriSpeech"), "dev-clean", Storage(out), SETTINGS, rebuild=True, say=silent)
    shards_of(LibriSpeech(tmp_path / "LibriSpeech"), "dev-clean", out)
    assert contents(out) == after


def dies(out: Path, moment: int, ids: tuple[str, ...] = FORGOTTEN) -> bool:
    """Whether the command, killed at its write or deletion number `moment`, was killed before it was done."""
    left = iter(range(moment))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_write", "_moved", "delete"):
            method = getattr(LocalFiles, name)

            def dying(*given: object, real: Callable = method, **named: object) -> object:
                if next(left, None) is None:
                    raise KilledError
                return real(*given, **named)

            patch.setattr(LocalFiles, name, dying)
        try:
            assert run(out, *ids) == 0
            return False
        except KilledError:
            return True


@pytest.mark.slow
@pytest.mark.parametrize("then", ["forget", "build", "killed again"])
def test_killed_anywhere_the_next_command_ends_it(
    made: tuple[Path, Path, Path], out: Path, tmp_path: Path, then: str
) -> None:
    corpus, _, new = made
    calm, dice, unfinished = contents(new), random.Random(3), 0
    for moment in itertools.count():
        copy = tmp_path / str(moment)
        shutil.copytree(out, copy)
        if not dies(copy, moment):
            break
        if then == "killed again":
            dies(copy, dice.randrange(25))
        if then == "build" and read_forgotten(Storage(copy), "librispeech").names:
            unfinished += verify(Storage(copy), "librispeech", (), workers=1)
            shards_of(LibriSpeech(corpus), "dev-clean", copy)
        else:
            assert run(copy, *FORGOTTEN) == 0
        assert contents(copy) == calm, moment
        assert not (copy / journal_path("librispeech", "dev-clean")).exists()
    # From the first name on the list to the end verify says that something is not as it should be.
    assert moment > 20 and unfinished == (moment - 1 if then == "build" else 0)


@pytest.mark.slow
def test_killed_for_real_at_random_moments(made: tuple[Path, Path, Path], out: Path) -> None:
    """SIGKILL from outside, slowed down so that the moments fall between the writes."""
    slowed = (
        "import sys, time; sys.path[0] = sys.argv.pop(1)\n"
        "from pipelines import forget; import shards.local_files as f\n"
        "for name in ('_write', '_moved', 'delete'):\n"
        "    def late(*given, real=getattr(f.LocalFiles, name), **named):\n"
        "        time.sleep(0.01); print('.', flush=True); return real(*given, **named)\n"
        "    setattr(f.LocalFiles, name, late)\n"
        "sys.exit(forget.main(sys.argv[1:]))\n"
    )
    command = [
        sys.executable,
        "-c",
        slowed,
        str(ROOT),
        "dataset=librispeech",
        f"out={out}",
        "ids=" + ",".join(FORGOTTEN),
    ]
    dice = random.Random(11)
    for _ in range(4):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(dice.uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = subprocess.run(
        [*command[:1], str(ROOT / "pipelines/forget.py"), *command[4:]], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert contents(out) == contents(made[2])


def test_a_job_that_was_overtaken_brings_nothing_back(made: tuple[Path, Path, Path], out: Path) -> None:
    """It planned before, and comes to build after."""
    (out / ShardName("librispeech", "dev-clean", 1).record).unlink()
    late = prepare(LibriSpeech(made[0]), "dev-clean", Storage(out), SETTINGS, say=silent).standing().missing
    assert len(late) == 1 and run(out, *FORGOTTEN) == 0
    for task in late:
        with pytest.raises(IdentityError, match="no longer the plan of this job"):
            build_and_commit(task)
    shards_of(LibriSpeech(made[0]), "dev-clean", out)
    assert contents(out) == contents(made[2])


def test_a_list_that_grows_while_a_job_plans(made: tuple[Path, Path, Path], tmp_path: Path) -> None:
    """It ends before it builds; the next one leaves out what is on the list, whether or not the plan's parts came."""
    create = Storage.create
    for lost in (False, True):
        out = tmp_path / str(lost)
        shutil.copytree(made[2] / forgotten_folder("librispeech"), tmp_path / "list", dirs_exist_ok=True)

        def grows(storage: Storage, path: str, data: bytes, out: Path = out) -> bool:
            if path == plan_path("librispeech", "dev-clean"):
                shutil.copytree(tmp_path / "list", out / forgotten_folder("librispeech"), dirs_exist_ok=True)
            return create(storage, path, data)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Storage, "create", grows)
            with pytest.raises(IdentityError, match="run the same command again"):
                prepare(LibriSpeech(made[0]), "dev-clean", Storage(out), SETTINGS, say=silent)
        if lost:
            (out / "librispeech/dev-clean/plan/records-00000.parquet").unlink()
        shards_of(LibriSpeech(made[0]), "dev-clean", out)
        assert contents(out) == contents(made[2])


def test_a_damaged_shard_is_left_to_a_job_that_has_the_corpus(
    made: tuple[Path, Path, Path], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(out)
    for number in range(5):
        path = out / ShardName("librispeech", "dev-clean", number).tar
        data = bytearray(path.read_bytes())
        data[len(data) // 3] ^= 4
        path.write_bytes(data)
    damaged = contents(out)
    assert run(out, *FORGOTTEN) == 1
    said = capsys.readouterr().err
    assert "make shards DATASET=librispeech SOURCE=… SPLIT=dev-clean` removes them and builds them anew" in said
    assert {name: data for name, data in contents(out).items() if "/forgotten/" not in name} == damaged
    for name in before:
        if name.endswith(".tar"):
            (out / name).unlink()
    shards_of(LibriSpeech(made[0]), "dev-clean", out)
    assert contents(out) == contents(made[2])


def test_a_damaged_list_stops_every_job(made: tuple[Path, Path, Path], out: Path) -> None:
    """It is not as if nobody had asked."""
    assert run(out, *FORGOTTEN) == 0
    for path in (out / forgotten_folder("librispeech")).iterdir():
        data = path.read_bytes()
        path.write_bytes(data.replace(b'"', b"'", 1))
        with pytest.raises(Exception, match="does not fit the hash in its name"):
            prepare(LibriSpeech(made[0]), "dev-clean", Storage(out), SETTINGS, say=silent)
        path.write_bytes(data)


@pytest.mark.slow
def test_in_a_bucket(
    made: tuple[Path, Path, Path], out: Path, tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes as on a disk; then a damaged object is repaired there."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    bucket = s3fs.S3FileSystem()
    bucket.mkdir("forgetful")
    bucket.put(f"{out}/", "forgetful/out/", recursive=True)
    given = ["dataset=librispeech", "out=s3://forgetful/out"]
    assert forget.main([*given, "ids=" + ",".join(FORGOTTEN)]) == 0
    bucket.get("forgetful/out/", f"{tmp_path}/one/", recursive=True)
    assert contents(tmp_path / "one") == contents(made[2])
    tar = f"forgetful/out/{ShardName('librispeech', 'dev-clean', 1).tar}"
    bucket.pipe_file(tar, bucket.cat_file(tar)[:-700])
    assert repair.main([*given, f"source={made[0]}"]) == 0
    bucket.invalidate_cache()
    bucket.get("forgetful/out/", f"{tmp_path}/two/", recursive=True)
    assert contents(tmp_path / "two") == contents(made[2])


def covost(folder: Path) -> Path:
    """English with translations into a language that the vocabulary has, and one that it has not. Gives SOURCE."""
    root = folder / "en"
    clips = {f"common_voice_en_{number}": f"Sentence {number}." for number in range(8)}
    for place, clip in enumerate(clips):
        put(root / f"clips/{clip}.mp3", mp3(chirp(0.3 + place / 10, 48_000), 48_000))
    sentences = "".join(f"c{clip[-1]}\t{clip}.mp3\t{sentence}\n" for clip, sentence in clips.items())
    put(root / "validated.tsv", f"client_id\tpath\tsentence\n{sentences}")
    for language, some in (("tr", clips), ("de", [f"common_voice_en_{number}" for number in (1, 2, 3, 6)])):
        rows = "".join(f"{clip}.mp3\tEvet.\ttrain\n" for clip in some)
        put(root / f"covost_v2.en_{language}.tsv", f"path\ttranslation\tsplit\n{rows}")
    return root


@pytest.mark.parametrize(
    "ids",
    [
        ("common_voice_en_2", "common_voice_en_4"),
        ("clips/common_voice_en_6.mp3",),
        tuple(f"common_voice_en_{number}" for number in range(8)),
    ],
)
def test_targets_that_were_left_out_are_counted_as_in_a_build_without(tmp_path: Path, ids: tuple[str, ...]) -> None:
    """They leave no trace in the tar; and a whole shard, or a whole split, can be forgotten."""
    source: Source = CoVoST2(covost(tmp_path))
    shards_of(source, "train", tmp_path / "out")
    assert run(tmp_path / "out", *ids, dataset="covost2") == 0
    shutil.copytree(tmp_path / "out/covost2/forgotten", tmp_path / "new/covost2/forgotten")
    shards_of(source, "train", tmp_path / "new")
    assert contents(tmp_path / "out") == contents(tmp_path / "new")
    assert verify(Storage(tmp_path / "out"), "covost2", (), workers=1) == 0


@pytest.mark.parametrize("name", ["speaker:84", "dev-clean/84/121/84-121-3.flac"])
def test_names_other_than_ids(made: tuple[Path, Path, Path], out: Path, name: str) -> None:
    assert run(out, name) == 0
    left = 0 if name.startswith("speaker") else 7
    assert shards_of(LibriSpeech(made[0]), "dev-clean", out).summary.totals.samples == left


def test_what_should_have_gone_is_a_lie(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_names(Storage(out), "librispeech", FORGOTTEN)
    assert verify(Storage(out), "librispeech", (), workers=1) == 1
    told = [line for line in capsys.readouterr().out.splitlines() if line.endswith("run make forget again")]
    assert len(told) == 2 and all(any(id in line for id in FORGOTTEN) for line in told)


def test_ids_from_a_file_and_mistakes(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "ids.txt").write_text("\n".join(["", *FORGOTTEN, " "]) + "\n")
    before = contents(out)
    for given, said in (
        (["ids="], "IDS is empty"),
        (["ids=a", "dataset=librispeach"], "did you mean librispeech"),
        ([f"ids={tmp_path}/none.txt"], "there is no such file"),
        (["idz=a"], "did you mean 'ids'?"),
    ):
        assert forget.main(["dataset=librispeech", f"out={out}", *given]) == 1
        assert said in capsys.readouterr().err
    assert contents(out) == before
    assert forget.main(["dataset=librispeech", f"out={out}", f"ids={tmp_path}/ids.txt"]) == 0
    assert "2 ids are on the list" in capsys.readouterr().out


def test_a_name_that_is_nowhere_is_told(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(out)
    assert run(out, "nobody") == 0
    assert "Nothing in OUT bears one of these" in capsys.readouterr().out
    assert {name for name in contents(out) if name not in before} == {
        name for name in contents(out) if "/forgotten/names-" in name
    }


def test_the_job_itself_leaves_them_out(
    made: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Named before anything was planned: they are in no shard, and a second job finds nothing to do."""
    assert run(tmp_path, *FORGOTTEN) == 0
    assert f"{tmp_path}/librispeech: holds no splits yet" in capsys.readouterr().out
    given = ["dataset=librispeech", f"source={made[0]}", f"out={tmp_path}", "split=dev-clean", "max_reject_ratio=1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "build", lambda tasks, *_: [build_and_commit(task) for task in tasks])
        assert job.main(given) == 0
        once = contents(tmp_path)
        assert job.main(given) == 0
    assert contents(tmp_path) == once
    assert (tmp_path / plan_path("librispeech", "dev-clean")).exists()
    assert not any(id.encode() in data for id in FORGOTTEN for data in once.values())


def test_a_list_that_grew_after_a_kill(made: tuple[Path, Path, Path], out: Path, tmp_path: Path) -> None:
    """The next command is asked for something else, and does both."""
    product = {name: data for name, data in contents(made[2]).items() if "/forgotten/" not in name}
    for moment in (2, 5, 8, 11, 14, 17):
        copy = tmp_path / str(moment)
        shutil.copytree(out, copy)
        assert dies(copy, moment, FORGOTTEN[:1])
        assert run(copy, FORGOTTEN[1]) == 0
        assert {name: data for name, data in contents(copy).items() if "/forgotten/" not in name} == product, moment


@pytest.mark.slow
def test_two_at_once_both_end_right(made: tuple[Path, Path, Path], out: Path) -> None:
    """One of the recordings each; the list is the union, whoever of the two changes the split."""
    commands = [
        [sys.executable, str(ROOT / "pipelines/forget.py"), "dataset=librispeech", f"out={out}", f"ids={id}"]
        for id in FORGOTTEN
    ]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for command in commands
    ]
    told = [process.communicate(timeout=300)[0] for process in both]
    # Where one ran into the other's changes it says so, and the same command ends it.
    if any(process.returncode for process in both):
        assert run(out, *FORGOTTEN) == 0, told
    assert read_forgotten(Storage(out), "librispeech") == read_forgotten(Storage(made[2]), "librispeech")
    shards_of(LibriSpeech(made[0]), "dev-clean", out)
    product = {name: data for name, data in contents(out).items() if "/forgotten/" not in name}
    assert product == {name: data for name, data in contents(made[2]).items() if "/forgotten/" not in name}
