"""MagnaTagATune: excerpts of Magnatune's songs with the tags that players of a game gave them.

Release   mirg.city.ac.uk/codeapps/the-magnatagatune-dataset; Law et al., ISMIR 2009
Licence   CC BY-NC-SA 3.0 (the audio: 1.0)
Audio     one MP3 per clip, 16 kHz mono 32 kbps, 29 s
Splits    none published; as everybody does, by folder: 0 to b, c, d to f. A folder holds whole albums
Quirk     tags of 188 kinds as columns of 0 and 1, tab-separated and quoted; of these the genres and the instruments are
          taken, synonyms merged (`labels/music.py`), and not what is said not to be there (`no guitar`, `not rock`); a
          fifth of the clips has no tag at all; three files are empty
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache, cached_property

from pipelines.formats.tables import read_csv, rows_if_there
from pipelines.listing import is_safe
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Entities, Label, Record, Reject
from pipelines.source import Source, SourceError

TAGS, SONGS = "annotations_final.csv", "clip_info_final.csv"
FOLDERS = {"train": "0123456789ab", "validation": "c", "test": "def"}
SPLIT_OF = {folder: split for split, folders in FOLDERS.items() for folder in folders}
PLACES = ("mp3", "mp3s", "")
GENRES = (
    "ambient", "arabic", "baroque", "blues", "celtic", "clasical", "classic", "classical", "country", "dance", "disco",
    "eastern", "electro", "electronic", "electronica", "folk", "funk", "funky", "hard rock", "heavy metal", "hip hop",
    "house", "india", "indian", "industrial", "irish", "jazz", "jazzy", "medieval", "metal", "middle eastern",
    "new age", "opera", "operatic", "oriental", "pop", "punk", "rap", "reggae", "rock", "soft rock", "spanish",
    "techno", "trance", "tribal", "world",
)  # fmt: skip
INSTRUMENTS = (
    "acoustic guitar", "banjo", "bass", "bells", "bongos", "cello", "chimes", "choir", "choral", "chorus", "clarinet",
    "classical guitar", "drum", "drums", "electric guitar", "female", "female opera", "female singer", "female singing",
    "female vocal", "female vocals", "female voice", "girl", "woman", "woman singing", "women", "fiddle", "flute",
    "flutes", "guitar", "guitars", "harp", "harpsichord", "harpsicord", "horn", "horns", "keyboard", "lute", "male",
    "male opera", "male singer", "male vocal", "male vocals", "male voice", "man", "man singing", "men", "oboe",
    "orchestra", "organ", "percussion", "piano", "piano solo", "sax", "singer", "singing", "sitar", "string",
    "strings", "synth", "synthesizer", "trumpet", "viola", "violin", "violins", "vocal", "vocals", "voice", "voices",
    "woodwind",
)  # fmt: skip


class MagnaTagATune(Source):
    name = "magnatagatune"
    title = "MagnaTagATune: excerpts with genres and instruments"
    home = "https://mirg.city.ac.uk/codeapps/the-magnatagatune-dataset"
    licence = "CC-BY-NC-SA-3.0"
    commercial = False
    attribution = (
        "E. Law, K. West, M. Mandel, M. Bay, J. S. Downie: Evaluation of Algorithms Using Games: The Case of Music "
        "Tagging. ISMIR 2009"
    )
    tasks = ("mgr", "mic", "mr")
    languages = ()
    splits = {"train": 18_709, "validation": 1_825, "test": 5_329}
    default_splits = ("train", "validation", "test")
    evaluation_splits = ("validation", "test")
    cut = "window"
    mean_seconds = 29.1
    hours = 209.0
    origin_namespace = "magnatagatune"
    audio = "MP3, 16 kHz mono 32 kbps, 29 s"
    obtain = (
        "Download annotations_final.csv, clip_info_final.csv and mp3.zip.001 to .003 of the home page; "
        "cat mp3.zip.* > mp3.zip, and unpack it into mp3/."
    )
    expects = f"the folder that holds {TAGS}, and mp3/0/ to mp3/f/ (or 0/ to f/)"
    archives = ("mp3.zip",)
    layout = f"""
magnatagatune/                      <- SOURCE
  {TAGS}             clip_id, 188 tags, mp3_path; separated by tabs
  {SONGS}               (optional: title, artist, album; without it clips without tags are rejected)
  mp3/f/artist-album-01-title-117-146.mp3         (or f/… itself)
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return (folder / TAGS).is_file()

    def has_split(self, split: str) -> bool:
        return True

    def read(self, split: str) -> Iterator[Record | Reject]:
        place = self.audio_place()
        listing = cache(lambda folder: self.listing(f"{place}{folder}"))
        named: dict[str, set[str]] = defaultdict(set)  # of each folder
        for row in read_csv(self.root, TAGS, ("clip_id", "mp3_path"), GENRES + INSTRUMENTS, delimiter="\t"):
            if isinstance(row, Reject):
                if split == "train":  # a row that cannot be read tells no folder
                    yield row
                continue
            number, (clip, path, *cells) = row
            where = f"{TAGS}:{number}"
            folder, _, name = path.partition("/")
            if folder not in SPLIT_OF or not name or "/" in name:
                if split == "train":
                    yield Reject(clip, "unsafe_path" if path and not is_safe(path) else "bad_row", where)
                continue
            if SPLIT_OF[folder] != split:
                continue
            named[folder].add(name)
            if problem := listing(folder).problem(clip, name, where, TAGS):
                yield problem
                continue
            given = {tag for tag, cell in zip(GENRES + INSTRUMENTS, cells, strict=True) if cell.strip() == "1"}
            genres, instruments = (tuple(t for t in tags if t in given) for tags in (GENRES, INSTRUMENTS))
            labels = [Label(kind, tags) for kind, tags in (("mgr", genres), ("mic", instruments)) if tags]
            song = self.songs.get(clip, ())
            if not labels and not song:
                yield Reject(clip, "no_transcript", where)
                continue
            yield Record(
                id=clip,
                audio=(AudioRef(f"{place}{path}"),),
                annotations=(*labels, *song),
            )
        for folder in FOLDERS[split]:
            yield from listing(folder).unnamed(named[folder], ".mp3")

    def audio_place(self) -> str:
        """The folder of the folders 0 to f, with "/" behind it, relative to SOURCE.

        Raises:
            SourceError: there is none.
        """
        for place in PLACES:
            base = self.root / place if place else self.root
            if any((base / folder).is_dir() for folder in SPLIT_OF):
                return f"{place}/" if place else ""
        self.check_alive()
        raise SourceError(
            f"{self.name}: no audio in {self.root}: expected {self.root / 'mp3'}/0/ to f/; "
            "join mp3.zip.001 to .003 (cat mp3.zip.* > mp3.zip) and unpack mp3.zip there"
        )

    @cached_property
    def songs(self) -> dict[str, tuple[Entities, ...]]:
        """Clip -> title, artist and album of its song; empty without that table."""
        kinds = ("title", "artist", "album")
        rows = rows_if_there(self, SONGS, ("clip_id",), kinds, fallback="latin-1", delimiter="\t")
        return {clip: Entities.of_song(kinds, told) for clip, *told in rows}
