"""What lies where in an archive: a file in the user's cache folder, made by one pass and used by every later job.

    $XDG_CACHE_HOME/qwen-audio-pretrain/archives/<name>-<hash of place>-<of size and time too>-<checksum>.sqlite

An archive that was replaced has another index, and the old one goes. It is written under a temporary name and renamed
when it is whole, so that two jobs cannot harm each other; where the folder allows locks the second waits for the first.
One that is damaged is made anew. A million members take about 60 MB, and a .tar.gz 0.02 (FLAC) to 1.5 % (WAV) of its
content for the access points.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import re
import sqlite3
import tempfile
import time
import uuid
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pipelines.archives.access_points import inflated
from pipelines.archives.inflate import AccessPoint, Inflated
from pipelines.archives.kind import archive_kind
from pipelines.archives.member import Found
from pipelines.archives.stream import ArchiveError, Bytes, Slice
from pipelines.archives.tar_members import Jumps, Steps, tar_members
from pipelines.archives.zip_members import zip_content, zip_members

_VERSION = 1  # of the tables; raised when they change, so that no index of another form is read
_LARGEST_RATIO = 100  # of what an archive unpacks to, to its own size, beyond the first 256 MiB
_FREE_BYTES = 256 << 20
_DEEPEST = 100  # folders in each other
_TABLES = """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
    CREATE TABLE folders (id INTEGER PRIMARY KEY, parent INTEGER, name BLOB, UNIQUE (parent, name));
    CREATE TABLE members (folder INTEGER, name BLOB, offset INTEGER, size INTEGER, packed INTEGER, packing TEXT,
                          crc INTEGER, PRIMARY KEY (folder, name)) WITHOUT ROWID;
    CREATE TABLE points (out INTEGER PRIMARY KEY, at INTEGER, bits INTEGER, window BLOB);
