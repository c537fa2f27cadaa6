"""DEAM: songs with how positive and how energetic people found them.

Release   cvml.unige.ch/databases/DEAM; Aljanaki et al., PLOS ONE 2017
Licence   CC BY-NC
Audio     one MP3 per song, 44.1 kHz: excerpts of 45 s, and 58 whole songs
Splits    none published: `all`
Ratings   means of valence and arousal from 1 to 9. Above 5 is high, below 5 low, 5 itself neither: high valence is
          `positive`, low valence `negative`, high arousal `energetic`, low arousal `calm`; both 5 is `neutral`
Quirk     blanks behind the commas of a table, and in names of folders; the second table has more columns. A rating
          is of the whole song, and so holds for each of its windows
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.mood_ratings import Scale, read_ratings
from pipelines.record import Record, Reject
from pipelines.source import Source

TABLES = tuple(f"static_annotations_averaged_songs_{songs}.csv" for songs in ("1_2000", "2000_2058"))
ANNOTATIONS = "annotations/annotations averaged per song/song_level"
# Unpacked as they are, in a folder for each archive, or gathered by hand.
PLACES = (
    f"{ANNOTATIONS}/",
    f"DEAM_Annotations/{ANNOTATIONS}/",
    f"{ANNOTATIONS.partition('/')[2]}/",
    "song_level/",
    "annotations/",
    "",
)
AUDIO = ("MEMD_audio", "DEAM_audio/MEMD_audio", "DEAM_audio", "audio")
SCALE = Scale("song_id", "valence_mean", "arousal_mean", 1, 9)


class DEAM(Source):
    name = "deam"
    title = "DEAM: songs with their moods"
    home = "https://cvml.unige.ch/databases/DEAM/"
    licence = "LicenseRef-CC-BY-NC"
    commercial = False
    attribution = (
        "A. Aljanaki, Y. H. Yang, M. Soleymani: Developing a Benchmark for Emotional Analysis of Music. "
        "PLOS ONE 12(3), 2017"
    )
    tasks = ("smer",)
    languages = ()
    splits = {"all": 1_802}
    default_splits = ("all",)
    cut = "window"
    mean_seconds = 51.0
    hours = 25.0
    origin_namespace = "deam"
    audio = "MP3, 44.1 kHz, 45 s; 58 whole songs"
    obtain = "Unpack DEAM_audio.zip and DEAM_Annotations.zip of the home page into one folder."
    expects = "the folder that holds MEMD_audio/ and annotations/"
    archives = ("DEAM_*.zip",)
    split_tables = {"all": tuple(f"{place}{table}" for place in PLACES for table in TABLES)}
    layout = f"""
deam/                               <- SOURCE
  MEMD_audio/2.mp3
  {ANNOTATIONS}/
    {TABLES[0]}
    {TABLES[1]}
"""

    def read(self, split: str) -> Iterator[Record | Reject]:
        place, slash, _ = self.split_table(split).rpartition("/")
        tables = [table for table in (f"{place}{slash}{name}" for name in TABLES) if self.has_file(self.root / table)]
        folder = self.folder_of("the audio", *AUDIO, advice="unpack DEAM_audio.zip there")
        yield from read_ratings(self, AudioTree(self, folder), tables, SCALE, {})
