"""Writing is whole or not at all, only one creator wins, and what goes wrong is said in words."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pickle
import tempfile
import threading
import time
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shards.local_files import LocalFiles
from shards.storage import Storage, StorageError


@pytest.fixture(params=["folder", "memory"])
def storage(request, tmp_path):
    return Storage(tmp_path / "out") if request.param == "folder" else Storage(f"memory://{uuid.uuid4().hex}/out")


def test_files_are_written_read_listed_and_deleted(storage, tmp_path):
    assert storage.list() == {} and storage.folders() == () and storage.list("nothing/here") == {}
    storage.check_writable()
    assert storage.list() == {}
    storage.replace("d/s/a.json", b"one")
    storage.replace("d/s/a.json", b"other")
    assert storage.create("d/s/b.json", b"") is True
    assert storage.create("d/s/b.json", b"late") is False
    (tmp_path / "local").write_bytes(b"0123456789")
    storage.put_file(tmp_path / "local", "d/s/plan/c.tar")
    assert (tmp_path / "local").exists()
    storage.put_file(tmp_path / "local", "d/t/c.tar", move=True)
    assert not (tmp_path / "local").exists()

    assert storage.read_bytes("d/s/a.json") == b"other" and storage.read_bytes("d/s/b.json") == b""
    assert storage.list() == {"d/s/a.json": 5, "d/s/b.json": 0, "d/s/plan/c.tar": 10, "d/t/c.tar": 10}
    assert list(storage.list()) == sorted(storage.list())
    assert storage.list("d/s", recursive=False) == {"d/s/a.json": 5, "d/s/b.json": 0}
    assert storage.list("d/s/plan") == {"d/s/plan/c.tar": 10} and storage.folders("d") == ("s", "t")
    assert storage.exists("d/s/a.json") and not storage.exists("d/s") and not storage.exists("d/s/z")
    assert storage.size("d/t/c.tar") == 10 and storage.size("d/t") is None
    assert storage.read_range("d/t/c.tar", 2, 3) == b"234" and storage.read_range("d/t/c.tar", 10, 0) == b""
    with storage.open("d/t/c.tar") as file:
        file.seek(4)
        assert file.read(2) == b"45"
    with storage.local_copy("d/t/c.tar") as path:
        assert path.read_bytes() == b"0123456789"
    storage.delete("d/s/a.json", "d/s/never", "d/t/c.tar")
    assert storage.list() == {"d/s/b.json": 0, "d/s/plan/c.tar": 10}
    assert storage.sweep() == 0


def test_what_is_missing_or_short_is_said(storage):
    assert storage.read_if_there("a") is None
    for read in (storage.read_bytes, lambda path: storage.read_range(path, 0, 1)):
        with pytest.raises(FileNotFoundError):
            read("a")
    with pytest.raises(FileNotFoundError), storage.open("a"):
        pass
    with pytest.raises(FileNotFoundError), storage.local_copy("a"):
        pass
    storage.replace("a", b"12345")
    with pytest.raises(StorageError, match=r"a: ends at byte 5, not at 9 or behind; the file is damaged"):
        storage.read_range("a", 3, 6)


def test_of_many_creators_one_wins(tmp_path):
    storage = Storage(tmp_path)
    for round in range(5):
        won = []
        start = threading.Barrier(8)

        def create(number, round=round, won=won, start=start):
            start.wait()
            if storage.create(f"record-{round}", str(number).encode()):
                won.append(number)

        threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1 and storage.read_bytes(f"record-{round}") == str(won[0]).encode()
    assert len(list(tmp_path.iterdir())) == 5


# Every system call of a write through which a crash can leave traces; mkdir is among them for new folders.
STEPS = ("mkdir", "open", "fsync", "link", "rename", "replace", "unlink")


class Stop(BaseException):
    """The process dies here. What follows, in `finally` too, meets the same at its first system call."""


def trace(monkeypatch, act):
    """Call `act(name of the step, its number, "before" or "after")` around every system call of a write."""
    count = 0

    def wrap(name, call):
        def step(*arguments, **options):
            nonlocal count
            count += 1
            number = count
            act(name, number, "before")
            try:
                return call(*arguments, **options)
            finally:
                act(name, number, "after")

        return step

    for name in STEPS:
        monkeypatch.setattr(os, name, wrap(name, getattr(os, name)))


WRITES = {
    "create": lambda storage, local: storage.create("d/s/file", b"new"),
    "replace": lambda storage, local: storage.replace("d/s/file", b"new"),
    "put": lambda storage, local: storage.put_file(local, "d/s/file"),
    "move": lambda storage, local: storage.put_file(local, "d/s/file", move=True),
}


@pytest.mark.parametrize(("write", "old"), [*((write, None) for write in WRITES), ("replace", b"old"), ("put", b"old")])
def test_death_at_any_step_leaves_old_or_new(tmp_path, monkeypatch, write, old):
    number, moments = 0, 0
    while moments != 1:  # until a run has fewer steps than `number`
        moments = 0
        number += 1
        for moment in ("before", "after"):
            folder = tmp_path / f"{number}-{moment}"
            storage, local = Storage(folder / "out"), folder / "local"
            folder.mkdir()
            local.write_bytes(b"new")
            if old:
                storage.replace("d/s/file", old)
            dead = False

            def die(name, step, when, moment=moment, number=number):
                nonlocal dead
                dead = dead or (step, when) == (number, moment)
                if dead:
                    raise Stop

            with monkeypatch.context() as patch, contextlib.suppress(Stop):
                trace(patch, die)
                WRITES[write](storage, local)
            if not dead:
                moments = 1
            assert storage.read_if_there("d/s/file") in ({old, b"new"} if dead else {b"new"})
            assert set(storage.list()) <= {"d/s/file"}
            storage.sweep()
            left = [path for path in (folder / "out").rglob("*") if path.is_file()]
            assert all(path.name == "file" for path in left)
            if not local.exists():  # moved before death
                assert storage.read_bytes("d/s/file") == b"new"
                local.write_bytes(b"new")
            WRITES[write](storage, local)
            assert storage.list() == {"d/s/file": 3} and storage.read_bytes("d/s/file") == b"new"
        if moments == 0:
            moments = 2
    assert number >= 4


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("step", ["fsync", "link", "rename", "replace"])
def test_a_full_disk_is_said_and_leaves_nothing(tmp_path, monkeypatch, write, step):
    storage, local = Storage(tmp_path / "out"), tmp_path / "local"
    storage.replace("d/s/other", b"x")
    local.write_bytes(b"new")
    failed = []

    def fail(name, number, when):
        if (name, when) == (step, "before"):
            failed.append(number)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        trace(patch, fail)
        try:
            WRITES[write](storage, local)
        except StorageError as error:
            assert failed and "out/d/s/file: no space left on the device; free some" in str(error)
        else:
            assert not failed
    names = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert names <= {"file", "other"}
    assert local.exists() or storage.exists("d/s/file")


def test_sweep_takes_what_is_dead_and_leaves_what_lives(tmp_path):
    storage = Storage(tmp_path)
    storage.replace("d/s/file", b"x")
    (tmp_path / "d/s/.tmp-dead").write_bytes(b"half")
    swept = []

    files = LocalFiles(tmp_path)

    def fill(file):
        file.write(b"whole")
        swept.append(storage.sweep("d"))

    assert files._write("d/s/living", fill, exclusive=True)
    assert swept == [1] and storage.list() == {"d/s/file": 1, "d/s/living": 5}
    assert not (tmp_path / "d/s/.tmp-dead").exists()


def test_sweep_leaves_subfolders_alone_where_it_is_told_to(tmp_path):
    for folder in (tmp_path, tmp_path / "d"):
        folder.mkdir(exist_ok=True)
        (folder / ".tmp-dead").write_bytes(b"half")
    assert Storage(tmp_path).sweep(recursive=False) == 1
    assert [path.name for path in (tmp_path / "d").iterdir()] == [".tmp-dead"]


@given(
    hours=st.lists(
        (st.floats(-9e4, 9e4) | st.floats(-25, 25)).filter(lambda age: abs(abs(age) - 24) > 0.1), max_size=6
    ),
    skew=st.floats(-3e8, 3e8),
    without=st.sampled_from([errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL]),
)
def test_where_locks_do_not_work_a_day_tells_the_dead_from_the_living(hours, skew, without):
    """Whatever this machine's clock says, and where a clock was set back after the dead ones were written."""

    def no_locks(file, how):
        raise OSError(without, os.strerror(without))

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(fcntl, "flock", no_locks)
        now = time.time()
        patch.setattr(time, "time", lambda: now + skew)
        for number, age in enumerate(hours):
            path = Path(folder, f".tmp-{number}")
            path.write_bytes(b"half")
            os.utime(path, (now, now - 3600 * age))
        left, swept = {number for number, age in enumerate(hours) if abs(age) < 24}, []

        def fill(file):
            file.write(b"whole")
            swept.append(Storage(folder).sweep())

        assert LocalFiles(Path(folder))._write("living", fill, exclusive=True)
        assert swept == [len(hours) - len(left)]
        assert {path.name for path in Path(folder).iterdir()} == {"living", *(f".tmp-{number}" for number in left)}