"""
_log = logging.getLogger(__name__)


class Archive:
    """An archive whose index is there. `file` holds it; `name` is what messages call it."""

    def __init__(self, file: Bytes, name: str, identity: str) -> None:
        self._file, self.name, self.identity = file, name, identity
        stem = _stem(name, identity)
        self._database = _opened(stem, identity) or _made(stem, file, name, identity)
        facts = dict(self._database.execute("SELECT name, value FROM facts"))
        self._kind = facts["kind"]
        self._content: Bytes = Inflated(file, facts["size"], self._point, name) if self._kind == "gzip" else file

    def folders(self) -> Iterator[tuple[int, int, str]]:
        """All folders: number, number of the one above, name. The uppermost is 0, above itself, without a name."""
        for number, parent, name in self._database.execute("SELECT id, parent, name FROM folders ORDER BY id"):
            yield number, parent, os.fsdecode(name)

    def entries(self, folder: int) -> Iterator[tuple[str, bool]]:
        """The names in a folder, and whether each is a folder."""
        for (name,) in self._database.execute("SELECT name FROM members WHERE folder = ?", (folder,)):
            yield os.fsdecode(name), False
        for (name,) in self._database.execute("SELECT name FROM folders WHERE parent = ? AND id > 0", (folder,)):
            yield os.fsdecode(name), True

    def member(self, folder: int, path: str) -> Found | None:
        """A file in a folder; `path` is its whole path."""
        row = self._database.execute(
            "SELECT offset, size, packed, packing, crc FROM members WHERE folder = ? AND name = ?",
            (folder, os.fsencode(path.rpartition("/")[2])),
        ).fetchone()
        return Found(path, "file", *row) if row else None

    def content(self, member: Found) -> Bytes:
        """What is in a member.

        Raises:
            ArchiveError: it is not there any more.
        """
        if self._kind == "zip":
            return zip_content(self._file, self.name, member)
        return Slice(self._content, member.offset, member.size)

    def read(self, member: Found) -> bytes:
        """The whole content of a member, by its checksum.

        Raises:
            ArchiveError: it is not what it was, or never was.
        """
        data = self.content(member).read_at(0, member.size)
        if len(data) != member.size or (member.crc is not None and zlib.crc32(data) != member.crc):
            raise ArchiveError(f"{self.name}: member {member.path!r} is damaged; download the archive again")
        return data

    def _point(self, offset: int) -> AccessPoint:
        out, at, bits, window = self._database.execute(
            "SELECT out, at, bits, window FROM points WHERE out <= ? ORDER BY out DESC LIMIT 1", (offset,)
        ).fetchone()
        return AccessPoint(out, at, bits, None if window is None else zlib.decompress(window))


def _opened(stem: str, identity: str) -> sqlite3.Connection | None:
    """The index of this archive, where there is a whole one: its name ends in the checksum of its bytes."""
    for path in sorted(_cache_folder().glob(f"{stem}-*.sqlite")):
        if path.stem.rpartition("-")[2] == _checksum(path):
            database = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
            if database.execute("SELECT value FROM facts WHERE name = 'identity'").fetchone() == (identity,):
                return database
            database.close()
    return None


def _made(stem: str, file: Bytes, name: str, identity: str) -> sqlite3.Connection:
    """Read the archive once and keep its index."""
    folder = _cache_folder()
    with _alone(folder / f"{stem}.lock"):
        if (database := _opened(stem, identity)) is not None:  # another job has made it meanwhile
            return database
        temporary = folder / f".tmp-{uuid.uuid4().hex}"
        began = time.monotonic()
        _log.info("archive=%s size_mb=%.1f read once for its index", name, file.size / 1e6)
        try:
            with contextlib.closing(sqlite3.connect(temporary, isolation_level=None)) as database:
                _fill(database, file, name, identity)
            for old in folder.glob(f"{stem.rpartition('-')[0]}-*.sqlite"):
                old.unlink(missing_ok=True)
            path = temporary.replace(folder / f"{stem}-{_checksum(temporary)}.sqlite")
        except sqlite3.Error as error:
            raise ArchiveError(
                f"{folder}: the index of {name} cannot be written there ({error}); make room on that disk, or set "
                "XDG_CACHE_HOME to a folder on another one"
            ) from error
        finally:
            temporary.unlink(missing_ok=True)
        seconds, megabytes = time.monotonic() - began, path.stat().st_size / 1e6
        _log.info("archive=%s seconds=%.1f index_mb=%.1f index=%s", name, seconds, megabytes, path)
        made = _opened(stem, identity)
        if made is None:
            raise ArchiveError(f"{path}: cannot be read back; is the disk full or damaged?")
        return made


def _fill(database: sqlite3.Connection, file: Bytes, name: str, identity: str) -> None:
    """Write the index of an archive into an empty database."""
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536"):
        database.execute(f"PRAGMA {pragma}")
    database.executescript(_TABLES)
    database.execute("BEGIN")
    kind, size = archive_kind(file, name), file.size
    if kind == "zip":
        _add_members(database, name, zip_members(file, name), lambda: file.size, file.size)
    elif kind == "tar":
        _add_members(database, name, tar_members(Jumps(file), name), lambda: 0, file.size)
    else:
        steps = Steps(inflated(file, name, lambda point: _add_point(database, point)))
        _add_members(database, name, tar_members(steps, name), lambda: steps.position, file.size)
        for _ in steps.rest():
            _check_ratio(name, steps.position, file.size)
        size = steps.position
    facts = {"identity": identity, "kind": kind, "size": size}
    database.executemany("INSERT INTO facts VALUES (?, ?)", facts.items())
    database.execute("COMMIT")


def _add_point(database: sqlite3.Connection, point: AccessPoint) -> None:
    window = None if point.window is None else zlib.compress(point.window)
    database.execute("INSERT INTO points VALUES (?, ?, ?, ?)", (point.out, point.at, point.bits, window))


def _add_members(
    database: sqlite3.Connection, name: str, found: Iterable[Found], unpacked: Callable[[], int], size: int
) -> None:
    """Write members and their folders; the last of equal names counts, as it does for who unpacks.

    Args:
        unpacked: bytes that were unpacked so far, where members do not tell.
        size: of the archive.

    Raises:
        ArchiveError: a member that would leave the folder, or an archive that is not of this world.
    """
    folders = {"": 0}
    database.execute("INSERT INTO folders VALUES (0, 0, x'')")
    left_out: dict[str, list[str]] = defaultdict(list)
    told = 0
    for member in found:
        path = _safe(member, name)
        told += member.size
        _check_ratio(name, max(unpacked(), told), size)
        if member.kind == "folder":
            _folder(database, folders, path)
            continue
        above, _, last = path.rpartition("/")
        if member.kind != "file" or not last:
            left_out[member.kind].append(member.path)
            continue
        row = (
            _folder(database, folders, above), os.fsencode(last), member.offset, member.size, member.packed,
            member.packing, member.crc,
        )  # fmt: skip
        try:
            database.execute("INSERT INTO members VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:
            left_out["earlier file of the same name"].append(member.path)
            database.execute("REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    twice = database.execute(
        "SELECT folders.name FROM folders JOIN members ON folder = parent AND members.name = folders.name LIMIT 1"
    ).fetchone()
    if twice:
        raise ArchiveError(f"{name}: {os.fsdecode(twice[0])!r} is a file and a folder in it; it is not read")
    for kind, paths in left_out.items():
        _log.warning(
            "archive=%s left out %d × %s, first %r: unpack the archive if the corpus needs them",
            name, len(paths), kind, paths[0],
        )  # fmt: skip


def _safe(member: Found, name: str) -> str:
    """A member's path without `./` and doubled slashes.

    Raises:
        ArchiveError: it leads out of the archive, or is a link that does.
    """
    parts = [part for part in member.path.split("/") if part not in ("", ".")]
    if len(parts) > _DEEPEST:
        raise ArchiveError(f"{name}: member {member.path[:80]!r}… lies {len(parts):,} folders deep: it is not read")
    if member.path.startswith("/") or ".." in parts or "\0" in member.path:
        raise ArchiveError(
            f"{name}: member {member.path!r} leads out of the folder it is unpacked in: this archive is not read. "
            "Get it from the corpus's own page"
        )
    if member.kind == "link" and (member.link.startswith("/") or _climbs([*parts[:-1], *member.link.split("/")])):
        raise ArchiveError(
            f"{name}: member {member.path!r} is a link to {member.link!r}, out of the folder it is unpacked in: this "
            "archive is not read. Get it from the corpus's own page"
        )
    return "/".join(parts)


def _climbs(parts: list[str]) -> bool:
    depth = 0
    for part in parts:
        depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
        if depth < 0:
            return True
    return False


def _check_ratio(name: str, unpacked: int, size: int) -> None:
    if unpacked > _LARGEST_RATIO * size + _FREE_BYTES:
        raise ArchiveError(
            f"{name}: unpacks to over {_LARGEST_RATIO} times its size, which no corpus does: it is not read"
        )


def _folder(database: sqlite3.Connection, folders: dict[str, int], path: str) -> int:
    """The number of a folder, which is written down when it is first seen."""
    if path not in folders:
        above, _, last = path.rpartition("/")
        parent = _folder(database, folders, above)
        database.execute("INSERT INTO folders VALUES (?, ?, ?)", (len(folders), parent, os.fsencode(last)))
        folders[path] = len(folders)
    return folders[path]


def _cache_folder() -> Path:
    """Where indexes are kept; in TMPDIR where this user has no place for them.

    Raises:
        ArchiveError: that is somebody else's.
    """
    homes = [os.environ.get("XDG_CACHE_HOME", ""), str(Path(os.path.expanduser("~/.cache")))]  # noqa: PTH111
    chosen = next((home for home in homes if home.startswith("/")), tempfile.gettempdir())
    for place in (
        Path(chosen) / "qwen-audio-pretrain/archives",
        Path(tempfile.gettempdir()) / f"qwen-audio-archives-{os.getuid()}",
    ):
        with contextlib.suppress(OSError):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            if os.access(place, os.W_OK) and place.stat().st_uid == os.getuid():
                return place
    raise ArchiveError(f"{place}: cannot be written; set XDG_CACHE_HOME to a folder for the indexes of archives")


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait until no other job makes this index; where locks do not work, both make it."""
    with lock.open("w") as file:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _checksum(path: Path) -> str:
    crc = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            crc = zlib.crc32(block, crc)
    return f"{crc:08x}"


def _stem(name: str, identity: str) -> str:
    """What the index of an archive is called: its name, a hash of its place, a hash of place, size, time and form."""
    plain = re.sub(r"[^A-Za-z0-9.]+", "_", name.rpartition("/")[2])[:60]
    place, whole = (
        hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
        for text in (name, f"{_VERSION} {identity}")
    )
    return f"{plain}-{place}-{whole}"
