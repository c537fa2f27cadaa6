"""Where the audio of a corpus lies, however its users sorted it: files by name, anywhere below a folder.

For corpora that everybody unpacks, fetches or cuts differently. Where the release fixes the folder, `Source.listing`
is cheaper and stricter.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sized

from pipelines.listing import files, is_safe, subfolders
from pipelines.places.corpus_path import CorpusPath, fresh
from pipelines.record import Reject
from pipelines.source import EmptySplitError, Source

Files = tuple[str, list[str]]  # a folder ("x/y/") and the names in it
AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".mp4", ".mkv", ".webm", ".aac", ".au", ".sph")


class AudioTree:
    """The audio files below a folder by their stem (`abc` of `x/y/abc.wav`), listed once, in the order of paths.

    `folder` is relative to SOURCE, or to the root named `root`; so are the paths that are found. Of equal stems the
    first path counts. A "no" is trustworthy: before the first one the corpus is checked to be there and listed again.
    Two million files take about 250 MB: paths are put together when they are asked for.
    """

    def __init__(
        self, source: Source, folder: str = "", root: str = "", suffixes: tuple[str, ...] = AUDIO_SUFFIXES
    ) -> None:
        self._source = source
        self._folder = folder.strip("/")
        self._place = (source.roots[root] if root else source.root) / self._folder
        self._suffixes = suffixes
        self._sure = False
        self._kinds: list[tuple[str, str]] = []  # what comes before and after a stem: ("x/y/", ".wav")
        self._found: dict[str, int] = {}  # stem -> place in _kinds
        self._list(self._place)

    def find(self, *stems: str) -> str | None:
        """The path of the first of `stems` that is there; an ending of an audio file on a stem does not matter."""
        wanted = [split_name(stem, self._suffixes)[0] for stem in stems]
        found = self._first(wanted)
        if found is None and not self._sure:
            self._source.check_alive()
            self._list(fresh(self._place))
            self._sure = True
            found = self._first(wanted)
        return found

    def require_any(self, advice: str) -> None:
        """See that there is audio at all, before all of it is called missing.

        Raises:
            EmptySplitError: there is none; says where it was looked for and `advice`, which is what to do.
        """
        require_any(self._source, self._found, self._place, advice)

    def problem(self, record_id: str, stem: str, where: str, metadata: str = "") -> Reject:
        """Why nothing was found by `stem`, as the file `metadata` gives it at `where`."""
        if not is_safe(stem):
            return Reject(record_id, "unsafe_path", where)
        return Reject(record_id, "audio_missing", where, metadata)

    def paths(self) -> Iterator[str]:
        """All paths, in their order."""
        return (self._path(stem, kind) for stem, kind in self._found.items())

    def unnamed(self, named: Container[str]) -> Iterator[Reject]:
        """The files whose stems no row named, in the order of paths: they have no annotation."""
        for stem, kind in self._found.items():
            if stem not in named:
                yield Reject(stem, "no_transcript", self._path(stem, kind))

    def _first(self, stems: list[str]) -> str | None:
        for stem in stems:
            if (kind := self._found.get(stem)) is not None:
                return self._path(stem, kind)
        return None

    def _path(self, stem: str, kind: int) -> str:
        before, after = self._kinds[kind]
        return f"{before}{stem}{after}"

    def _list(self, place: CorpusPath) -> None:
        """Take in the files below `place` whose stems are not known yet."""
        if self._folder and not self._source.has_folder(place):  # not unpacked: all that is asked for is missing
            return
        numbers = {kind: number for number, kind in enumerate(self._kinds)}
        for before, names in walk(place, self._folder, self._suffixes):
            for name in names:
                stem, after = split_name(name, self._suffixes)
                if stem not in self._found:
                    self._found[stem] = number = numbers.setdefault((before, after), len(numbers))
                    if number == len(self._kinds):
                        self._kinds.append((before, after))


def require_any(source: Source, found: Sized, place: CorpusPath, advice: str) -> None:
    """See that something was `found` below `place`: see `AudioTree.require_any`."""
    if not found:
        source.check_alive()
        raise EmptySplitError(f"{source.name}: no audio below {place}; {advice}")


def walk(place: CorpusPath, path: str = "", suffixes: tuple[str, ...] = AUDIO_SUFFIXES) -> Iterator[Files]:
    """The audio files of `place` and of each folder below, in the order of paths; `path` is how `place` is called."""
    waiting = [(place, path)]
    while waiting:
        folder, path = waiting.pop()
        before = f"{path}/" if path else ""
        yield before, files(folder, *suffixes)
        waiting += reversed([(child, f"{before}{child.name}") for child in subfolders(folder)])


def split_name(name: str, suffixes: tuple[str, ...] = AUDIO_SUFFIXES) -> tuple[str, str]:
    """Stem and ending of a file name, which may have no ending."""
    dot = name.rfind(".")
    if dot < 0:
        return name, ""
    if name[dot:].lower() not in suffixes:  # an ending may have several dots
        lower = name.lower()
        dot = len(name) - len(next((suffix for suffix in suffixes if lower.endswith(suffix)), ""))
    return name[:dot], name[dot:]
