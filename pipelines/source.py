"""A source corpus: which audio carries which annotations.

A source is one class in `pipelines/sources/<name>.py`. It declares the facts of its release as data and
yields records; decoding, cutting, resampling, tagging, counting and writing are done once, for all sources.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Literal

from pipelines.listing import Listing
from pipelines.places.corpus_path import CorpusPath, RemotePath, Root, confirm, corpus_path, fresh
from pipelines.places.file_part import FilePart, Part
from pipelines.record import AudioRef, Record, Reject, TextForm
from pipelines.source_folder import found_in, nearby, packed_advice, packed_alone, unpacked
from shards.storage_error import StorageError

Cut = Literal["annotated", "window", "whole"]


class SourceError(Exception):
    """A corpus that cannot be read: what was expected, what is there, what to pass."""


class EmptySplitError(SourceError):
    """A split of which SOURCE holds nothing, though some of its metadata is there."""


_PAIRS = "-pairs"  # ends the name of a split that is made of another
_BLOCK_BYTES = 1 << 20


class Source(ABC):
    """A corpus on disk or in a bucket. A subclass declares the facts of its release and writes `read`.

    Where neither the tables of its splits nor folders of their names tell that they are there, it also writes
    `recognises` and `has_split`.

    `root` is where the user says it lies; below it a subclass goes with `/`, and looks through `listing`, `files`,
    `subfolders` and `pipelines/formats`, which cost as little in a bucket as they can. `roots` are further folders
    that an annotation corpus needs (`ROOTS=commonvoice=/corpora/cv4`), by name.
    Building an instance looks at the folder, not into the corpus: a wrong folder stops here.
    """

    name: ClassVar[str]  # what DATASET= takes
    title: ClassVar[str]
    home: ClassVar[str]
    licence: ClassVar[str]  # SPDX where there is one; a record may name its own
    commercial: ClassVar[bool]  # whether the licence of every record allows commercial use
    attribution: ClassVar[str]  # the citation that the licence or the authors ask for: authors, title, venue, year
    tasks: ClassVar[tuple[str, ...]]
    languages: ClassVar[tuple[str, ...]]  # of the speech, as the project writes them; () where there is none
    splits: ClassVar[Mapping[str, int | None]]  # records in the release; None: it differs or is not known
    default_splits: ClassVar[tuple[str, ...]]
    evaluation_splits: ClassVar[tuple[str, ...]] = ()  # kept whole, however long
    trials: ClassVar[tuple[str, ...]] = ()  # splits that are pairs of clips as the release has them
    text_form: ClassVar[TextForm] = "written"
    cut: ClassVar[Cut] = "whole"
    audio_may_be_missing: ClassVar[bool] = False  # most users lack many files
    mean_seconds: ClassVar[float]  # of a record; weighs shards where metadata does not tell
    hours: ClassVar[float | None] = None  # of audio in all splits of the release; None: not published
    language_hours: ClassVar[Mapping[str, float]] = {}  # of a corpus in several languages, where published
    origin_namespace: ClassVar[str | None] = None  # "freesound": records are `freesound:<id>` unless they say else
    raw_rate: ClassVar[int | None] = None  # Hz, of files .pcm: 16 bit mono, little-endian, without a header
    audio: ClassVar[str]  # what is on disk, for the reader of the catalogue
    obtain: ClassVar[str]  # where to get it and how to unpack it
    expects: ClassVar[str]  # one line: the folder to pass as SOURCE
    split_tables: ClassVar[Mapping[str, tuple[str, ...]]] = {}  # where a split's may lie below SOURCE, the best first
    layout: ClassVar[str]  # its tree
    archives: ClassVar[tuple[str, ...]] = ()  # where they are left packed, below SOURCE: "data/*.tar.gz"
    extra_roots: ClassVar[Mapping[str, str]] = {}  # name -> what it is for
    levels_above: ClassVar[int] = 6  # folders above a wrong SOURCE in which the right one is looked for

    def __init__(self, root: Root, roots: Mapping[str, Root] | None = None) -> None:
        """Look whether `root` is this corpus.

        Raises:
            SourceError: it is not; names what was expected, what is there, and the path to pass where one is near.
            StorageError: the bucket cannot be read.
        """
        self.root = corpus_path(root)
        self.roots = {name: corpus_path(path) for name, path in (roots or {}).items()}
        try:
            self.root = unpacked(self.root, self.recognises, self.archives)
            self.roots = {name: packed_alone(path) for name, path in self.roots.items()}
            self._look()
        except StorageError as error:
            raise StorageError(f"{self.name}: {error}. Expected {self.expects}", error.lasting) from error

    def _look(self) -> None:
        for name, path in self.roots.items():
            if name not in self.extra_roots:
                known = ", ".join(self.extra_roots) or "none"
                raise SourceError(f"{self.name}: ROOTS names '{name}', which it does not take; it takes: {known}")
            if not path.is_dir():
                raise SourceError(f"{self.name}: the folder of ROOTS={name}={path} does not exist")
        self._look_at_root()

    def _look_at_root(self) -> None:
        if not self.root.exists():
            raise SourceError(f"{self.name}: SOURCE={self.root} does not exist; expected {self.expects}. {self.obtain}")
        if not self.root.is_dir() or not self.recognises(self.root):
            raise SourceError(self._wrong_folder())

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        """Whether `folder` is what SOURCE should name. By default: a split's table is in it, or its folder."""
        if cls.split_tables:
            return any((folder / table).is_file() for tables in cls.split_tables.values() for table in tables)
        return any((folder / split).is_dir() for split in cls.splits)

    def has_split(self, split: str) -> bool:
        """Whether SOURCE holds `split`. By default: its table is there, or, where splits have none, its folder."""
        if self.split_tables:
            return self.first_file(*self.split_tables[split]) is not None
        return self.has_folder(self.root / split)

    @abstractmethod
    def read(self, split: str) -> Iterator[Record | Reject]:
        """Yield the split's records in a stable order, lazily, from metadata and folder listings alone."""

    def available_splits(self) -> tuple[str, ...]:
        """The release's splits that SOURCE holds, in the release's order."""
        return tuple(split for split in self.splits if self.has_split(split))

    @classmethod
    def pair_splits(cls) -> Mapping[str, str]:
        """What a source with the task sv offers beside its splits: `train-pairs`, pairs sampled from `train`, …"""
        paired = (split for split in cls.splits if "sv" in cls.tasks and split not in cls.trials)
        return {f"{split}{_PAIRS}": split for split in paired}

    def wanted_splits(self) -> tuple[str, ...]:
        """The splits that are built where the user names none: the default ones that SOURCE holds."""
        return tuple(split for split in self.default_splits if self.has_split(split))

    def records(self, split: str) -> Iterator[Record | Reject]:
        """One record or reject for each utterance of `split`, in the order of the release.

        A split of pairs has no rejects: what its utterances lack is told by the split that they come from.

        Raises:
            SourceError: no such split (at once), or a corpus that vanished meanwhile (while iterating).
            EmptySplitError: nothing in it (while iterating).
        """
        base = self.pair_splits().get(split, split)
        if base not in self.splits or not self.has_split(base):
            there = ", ".join(self.available_splits()) or "none"
            known = f" {self.obtain}" if base in self.splits else f" The release has: {', '.join(self.splits)}."
            pairs = f" With '{_PAIRS}' after its name a split gives pairs of clips." if self.pair_splits() else ""
            raise SourceError(f"{self.name}: no split '{split}' in {self.root}; it holds: {there}.{known}{pairs}")
        return self._checked(split) if base == split else self._paired(split, base)

    def path(self, ref: AudioRef) -> CorpusPath:
        """Where the audio of `ref` lies."""
        return (self.roots[ref.root] if ref.root else self.root) / ref.path

    def place(self, ref: AudioRef) -> CorpusPath | Part:
        """What of the corpus is to be read for `ref`: a file, or the bytes of one that hold the recording."""
        return FilePart.named(self.path(ref), ref.inside) if ref.inside else self.path(ref)

    def origin(self, record: Record) -> str | None:
        """`namespace:id` of the recording that `record` comes from, equal in all corpora that hold it."""
        if record.origin is None and self.origin_namespace is not None:
            return f"{self.origin_namespace}:{record.id}"
        return record.origin

    def listing(self, folder: str, root: str = "") -> Listing:
        """The names in a folder, given relative to SOURCE or to the root named `root`."""
        return Listing((self.roots[root] if root else self.root) / folder, folder, self.check_alive)

    def has_file(self, path: CorpusPath) -> bool:
        """Whether a file is there that need not be; a "no" is believed only of a corpus that is there itself."""
        return self._is_so(path, path.is_file)

    def has_folder(self, path: CorpusPath) -> bool:
        """Whether a folder is there that need not be, as surely."""
        return self._is_so(path, path.is_dir)

    def first_file(self, *places: str) -> str | None:
        """The first of those files, relative to SOURCE, that is there; a "no" is as sure."""
        return next((place for place in places if self.has_file(self.root / place)), None)

    def split_table(self, split: str) -> str:
        """The table of a split: the first that is there, else the best, so that reading it says what is missing."""
        return self.first_file(*self.split_tables[split]) or self.split_tables[split][0]

    def folder_of(self, what: str, *places: str, advice: str, root: str = "") -> str:
        """The first folder that is there of those, relative to SOURCE or the root named `root`, where `what` may lie.

        Raises:
            EmptySplitError: none is; says where it was expected and `advice`, which is what to do.
        """
        top = self.roots[root] if root else self.root
        for place in places:
            if self.has_folder(top / place):
                return place
        others = f" (or {', '.join(f'{place}/' for place in places[1:])})" if places[1:] else ""
        raise EmptySplitError(f"{self.name}: {what}: not there, expected {top / places[0]}/{others}; {advice}")

    def check_alive(self) -> None:
        """Tell a corpus that vanished (a lost mount) from a file that is missing.

        Raises:
            SourceError: a root is gone or no longer the corpus it was.
        """
        root = fresh(self.root)
        for place in (root, *map(fresh, self.roots.values())):
            confirm(place)
        if not self.recognises(root):
            raise SourceError(f"{self.name}: {self.root} changed or vanished while it was read; run the job again")

    def _is_so(self, path: CorpusPath, look: Callable[[], bool]) -> bool:
        # A bucket never answers as if it were empty: what cannot be listed there is an error.
        if look():
            return True
        if isinstance(path, RemotePath):
            return False
        self.check_alive()
        return look()

    def _checked(self, split: str) -> Iterator[Record | Reject]:
        empty = True
        confirmed: str | None = None
        try:
            for item in self.read(split):
                empty = False
                if isinstance(item, Reject) and item.reason == "audio_missing" and item.metadata != confirmed:
                    self._confirm(item.metadata)
                    confirmed = item.metadata
                yield item
        except (LookupError, RuntimeError):
            self.check_alive()  # of what was listed a moment ago nothing may be there any more
            raise
        self.check_alive()
        if empty:
            raise EmptySplitError(
                f"{self.name}: split '{split}' of {self.root} holds no records; expected {self.expects}"
            )

    def _paired(self, split: str, base: str) -> Iterator[Record | Reject]:
        from pipelines.pairs import sampled_pairs  # which are made of the records defined here

        found = None
        for found in sampled_pairs(self._checked(base), self.origin):
            yield found
        if found is None:
            raise EmptySplitError(
                f"{self.name}: split '{split}' of {self.root} holds no pairs: of no two utterances is the speaker known"
            )

    def _confirm(self, metadata: str) -> None:
        """Read a metadata file again: without it nothing can be said to be missing.

        Raises:
            OSError, SourceError: the file or the corpus is gone.
        """
        self.check_alive()
        if metadata:
            with (fresh(self.root) / metadata).open("rb") as file:
                while file.read(_BLOCK_BYTES):
                    pass

    def _called(self) -> str:
        """What DATASET= takes."""
        return self.name

    def _wrong_folder(self) -> str:
        near = nearby(self.root, self.recognises, self.levels_above)
        advice = f"Pass SOURCE={near[0]}" if len(near) == 1 else "Pass one of: " + ", ".join(map(str, near[:4]))
        found = found_in(self.root, with_contents=not near)  # a folder or table inside may be what is missing
        if not near:
            shown = f"`python pipelines/catalogue.py {self._called()}` shows the expected tree"
            advice = shown + packed_advice(self.root)
        return f"{self.name}: SOURCE={self.root} is not the corpus. Expected {self.expects}; found {found}. {advice}."
