"""A source corpus: which audio carries which annotations.

A source is one class in `pipelines/sources/<name>.py`. It declares the facts of its release as data and
yields records; decoding, cutting, resampling, tagging, counting and writing are done once, for all sources.
"""

from __future__ import annotations

import errno
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal

from pipelines.archives.kind import is_archive_name, unpacking
from pipelines.archives.search import with_archives
from pipelines.corpus_path import CorpusPath, RemotePath, Root, confirm, corpus_path, fresh, scandir
from pipelines.file_part import FilePart, Part
from pipelines.packed_path import PackedPath
from shards.storage_error import StorageError

TextForm = Literal["written", "spoken", "unpunctuated"]  # written: cased and punctuated, digits as digits
Cut = Literal["annotated", "window", "whole"]
Span = tuple[float | None, float | None]  # start and end in seconds; None: the beginning, the end
EventStyle = Literal["plain", "audioset"]  # audioset: labels of AudioSet's ontology, which have a tag of their own


class SourceError(Exception):
    """A corpus that cannot be read: what was expected, what is there, what to pass."""


@dataclass(frozen=True, slots=True)
class AudioRef:
    """A recording as released, or a time span of it.

    `path` is relative to the root named `root` ("" is SOURCE itself) and uses "/". `start` and `end` are
    seconds in the recording; None means from its beginning or to its end. `recording` names the recording
    (default: the path); segments of one recording share it, so that it is decoded once. `seconds` is the
    length of this clip where the metadata tells it. `speaker` and `origin` are told here where a record has several
    clips, which differ in them. `joined` are spans of the recording, (start, end) in seconds, that are put together to
    one clip, in their order (see `join`).

    `inside` says where in the file the recording lies, where it is not the whole file: "OFFSET+BYTES", or what the
    source's `place` makes of it. `channel`, counted from 0, is the one that is heard; None: all of them, mixed.
    """

    path: str
    root: str = ""
    start: float | None = None
    end: float | None = None
    recording: str | None = None
    seconds: float | None = None
    speaker: str | None = None
    origin: str | None = None
    joined: tuple[tuple[float, float], ...] = ()
    inside: str = ""
    channel: int | None = None

    @classmethod
    def join(cls, path: str, spans: Sequence[tuple[float, float]], recording: str | None = None) -> AudioRef:
        """Spans of a recording as one clip, without what lies between them. Such a clip is never cut.

        Annotations of its record have no times: these would be those of the recording.
        """
        seconds = round(math.fsum(end - start for start, end in spans), 6)
        joined = tuple(spans) if len(spans) > 1 else ()
        return cls(path, "", spans[0][0], spans[-1][1], recording, seconds, joined=joined)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks; each field only as far as the release tells, in the project's vocabulary (`labels/`)."""

    id: str | None = None
    gender: str | None = None
    age: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is said, as the release writes it. `language` is the release's code, which `labels/languages.py` maps.

    A record may have one in each of several forms; the first is what its words and its language belong to.
    """

    text: str
    language: str
    form: TextForm | None = None  # None: the source's `text_form`
    dialect: bool = False  # spoken in a dialect of the language: dialect_asr instead of asr


@dataclass(frozen=True, slots=True)
class Word:
    """One word with its times in seconds, in the recording."""

    word: str
    start: float
    end: float
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """The transcript's words with times; `method` says how they came about ("gold" for the release's own)."""

    words: tuple[Word, ...]
    method: str = "gold"
    version: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """The transcript in another language."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Caption:
    """What is heard, as a sentence; several on one record are alternatives."""

    text: str
    style: Literal["clotho", "audiocaps", "plain"] = "plain"
    task: Literal["aac", "mc"] | None = None  # None: those of the two that the source has


@dataclass(frozen=True, slots=True)
class Label:
    """Closed-set labels of one kind for the whole clip, in the release's spelling.

    `kind` is a task id ("ks", "sec", "asc", "er", "vsc", "did", "mgr", "mic", "smer", "sid"); of "sv", for a record of
    two clips, the value is "yes" or "no"; of "lid" it is the release's code of the language. Labels that a task cannot
    have beside each other (two emotions) are alternatives.
    """

    kind: str
    values: tuple[str, ...]
    style: EventStyle = "plain"  # of "sec"


