"""MTG-Jamendo: whole songs with tags of genre, instrument, and mood or theme.

Release   github.com/MTG/mtg-jamendo-dataset; Bogdanov et al., ICML 2019 workshop
Licence   metadata CC BY-NC-SA 4.0; audio: a Creative Commons licence (or the Art Libre) per track, `audio_licenses.txt`
Audio     one MP3 per song, 44.1 kHz stereo 320 kbps, or mono `.low.mp3`; songs are cut into windows
Splits    split-0; its tables of one category and that of all (`autotagging-train.tsv`) agree about every track
Quirk     tags are further columns of a row; tables end their lines in CRLF; of 55,701 tracks 176 are in no split;
          two rows of `raw.meta.tsv` have an empty column too many
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property

from pipelines.formats.tables import lines_if_there, read_lines
from pipelines.labels.licences import licence
from pipelines.listing import is_safe, subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Entities, Label, Record, Reject
from pipelines.source import Source, SourceError

TABLES, META, LICENCES = "data/splits/split-0", "data/raw.meta.tsv", "audio_licenses.txt"
CATEGORIES = {"genre": ("mgr", "genre"), "instrument": ("mic", "instrument"), "mood/theme": ("smer", "moodtheme")}
PLACES = ("audio", "audios", "raw_30s/audio", "autotagging_moodtheme/audio", "audio-low", "raw_30s/audio-low", "")
METADATA_LICENCE = "CC-BY-NC-SA-4.0"
AVAILABLE = "Available under a"


@dataclass
class Track:
    """A row of the tables; where a track is in several, their tags together."""

    path: str
    seconds: float | None
    table: str
    where: str
    tags: dict[str, list[str]] = field(default_factory=lambda: {category: [] for category in CATEGORIES})


class MTGJamendo(Source):
    name = "mtg_jamendo"
    title = "MTG-Jamendo: songs with genres, instruments and moods"
    home = "https://github.com/MTG/mtg-jamendo-dataset"
    licence = METADATA_LICENCE
    commercial = False
    attribution = (
        "D. Bogdanov, M. Won, P. Tovstogan, A. Porter, X. Serra: The MTG-Jamendo Dataset for Automatic Music Tagging. "
        "Machine Learning for Music Discovery Workshop, ICML 2019"
    )
    tasks = ("mgr", "mic", "smer", "mr")
    languages = ()
    splits = {"train": 32_859, "validation": 11_101, "test": 11_565}
    default_splits = ("train", "validation", "test")
    evaluation_splits = ("validation", "test")
    cut = "window"
    audio_may_be_missing = True  # the audio comes in 100 archives, and the songs with moods on their own
    mean_seconds = 244.0
    hours = 3_777.0
    origin_namespace = "jamendo"
    audio = "MP3, 44.1 kHz stereo 320 kbps (or mono, .low.mp3), whole songs"
    obtain = (
        "Clone github.com/MTG/mtg-jamendo-dataset and fetch the audio into it: "
        "python3 scripts/download/download.py --dataset raw_30s --type audio --unpack --remove audio"
    )
    expects = "the repository's folder, which holds data/splits/split-0/, and audio/00/ to audio/99/"
    archives = ("raw_30s_audio*.tar", "audio/raw_30s_audio*.tar", "audio-low/raw_30s_audio*.tar")
    layout = """
