"""GTZAN: excerpts of music in ten genres.

Release   marsyas.info (offline); many re-uploads; Tzanetakis and Cook, IEEE TSAP 2002
Licence   none stated
Audio     one WAV or AU per excerpt, 22.05 kHz mono 16 bit, 30.0 to 30.6 s
Splits    none published: `all`
Quirk     most excerpts are some hundredths of a second over 30 s, which are left out; `jazz.00054.wav` of the common
          re-upload cannot be decoded
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.listing import files
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject
from pipelines.source import Source

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")
SUFFIXES = (".wav", ".au")


class GTZAN(Source):
    name = "gtzan"
    title = "GTZAN: music in ten genres"
    home = "https://www.tensorflow.org/datasets/catalog/gtzan"
    licence = "LicenseRef-GTZAN-unstated"
    commercial = False
    attribution = (
        "G. Tzanetakis, P. Cook: Musical Genre Classification of Audio Signals. "
        "IEEE Transactions on Speech and Audio Processing, 2002"
    )
    tasks = ("mgr",)
    languages = ()
    splits = {"all": 1_000}
    default_splits = ("all",)
    cut = "window"
    mean_seconds = 30.0
    hours = 8.3
    origin_namespace = "gtzan"
    audio = "WAV (older copies: AU), 22.05 kHz mono 16 bit, 30 s"
    obtain = "The original site is offline; unpack genres.tar.gz, or the re-upload that holds Data/genres_original/."
    expects = "the folder genres/ (or genres_original/), which holds blues/, classical/, …"
    layout = """
genres/                             <- SOURCE (or Data/genres_original/)
  blues/blues.00000.wav             genre.number
  hiphop/hiphop.00099.wav
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        # A re-upload has folders of the same names full of pictures.
        return any(next((folder / genre).glob(f"{genre}.*[wa][au]*"), None) for genre in GENRES)

    def has_split(self, split: str) -> bool:
        return True

    def read(self, split: str) -> Iterator[Record | Reject]:
        for genre in GENRES:
            if not self.has_folder(self.root / genre):
                continue
            for name in files(self.root / genre, *SUFFIXES):
                stem = name.rpartition(".")[0]
                if stem.split(".")[0] == genre:
                    yield Record(stem, (AudioRef(f"{genre}/{name}"),), (Label("mgr", (genre,)),))
                else:
                    yield Reject(stem, "unknown_label", f"{genre}/{name}")
