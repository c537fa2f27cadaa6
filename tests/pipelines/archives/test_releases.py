"""Corpora of which some archives were left as they came: the records of those that were unpacked."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines import catalogue
from pipelines.places.packed_path import PackedPath
from pipelines.record import Record, Reject
from tests.pipelines.sources.fixtures import FIXTURES
from tests.pipelines.test_archives import pack, read


class Left(NamedTuple):
    """A folder of the corpus that is still in an archive, in which it is called `above`; places are below SOURCE."""

    folder: str
    archive: str
    above: str


ACTORS = "Actors_01-24"
PACKED: dict[str, list[Left]] = {
    "ami": [Left("ami_public_manual_1.6.2", "ami_public_manual_1.6.2.zip", "")],
    "clotho_aqa": [Left("audio_files", "audio_files.zip", "audio_files")],
    "deam": [
        Left("MEMD_audio", "DEAM_audio.zip", "MEMD_audio"),
        Left("annotations", "DEAM_Annotations.zip", "annotations"),
    ],
    "fleurs": [
        Left("data/en_us/audio/train", "data/en_us/audio/train.tar.gz", "train"),
        Left("data/en_us/audio/dev", "data/en_us/audio/dev.tar.gz", "dev"),
        Left("data/cmn_hans_cn/audio/test", "data/cmn_hans_cn/audio/test.tar.gz", "test"),
    ],
    "fma": [Left(name, f"{name}.zip", name) for name in ("fma_medium", "fma_metadata")],
    "fsd50k": [
        Left(f"FSD50K.{part}", f"FSD50K.{part}.zip", f"FSD50K.{part}")
        for part in ("dev_audio", "eval_audio", "ground_truth", "metadata")
    ],
    "gigaspeech": [Left("audio/podcast/P0001", "audio/podcast/P0001.tgz", "P0001")],
    "irmas": [
        Left("IRMAS-TrainingData", "IRMAS-TrainingData.zip", "IRMAS-TrainingData"),
        Left("IRMAS-TestingData-Part1", "IRMAS-TestingData-Part1.zip", "IRMAS-TestingData-Part1"),
    ],
    "macs": [Left("audio", "TAU-urban-acoustic-scenes-2019-development.audio.1.zip",
                  "TAU-urban-acoustic-scenes-2019-development/audio")],
    "magnatagatune": [Left("mp3", "mp3.zip", "")],
    "meld": [
        Left("train/train_splits", "train.tar.gz", "train_splits"),
        Left("output_repeated_splits_test", "test.tar.gz", "output_repeated_splits_test"),
    ],
    "mtg_jamendo": [
        Left("audio/48", "audio/raw_30s_audio-48.tar", "48"),
        Left("audio/23", "audio/raw_30s_audio-23.tar", "23"),
    ],
    "mustc": [Left("en-zh", "MUSTC_v2.0_en-zh.tar.gz", "en-zh")],
    "ravdess": [
        Left(f"Audio_Song_{ACTORS}", f"Audio_Song_{ACTORS}.zip", ""),
        Left(f"Audio_Speech_{ACTORS}", f"Audio_Speech_{ACTORS}.zip", ""),
    ],
    "slurp": [
        Left("audio/slurp_real", "audio/slurp_real.tar.gz", "slurp_real"),
        Left("audio/slurp_synth", "audio/slurp_synth.tar.gz", "slurp_synth"),
    ],
    "tut2017": [
        Left(name, f"{name}.zip", name)
        for name in ("TUT-acoustic-scenes-2017-development", "TUT-acoustic-scenes-2017-evaluation")
    ],
    "voxceleb1": [Left("wav", "vox1_dev_wav.zip", "wav"), Left("test/wav", "vox1_test_wav.zip", "wav")],
    "voxceleb2": [
        Left("dev/aac", "dev/vox2_dev_aac.zip", "aac"),
        Left("test/aac", "test/vox2_test_aac.zip", "aac"),
    ],
    "voxconverse": [
        Left("audio", "voxconverse_dev_wav.zip", "audio"),
        Left("voxconverse_test_wav", "voxconverse_test_wav.zip", "voxconverse_test_wav"),
    ],
    "voxlingua107": [
        Left("train/de", "train/de.zip", "de"),
        Left("train/iw", "train/iw.zip", "iw"),
        Left("dev", "dev.zip", "dev"),
    ],
}  # fmt: skip


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
        (
            item.id,
            item.annotations,
            item.speaker,
            item.licence,
            item.origin,
            [(ref.start, ref.end) for ref in item.audio],
        )
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