mtg-jamendo-dataset/                <- SOURCE
  data/splits/split-0/autotagging-train.tsv       TRACK_ID, ARTIST_ID, ALBUM_ID, PATH, DURATION, TAGS …
                                                  (or autotagging_{genre,instrument,moodtheme}-train.tsv)
  data/raw.meta.tsv                 (optional: titles, artists, albums)
  audio_licenses.txt                (optional: the licence of each track)
  audio/48/948.mp3                  (or audio-low/48/948.low.mp3; also audios/, raw_30s/audio/, or 48/ itself)
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(_tables(folder, split) for split in cls.splits)

    def has_split(self, split: str) -> bool:
        return bool(_tables(self.root, split))

    def read(self, split: str) -> Iterator[Record | Reject]:
        place, listing = self.audio_place(), cache(self.listing)
        tracks: dict[str, Track] = {}
        yield from self.collect(split, tracks)
        for track_id, track in tracks.items():
            folder, _, name = track.path.rpartition("/")
            if not folder or not is_safe(track.path):
                yield Reject(track_id, "unsafe_path", track.where)
                continue
            there = listing(f"{place}{folder}")
            low = f"{name.removesuffix('.mp3')}.low.mp3"
            name = low if name not in there.names and low in there.names else name
            if problem := there.problem(track_id, name, track.where, track.table):
                yield problem
                continue
            labels = [Label(CATEGORIES[category][0], tuple(tags)) for category, tags in track.tags.items() if tags]
            terms = self.licences.get(track.path)
            yield Record(
                id=track_id,
                audio=(AudioRef(f"{place}{folder}/{name}", seconds=track.seconds),),
                annotations=(*labels, *self.songs.get(track_id, ())),
                licence=f"{METADATA_LICENCE} AND {terms}" if terms else None,
                origin=f"jamendo:{track_id.removeprefix('track_').lstrip('0')}",
            )

    def collect(self, split: str, tracks: dict[str, Track]) -> Iterator[Reject]:
        """Put the tracks of a split into `tracks`, by their id; the rejects are rows of its own tables.

        A track is in one split; should tables disagree: test before validation before train.
        """
        owner: dict[str, str] = {}
        for other in ("test", "validation", "train"):
            for table in _tables(self.root, other):
                for row in _rows(self.root, table):
                    if isinstance(row, Reject):
                        if other == split:
                            yield row
                        continue
                    track_id, track = row
                    if owner.setdefault(track_id, other) != split:
                        continue
                    known = tracks.setdefault(track_id, track)
                    for category, tags in track.tags.items():
                        known.tags[category] += [tag for tag in tags if tag not in known.tags[category]]

    def audio_place(self) -> str:
        """The folder of the folders 00 to 99, with "/" behind it, relative to SOURCE.

        Raises:
            SourceError: there is none.
        """
        for place in PLACES:
            folder = self.root / place if place else self.root
            if folder.is_dir() and any(len(f.name) == 2 and f.name.isdigit() for f in subfolders(folder)):
                return f"{place}/" if place else ""
        self.check_alive()
        raise SourceError(
            f"{self.name}: no audio in {self.root}: expected {self.root / 'audio'}/00/ to 99/, or audio-low/; "
            "scripts/download/download.py of the repository fetches it"
        )

    @cached_property
    def songs(self) -> dict[str, tuple[Entities, ...]]:
        """Track -> its title, artist and album; empty without `raw.meta.tsv`."""
        rows = (line.split("\t") for line in lines_if_there(self, META))
        header = next(rows, [])
        columns = {"title": "TRACK_NAME", "artist": "ARTIST_NAME", "album": "ALBUM_NAME"}
        places = {kind: header.index(column) for kind, column in columns.items() if column in header}
        found = {}
        for cells in rows:
            if len(cells) == len(header) + 1 and not cells[4]:
                del cells[4]
            if len(cells) == len(header):
                found[cells[0]] = Entities.of_song(places, (cells[at] for at in places.values()))
        return found

    @cached_property
    def licences(self) -> dict[str, str]:
        """Path of a track -> its licence, from blocks of three lines: path, address, licence with its address."""
        found, path = {}, ""
        for line in map(str.strip, lines_if_there(self, LICENCES)):
            if line.startswith(AVAILABLE):
                found[path] = licence(line[line.rindex("http") :] if "http" in line else line.removeprefix(AVAILABLE))
            elif line.endswith(".mp3") and " " not in line:
                path = line
        return found


def _tables(root: CorpusPath, split: str) -> list[str]:
    """The tables of a split: that of all tags, or those of a category each."""
    names = (f"{TABLES}/autotagging_{short}-{split}.tsv" for _, short in CATEGORIES.values())
    whole = f"{TABLES}/autotagging-{split}.tsv"
    return [whole] if (root / whole).is_file() else [name for name in names if (root / name).is_file()]


def _rows(root: CorpusPath, table: str) -> Iterator[tuple[str, Track] | Reject]:
    """The rows of a table: the id of a track, and what is said of it."""
    for item in read_lines(root, table):
        if isinstance(item, Reject):
            yield item
            continue
        track_id, *cells = item[1].split("\t")
        where = f"{table}:{item[0]}"
        if track_id == "TRACK_ID":  # the header
            continue
        if len(cells) < 5:
            yield Reject(track_id, "too_few_columns", where)
            continue
        track = Track(cells[2], _seconds(cells[3]), table, where)
        tags = [tag.strip().partition("---") for tag in cells[4:] if tag.strip()]
        for category, _, name in tags:
            if category in CATEGORIES and name:
                track.tags[category].append(name)
        if any(category not in CATEGORIES or not name for category, _, name in tags):
            yield Reject(track_id, "unknown_label", where)
        else:
            yield (track_id, track) if tags else Reject(track_id, "no_transcript", where)


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < 86_400 else None  # written so that a NaN fails too