@dataclass(frozen=True, slots=True)
class Event:
    """A sound event with its times in seconds, in the recording."""

    label: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Events:
    """All sound events of a recording; empty means that there are none."""

    events: tuple[Event, ...]
    style: EventStyle = "plain"


@dataclass(frozen=True, slots=True)
class Turns:
    """Who speaks when: (speaker, start, end) in seconds, in the recording."""

    turns: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What several people say at once: the text of each, in order of their beginning."""

    texts: tuple[str, ...]
    language: str
    form: TextForm | None = None  # None: the source's `text_form`


@dataclass(frozen=True, slots=True)
class Entities:
    """Typed values, (type, value) each, in the order in which they are heard or listed; empty: there are none.

    `task` says what they are: named entities of the speech, slots of a command, or a song's metadata (`title`,
    `artist`, `album`, `composer`, …).
    """

    task: Literal["ser", "sf", "mr"]
    entities: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Intent:
    """What a command is about and what it asks for: `calendar`, `set`."""

    scenario: str
    action: str


@dataclass(frozen=True, slots=True)
class Note:
    """A musical note: MIDI pitch and velocity 0-127, instrument family, NSynth's sonic qualities."""

    pitch: int | None = None
    velocity: int | None = None
    instrument: str | None = None
    sonic: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """A question about the clip; several with one question are alternatives."""

    question: str
    answer: str
    choices: tuple[str, ...] = ()
    task: Literal["aqa", "mqa"] = "aqa"


