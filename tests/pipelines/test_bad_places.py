"""Corpora and OUT in strange places: links that lead nowhere, pipes, files that vanish, paths written in other ways."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.build import build_and_commit
from pipelines.decoding.decode import open_recording
from pipelines.job import chosen_splits, main
from pipelines.source import Source, SourceError
from pipelines.sources.clotho import Clotho
from pipelines.sources.commonvoice import CommonVoice
from pipelines.sources.esc50 import ESC50
from pipelines.sources.librispeech import LibriSpeech
from pipelines.sources.nsynth import NSynth
from pipelines.sources.speechcommands import SpeechCommands
from shards.schema import ShardError
from shards.storage import Storage
from shards.summary import summarise_split
from tests.pipelines.corpora import SETTINGS, commonvoice, esc50, flac, librispeech, prepare, put, shards_of, wav
from tests.pipelines.recordings import chirp, mp3

ROOT = Path(__file__).resolve().parents[2]
GOOD = flac(0.3)
CHAPTER = "dev-clean/84/121"


def loop(path: Path) -> None:
    path.symlink_to(path)


def nowhere(path: Path) -> None:
    path.symlink_to(path.with_name("nothing"))


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, loop, nowhere])
def test_what_is_no_file_is_missing_audio(tmp_path: Path, make: Callable[[Path], None]) -> None:
    root = librispeech(tmp_path, {"84-121-0": GOOD, "84-121-1": None})
    make(root / CHAPTER / "84-121-1.flac")
    make(root / CHAPTER / "84-121-2.flac")  # that no line names
    make(root / CHAPTER / "other.trans.txt")
    built = shards_of(LibriSpeech(root), "dev-clean", tmp_path / "out")
    assert (list(built.samples), built.rejects) == (["84-121-0"], [("84-121-1", "audio_missing")])


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, loop, nowhere])
def test_where_the_folder_is_the_label_a_lost_file_is_still_counted(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    put(tmp_path / "commands/yes/a_nohash_0.wav", wav())
    make(tmp_path / "commands/yes/a_nohash_1.wav")
    built = shards_of(SpeechCommands(tmp_path / "commands"), "train", tmp_path / "out")
    assert (list(built.samples), built.rejects) == (["yes/a_nohash_0"], [("yes/a_nohash_1", "audio_missing")])


@pytest.mark.parametrize("name", ["b:c_nohash_0", "b:1", ":"])
def test_a_lost_file_with_a_colon_in_its_name_is_missing_like_any_other(tmp_path: Path, name: str) -> None:
    put(tmp_path / "commands/yes/a_nohash_0.wav", wav())
    nowhere(tmp_path / f"commands/yes/{name}.wav")
    built = shards_of(SpeechCommands(tmp_path / "commands"), "train", tmp_path / "out")
    assert (list(built.samples), built.rejects) == (["yes/a_nohash_0"], [(f"yes/{name}", "audio_missing")])


def test_no_audio_is_missing_once_its_metadata_is_gone(tmp_path: Path) -> None:
    root = librispeech(tmp_path, {"84-121-0": GOOD, "84-121-1": None})
    put(root / "dev-clean/9/9/9-9.trans.txt", "")  # the corpus itself stays
    stream = LibriSpeech(root).records("dev-clean")
    assert next(stream).id == "84-121-0"
    (root / CHAPTER / "84-121.trans.txt").unlink()
    with pytest.raises(FileNotFoundError, match="84-121\\.trans\\.txt"):
        next(stream)


def test_links_to_files_are_files(tmp_path: Path) -> None:
    root = librispeech(tmp_path, {"84-121-0": None})
    put(tmp_path / "store/abc", GOOD)
    (root / CHAPTER / "84-121-0.flac").symlink_to(tmp_path / "store/abc")
    assert list(shards_of(LibriSpeech(root), "dev-clean", tmp_path / "out").samples) == ["84-121-0"]


def test_folders_that_lead_to_themselves(tmp_path: Path) -> None:
    root = librispeech(tmp_path, {"84-121-0": GOOD})
    loop(root / "dev-clean/self")
    (root / "dev-clean/84/up").symlink_to(root / "dev-clean")
    (root / "dev-clean/again").symlink_to(root / "dev-clean/84")
    built = shards_of(LibriSpeech(root), "dev-clean", tmp_path / "out")
    assert list(built.samples) == ["84-121-0"]
    assert built.rejects == [("84-121-0", "duplicate_id")]


def test_hostile_paths_in_metadata_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    put(secret, wav())
    names = ["../../secret", str(secret.with_suffix("")), "../audio/1-1-A-0", "x\\..\\y", "nul\0", ""]
    rows = [f'"{name}.wav",1,0,dog,False,1,A' for name in ["1-1-A-0", *names]]
    root = esc50(tmp_path, {"1-1-A-0": wav()}, "\n".join(rows))
    built = shards_of(ESC50(root), "fold1", tmp_path / "out")
    assert list(built.samples) == ["1-1-A-0"]
    assert built.rejects == sorted([(name, "unsafe_path" if name else "audio_missing") for name in names])

    captions = "file_name,caption_1,caption_2,caption_3,caption_4,caption_5\n"
    put(tmp_path / "clotho/evaluation/good.wav", wav())
    put(
        tmp_path / "clotho/clotho_captions_evaluation.csv",
        captions + "good.wav,A tone.,Noise.,A tone,Sound,<|en|>\n../../secret.wav,A,B,C,D,E\n",
    )
    built = shards_of(Clotho(tmp_path / "clotho"), "evaluation", tmp_path / "out")
    assert (list(built.samples), built.rejects) == (["good"], [("../../secret", "unsafe_path")])
    assert built.summary.totals.left_out == {"reserved_token": 1}

    for name in ("validation_list.txt", "testing_list.txt"):
        put(tmp_path / "commands" / name, "../../secret.wav\n" if name.startswith("v") else "")
    put(tmp_path / "commands/yes/a_nohash_0.wav", wav())
    built = shards_of(SpeechCommands(tmp_path / "commands"), "validation", tmp_path / "out")
    assert (built.samples, built.rejects) == ({}, [("../../secret", "unsafe_path")])


@pytest.mark.parametrize("data", [b"", b"\n", b"\xef\xbb\xbf"])
def test_metadata_of_0_bytes(tmp_path: Path, data: bytes) -> None:
    """Where a header is due its lack stops the job; a list may be empty, and then all audio is without annotation."""
    tables: list[tuple[type[Source], Path, str, str]] = [
        (CommonVoice, commonvoice(tmp_path, {"a": mp3(chirp(0.2, 48_000), 48_000)}), "de/train.tsv", "train"),
        (ESC50, esc50(tmp_path, {"1-1-A-0": wav()}), "meta/esc50.csv", "fold1"),
        (NSynth, tmp_path / "nsynth", "nsynth-test/examples.json", "test"),
    ]
    for cls, root, table, split in tables:
        put(root / table, data)
        with pytest.raises(SourceError, match=str(root / table)):
            prepare(cls(root), split, Storage(tmp_path / "out"), SETTINGS)
    assert not (tmp_path / "out").exists()
    root = librispeech(tmp_path, {"84-121-0": GOOD, "84-121-1": GOOD}, lines=data)
    built = shards_of(LibriSpeech(root), "dev-clean", tmp_path / "out")
    assert built.rejects == [("84-121-0", "no_transcript"), ("84-121-1", "no_transcript")]


@pytest.mark.parametrize("replace", [None, Path.mkdir, os.mkfifo, loop])
def test_a_file_that_vanishes_after_planning_is_an_error_and_no_reject(
    tmp_path: Path, replace: Callable[[Path], None] | None
) -> None:
    audio = {f"84-121-{number}": flac(0.3, number) for number in range(6)}
    root = librispeech(tmp_path, audio)
    calm = shards_of(LibriSpeech(root), "dev-clean", tmp_path / "calm")
    storage = Storage(tmp_path / "out")
    job = prepare(LibriSpeech(root), "dev-clean", storage, SETTINGS, say=lambda line: None)
    victim = root / CHAPTER / "84-121-3.flac"
    victim.unlink()
    if replace:
        replace(victim)
    failed = []
    for task in job.standing().missing:
        try:
            build_and_commit(task)
        except OSError as error:
            assert error.filename == str(victim)
            failed.append(task.shard)
    assert [task.shard for task in job.standing().missing] == failed
    assert len(failed) == 1
    with pytest.raises(ShardError, match="1 of 3 shards are not committed"):
        summarise_split(storage, "librispeech", "dev-clean")
    with contextlib.suppress(IsADirectoryError, FileNotFoundError):
        victim.unlink()
    if victim.is_dir():
        victim.rmdir()
    put(victim, audio["84-121-3"])
    built = shards_of(LibriSpeech(root), "dev-clean", tmp_path / "out")
    assert (built.summary, built.rejects) == (calm.summary, [])


def test_a_pipe_or_a_device_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    for path in (tmp_path / "pipe.wav", Path("/dev/zero")):
        with pytest.raises(OSError, match="no regular file"):
            open_recording(path)


def test_however_source_is_written_the_shards_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = librispeech(tmp_path / "home", {"84-121-0": GOOD, "84-121-1": b""})
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "home")
    (tmp_path / "link").symlink_to(root)
    written = (
        f"{root}",
        f"{root}/",
        "LibriSpeech",
        "./LibriSpeech/.",
        "../home/LibriSpeech",
        "~/LibriSpeech",
        "../link",
    )
    summaries = [
        shards_of(LibriSpeech(source), "dev-clean", tmp_path / f"out{number}").summary
        for number, source in enumerate(written)
    ]
    assert summaries[0].totals.samples == 1
    assert all(summary == summaries[0] for summary in summaries)
    with pytest.raises(SourceError, match="does not exist"):
        LibriSpeech("~nobody-of-this-name/LibriSpeech")


def test_out_takes_a_tilde_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    Storage("~/out").check_writable()
    assert (tmp_path / "out").is_dir()
    Storage("~nobody-of-this-name").check_writable()
    assert (tmp_path / "~nobody-of-this-name").is_dir()


@pytest.mark.parametrize("inside", ["", "{split}/84", "yes"])
def test_out_inside_source_changes_nothing_of_the_corpus(tmp_path: Path, inside: str) -> None:
    """Built twice: what the first job wrote is no part of the corpus that the second one reads."""
    speech = librispeech(tmp_path, {"84-121-0": GOOD, "84-121-1": b""})
    sounds = esc50(tmp_path, {"1-1-A-0": wav()})
    put(tmp_path / "commands/yes/a_nohash_0.wav", wav())
    corpora: list[tuple[type[Source], Path, str]] = [
        (LibriSpeech, speech, "dev-clean"),
        (ESC50, sounds, "fold1"),
        (SpeechCommands, tmp_path / "commands", "train"),
    ]
    for cls, root, split in corpora:
        out = root / inside.format(split=split)
        first = shards_of(cls(root), split, out)
        assert first.summary.totals.samples == 1
        assert prepare(cls(root), split, Storage(out), SETTINGS, say=lambda line: None).standing().missing == []
        assert shards_of(cls(root), split, tmp_path / "elsewhere").summary == first.summary


def test_a_split_named_twice_is_built_once(tmp_path: Path) -> None:
    source = LibriSpeech(librispeech(tmp_path, {"84-121-0": GOOD}))
    assert chosen_splits(source, "dev-clean,dev-clean, dev-clean,") == ["dev-clean"]


@pytest.mark.parametrize("out", ["/proc/shards", "/dev/null/shards"])
def test_an_out_that_nobody_can_write(tmp_path: Path, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    root = librispeech(tmp_path, {"84-121-0": GOOD})
    assert main(["dataset=librispeech", f"source={root}", "split=dev-clean", f"out={out}"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {out}")
    assert said.count("\n") == 1


def test_what_the_system_refuses_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    too_long = tmp_path / ("x" * 300)
    assert main(["dataset=librispeech", f"source={too_long}", f"out={tmp_path}"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: {too_long}: File name too long. ")
    assert said.count("\n") == 1


@pytest.mark.slow
@pytest.mark.ray
def test_a_job_names_the_file_that_vanished(tmp_path: Path) -> None:
    root = librispeech(tmp_path, {"84-121-0": GOOD, "84-121-1": flac(0.4)})
    victim = root / CHAPTER / "84-121-1.flac"
    # Between plan and build, where no user is quick enough.
    program = f"""
import sys
from pathlib import Path
from pipelines import job
from shards import retry
build = job.build
retry.FIRST_WAIT_SECONDS = 0.01
def vanish_first(*arguments):
    Path({str(victim)!r}).unlink()
    build(*arguments)
job.build = vanish_first
sys.exit(job.main(["dataset=librispeech", "source={root}", "split=dev-clean", "out={tmp_path / "out"}", "workers=1"]))
"""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    failed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=300)
    assert failed.returncode == 1
    last = failed.stderr.rstrip().rpartition("\n")[2]
    assert last.startswith(f"error: {victim}: No such file or directory. ")
    assert "Traceback" not in failed.stderr + failed.stdout
    assert not list((tmp_path / "out/librispeech/dev-clean").glob("*.tar"))
