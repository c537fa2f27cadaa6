"""Indexes of archives: made once, checked when they are read, never in each other's way."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.archives import overlay
from pipelines.sources.librispeech import LibriSpeech
from shards.storage_error import StorageError
from tests.pipelines.archives.test_hostile import ids, packed

EXPECTED = [f"84-121-000{number}" for number in range(3)]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder where indexes are kept; each test begins as a new process does."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    overlay.overlay.cache_clear()
    yield tmp_path / "cache/qwen-audio-pretrain/archives"
    overlay.overlay.cache_clear()


def reads(caplog: pytest.LogCaptureFixture) -> int:
    """How often an archive was read for its index since this was asked last."""
    overlay.overlay.cache_clear()
    count = caplog.text.count("read once for its index")
    caplog.clear()
    return count


def test_an_archive_is_read_once(cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    archive = packed(tmp_path / "a.tar.gz")
    assert ids(LibriSpeech(archive)) == EXPECTED and reads(caplog) == 1
    assert ids(LibriSpeech(archive)) == EXPECTED and reads(caplog) == 0
    (kept,) = cache.glob("*.sqlite")
    os.utime(archive, (1, 1))
    assert ids(LibriSpeech(archive)) == EXPECTED and reads(caplog) == 1
    assert len(list(cache.glob("*.sqlite"))) == 1 and not kept.exists()  # that of the archive as it was went


@pytest.mark.parametrize("damage", ["cut off", "changed", "empty"])
def test_a_damaged_index_is_made_anew(
    damage: str, cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    archive = packed(tmp_path / "a.tar.gz")
    assert ids(LibriSpeech(archive)) == EXPECTED and reads(caplog) == 1
    (kept,) = cache.glob("*.sqlite")
    data = bytearray(kept.read_bytes())
    data[len(data) // 2] ^= 255
    kept.write_bytes({"cut off": bytes(data[:-4096]), "changed": bytes(data), "empty": b""}[damage])
    assert ids(LibriSpeech(archive)) == EXPECTED and reads(caplog) == 1
    assert ids(LibriSpeech(archive)) == EXPECTED and reads(caplog) == 0


def test_jobs_at_once_do_not_harm_each_other(cache: Path, tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.tar.gz")
    code = (
        "import sys; from pipelines.sources.librispeech import LibriSpeech; "
        "print([item.id for item in LibriSpeech(sys.argv[1]).records('dev-clean')])"
    )
    jobs = [
        subprocess.Popen([sys.executable, "-c", code, str(archive)], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [job.communicate()[0].strip() for job in jobs] == [str(EXPECTED)] * 3
    assert len(list(cache.glob("*.sqlite"))) == 1 and not list(cache.glob(".tmp-*"))


def test_without_a_cache_folder_indexes_lie_in_tmpdir(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cache").write_text("in the way")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    assert ids(LibriSpeech(packed(tmp_path / "a.tar.gz"))) == EXPECTED
    assert len(list((tmp_path / "scratch").glob("qwen-audio-archives-*/*.sqlite"))) == 1


def test_a_full_disk_is_told(cache: Path, tmp_path: Path) -> None:
    """No file may grow beyond a page; what was begun does not stay there."""
    archive = packed(tmp_path / "dev-clean.tar.gz")
    code = (
        "import resource, sys; from pipelines.check_source import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); sys.exit(main(sys.argv[1:]))"
    )
    told = ["dataset=librispeech", f"source={archive}"]
    run = subprocess.run([sys.executable, "-c", code, *told], capture_output=True, text=True, check=False)
    assert run.returncode == 1 and "Traceback" not in run.stderr
    assert f"the index of {archive} cannot be written there" in run.stderr and "XDG_CACHE_HOME" in run.stderr
    assert not [path for path in cache.rglob("*") if path.suffix == ".sqlite" or path.name.startswith(".tmp")]


def test_more_archives_than_files_may_be_open(cache: Path, tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from pipelines.archives.search import with_archives;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]));"
        "print(len(list(with_archives(Path(sys.argv[1]), ('*.tar',)).glob('*.txt'))))"
    )
    for number in range(80):
        with tarfile.open(tmp_path / f"{number}.tar", "w") as tar:
            tar.addfile(tarfile.TarInfo(f"{number}.txt"))
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "80"


def test_a_path_travels_and_finds_its_archive(cache: Path, tmp_path: Path) -> None:
    archive = packed(tmp_path / "a.tar.gz")
    path = LibriSpeech(archive).root / "dev-clean/84/121/84-121-0000.flac"
    sent = pickle.dumps(path)
    overlay.overlay.cache_clear()
    assert pickle.loads(sent) == path and pickle.loads(sent).read_bytes() == path.read_bytes()
    with tarfile.open(archive, "w:gz"):
        pass
    overlay.overlay.cache_clear()
    with pytest.raises(StorageError, match=r"a\.tar\.gz: is not the archive that was planned with"):
        pickle.loads(sent).read_bytes()
