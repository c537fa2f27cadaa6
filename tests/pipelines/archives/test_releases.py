"""Corpora of which some archives were left as they came: the records of those that were unpacked."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines import catalogue
from pipelines.places.packed_path import PackedPath
from pipelines.record import Record, Reject
from tests.pipelines.sources.fixtures import FIXTURES
from tests.pipelines.test_archives import pack, read


class Left(NamedTuple):
    """A folder of the corpus that is still in an archive; places are below SOURCE."""

    folder: str
    archive: str
    above: str | None = None  # what it is called in the archive, if not by its name


ACTORS = "Actors_01-24"
TAU, TUT = "TAU-urban-acoustic-scenes-2019-development", "TUT-acoustic-scenes-2017"
PACKED: dict[str, list[Left]] = {
    "ami": [Left("ami_public_manual_1.6.2", "ami_public_manual_1.6.2.zip", "")],
    "clotho_aqa": [Left("audio_files", "audio_files.zip")],
    "deam": [Left("MEMD_audio", "DEAM_audio.zip"), Left("annotations", "DEAM_Annotations.zip")],
    "fleurs": [
        Left(f"data/{split}", f"data/{split}.tar.gz")
        for split in ("en_us/audio/train", "en_us/audio/dev", "cmn_hans_cn/audio/test")
    ],
    "fma": [Left(name, f"{name}.zip") for name in ("fma_medium", "fma_metadata")],
    "fsd50k": [
        Left(f"FSD50K.{part}", f"FSD50K.{part}.zip") for part in ("dev_audio", "eval_audio", "ground_truth", "metadata")
    ],
    "gigaspeech": [Left("audio/podcast/P0001", "audio/podcast/P0001.tgz")],
    "irmas": [Left(f"IRMAS-{part}", f"IRMAS-{part}.zip") for part in ("TrainingData", "TestingData-Part1")],
    "macs": [Left("audio", f"{TAU}.audio.1.zip", f"{TAU}/audio")],
    "magnatagatune": [Left("mp3", "mp3.zip", "")],
    "meld": [
        Left("train/train_splits", "train.tar.gz"),
        Left("output_repeated_splits_test", "test.tar.gz"),
    ],
    "mtg_jamendo": [Left(f"audio/{part}", f"audio/raw_30s_audio-{part}.tar") for part in ("48", "23")],
    "mustc": [Left("en-zh", "MUSTC_v2.0_en-zh.tar.gz")],
    "ravdess": [Left(f"{part}_{ACTORS}", f"{part}_{ACTORS}.zip", "") for part in ("Audio_Song", "Audio_Speech")],
    "slurp": [Left(f"audio/slurp_{part}", f"audio/slurp_{part}.tar.gz") for part in ("real", "synth")],
    "tut2017": [Left(f"{TUT}-{part}", f"{TUT}-{part}.zip") for part in ("development", "evaluation")],
    "voxceleb1": [Left("wav", "vox1_dev_wav.zip"), Left("test/wav", "vox1_test_wav.zip")],
    "voxceleb2": [Left(f"{split}/aac", f"{split}/vox2_{split}_aac.zip") for split in ("dev", "test")],
    "voxconverse": [
        Left("audio", "voxconverse_dev_wav.zip"),
        Left("voxconverse_test_wav", "voxconverse_test_wav.zip"),
    ],
    "voxlingua107": [Left(folder, f"{folder}.zip") for folder in ("train/de", "train/iw", "dev")],
}


@pytest.mark.parametrize("name", sorted(PACKED))
def test_archives_that_were_left_as_they_came(name: str, tmp_path: Path) -> None:
    cls, fixture = catalogue.find(name), FIXTURES[name](tmp_path / "corpus")
    shutil.rmtree(fixture.source / "audio_speech_actors_01-24", ignore_errors=True)  # RAVDESS's second copy of a part
    unpacked = {split: told(items) for split, items in read(cls(fixture.source, fixture.roots), fixture).items()}
    for left in PACKED[name]:
        pack(fixture.source / left.folder, fixture.source / left.archive, left.above)
    both = cls(fixture.source, fixture.roots)
    assert isinstance(both.root, Path)  # downloads that were kept are no second corpus
    for left in PACKED[name]:
        shutil.rmtree(fixture.source / left.folder)
    source = cls(fixture.source, fixture.roots)
    assert isinstance(source.root, PackedPath)
    assert {split: told(items) for split, items in read(source, fixture).items()} == unpacked


def told(items: list[object]) -> list[object]:
    """What records say, wherever their audio lies, and rejects."""
    return [
        replace(item, audio=tuple(replace(ref, path="") for ref in item.audio))
        if isinstance(item, Record)
        else (item.id, item.reason)
        for item in items
        if isinstance(item, Record | Reject)
    ]


def test_a_zip_in_parts_is_left_alone(tmp_path: Path) -> None:
    """What was merged is called otherwise; the last part stays behind as FSD50K.dev_audio.zip."""
    cls, fixture = catalogue.find("fsd50k"), FIXTURES["fsd50k"](tmp_path / "corpus")
    expected = read(cls(fixture.source), fixture)
    for name in ("FSD50K.dev_audio.z01", "FSD50K.dev_audio.zip"):
        (fixture.source / name).write_bytes(b"a part")
    assert read(cls(fixture.source), fixture) == expected
