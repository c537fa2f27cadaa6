"""WavCaps: sounds of four sites with captions that a language model wrote from their descriptions.

Release   github.com/XinhaoMei/WavCaps, audio of its dataset page (split zip files); Mei et al., IEEE/ACM TASLP 2024
Licence   academic use alone; the sounds bear the licences of their sites as well, which the release does not tell clip
          by clip (BBC: the RemArc licence for all)
Audio     one FLAC per clip, mono, said to be 32 kHz; from a second to hours
Splits    the four sites. The folder of a site's audio is found by its name (`FreeSound`, `FreeSound_flac`), however
          deep its zip file unpacked it
Quirk     ids of AudioSet are `Y` and the id of the video, with `.wav` at the end, of files that end in `.flac`. What is
          over 30 s is cut in windows, all with the caption of the whole. Archives hold more files than the release
          captioned (SoundBible: 1,320 of which 1,232): these are no items of it. Clips that the release's blacklists
          count to AudioCaps, Clotho, ESC-50, UrbanSound8K or VGGSound are kept, with the lists' names: training leaves
          out by origin what a test split holds. Metadata is one object of up to 150 MB, read item by item
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.json_stream import read_items, read_object
from pipelines.formats.lfs import refuse_pointer
from pipelines.listing import files, subfolders
from pipelines.record import AudioRef, Caption, Record, Reject
from pipelines.source import EmptySplitError, Source

ORIGINS = {"AudioSet_SL": "youtube", "BBC_Sound_Effects": "bbc", "FreeSound": "freesound", "SoundBible": "soundbible"}
ACADEMIC = "LicenseRef-WavCaps-Academic"
LICENCES = {
    "AudioSet_SL": f"{ACADEMIC} AND LicenseRef-YouTube",
    "BBC_Sound_Effects": f"{ACADEMIC} AND LicenseRef-BBC-RemArc",
}
BLACKLISTED = {"AudioSet_SL": "AudioSet", "FreeSound": "FreeSound"}  # the names of these sites in the blacklists
KEPT = ("title", "description", "author", "href", "download_link", "tags")


class WavCaps(Source):
    name = "wavcaps"
    title = "WavCaps: sounds of the web with captions by a language model"
    home = "https://github.com/XinhaoMei/WavCaps"
    licence = ACADEMIC
    commercial = False
    attribution = (
        "X. Mei, C. Meng, H. Liu, Q. Kong, T. Ko, C. Zhao, M. D. Plumbley, Y. Zou, W. Wang: WavCaps: A "
        "ChatGPT-Assisted Weakly-Labelled Audio Captioning Dataset for Audio-Language Multimodal Research. IEEE/ACM "
        "Transactions on Audio, Speech, and Language Processing 32, 2024"
    )
    tasks = ("aac",)
    languages = ()
    splits = {"AudioSet_SL": 108_317, "BBC_Sound_Effects": 31_201, "FreeSound": 262_300, "SoundBible": 1_232}
    default_splits = tuple(splits)
    cut = "window"
    mean_seconds = 67.6
    hours = 7_568.0
    audio = "FLAC mono, said to be 32 kHz, one file per clip; from a second to hours"
    obtain = (
        "Download json_files/ and Zip_files/ of the dataset page cvssp/WavCaps, join the parts of each zip file (zip "
        "-s- FreeSound.zip -O whole.zip) and unpack it in Zip_files/FreeSound/"
    )
    expects = "the folder WavCaps/, which holds json_files/ and, in any folder, FreeSound/ with the audio"
    split_tables = {  # of FreeSound there is a table of the clips of 2 s and more, too
        "AudioSet_SL": ("json_files/AudioSet_SL/as_final.json",),
        "BBC_Sound_Effects": ("json_files/BBC_Sound_Effects/bbc_final.json",),
        "FreeSound": ("json_files/FreeSound/fsd_final.json", "json_files/FreeSound/fsd_final_2s.json"),
        "SoundBible": ("json_files/SoundBible/sb_final.json",),
    }
    layout = """
