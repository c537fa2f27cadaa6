"""Archives that are damaged, or made to do harm: each is refused or named, and nothing outside of it is read."""

from __future__ import annotations

import io
import logging
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.archives import index
from pipelines.archives.stream import ArchiveError, FileBytes
from pipelines.archives.zip_members import zip_members
from pipelines.places.packed_path import PackedPath
from pipelines.source import SourceError
from pipelines.sources.librispeech import LibriSpeech
from shards.storage_error import StorageError
from tests.pipelines.corpora import flac, put

CHAPTER = "LibriSpeech/dev-clean/84/121"
Change = Callable[[tarfile.TarFile], None]


def packed(path: Path, change: Change = lambda tar: None) -> Path:
    """A small LibriSpeech in a tarball, with something more in it."""
    with tarfile.open(path, "w:gz" if path.suffix in (".gz", ".tgz") else "w") as tar:
        for number in range(3):
            member(tar, f"{CHAPTER}/84-121-000{number}.flac", flac(0.2, seed=number))
        member(tar, f"{CHAPTER}/84-121.trans.txt", "".join(f"84-121-000{n} A TONE\n" for n in range(3)).encode())
        change(tar)
    return path


def member(tar: tarfile.TarFile, name: str, data: bytes = b"", **facts: object) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in facts.items():
        setattr(info, key, value)
    tar.addfile(info, io.BytesIO(data))


def ids(source: LibriSpeech) -> list[str]:
    return [item.id for item in source.records("dev-clean")]


@pytest.mark.parametrize("form", ["tar", "tar.gz"])
@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../outside.flac", f"{CHAPTER}/../../../../../up.flac", "x/../../y", "a" + "/a" * 200]
)
def test_members_that_lead_out_are_refused(name: str, form: str, tmp_path: Path) -> None:
    archive = packed(tmp_path / f"dev-clean.{form}", lambda tar: member(tar, name, b"harm"))
    with pytest.raises(StorageError, match=rf"dev-clean\.{form}: member '{name[:20]}.*not read"):
        LibriSpeech(archive)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../etc/passwd"])