def test_sweep_knows_the_dead_where_only_what_is_open_for_writing_is_locked(tmp_path, monkeypatch):
    """As NFS and CIFS have it; the living keep their lock there too."""
    flock = fcntl.flock

    def strict(file, how):
        access = fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE
        if how & fcntl.LOCK_EX and access == os.O_RDONLY:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        flock(file, how)

    monkeypatch.setattr(fcntl, "flock", strict)
    test_sweep_takes_what_is_dead_and_leaves_what_lives(tmp_path)


def test_a_file_that_is_finished_while_it_is_looked_at_is_not_swept(tmp_path, monkeypatch):
    """Where locks do not work."""
    dead = tmp_path / ".tmp-dead"
    dead.write_bytes(b"half")

    def finished(file, how):
        dead.unlink(missing_ok=True)
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", finished)
    assert Storage(tmp_path).sweep() == 0


def test_a_temporary_file_that_vanishes_is_written_again(tmp_path):
    """Where locks do not work, a sweep can take away a file that lives."""
    files, vanished = LocalFiles(tmp_path), []

    def fill(file):
        file.write(b"whole")
        if not vanished:
            vanished.append(file.name)
            Path(file.name).unlink()

    assert files._write("d/living", fill, exclusive=True)
    assert vanished and (tmp_path / "d/living").read_bytes() == b"whole"
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["living"]