WavCaps/                            <- SOURCE
  json_files/AudioSet_SL/as_final.json  BBC_Sound_Effects/bbc_final.json
             FreeSound/fsd_final.json  SoundBible/sb_final.json
             blacklist/*.json       (optional)
  Zip_files/FreeSound/…/17.flac     (any folder called FreeSound or FreeSound_flac)
"""

    @cached_property
    def blacklists(self) -> dict[tuple[str, str], str]:
        """(site, id) -> the blacklists that name the clip: `all_ac, test_ac`."""
        found: dict[tuple[str, str], str] = {}
        place = self.root / "json_files/blacklist"
        for name in files(place, ".json") if self.has_folder(place) else ():
            title = name.removesuffix(".json").removeprefix("blacklist_exclude_")
            for site, clips in read_object(place / name):
                for clip in clips if isinstance(clips, list) else ():
                    key = site, _stem(str(clip))
                    found[key] = f"{found[key]}, {title}" if key in found else title
        return found

    def read(self, split: str) -> Iterator[Record | Reject]:
        table = self.split_table(split)
        refuse_pointer(self.root / table)
        clips = self.clips(split)
        for number, item in enumerate(read_items(self.root / table, "data"), start=1):
            where = f"{table}:{number}"
            told = _told(item)
            if told is None:
                yield Reject(where, "bad_row", where)
                continue
            clip, caption, seconds = told
            path = clips.find(clip)
            if path is None:
                yield clips.problem(clip, clip, where, table)
            elif not caption.strip():
                yield Reject(clip, "no_transcript", where)
            else:
                original = {key: _text(item[key]) for key in KEPT if item.get(key)}
                listed = self.blacklists.get((BLACKLISTED.get(split, ""), clip))
                # `Y` stands before the id of a video.
                origin = clip.removeprefix("Y") if split == "AudioSet_SL" and len(clip) == 12 else clip
                yield Record(
                    id=clip,
                    audio=(AudioRef(path, seconds=seconds),),
                    annotations=(Caption(caption),),
                    licence=LICENCES.get(split),
                    origin=f"{ORIGINS[split]}:{origin}",
                    original=original | ({"blacklists": listed} if listed else {}),
                )

    def clips(self, split: str) -> AudioTree:
        """The clips of a site by their ids.

        Raises:
            EmptySplitError: there is no folder of them.
        """
        for place in self.folders(split):
            tree = AudioTree(self, place)
            if next(tree.paths(), None) is not None:
                return tree
        raise EmptySplitError(
            f"{self.name}: the audio of '{split}' is not there: expected a folder {split}/ (or {split}_flac/) anywhere "
            f"in {self.root}, which holds {'Yb0RFKhbpFJA' if split == 'AudioSet_SL' else '17'}.flac and its like. "
            f"{self.obtain}"
        )

    def folders(self, split: str) -> Iterator[str]:
        """The folders that are called as a site is, the upper ones first; what is below them is theirs."""
        waiting = [(self.root, "")]
        for place, path in waiting:
            for child in subfolders(place):
                below = f"{path}{child.name}"
                if child.name in (split, f"{split}_flac"):
                    yield below
                elif below != "json_files":
                    waiting.append((child, f"{below}/"))


def _told(item: Any) -> tuple[str, str, float | None] | None:
    """Id without ending, caption and length of a clip; None: not in the release's form."""
    if not isinstance(item, Mapping) or not item.get("id"):
        return None
    clip, caption, seconds = item["id"], item.get("caption") or "", item.get("duration")
    if not isinstance(clip, str | int) or not isinstance(caption, str):
        return None
    if not isinstance(seconds, int | float) or not 0 < seconds < float("inf"):
        seconds = None
    return _stem(str(clip)), caption, seconds


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _stem(clip: str) -> str:
    return clip.removesuffix(".wav").removesuffix(".flac")
