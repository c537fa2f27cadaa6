"""LP-MusicCaps: captions of music that a language model wrote from tags.

Release   huggingface.co/datasets/seungheondoh/LP-MusicCaps-{MSD,MTT,MC}; Doh et al., ISMIR 2023
Licence   captions MIT; the music is that of the Million Song Dataset's previews, of MagnaTagATune and of MusicCaps
Audio     not in the release: MP3 previews (MSD), the MP3 clips of MagnaTagATune (MTT), clips of YouTube (MC); found
          anywhere below SOURCE by the names in the tables
Splits    msd_*, mtt_* and mc_*, as the three releases divide themselves
Quirk     `caption_attribute_prediction` invents attributes, and its authors advise against it: not used. The human
          caption of MC is that of `musiccaps`: not repeated here
Quirk     tables are Parquet as downloaded, or the CSV files that public recipes export from them
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.parquet import read_parquet
from pipelines.formats.tables import read_csv
from pipelines.formats.youtube_audio import EXTRA_ROOTS, LICENCE, ROOT, YouTubeAudio, as_seconds, origin
from pipelines.listing import is_safe
from pipelines.places.corpus_path import CorpusPath, relative
from pipelines.record import AudioRef, Caption, Record, Reject
from pipelines.source import Source

FOLDERS = {"msd": "LP-MusicCaps-MSD", "mtt": "LP-MusicCaps-MTT", "mc": "LP-MusicCaps-MC"}
LICENCES = {"msd": "MIT AND LicenseRef-7digital-Preview", "mtt": "MIT AND CC-BY-NC-SA-3.0", "mc": f"MIT AND {LICENCE}"}
CAPTIONS = ("caption_writing", "caption_summary", "caption_paraphrase")
FACTS = ("title", "artist_name", "release")
NAMING = {"msd": ("track_id", "path"), "mtt": ("track_id", "path"), "mc": ("ytid", "start_s", "end_s")}

Finder = Callable[[Mapping[str, Any]], AudioRef | str]  # of a row: its audio, or the reason why there is none


class LPMusicCaps(Source):
    name = "lp_musiccaps"
    title = "LP-MusicCaps: music captioned by a language model"
    home = "https://github.com/seungheondoh/lp-music-caps"
    licence = LICENCES["msd"]
    commercial = False
    attribution = "S. Doh, K. Choi, J. Lee, J. Nam: LP-MusicCaps: LLM-Based Pseudo Music Captioning. ISMIR 2023"
    tasks = ("mc",)
    languages = ()
    splits = {
        "msd_train": 444_865, "msd_valid": 34_481, "msd_test": 34_631,
        "mtt_train": None, "mtt_valid": None, "mtt_test": None, "mc_train": 2_663, "mc_test": 2_858,
    }  # fmt: skip
    default_splits = tuple(splits)
    evaluation_splits = ("msd_valid", "msd_test", "mtt_valid", "mtt_test", "mc_test")
    cut = "window"  # previews last 30 or 60 s
    audio_may_be_missing = True
    mean_seconds = 30.0
    audio = "any format; what the user has of MSD, MagnaTagATune and MusicCaps"
    obtain = "git clone the three repositories of huggingface.co/datasets/seungheondoh/, and put the audio below them"
    expects = "the folder that holds LP-MusicCaps-MSD/, LP-MusicCaps-MTT/ or LP-MusicCaps-MC/"
    layout = """
lp_musiccaps/                       <- SOURCE
  LP-MusicCaps-MSD/data/train-00000-of-00002.parquet …     (or LP-MusicCaps-MSD/train.csv)
  LP-MusicCaps-MTT/  LP-MusicCaps-MC/
  …/8134074.clip.mp3                what `path` of a table names, in any folder
  …/[AbCdEfGhIjK]-[30-40].wav       MC: also <id>, <id>_<start>, …
"""
    extra_roots = EXTRA_ROOTS

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(_tables(folder, split) for split in cls.splits)

    def has_split(self, split: str) -> bool:
        if not self.has_folder(self.root / _folder(split)):  # a "no" is believed only of a corpus that is there itself
            return False
        return bool(_tables(self.root, split))

    def read(self, split: str) -> Iterator[Record | Reject]:
        part = split.partition("_")[0]
        find = self._find_youtube() if part == "mc" else self._find_named()
        for table in _tables(self.root, split):
            for item in _rows(self.root, table, NAMING[part]):
                if isinstance(item, Reject):
                    yield item
                    continue
                number, row = item
                record_id, where = str(row.get(NAMING[part][0]) or ""), f"{table}:{number}"
                said = tuple(Caption(text) for text in map(row.get, CAPTIONS) if isinstance(text, str) and text.strip())
                found = find(row)
                if not record_id:
                    yield Reject(where, "bad_row", where)
                elif not said:
                    yield Reject(record_id, "no_transcript", where)
                elif isinstance(found, str):
                    yield Reject(record_id, found, where, table if found == "audio_missing" else "")
                else:
                    facts = {key: str(row[key]) for key in FACTS if row.get(key)}
                    names = {"msd": f"msd:{record_id}", "mtt": f"magnatagatune:{record_id}", "mc": origin(record_id)}
                    yield Record(record_id, (found,), said, licence=LICENCES[part], origin=names[part], original=facts)

    def _find_named(self) -> Finder:
        """Audio by the name at the end of the path that a row gives."""
        root = ROOT if ROOT in self.roots else ""
        tree = AudioTree(self, root=root)
        tree.require_any("put the MP3 files there that the tables name, or pass ROOTS=audio=/path where they lie")

        def find(row: Mapping[str, Any]) -> AudioRef | str:
            path = str(row.get("path") or "")
            if not is_safe(path):
                return "unsafe_path" if path else "bad_row"
            found = tree.find(path.rpartition("/")[2])
            return "audio_missing" if found is None else AudioRef(found, root=root)

        return find

    def _find_youtube(self) -> Finder:
        """Clips of YouTube."""
        audio = YouTubeAudio(self)

        def find(row: Mapping[str, Any]) -> AudioRef | str:
            start, end = as_seconds(row.get("start_s")), as_seconds(row.get("end_s"))
            if start is None or end is None or start >= end:
                return "bad_times"
            return audio.find(str(row.get("ytid")), start, end) or "audio_missing"

        return find


def _folder(split: str) -> str:
    return FOLDERS[split.partition("_")[0]]


def _tables(root: CorpusPath, split: str) -> list[str]:
    """The tables of a split, in their order, relative to SOURCE: those that were downloaded, else the exported one."""
    part = split.partition("_")[2]
    for place in ("data/", ""):
        for pattern in (f"{part}-*.parquet", f"{part}.parquet", f"{part}.csv"):
            found: list[CorpusPath] = [*(root / _folder(split)).glob(f"{place}{pattern}")]
            if found:
                return sorted(relative(path, root) for path in found)
    return []


def _rows(root: CorpusPath, table: str, naming: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, Any]] | Reject]:
    columns = (*CAPTIONS, *FACTS)
    if table.endswith(".parquet"):
        yield from read_parquet(root, table, (*naming, *columns))
        return
    for row in read_csv(root, table, naming, columns):
        if isinstance(row, Reject):
            yield row
        else:
            yield row[0], dict(zip((*naming, *columns), row[1], strict=True))