def test_links_that_lead_out_are_refused(target: str, kind: bytes, tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.tar", lambda tar: member(tar, f"{CHAPTER}/x.flac", type=kind, linkname=target))
    with pytest.raises(StorageError, match=r"a\.tar: member '.*x\.flac' is a link to '.*passwd', out of the folder"):
        LibriSpeech(archive)


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        (tarfile.SYMTYPE, "link"),
        (tarfile.CHRTYPE, "device"),
        (tarfile.FIFOTYPE, "device"),
        (tarfile.GNUTYPE_SPARSE, "sparse file"),  # as large as it says, with no byte of it there
    ],
)
def test_what_is_no_file_is_named_and_never_followed(
    kind: bytes, named: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def change(tar: tarfile.TarFile) -> None:
        member(tar, f"{CHAPTER}/84-121-0009.flac", type=kind, linkname="84-121-0000.flac")

    with caplog.at_level(logging.WARNING):
        source = LibriSpeech(packed(tmp_path / "a.tar", change))
    assert f"left out 1 × {named}, first '{CHAPTER}/84-121-0009.flac'" in caplog.text
    assert ids(source) == [f"84-121-000{number}" for number in range(3)]


def test_the_last_of_equal_names_counts_and_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    later = flac(0.4, seed=9)
    with caplog.at_level(logging.WARNING):
        source = LibriSpeech(
            packed(tmp_path / "a.tar.gz", lambda tar: member(tar, f"{CHAPTER}/84-121-0001.flac", later))
        )
    assert (source.root / "dev-clean/84/121/84-121-0001.flac").read_bytes() == later
    assert "earlier file of the same name" in caplog.text and "84-121-0001.flac" in caplog.text


def test_names_that_are_not_utf8_are_those_of_the_disk(tmp_path: Path) -> None:
    odd = f"{CHAPTER}/84-121-\udce9\udcff.flac"
    source = LibriSpeech(packed(tmp_path / "a.tar.gz", lambda tar: member(tar, odd, flac(0.1))))
    assert "84-121-\udce9\udcff" in ids(source)


@pytest.mark.parametrize("form", ["tar.gz", "zip"])
def test_a_bomb_is_refused_before_it_has_gone_off(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "_FREE_BYTES", 1 << 20)
    archive, size = tmp_path / f"bomb.{form}", 50 << 20
    if form == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.writestr("x.flac", bytes(size))
    else:
        with tarfile.open(archive, "w:gz") as tar:
            member(tar, "x.flac", bytes(size))
    with pytest.raises(StorageError, match=rf"bomb\.{form}: unpacks to over 100 times its size"):
        LibriSpeech(archive)


def test_overlapping_members_of_a_zip_are_refused(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("first.flac", bytes(range(256)) * 200)
        for number in range(5):
            twin = zipfile.ZipInfo(f"twin-{number}.flac")
            first = zipped.filelist[0]
            twin.header_offset, twin.file_size, twin.compress_size, twin.CRC = (
                0,
                first.file_size,
                first.compress_size,
                first.CRC,
            )
            zipped.filelist.append(twin)
    with pytest.raises(StorageError, match=r"a\.zip: its members overlap"):
        LibriSpeech(archive)


@pytest.mark.parametrize("form", ["tar", "tar.gz", "zip"])
def test_an_archive_that_is_cut_off_is_refused(form: str, tmp_path: Path) -> None:
    whole = packed(tmp_path / "whole.tar")
    archive = tmp_path / f"cut.{form}"
    if form == "zip":
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.writestr(f"{CHAPTER}/a.flac", bytes(5000))
        data = archive.read_bytes()
    else:
        data = whole.read_bytes() if form == "tar" else packed(tmp_path / "whole.tar.gz").read_bytes()
    # A tar is also cut between two members, where only the end mark is missing.
    for length in (len(data) // 2, 512 * 2, len(data) // 512 * 512 - 20 * 512):
        archive.write_bytes(data[: max(length, 600)])
        with pytest.raises(StorageError, match=rf"cut\.{form}: (is|cannot).*(cut off|damaged).*Download it again"):
            LibriSpeech(archive)


def test_a_damaged_header_is_not_the_end(tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.tar")
    data = bytearray(archive.read_bytes())
    place = data.index(b"LibriSpeech", 5000)
    data[place + 3] ^= 1
    archive.write_bytes(data)
    with pytest.raises(StorageError, match=rf"a\.tar: is damaged at byte {place:,}\. Download it again"):
        LibriSpeech(archive)


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_text("<!DOCTYPE html><title>404</title>")
    with pytest.raises(StorageError, match=r"a\.tar\.gz: is no archive: it begins with b'<!DOCTYPE html>'"):
        LibriSpeech(tmp_path / "a.tar.gz")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("dev.7z", "7z x dev.7z"),
        ("dev.rar", "unrar x dev.rar"),
        ("dev.tar.bz2", "tar xjf dev.tar.bz2"),
        ("dev.tar.xz", "tar xJf dev.tar.xz"),
        ("dev.z01", "zip -s 0 dev.zip --out dev-whole.zip && unzip dev-whole.zip"),
        ("dev.zip.001", r"cat dev.zip\* > dev.zip, then pass that"),
        ("dev.tar.gz.partaa", r"cat dev.tar.gz\* > dev.tar.gz, then pass that"),
    ],
)
def test_other_kinds_are_refused_with_the_command(name: str, command: str, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / name).write_bytes(b"?")
    for place in (tmp_path / "here", tmp_path / "here" / name):
        with pytest.raises(SourceError, match=rf"{name} is not read in place; unpack it in .*here: {command}"):
            LibriSpeech(place)


def test_backslashes_of_windows_part_folders(tmp_path: Path) -> None:
    """And lead out of the archive no more than others."""
    for name, expected in (("a\\b.txt", ["a/b.txt"]), ("a/b\\c.txt", ["a/b\\c.txt"])):
        with zipfile.ZipFile(tmp_path / "w.zip", "w") as zipped:
            info = zipfile.ZipInfo(name)
            info.create_system = 0
            zipped.writestr(info, b"text")
        assert [found.path for found in zip_members(FileBytes(tmp_path / "w.zip"), "w.zip")] == expected
    with zipfile.ZipFile(tmp_path / "esc.zip", "w") as zipped:
        info = zipfile.ZipInfo("..\\harm.txt")
        info.create_system = 0
        zipped.writestr(info, b"harm")
    with pytest.raises(StorageError, match="leads out of the folder"):
        LibriSpeech(tmp_path / "esc.zip")


def test_encrypted_zips_are_refused(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("x.flac", b"secret")
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(data)
    with pytest.raises(StorageError, match=r"a\.zip: member 'x\.flac' is encrypted; unpack the archive there"):
        LibriSpeech(archive)


@pytest.mark.parametrize("form", ["tar", "tar.gz"])
def test_an_archive_that_vanishes_or_changes_is_told(form: str, tmp_path: Path) -> None:
    archive = packed(tmp_path / f"a.{form}")
    source = LibriSpeech(archive)
    stream = source.records("dev-clean")
    next(stream)
    archive.rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError):
        list(stream)
    put(archive, b"something else")
    with pytest.raises(StorageError, match="changed while it was read; run the same command again"):
        list(source.records("dev-clean"))


def test_a_member_that_changed_is_told(tmp_path: Path) -> None:
    """A .tar.gz keeps the checksum of each member, a zip has it: what is read later is what was read then."""
    archive = packed(tmp_path / "a.tar.gz")
    path = LibriSpeech(archive).root / "dev-clean/84/121/84-121-0000.flac"
    assert isinstance(path, PackedPath)
    before = archive.stat()
    data = bytearray(archive.read_bytes())
    data[2000] ^= 255
    archive.write_bytes(data)
    os.utime(archive, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ArchiveError, match=r"a\.tar\.gz: (member .*84-121-0000\.flac' is )?damaged"):
        path.read_bytes()
