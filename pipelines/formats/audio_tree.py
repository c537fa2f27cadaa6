"""Where the audio of a corpus lies, however its users sorted it: files by name, anywhere below a folder.

For corpora that everybody unpacks, fetches or cuts differently. Where the release fixes the folder, `Source.listing`
is cheaper and stricter.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.corpus_path import CorpusPath, fresh
from pipelines.source import Reject, Source, files, is_safe, subfolders

AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".mp4", ".mkv", ".webm", ".aac", ".au", ".sph")


class AudioTree:
    """The audio files below a folder by their stem (`abc` of `x/y/abc.wav`), listed once, in the order of paths.

    `folder` is relative to SOURCE, or to the root named `root`; so are the paths that are found. Of equal stems the
    first path counts. A "no" is trustworthy: before the first one the corpus is checked to be there and listed again.
    """

    def __init__(
        self, source: Source, folder: str = "", root: str = "", suffixes: tuple[str, ...] = AUDIO_SUFFIXES
    ) -> None:
        self._source = source
        self._folder = folder.strip("/")
        self._place = (source.roots[root] if root else source.root) / self._folder
        self._suffixes = suffixes
        self._sure = False
        self._paths = dict(self._read(self._place))

    def find(self, *stems: str) -> str | None:
        """The path of the first of `stems` that is there; an ending of an audio file on a stem does not matter."""
        wanted = [self._stem(stem) for stem in stems]
        found = next((path for stem in wanted if (path := self._paths.get(stem)) is not None), None)
        if found is None and not self._sure:
            self._source.check_alive()
            for stem, path in self._read(fresh(self._place)):
                self._paths.setdefault(stem, path)
            self._sure = True
            found = next((path for stem in wanted if (path := self._paths.get(stem)) is not None), None)
        return found

    def problem(self, record_id: str, stem: str, where: str, metadata: str = "") -> Reject:
        """Why nothing was found by `stem`, as the file `metadata` gives it at `where`."""
        if not is_safe(stem):
            return Reject(record_id, "unsafe_path", where)
        return Reject(record_id, "audio_missing", where, metadata)

    def paths(self) -> Iterator[str]:
        """All paths, in their order."""
        return iter(self._paths.values())

    def _stem(self, name: str) -> str:
        ending = next((suffix for suffix in self._suffixes if name.lower().endswith(suffix)), "")
        return name[: len(name) - len(ending)]

    def _read(self, folder: CorpusPath) -> Iterator[tuple[str, str]]:
        """Stem and path of each file, each stem once."""
        seen: set[str] = set()
        waiting = [(folder, self._folder)]
        while waiting:
            place, path = waiting.pop()
            for name in files(place, *self._suffixes):
                stem = self._stem(name)
                if stem not in seen:
                    seen.add(stem)
                    yield stem, f"{path}/{name}" if path else name
            below = [(child, f"{path}/{child.name}" if path else child.name) for child in subfolders(place)]
            waiting += reversed(below)