Annotation = (
    Transcript | Words | Translation | Caption | Label | Events | Turns | Overlap | Entities | Intent | Note
    | QuestionAnswer
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """One utterance or clip of the release, before anything is decoded.

    `id` is the release's own id, unique in its split. `licence` and `origin` override the source's;
    `origin` is "namespace:id" (freesound:1234) and finds the same recording in two corpora.
    `original` holds the release's labels verbatim, for whoever needs more than the targets. `language` is the release's
    code of what is spoken, where there is no transcript to tell it and records differ.
    """

    id: str
    audio: tuple[AudioRef, ...]
    annotations: tuple[Annotation, ...]
    speaker: Speaker = Speaker()
    licence: str | None = None
    origin: str | None = None
    language: str | None = None
    original: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that cannot be used, and why. `reason` is a key of `REJECT_REASONS`.

    `metadata` is the file that names missing audio, relative to SOURCE: it is read again before the audio counts as
    missing. "" where the audio's own folder names it.
    """

    id: str
    reason: str
    where: str
    metadata: str = ""


REJECT_REASONS: dict[str, str] = {
    "audio_missing": "annotated, but the audio file is not there",
    "no_transcript": "audio without annotation",
    "undecodable": "the decoder for this format refuses the file",
    "truncated": "fewer frames than the header promises",
    "empty_audio": "no audio in the file, or in the cut",
    "too_few_columns": "a metadata row with too few columns",
    "wrong_encoding": "text that is not in the release's encoding",
    "bad_row": "a metadata row that cannot be parsed",
    "unknown_label": "a label outside the release's vocabulary",
    "bad_times": "times that are negative, reversed, or outside the recording",
    "empty_text": "nothing left after normalisation",
    "reserved_token": "the text contains a token of the tag vocabulary",
    "duplicate_id": "an earlier record of this split has the same id",
    "held_out": "its recording is in a test or development split",
    "too_long": "over 30 s and not to be cut",
    "unsafe_path": "a path that leaves the corpus",
    "about_metadata": "text about tags that the audio bears, not about what is heard",
}

# Why a sample, or a whole record, lacks a target though nothing is wrong with it; apart from alternatives that alone
# cannot be said, which have the reason of a reject.
LEFT_OUT_REASONS: Mapping[str, str] = REJECT_REASONS | {
    "language_not_in_vocabulary": "no tag for the language; VOCABULARY=extended has those of Whisper",
    "too_long": "over 30 s, where time tokens end",
}


class EmptySplitError(SourceError):
    """A split of which SOURCE holds nothing, though some of its metadata is there."""


# What the system says of paths that cannot be: links that lead to themselves, names of over 255 bytes.
_NOWHERE = frozenset({errno.ELOOP, errno.ENAMETOOLONG})
_PAIRS = "-pairs"  # ends the name of a split that is made of another
_BLOCK_BYTES = 1 << 20


class Source(ABC):
    """A corpus on disk or in a bucket. A subclass declares the facts of its release and writes `read`, and no more.

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
    raw_rate: ClassVar[int | None] = (
        None  # Hz, of files .pcm: 16 bit mono without a header, least significant byte first
    )
    audio: ClassVar[str]  # what is on disk, for the reader of the catalogue
    obtain: ClassVar[str]  # where to get it and how to unpack it
    expects: ClassVar[str]  # one line: the folder to pass as SOURCE
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
            self.root = self._unpacked(self.root)
            self.roots = {name: _packed_alone(path) for name, path in self.roots.items()}
            self._look()
        except StorageError as error:
            raise StorageError(f"{self.name}: {error}. Expected {self.expects}", error.lasting) from error

    def _unpacked(self, root: CorpusPath) -> CorpusPath:
        """SOURCE with the archives in it as if they were unpacked, or the corpus that then lies in it.

        Where `archives` names none, and nothing else is the corpus, all those in SOURCE are looked into.
        """
        if not isinstance(root, Path) or not (root.is_dir() or is_archive_name(root.name)):
            return root
        for patterns in (self.archives, ("*",)):
            packed = with_archives(root, patterns)
            if isinstance(packed, PackedPath):
                found = [packed] if self.recognises(packed) else _within(packed, self.recognises)
                if len(found) == 1 and isinstance(found[0], PackedPath):
                    return with_archives(found[0], self.archives)
            if self.recognises(root) or _within(root, self.recognises):
                return root
        return packed

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
        """Whether `folder` is what SOURCE should name. By default: a split's folder is in it."""
        return any((folder / split).is_dir() for split in cls.splits)

    def has_split(self, split: str) -> bool:
        """Whether SOURCE holds `split`. By default: its folder is there."""
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
        return Listing(self, (self.roots[root] if root else self.root) / folder)

    def has_file(self, path: CorpusPath) -> bool:
        """Whether a file is there that need not be; a "no" is believed only of a corpus that is there itself."""
        return self._is_so(path, path.is_file)

    def has_folder(self, path: CorpusPath) -> bool:
        """Whether a folder is there that need not be, as surely."""
        return self._is_so(path, path.is_dir)

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
        names = sorted(entry.name for entry in self.root.iterdir())[:6] if self.root.is_dir() else []
        found = ", ".join(names) if self.root.is_dir() else "a file"
        near = _nearby(self.root, self.recognises, self.levels_above)
        advice = f"Pass SOURCE={near[0]}" if len(near) == 1 else "Pass one of: " + ", ".join(map(str, near[:4]))
        if not near:  # a folder or table inside may be what is missing
            found = ", ".join(_with_contents(self.root / name) for name in names) or found
            advice = f"`python pipelines/catalogue.py {self.name}` shows the expected tree" + self._packed_advice()
        return (
            f"{self.name}: SOURCE={self.root} is not the corpus. "
            f"Expected {self.expects}; found {found or 'an empty folder'}. {advice}."
        )

    def _packed_advice(self) -> str:
        """What to do with the first archive in SOURCE that is not read in place, as a further sentence."""
        where = self.root if self.root.is_dir() else self.root.parent
        names = sorted(entry.name for entry in self.root.iterdir()) if self.root.is_dir() else [self.root.name]
        for name in names:
            if command := unpacking(name):
                return f". {name} is not read in place; unpack it in {where}: {command}"
            if isinstance(self.root, RemotePath) and is_archive_name(name):
                return (
                    f". Archives in a bucket, such as {name}, are not read in place; unpack it there, or copy it here"
                )
        return ""


class Listing:
    """The file names of one folder, read in one go: a corpus is not asked for each of its million files.

    `name in listing` is trustworthy in both answers: before the first "no" the corpus is checked to be there and
    the folder is read again. Litter of other systems (`._x`, `.DS_Store`) is left out, and so is what no audio can be
    read from: folders, pipes, links that lead nowhere.
    """

    def __init__(self, source: Source, folder: CorpusPath) -> None:
        self._source = source
        self._folder = folder
        self._sure = False
        self.names = self._read(folder)

    def __contains__(self, name: str) -> bool:
        if name in self.names:
            return True
        if not self._sure:
            self._source.check_alive()
            self.names |= self._read(fresh(self._folder))
            self._sure = True
        return name in self.names

    def problem(self, record_id: str, name: str, where: str, metadata: str = "") -> Reject | None:
        """Why `name`, as the file `metadata` gives it at `where`, is no file of this folder; None: it is one."""
        if name in self.names:
            return None
        if not is_safe(name):
            return Reject(record_id, "unsafe_path", where)
        return None if name in self else Reject(record_id, "audio_missing", where, metadata)

    def _read(self, folder: CorpusPath) -> frozenset[str]:
        try:
            with scandir(folder) as entries:
                return frozenset(entry.name for entry in entries if not is_litter(entry.name) and _is(entry.is_file))
        except (FileNotFoundError, NotADirectoryError):
            self._source.check_alive()
            return frozenset()
        except OSError as error:
            if error.errno in _NOWHERE:  # a name from metadata that no folder can have
                return frozenset()
            raise


def is_litter(name: str) -> bool:
    """Whether a file is no part of any corpus: AppleDouble twins, Finder's settings."""
    return name.startswith("._") or name in (".DS_Store", "__MACOSX")


def is_safe(path: str) -> bool:
    """Whether a path from metadata stays inside the corpus."""
    if not path or "\0" in path or "\\" in path or path[0] == "/":
        return False
    return ".." not in path or ".." not in PurePosixPath(path).parts


def _is(kind: Callable[[], bool]) -> bool:
    """The answer of a folder entry's `is_file` or `is_dir`; no, where it is a link that leads to itself."""
    try:
        return kind()
    except OSError as error:
        if error.errno in _NOWHERE:
            return False
        raise


def subfolders(folder: CorpusPath) -> list[CorpusPath]:
    """The folders in `folder`, by name."""
    with scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if _is(entry.is_dir) and not is_litter(entry.name))
    return [folder / name for name in names]