def test_a_lost_answer_to_a_link_is_no_loss(tmp_path, monkeypatch):
    """NFS: the link was made, its answer lost, and the repeated call finds its own file."""
    link = os.link

    def twice(source, target, **options):
        link(source, target, **options)
        link(source, target, **options)

    monkeypatch.setattr(os, "link", twice)
    assert Storage(tmp_path).create("record", b"x") is True
    assert [path.name for path in tmp_path.iterdir()] == ["record"]


def test_an_unwritable_out_is_said(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match=r"file/out: .*is a file, not a folder; choose another OUT"):
        Storage(tmp_path / "file" / "out").check_writable()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_forbidden_out_is_said(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match="permission denied"):
        Storage(tmp_path / "out").check_writable()


@pytest.mark.parametrize(
    ("url", "what"), [("", "OUT is empty"), ("nosuch://bucket/x", "nosuch://bucket/x: cannot be used as storage")]
)
def test_what_is_no_storage_is_said(url, what):
    with pytest.raises(StorageError, match=what):
        Storage(url).check_writable()


def test_a_relative_folder_stays_where_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    storage = pickle.loads(pickle.dumps(Storage("data/shards")))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    storage.replace("a", b"x")
    assert (tmp_path / "data/shards/a").read_bytes() == b"x"


def test_it_travels_to_other_processes_and_tells_no_secrets(tmp_path):
    storage = Storage("s3://bucket/prefix/", key="AK", secret="hush")
    assert "hush" not in repr(storage) and repr(storage) == "Storage('s3://bucket/prefix')"
    copy = pickle.loads(pickle.dumps(storage))
    assert copy.url == storage.url and copy._options == {"key": "AK", "secret": "hush"}
    local = pickle.loads(pickle.dumps(Storage(f"file://{tmp_path}")))
    local.replace("a", b"x")
    assert (tmp_path / "a").read_bytes() == b"x" and local.local_path("a") == tmp_path / "a"
