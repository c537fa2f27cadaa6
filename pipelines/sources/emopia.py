"""EMOPIA: pop piano with its moods. The release holds no audio: whoever wants it must fetch and cut it.

Release   zenodo.org/record/5257995, version 2.2: MIDI files and times in YouTube videos; Hung et al., ISMIR 2021
Licence   CC BY-NC-SA 4.0 by the repository (zenodo says CC BY 4.0); the videos have their own
Audio     cut from YouTube by the user, one file per clip, 30 to 40 s
Splits    none published: `all`
Label     the digit behind Q in a clip's name: 1 high valence, high arousal; 2 low, high; 3 low, low; 4 high, low. They
          are told as `positive` or `negative`, and `energetic` or `calm`
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.tables import read_csv
from pipelines.listing import files
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject
from pipelines.source import Source

TABLE, NOTES = "label.csv", "midis"
CLIP = re.compile(r"Q([1-4])_(.{11})_(\d+)")
QUADRANTS = {
    "1": ("high valence", "high arousal"), "2": ("low valence", "high arousal"),
    "3": ("low valence", "low arousal"), "4": ("high valence", "low arousal"),
}  # fmt: skip


class EMOPIA(Source):
    name = "emopia"
    title = "EMOPIA: pop piano with its moods (without audio)"
    home = "https://zenodo.org/record/5257995"
    licence = "CC-BY-NC-SA-4.0"
    commercial = False
    attribution = (
        "H. T. Hung, J. Ching, S. Doh, N. Kim, J. Nam, Y. H. Yang: EMOPIA: A Multi-Modal Pop Piano Dataset for Emotion "
        "Recognition and Emotion-based Music Generation. ISMIR 2021"
    )
    tasks = ("smer",)
    languages = ()
    splits = {"all": None}  # 1,087 in the paper; versions of the release hold some fewer
    default_splits = ("all",)
    cut = "window"
    audio_may_be_missing = True
    mean_seconds = 36.0
    hours = 11.0
    audio = "none in the release; as fetched from YouTube and cut by the user"
    obtain = (
        "Unpack EMOPIA_2.2.zip of the home page, fetch the YouTube videos (the 11 characters in each clip's name) with "
        "a tool of your choice, and cut them by its timestamps into one file per clip."
    )
    expects = "the folder EMOPIA_2.2/, which holds label.csv or midis/, and the audio that you cut, anywhere in it"
    layout = """
EMOPIA_2.2/                         <- SOURCE
  label.csv                         ID,4Q,annotator
  midis/Q1_0vLPYiPN7qY_0.mid        Q and quadrant, YouTube id, number of the clip
  audio/Q1_0vLPYiPN7qY_0.mp3        yours: any folder, any format
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        # Other corpora may have a label.csv too: its first lines tell whether it is this one.
        if (folder / NOTES).is_dir() and next((folder / NOTES).glob("Q[1-4]_*.mid"), None) is not None:
            return True
        if not (folder / TABLE).is_file():
            return False
        with (folder / TABLE).open(encoding="utf-8-sig", errors="replace") as file:
            return "4Q" in file.read(100).split("\n")[0]

    def has_split(self, split: str) -> bool:
        return True

    def read(self, split: str) -> Iterator[Record | Reject]:
        tree = AudioTree(self)
        tree.require_any(
            "EMOPIA ships none: fetch the YouTube videos (the 11 characters in each clip's name), cut them by the "
            "release's timestamps, and put one file per clip there, named like audio/Q1_0vLPYiPN7qY_0.mp3"
        )
        for item in self.clips():
            if isinstance(item, Reject):
                yield item
                continue
            clip, where = item
            found = CLIP.fullmatch(clip)
            if found is None:
                yield Reject(clip, "unknown_label", where)
            elif (path := tree.find(clip)) is None:
                yield tree.problem(clip, clip, where, where.rpartition(":")[0])
            else:
                quadrant, video, _ = found.groups()
                yield Record(
                    id=clip,
                    audio=(AudioRef(path),),
                    annotations=(Label("smer", QUADRANTS[quadrant]),),
                    origin=f"youtube:{video}",
                    original={"quadrant": f"Q{quadrant}"},
                )

    def clips(self) -> Iterator[tuple[str, str] | Reject]:
        """Each clip's name and where it is given: by the table, or by the names of the MIDI files."""
        if not self.has_file(self.root / TABLE):
            for name in files(self.root / NOTES, ".mid"):
                yield name[: -len(".mid")], f"{NOTES}/{name}"
            return
        for row in read_csv(self.root, TABLE, ("ID",)):
            yield row if isinstance(row, Reject) else (row[1][0].strip(), f"{TABLE}:{row[0]}")
