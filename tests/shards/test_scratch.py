"""Scratch folders: gone after use, swept after a kill, and never taken from somebody who still works in them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shards.scratch import PREFIX, scratch, sweep
from shards.storage_error import StorageError

ROOT = Path(__file__).resolve().parents[2]
HOLD = "import sys; from shards.scratch import scratch\nwith scratch() as f: print(f, flush=True); sys.stdin.read()"


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_goes_with_its_context(temporary: Path) -> None:
    with scratch() as folder:
        (folder / "deep").mkdir()
        (folder / "deep/file").write_bytes(b"x")
        assert folder.parent == temporary
    with pytest.raises(KeyError), scratch() as folder:
        raise KeyError
    assert list(temporary.iterdir()) == []


def test_a_living_process_keeps_it_and_a_killed_one_does_not(temporary: Path) -> None:
    """Whatever its process id is: in another container it would not be seen."""
    environment = os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert holder.stdout is not None
    folder = Path(holder.stdout.readline().strip())
    (folder / "tar").write_bytes(b"half")
    others = temporary / "somebody-else"
    others.mkdir()
    sweep()
    assert (folder / "tar").exists()
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    sweep()
    assert list(temporary.iterdir()) == [others]


def test_many_at_once_each_have_their_own(temporary: Path) -> None:
    def work(number: int) -> str:
        with scratch() as folder:
            (folder / "file").write_text(str(number))
            sweep()
            return (folder / "file").read_text()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(200))) == [str(number) for number in range(200)]
    assert not list(temporary.glob(f"{PREFIX}*"))


def test_a_folder_without_room_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    free = shutil.disk_usage(tmp_path).free
    with scratch(free // 2) as folder:
        assert folder.parent == tmp_path
    words = rf"{tmp_path}: no space left for a shard of about .* set TMPDIR"
    with pytest.raises(StorageError, match=words) as told, scratch(10 * free):
        raise AssertionError("opened all the same")
    assert not told.value.lasting and not list(tmp_path.iterdir())
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(StorageError, match="TMPDIR: No such file or directory"), scratch():
        raise AssertionError("opened all the same")
