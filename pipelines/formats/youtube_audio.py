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

from functools import lru_cache

from pipelines.formats.audio_tree import AudioTree
from pipelines.source import AudioRef, Source

ROOT = "audio"
EXTRA_ROOTS = {ROOT: "the folder of the fetched audio, if it is not below SOURCE"}
LICENCE = "LicenseRef-YouTube"  # of the audio: whatever its uploader and YouTube's terms allow


class YouTubeAudio:
    """The fetched clips below SOURCE, or below ROOTS=audio=/path where that is given."""

    def __init__(self, source: Source) -> None:
        self._root = ROOT if ROOT in source.roots else ""
        self._tree = AudioTree(source, root=self._root)

    def find(self, video: str, start: float, end: float) -> AudioRef | None:
        """The clip from `start` to `end`, in seconds of the video; None: it was not fetched."""
        names = [before + video + after for before, after in _names(start, end)]
        path = self._tree.first((*names, video, f"Y{video}"))
        return None if path is None else AudioRef(path, root=self._root, seconds=round(end - start, 3))


def origin(video: str) -> str:
    """The name of a recording on YouTube, equal in all corpora that hold it."""
    return f"youtube:{video}"


@lru_cache(maxsize=65_536)
def _names(start: float, end: float) -> tuple[tuple[str, str], ...]:
    """What stands before and after the video's id in the file names that tell a cut; the most telling ones first."""
    starts, ends = _spellings(start), _spellings(end)
    after = dict.fromkeys([*(f"_{a}_{b}" for a, b in zip(starts, ends, strict=True)), *(f"_{a}" for a in starts)])
    names = [(before, cut) for cut in after for before in ("Y", "")]
    return (*names, *dict.fromkeys(("[", f"]-[{a}-{b}]") for a, b in zip(starts[:2], ends[:2], strict=True)))


def _spellings(seconds: float) -> tuple[str, ...]:
    """A time as fetchers write it: in seconds (30, 30.0, 30.00, 30.000) and in milliseconds (30000)."""
    plain = str(int(seconds)) if seconds.is_integer() else str(seconds)
    return plain, f"{seconds:.1f}", f"{seconds:.2f}", f"{seconds:.3f}", str(round(seconds * 1000))
