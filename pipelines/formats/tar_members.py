"""The members of a tar: where each lies in the file, so that it can be read there. Nothing is unpacked."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipelines.formats.seekable import open_seekable
from pipelines.listing import is_litter
from pipelines.places.corpus_path import CorpusPath
from pipelines.source import SourceError

_BLOCK = 512  # bytes, of a tar
_LARGEST_TEXT = 16 << 20  # bytes; a larger member is no metadata


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file in a tar, whose bytes lie at `offset`; `text` are these bytes, where they were wanted."""

    name: str
    offset: int
    length: int  # bytes
    text: bytes | None = None


def read_members(path: CorpusPath, wanted: Callable[[str], bool] = lambda name: False) -> Iterator[Member]:
    """The regular files of a tar, in its order; of those with `wanted` names also the content.

    Folders, links, devices and sparse files are left out: none of them is a stretch of the file.

    Raises:
        SourceError: it is no tar, is compressed, or breaks off.
    """
    with open_seekable(path) as file:
        if file.read(2) in (b"\x1f\x8b", b"BZ", b"\xfd7"):
            raise SourceError(
                f"{path}: is compressed, so that its members cannot be read one by one; unpack it: gunzip …"
            )
        file.seek(0)
        try:
            with tarfile.open(fileobj=file, mode="r:") as tar:
                while (info := tar.next()) is not None:
                    tar.members.clear()  # type: ignore[attr-defined] # which it would keep all
                    if info.isreg() and not info.issparse() and not is_litter(info.name.rpartition("/")[2]):
                        text = None
                        if wanted(info.name) and info.size <= _LARGEST_TEXT:
                            found = tar.extractfile(info)
                            text = found.read() if found is not None else None
                        yield Member(info.name, info.offset_data, info.size, text)
                # A damaged header looks to tarfile like the end.
                file.seek(tar.offset)
                if file.read(_BLOCK).strip(b"\0"):
                    raise tarfile.ReadError(f"no header at byte {tar.offset}")
        except (tarfile.TarError, EOFError) as error:
            raise SourceError(f"{path}: is no whole tar ({error}); fetch or write it again") from error
