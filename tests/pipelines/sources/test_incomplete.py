"""Corpora of which a part was not downloaded or unpacked: one message says which, and what to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.source import EmptySplitError, SourceError
from tests.pipelines.sources.corpora import wavcaps
from tests.pipelines.sources.fixtures import FIXTURES, records


@pytest.mark.parametrize(
    ("name", "split", "lost", "message"),
    [
        (
            "clotho", "development", "development",
            r"the audio of 'development' is not there.*unpack clotho_audio_development\.7z",
        ),
        (
            "emopia", "all", "audios",
            r"no audio below .*EMOPIA ships none: fetch the YouTube videos.*named like audio/Q1_",
        ),
        ("fluent_speech_commands", "test", "wavs", r"the recordings: not there, expected .*/wavs/; unpack"),
        ("fma", "training", "fma_medium", r"the audio: not there, expected .*fma_small\.zip"),
        ("fma", "training", "fma_metadata/genres.csv", "unpack fma_m"),
        (
            "iemocap", "Session1", "Session1/sentences",
            r"recordings of 'Session1': not there, expected .*Session1/sentences/wav/",
        ),
        ("magnatagatune", "train", "mp3", r"no audio in .*cat mp3\.zip"),
        (
            "meld", "test", "output_repeated_splits_test",
            r"the clips of 'test': not there, expected .*unpack test\.tar\.gz",
        ),
        ("mtg_jamendo", "train", "audio", r"no audio in .*: expected .*audio/00/ to 99/.*download\.py"),
        (
            "slurp", "train_synthetic", "audio/slurp_synth",
            r"'train_synthetic': not there.*audio/slurp_synth/.*slurp_synth\.tar\.gz",
        ),
        ("speechcommands", "train", "testing_list.txt", r"testing_list\.txt is missing: incomplete download"),
        ("wavcaps", "FreeSound", wavcaps.DEEP, r"audio of 'FreeSound' is not there: .*FreeSound_flac/.*unpack it in"),
    ],
)  # fmt: skip
def test_a_part_that_is_not_there_is_named(name: str, split: str, lost: str, message: str, tmp_path: Path) -> None:
    fixture = FIXTURES[name](tmp_path)
    (fixture.source / lost).rename(tmp_path / "away")
    with pytest.raises(SourceError, match=message) as caught:
        records(fixture, name, split)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "split", "advice"),
    [
        ("audiocaps", "train", "fetch the clips from YouTube .*or pass ROOTS=audio=/path"),
        ("audioset", "eval", "fetch the clips from YouTube .*or pass ROOTS=audio=/path"),
        ("musiccaps", "test", "fetch the clips from YouTube .*or pass ROOTS=audio=/path"),
        ("lp_musiccaps", "msd_train", "put the MP3 files there .*or pass ROOTS=audio=/path"),
        ("music_avqa", "train", "put the videos .*or pass ROOTS=audio=/path"),
        ("musicqa", "eval", "unpack the audio .* into audios/"),
        ("fsd50k", "eval", r"merge and unpack FSD50K\.eval_audio"),
        ("tut2017", "evaluation", r"unpack TUT-acoustic-scenes-2017-evaluation\.audio"),
    ],
)
def test_metadata_without_audio_says_what_to_do(name: str, split: str, advice: str, tmp_path: Path) -> None:
    """An incomplete download is one message, not a reject for each clip."""
    fixture = FIXTURES[name](tmp_path)
    for path in tmp_path.rglob("*"):
        if path.suffix in (".wav", ".mp3", ".flac"):
            path.unlink()
    for folder in sorted(tmp_path.rglob("*audio"), reverse=True):
        shutil.rmtree(folder)
    with pytest.raises(EmptySplitError, match=advice) as caught:
        records(fixture, name, split)
    assert "\n" not in str(caught.value)
