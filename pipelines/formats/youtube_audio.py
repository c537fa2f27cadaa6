"""Audio of YouTube that the user fetched: clips of videos under the many names that fetchers give them.

A corpus names the video, and where in it the clip begins and ends; what the user has is found in any folder as

    AbCdEfGhIjK.wav                 YAbCdEfGhIjK.wav
    AbCdEfGhIjK_30.wav              AbCdEfGhIjK_30_40.wav       in seconds, with up to three decimals
    AbCdEfGhIjK_30000.wav           AbCdEfGhIjK_30000_40000.wav in milliseconds
    [AbCdEfGhIjK]-[30-40].wav

with or without the `Y`, as any kind of audio or video file; a name that tells the cut comes before one that does not.
Every file is taken to be the clip, from its first to its last second. By its name alone a whole video cannot be told
from a clip: one of over 30 s is rejected as `too_long` where the split is for training, a shorter one is not noticed.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.formats.audio_tree import require_any, split_name, walk
from pipelines.places.corpus_path import CorpusPath, fresh
from pipelines.record import AudioRef
from pipelines.source import Source

ROOT = "audio"
EXTRA_ROOTS = {ROOT: "the folder of the fetched audio, if it is not below SOURCE"}
ADVICE = "fetch the clips from YouTube (e.g. with yt-dlp), or pass ROOTS=audio=/path where they lie"
LICENCE = "LicenseRef-YouTube"  # of the audio: whatever its uploader and YouTube's terms allow

# What stands around the video's id, which has 11 characters: never are a name with and one without Y both possible.
_NAME = re.compile(r"(Y?)([\w-]{11})((?:_[\d.]+)*)|(\[)([\w-]{11})(\]-\[[\d.-]+\])", re.ASCII)


class YouTubeAudio:
    """The fetched clips below SOURCE, or below ROOTS=audio=/path where that is given; listed once.

    With `folder`, those of one folder, which may be empty; else there must be audio.

    A "no" is trustworthy: before the first one the corpus is checked to be there and listed again. Two million files
    take about 250 MB, one dictionary entry each: what stands around the ids is the same for many files.
    """

    def __init__(self, source: Source, folder: str = "") -> None:
        self._source = source
        self._root = ROOT if ROOT in source.roots else ""
        self._folder = folder
        self._place = (source.roots[ROOT] if self._root else source.root) / folder
        self._sure = False
        self._kinds: list[tuple[str, str, str, str]] = []  # folder, before the id, after it, ending
        self._clips: dict[str, int | tuple[int, ...]] = {}  # video -> places in _kinds
        self._counts: dict[str, int] = {}  # folder -> files, when it was listed first
        self._list(self._place)
        if not folder:
            require_any(source, self._clips, self._place, ADVICE)

    def find(self, video: str, start: float, end: float) -> AudioRef | None:
        """The clip from `start` to `end`, in seconds of the video; None: it was not fetched."""
        path = self._find(video, start, end)
        if path is None and not self._sure:
            self._source.check_alive()
            self._list(fresh(self._place))
            self._sure = True
            path = self._find(video, start, end)
        return None if path is None else AudioRef(path, root=self._root, seconds=round(end - start, 3))

    def _find(self, video: str, start: float, end: float) -> str | None:
        names = _names(start, end)
        kinds = self._clips.get(video)
        if kinds is None and len(video) != 11:  # an id of no video: its files are known by their whole names
            stems = (f"{before}{video}{after}" for before, after in names)
            video = next((stem for stem in stems if stem in self._clips), "")
            kinds, names = self._clips.get(video), {("", ""): 0}
        if kinds is None:
            return None
        several = (kinds,) if isinstance(kinds, int) else kinds
        found = [(rank, kind) for kind in several if (rank := names.get(self._kinds[kind][1:3])) is not None]
        if not found:
            return None
        folder, before, after, ending = self._kinds[min(found)[1]]
        return f"{folder}{before}{video}{after}{ending}"

    def _list(self, place: CorpusPath) -> None:
        """Take in the files below `place`; of a folder that was listed before and holds no more now, none."""
        numbers = {kind: number for number, kind in enumerate(self._kinds)}
        for folder, names in walk(place, self._folder):
            if self._counts.get(folder) == len(names):
                continue
            self._counts[folder] = len(names)
            for name in names:
                stem, ending = split_name(name)
                match = _NAME.fullmatch(stem)
                if match is None:  # of another corpus, or the id of no video
                    before, video, after = "", stem, ""
                else:
                    before, video, after = match.group(1, 2, 3) if match[2] else match.group(4, 5, 6)
                kind = numbers.setdefault((folder, before, after, ending), len(numbers))
                if kind == len(self._kinds):
                    self._kinds.append((folder, before, after, ending))
                known = self._clips.setdefault(video, kind)
                if known != kind:
                    several = (known,) if isinstance(known, int) else known
                    self._clips[video] = tuple(dict.fromkeys((*several, kind)))


def as_seconds(told: object) -> float | None:
    """A time as a table tells it, in seconds; None: it is none that a video can have."""
    try:
        seconds = float(str(told))
    except ValueError:
        return None
    return seconds if 0 <= seconds < 1e6 else None


def origin(video: str) -> str:
    """The name of a recording on YouTube, equal in all corpora that hold it."""
    return f"youtube:{video}"


@lru_cache(maxsize=65_536)
def _names(start: float, end: float) -> dict[tuple[str, str], int]:
    """What may stand before and after the video's id in a file's name; the lower the number, the more it tells."""
    starts, ends = _spellings(start), _spellings(end)
    both = [f"_{a}_{b}" for a, b in zip(starts, ends, strict=True)]
    after = dict.fromkeys([*both, *(f"_{a}" for a in starts), ""])
    names = [(before, cut) for cut in after for before in ("Y", "")]
    brackets = [("[", f"]-[{a}-{b}]") for a, b in zip(starts[:2], ends[:2], strict=True)]
    return {name: number for number, name in enumerate(dict.fromkeys([*brackets, *names]))}


def _spellings(seconds: float) -> tuple[str, ...]:
    """A time as fetchers write it: in seconds (30, 30.0, 30.00, 30.000) and in milliseconds (30000)."""
    plain = str(int(seconds)) if seconds.is_integer() else str(seconds)
    return plain, f"{seconds:.1f}", f"{seconds:.2f}", f"{seconds:.3f}", str(round(seconds * 1000))
