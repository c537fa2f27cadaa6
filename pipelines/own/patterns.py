"""Patterns of files, as users pass them for SOURCE: `*`, `?`, `[ab]`, `{000..099}`, NeMo's `_OP_000..099_CL_`."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator

from pipelines.places.corpus_path import CorpusPath, scandir
from pipelines.source import SourceError

_WILD = re.compile(r"[*?\[]")
_RANGE = re.compile(r"(?:\{|_OP_)(\d+)\.\.(\d+)(?:\}|_CL_)")
_LIST = re.compile(r"\{([^{}/]*,[^{}/]*)\}")
_MOST = 1_000_000  # files; more is a mistyped number


def is_pattern(path: CorpusPath) -> bool:
    """Whether a path stands for several."""
    text = str(path)
    return bool(_WILD.search(text) or _RANGE.search(text) or _LIST.search(text)) and not path.exists()


def folder_of(path: CorpusPath) -> CorpusPath:
    """The folder that a file, a pattern, or a folder itself names."""
    if is_pattern(path):
        return next(above for above in path.parents if not is_pattern(above))
    return path if path.is_dir() else path.parent


def expanded(path: CorpusPath) -> list[CorpusPath]:
    """The files that a pattern names, in their order; those of a range whether they are there or not.

    Raises:
        SourceError: a range that is reversed, or of over a million.
    """
    folder = folder_of(path)
    pattern = str(path)[len(str(folder)) :].lstrip("/")
    found = [folder]
    for part in pattern.split("/"):
        names = list(_unrolled(part))
        if any(map(_WILD.search, names)):
            found = [place / name for place in found for name in _fitting(place, names)]
        else:
            found = [place / name for place in found for name in names]
        if len(found) > _MOST:
            raise SourceError(f"{path}: names over {_MOST:,} files")
    return found


def _fitting(folder: CorpusPath, patterns: list[str]) -> list[str]:
    if not folder.is_dir():
        return []
    with scandir(folder) as entries:
        names = {entry.name for entry in entries}
    return sorted(name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns))


def _unrolled(part: str) -> Iterator[str]:
    """A part of a path with its ranges and lists written out; `{08..11}` keeps the width of its numbers."""
    found = _RANGE.search(part) or _LIST.search(part)
    if found is None:
        yield part
        return
    if found.re is _RANGE:
        first, last = int(found[1]), int(found[2])
        if not 0 <= last - first < _MOST:
            raise SourceError(f"{part}: {found[0]} is no range of at most {_MOST:,} numbers, the smaller one first")
        width = len(found[1]) if found[1].startswith("0") else 0
        inner = [f"{number:0{width}d}" for number in range(first, last + 1)]
    else:
        inner = found[1].split(",")
    for text in inner:
        yield from _unrolled(part[: found.start()] + text + part[found.end() :])
