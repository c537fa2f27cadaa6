"""PMEmo: choruses of pop songs with how positive and how energetic people found them.

Release   github.com/HuiZhangDB/PMEmo, version of 2019; Zhang et al., ICMR 2018
Licence   for research; none is named for the audio
Audio     one MP3 per chorus, 44.1 kHz stereo
Splits    none published: `all`
Ratings   means of arousal and valence from 0 to 1, in this order. Above 0.5 is high, below it low, 0.5 itself neither:
          high valence is `positive`, low valence `negative`, high arousal `energetic`, low arousal `calm`
Quirk     27 of 794 choruses are not rated
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.mood_ratings import Scale, read_ratings
from pipelines.formats.tables import rows_if_there
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import Entities, Record, Reject
from pipelines.source import Source

TABLE, SONGS, AUDIO = "static_annotations.csv", "metadata.csv", "chorus"
SCALE = Scale("musicId", "Valence(mean)", "Arousal(mean)", 0, 1)


class PMEmo(Source):
    name = "pmemo"
    title = "PMEmo: choruses with their moods"
    home = "https://github.com/HuiZhangDB/PMEmo"
    licence = "LicenseRef-PMEmo-research"
    commercial = False
    attribution = (
        "K. Zhang, H. Zhang, S. Li, C. Yang, L. Sun: The PMEmo Dataset for Music Emotion Recognition. ICMR 2018"
    )
    tasks = ("smer", "mr")
    languages = ()
    splits = {"all": 767}
    default_splits = ("all",)
    cut = "window"
    mean_seconds = 42.0
    origin_namespace = "pmemo"
    audio = "MP3, 44.1 kHz stereo, a chorus each"
    obtain = "Download PMEmo2019.zip by the link in the README of github.com/HuiZhangDB/PMEmo and unpack it."
    expects = "the folder PMEmo2019/, which holds chorus/ and annotations/static_annotations.csv"
    layout = """
PMEmo2019/                          <- SOURCE
  annotations/static_annotations.csv      musicId,Arousal(mean),Valence(mean)
  chorus/1.mp3
  metadata.csv                      (optional: title, artist, album)
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        at_top = (folder / TABLE).is_file() and (folder / AUDIO).is_dir()  # and not the folder annotations/
        return (folder / "annotations" / TABLE).is_file() or at_top

    def has_split(self, split: str) -> bool:
        return True

    def read(self, split: str) -> Iterator[Record | Reject]:
        folder = self.folder_of("the audio", AUDIO, advice="unpack PMEmo2019.zip again")
        table = f"annotations/{TABLE}" if self.has_file(self.root / "annotations" / TABLE) else TABLE
        yield from read_ratings(self, AudioTree(self, folder), [table], SCALE, self.songs)

    @cached_property
    def songs(self) -> dict[str, tuple[Entities, ...]]:
        """Song -> its title, artist and album; empty without that table."""
        kinds = ("title", "artist", "album")
        rows = rows_if_there(self, SONGS, (), ("musicId", *kinds), fallback="latin-1")
        return {song.strip(): Entities.of_song(kinds, told) for song, *told in rows}
