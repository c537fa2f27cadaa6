"""Pointers of Git LFS: what a clone without it, or a zip of the repository, holds in place of large files."""

from __future__ import annotations

from pipelines.places.corpus_path import CorpusPath
from pipelines.source import SourceError

POINTER = b"version https://git-lfs"  # how each of them begins
ADVICE = "a pointer of Git LFS, not the file itself: run `git lfs pull` in the clone of its repository"


def refuse_pointer(path: CorpusPath) -> None:
    """See that a file is no pointer.

    Raises:
        SourceError: it is one; says how to fetch what it points to.
    """
    with path.open("rb") as file:
        if file.read(len(POINTER)) == POINTER:
            raise SourceError(f"{path}: {ADVICE}")