def files(folder: CorpusPath, *suffixes: str, lost: bool = False) -> list[str]:
    """The names of the files in `folder` that end in one of `suffixes` (any case), by name.

    With `lost`, also names that no file can be read by, such as links that lead nowhere.
    """
    with scandir(folder) as entries:
        wanted = (e for e in entries if e.name.lower().endswith(suffixes) and not is_litter(e.name))
        return sorted(entry.name for entry in wanted if lost or _is(entry.is_file))


def _with_contents(place: CorpusPath) -> str:
    """The name of a file; of a folder also the first names in it."""
    try:
        names = sorted(entry.name for entry in place.iterdir()) if place.is_dir() else []
    except (OSError, StorageError):  # not everybody may look there
        names = []
    inside = ", ".join([*names[:3], *(["…"] if names[3:] else [])])
    return f"{place.name}/ ({inside})" if inside else place.name


def _nearby(folder: CorpusPath, recognises: Callable[[CorpusPath], bool], levels_above: int) -> list[CorpusPath]:
    """Folders up to some levels above or two below that are the corpus; the nearest level only."""
    parents: Sequence[CorpusPath] = folder.parents
    above = [parent for parent in parents[:levels_above] if _is_corpus(parent, recognises)]
    return above[:1] or _within(folder, recognises)


def _is_corpus(place: CorpusPath, recognises: Callable[[CorpusPath], bool]) -> bool:
    try:
        return recognises(place)
    except (OSError, StorageError):  # not everybody may look there
        return False


def _within(folder: CorpusPath, recognises: Callable[[CorpusPath], bool]) -> list[CorpusPath]:
    """Folders up to two levels below that are the corpus; the nearest level only."""
    level = [folder] if folder.is_dir() else []
    for _ in range(2):
        try:
            level = [child for parent in level for child in subfolders(parent)][: _nearby_at_most(folder)]
        except (OSError, StorageError):
            return []
        found = [child for child in level if _is_corpus(child, recognises)]
        if found:
            return found
    return []


def _packed_alone(root: CorpusPath) -> CorpusPath:
    """A folder of ROOTS with its archives as if they were unpacked, where there is nothing but them in it."""
    if not isinstance(root, Path) or (root.is_dir() and any(not is_archive_name(path.name) for path in root.iterdir())):
        return root
    return with_archives(root, ("*",))


def _nearby_at_most(folder: CorpusPath) -> int:
    """How many folders of a level are worth a look; in a bucket each costs requests."""
    return 30 if isinstance(folder, RemotePath) else 500
