"""Corpora that were left packed: the plans, shards and records of the unpacked ones, and no harm from any archive."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from pipelines import catalogue
from pipelines.own.source import OwnSource
from pipelines.places.packed_path import PackedPath
from pipelines.source import Source
from pipelines.sources.librispeech import LibriSpeech
from tests.pipelines.corpora import flac, put, shards_of
from tests.pipelines.sources.fixture import Fixture
from tests.pipelines.sources.fixtures import FIXTURES
from tests.shards.building import contents

FORMS = ("tar", "tar.gz", "zip")
RELEASES = [name for name, cls in catalogue.sources().items() if not issubclass(cls, OwnSource)]


def pack(folder: Path, archive: Path, above: str | None = None) -> Path:
    """Pack a folder as people do, its members below `above` (default: the folder's own name)."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    top = Path(folder.name if above is None else above)
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for path in sorted(folder.rglob("*")):
                zipped.write(path, top / path.relative_to(folder))
    else:
        with tarfile.open(archive, "w:gz" if archive.suffix == ".gz" else "w") as tar:
            for path in sorted(folder.rglob("*")):
                tar.add(path, top / path.relative_to(folder), recursive=False)
    return archive


def read(source: Source, fixture: Fixture) -> dict[str, list[object]]:
    return {split: list(source.records(split)) for split in fixture.records}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", RELEASES)
def test_a_packed_corpus_is_planned_as_an_unpacked_one(name: str, form: str, tmp_path: Path) -> None:
    cls, fixture = catalogue.find(name), FIXTURES[name](tmp_path / "corpus")
    archive = pack(fixture.source, tmp_path / f"downloads/release.{form}")
    there = read(cls(fixture.source, fixture.roots), fixture)
    for place in (archive, archive.parent):
        source = cls(place, fixture.roots)
        assert isinstance(source.root, PackedPath)
        assert source.available_splits() == cls(fixture.source, fixture.roots).available_splits()
        assert read(source, fixture) == there


@pytest.mark.parametrize("name", ["librispeech", "aishell1", "commonvoice", "esc50", "speechcommands", "mls"])
def test_a_packed_corpus_gives_the_bytes_of_an_unpacked_one(name: str, tmp_path: Path) -> None:
    cls, fixture = catalogue.find(name), FIXTURES[name](tmp_path / "corpus")
    for form in FORMS:
        archive = pack(fixture.source, tmp_path / f"{form}/release.{form}")
        for split in fixture.records:
            shards_of(cls(archive, fixture.roots), split, tmp_path / "packed" / form)
    for split in fixture.records:
        shards_of(cls(fixture.source, fixture.roots), split, tmp_path / "plain")
    expected = contents(tmp_path / "plain")
    for form in FORMS:
        assert contents(tmp_path / "packed" / form) == expected


@pytest.mark.parametrize(
    ("name", "folder", "archive"),
    [
        ("clotho_aqa", "audio_files", "audio_files.zip"),
        ("deam", "MEMD_audio", "DEAM_audio.zip"),
        ("fma", "fma_medium", "fma_medium.zip"),
        ("macs", "audio", "TAU-urban-acoustic-scenes-2019-development.audio.1.zip"),
        ("magnatagatune", "mp3", "mp3.zip"),
        ("medley_solos_db", "audio", "Medley-solos-DB.tar.gz"),
        ("meld", "train/train_splits", "train.tar.gz"),
        ("musicqa", "audios", "audios.zip"),
        ("slurp", "audio/slurp_real", "audio/slurp_real.tar.gz"),
    ],
)
def test_audio_left_packed_beside_its_tables(name: str, folder: str, archive: str, tmp_path: Path) -> None:
    cls, fixture = catalogue.find(name), FIXTURES[name](tmp_path)
    there = read(cls(fixture.source), fixture)
    below = Path(archive).parent  # where it unpacks to
    pack(fixture.source / folder, fixture.source / archive, above=str(Path(folder).relative_to(below)))
    assert not isinstance(cls(fixture.source).root, PackedPath)  # it lies beside what it unpacks to
    shutil.rmtree(fixture.source / folder)
    assert read(cls(fixture.source), fixture) == there


def test_an_archive_without_a_folder_of_its_own_is_the_corpus(tmp_path: Path) -> None:
    cls, fixture = catalogue.find("speechcommands"), FIXTURES["speechcommands"](tmp_path / "corpus")
    archive = pack(fixture.source, tmp_path / "speech_commands_v0.02.tar.gz", above="")
    assert read(cls(archive), fixture) == read(cls(fixture.source), fixture)


@pytest.mark.parametrize("outer", [False, True], ids=["as unpacked once", "as downloaded"])
def test_tarballs_of_speakers_are_read_where_they_lie(outer: bool, tmp_path: Path) -> None:
    """AISHELL-1 as it is downloaded: a tarball that holds one tarball for each speaker."""
    cls, fixture = catalogue.find("aishell1"), FIXTURES["aishell1"](tmp_path / "corpus")
    expected = read(cls(fixture.source), fixture)
    shards_of(cls(fixture.source), "train", tmp_path / "plain")
    packed = speakers_packed(fixture.source, tmp_path / "packed/aishell")
    if outer:
        for name in ("data_aishell", "resource_aishell"):
            pack(packed / name, tmp_path / f"downloads/{name}.tgz")
        packed = tmp_path / "downloads"
    source = cls(packed)
    assert read(source, fixture) == expected
    shards_of(source, "train", tmp_path / "from archives")
    assert contents(tmp_path / "from archives") == contents(tmp_path / "plain")


def speakers_packed(corpus: Path, copy: Path) -> Path:
    """AISHELL-1 with `wav/S0002.tar.gz` (`train/S0002/…`) for each speaker's folder."""
    shutil.copytree(corpus, copy)
    wav = copy / "data_aishell/wav"
    for folder in sorted(wav.glob("*/*")):
        pack(folder, wav / f"{folder.name}.tar.gz", above=f"{folder.parent.name}/{folder.name}")
        shutil.rmtree(folder)
    for split in ("train", "test"):
        (wav / split).rmdir()
    return copy


def test_what_is_unpacked_goes_first_and_is_not_told_twice(tmp_path: Path) -> None:
    cls, fixture = catalogue.find("aishell1"), FIXTURES["aishell1"](tmp_path / "corpus")
    expected = read(cls(fixture.source), fixture)
    packed = speakers_packed(fixture.source, tmp_path / "packed")
    wav = packed / "data_aishell/wav"
    shutil.unpack_archive(wav / "S0002.tar.gz", wav)
    half = cls(packed)
    assert read(half, fixture) == expected
    first = half.root / "data_aishell/wav/train/S0002/BAC009S0002W0122.wav"
    assert isinstance(first, PackedPath) and first.unpacked() is not None
    for archive in sorted(wav.glob("*.tar.gz")):
        shutil.unpack_archive(archive, wav)
    assert isinstance(cls(packed).root, Path)  # the tarballs beside it are no more looked at
    assert read(cls(packed), fixture) == expected


def test_one_part_is_unpacked_and_another_is_not(tmp_path: Path) -> None:
    """A folder of downloads: one archive unpacked, one as it came, and one of something else."""
    fixture = FIXTURES["librispeech"](tmp_path / "corpus")
    put(fixture.source / "test-clean/5/6/5-6.trans.txt", "5-6-0000 A TONE\n")
    put(fixture.source / "test-clean/5/6/5-6-0000.flac", flac(0.2))
    downloads = tmp_path / "downloads"
    for split in ("dev-clean", "test-clean"):
        pack(fixture.source / split, downloads / f"{split}.tar.gz", above=f"LibriSpeech/{split}")
    shutil.unpack_archive(downloads / "dev-clean.tar.gz", downloads)
    shutil.copy(fixture.source / "SPEAKERS.TXT", downloads / "LibriSpeech")
    put(downloads / "holiday.tar.gz", "no archive at all")
    packed, plain = LibriSpeech(downloads), LibriSpeech(fixture.source)
    assert str(packed.root) == str(downloads / "LibriSpeech")
    assert packed.available_splits() == plain.available_splits() == ("dev-clean", "test-clean")
    for split in packed.available_splits():
        assert list(packed.records(split)) == list(plain.records(split))
