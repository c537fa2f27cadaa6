"""A source for data of a user's own: a class that is completed by what he says of them (`data.py`).

SOURCE may be a file, a folder, or a pattern of files (`patterns.py`). A subclass turns what lies there into rows,
`rows.py` turns rows into records.
"""

from __future__ import annotations

import types
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Self

from pipelines.archives.kind import is_archive_name
from pipelines.labels.languages import language_code
from pipelines.listing import files
from pipelines.own.audio_finder import AudioFinder
from pipelines.own.data import DEFAULT_TASKS, EVALUATION_SPLITS, UNKNOWN_LICENCE, OwnData, default_split, safe_name
from pipelines.own.patterns import expanded, folder_of, is_pattern
from pipelines.own.rows import Place, Row, RowReader
from pipelines.places.corpus_path import CorpusPath, RemotePath, Root, confirm, corpus_path, fresh, relative
from pipelines.record import AudioRef, Record, Reject
from pipelines.source import Source, SourceError

_MOST_SPLITS = 100  # values of a field `split`
_TRIED = 20  # rows of which at least one must have its audio


class OwnSource(Source):
    """Data in one of the formats in which private corpora come. What is said of them, `own`, has a class of its own."""

    own: ClassVar[OwnData]
    suffixes: ClassVar[tuple[str, ...]]  # of the files of this format
    has_columns: ClassVar[bool] = True  # whether its rows have fields of the user's own choosing
    commercial = False
    attribution = ""
    languages = ()
    splits: ClassVar[Mapping[str, int | None]] = {"train": None}
    default_splits = ("train",)
    evaluation_splits = EVALUATION_SPLITS
    tasks = DEFAULT_TASKS
    licence = UNKNOWN_LICENCE
    cut = "annotated"
    mean_seconds = 6.0
    levels_above = 2  # files of these formats lie about everywhere
    _reader: RowReader | None = None
    _finder: AudioFinder | None = None
    _base: CorpusPath | None = None
    _names: tuple[str, ...] | None = None  # of splits, as rows name them
    extra_roots: ClassVar[Mapping[str, str]] = {
        "audio": "the folder in which paths of audio begin, if not at the metadata"
    }

    def __init__(self, root: Root, roots: Mapping[str, Root] | None = None) -> None:
        super().__init__(_reachable(root), {name: _reachable(place) for name, place in (roots or {}).items()})

    @classmethod
    @cache
    def described(cls, own: OwnData) -> type[Self]:
        """This class with the facts that a user gives of his data; the same for the same facts."""
        language = language_code(own.language) if own.language else None
        facts = {
            "own": own,
            "name": own.name,
            "title": own.title or f"{own.name}: data of one's own",
            "attribution": own.attribution,
            "licence": own.licence or cls.licence,
            "tasks": own.tasks or cls.tasks,
            "languages": (language,) if language else (),
            "text_form": own.text_form or cls.text_form,
            "cut": own.cut or cls.cut,
            "splits": {},
            "default_splits": (),
            "__module__": cls.__module__,
        }
        made: type[Self] = types.new_class(cls.__name__, (cls,), exec_body=lambda body: body.update(facts))
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        # The class is made anew where the instance arrives: nobody can import it.
        return _reopened, (type(self).__mro__[1], self.own, self.root, self.roots)

    # What SOURCE is -------------------------------------------------------------------------------------------------

    def _look_at_root(self) -> None:
        if not (is_pattern(self.root) or self.is_metadata(self.root)):
            super()._look_at_root()
        parts = self.parts()
        if not parts:
            raise SourceError(f"{self.name}: SOURCE={self.root}: no file has such a name. Expected {self.expects}")
        named = parts.get("", [])
        if lost := [path for path in named if not path.exists()]:
            raise SourceError(
                f"{self.name}: SOURCE={self.root} names {len(named):,} files, of which {len(lost):,} are not there, "
                f"the first is {lost[0]}. Expected {self.expects}"
            )
        self.look_into(next(iter(parts.values()))[0])

    def _called(self) -> str:
        return self.own.format

    def parts(self) -> Mapping[str, list[CorpusPath]]:
        """The files (or folders) of metadata of each split; of the split "" where SOURCE names no splits."""
        if is_pattern(self.root):
            return {"": found} if (found := expanded(self.root)) else {}
        if self.is_metadata(self.root):
            return {"": [self.root]}
        return {self.split_of(path): [path] for path in self.metadata_in(self.root)}

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return cls.is_metadata(folder) or bool(cls.metadata_in(folder))

    @classmethod
    def is_metadata(cls, path: CorpusPath) -> bool:
        """Whether a path is a file (or a folder) with the rows of a split, by its name."""
        return path.name.lower().endswith(cls.suffixes) and path.is_file()

    @classmethod
    def metadata_in(cls, folder: CorpusPath) -> list[CorpusPath]:
        """The files (or folders) in a folder that have the rows of a split each, by name."""
        return [folder / name for name in files(folder, *cls.suffixes)] if folder.is_dir() else []

    @classmethod
    def split_of(cls, path: CorpusPath) -> str:
        """What the split in a file is called: as the file."""
        name = path.name.lower()
        ending = max((suffix for suffix in cls.suffixes if name.endswith(suffix)), key=len, default="")
        return safe_name(path.name[: len(path.name) - len(ending)]) or "train"

    def look_into(self, path: CorpusPath) -> None:
        """See that the first row of some metadata says something, and that its audio or that of the next ones is there.

        Raises:
            SourceError: what is lacking, and which key to pass.
        """
        rows = [row for row in islice(self.rows(path), _TRIED) if isinstance(row, Row)]
        if not rows:
            return
        self.reader.check_first(rows[0])
        if lost := self.reader.all_lost(rows):
            place = self.roots.get("audio", self.base())
            raise SourceError(
                f"{self.name}: the audio of none of the first {len(rows)} rows of {path.name} is there; the first is "
                f"{lost!r}, looked for in {place} and around. Pass ROOTS=audio=/folder, where its paths begin"
                + _packed_beside(place)
            )

    def check_alive(self) -> None:
        root = fresh(self.root)
        for place in (folder_of(root), *map(fresh, self.roots.values())):
            confirm(place)
        if not is_pattern(self.root):
            confirm(root)

    # Splits ---------------------------------------------------------------------------------------------------------

    def available_splits(self) -> tuple[str, ...]:
        parts = self.parts()
        if "" not in parts:
            return tuple(sorted(parts))
        if named := self._split_names(parts[""]):
            return named
        if "," in self.own.split:
            raise SourceError(
                f"{self.name}: SPLIT={self.own.split} names several splits, {self.root} is one; give its rows a field "
                "'split' (or COLUMNS=split=…), or pass a folder with a file for each"
            )
        return (self.own.split.strip() or default_split(str(self.root)),)

    def has_split(self, split: str) -> bool:
        return split in self.available_splits()

    def wanted_splits(self) -> tuple[str, ...]:
        return self.available_splits()

    def records(self, split: str) -> Iterator[Record | Reject]:
        there = self.available_splits()
        if split not in there:
            raise SourceError(f"{self.name}: no split '{split}' in {self.root}; it holds: {', '.join(there) or 'none'}")
        return self._checked(split)

    def _split_names(self, paths: list[CorpusPath]) -> tuple[str, ...]:
        """The values of the rows' `split`, where the first row has one; read once."""
        if self._names is None:
            found: dict[str, None] = {}
            for number, row in enumerate(row for path in paths for row in self.rows(path)):
                if isinstance(row, Reject):
                    continue
                name = self.reader.split_of(row)
                if not name and not found:
                    break
                found[name or "train"] = None
                if len(found) > _MOST_SPLITS:
                    raise SourceError(
                        f"{self.name}: the field of the split has over {_MOST_SPLITS} values in {number} rows"
                    )
            self._names = tuple(sorted(found))
        return self._names

    # Records --------------------------------------------------------------------------------------------------------

    @abstractmethod
    def rows(self, path: CorpusPath) -> Iterator[Row | Reject]:
        """The rows of one file (or folder) of metadata."""

    @property
    def reader(self) -> RowReader:
        """What turns rows into records; it remembers where audio was found."""
        if self._reader is None:
            self._reader = RowReader(self.own, self.tasks, self.find_audio)
        return self._reader

    def read(self, split: str) -> Iterator[Record | Reject]:
        parts = self.parts()
        by_row = "" in parts and bool(self._split_names(parts[""]))
        for path in parts.get(split) or parts.get("", []):
            for row in self.rows(path):
                if isinstance(row, Reject):
                    # Nobody can say which split it was to be in: it is told once.
                    if not by_row or split == self.available_splits()[0]:
                        yield row
                elif not by_row or (self.reader.split_of(row) or "train") == split:
                    yield self.reader.record(row)

    def find_audio(self, given: str, row: Row) -> Place | str:
        """Where the audio lies that a row calls `given`; or why it cannot be used: a reason of a reject."""
        return self.finder.find(given, row.folder)

    def inside(self, path: CorpusPath) -> str:
        """A path relative to `base`; "" for itself."""
        return "" if path == self.base() else relative(path, self.base())

    def path(self, ref: AudioRef) -> CorpusPath:
        return self.finder.path(ref.path, ref.root)

    def base(self) -> CorpusPath:
        """The folder that metadata lies in: SOURCE itself, or that of a file or pattern."""
        if self._base is None:
            self._base = folder_of(self.root)
        return self._base

    @property
    def finder(self) -> AudioFinder:
        """What finds audio by the paths of metadata; it remembers where these begin."""
        if self._finder is None:
            self._finder = AudioFinder(self.base(), self.roots.get("audio"), self.has_file)
        return self._finder


def _reachable(place: Root) -> CorpusPath:
    """What a user passed, so that what metadata names beside it can be reached too."""
    path = corpus_path(place)
    return path.at_bucket() if isinstance(path, RemotePath) else path


def _packed_beside(folder: CorpusPath) -> str:
    """What to pass where the audio may be in archives beside the metadata; "" where there are none."""
    found = sorted(filter(is_archive_name, files(folder, ""))) if isinstance(folder, Path) and folder.is_dir() else []
    if not found:
        return ""
    several = "" if len(found) == 1 else "; of several, put them into a folder of their own, and pass that"
    return f"; if it is in {found[0]}, pass ROOTS=audio={folder / found[0]}{several}"


def _reopened(form: type[OwnSource], own: OwnData, root: CorpusPath, roots: dict[str, CorpusPath]) -> OwnSource:
    cls = form.described(own)
    source = cls.__new__(cls)
    source.root, source.roots = root, roots
    return source


def own_settings(source: Source) -> dict[str, Any]:
    """What of a user's own words makes the bytes of a split, as plan.json has it among the settings."""
    return {"own": source.own.settings()} if isinstance(source, OwnSource) else {}
