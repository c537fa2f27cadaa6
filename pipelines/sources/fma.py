"""FMA, the Free Music Archive: songs with genres, titles, artists and albums.

Release   github.com/mdeff/fma; Defferrard et al., ISMIR 2017
Licence   metadata CC BY 4.0; audio: the licence of each track, mostly Creative Commons, some all rights reserved
Audio     one MP3 per track, mostly 44.1 kHz stereo: excerpts of 30 s (small, medium, large) or whole songs (full)
Splits    training, validation and test of all subsets; small lies in medium, medium in large
Quirk     `tracks.csv` has three header rows and fields with line breaks; genres are Python lists of numbers, which
          `genres.csv` names; some files cannot be decoded
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice

from pipelines.formats.tables import read_csv
from pipelines.labels.licences import licence
from pipelines.listing import Listing, files, subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Entities, Label, Record, Reject
from pipelines.source import Source, SourceError

TRACKS, GENRES = "fma_metadata/tracks.csv", "fma_metadata/genres.csv"
METADATA_LICENCE = "CC-BY-4.0"
# The folders of audio, that of the longest and most tracks first, and the subsets of the tracks in them.
SUBSETS = {
    "fma_full": {"small", "medium", "large"},
    "fma_large": {"small", "medium", "large"},
    "fma_medium": {"small", "medium"},
    "fma_small": {"small"},
}
COLUMNS = ("track_id", "set/split", "set/subset", "track/genre_top", "track/genres")
SONG = {"title": "track/title", "artist": "artist/name", "album": "album/title"}


class FMA(Source):
    name = "fma"
    title = "FMA: songs of the Free Music Archive"
    home = "https://github.com/mdeff/fma"
    licence = METADATA_LICENCE
    commercial = False
    attribution = "M. Defferrard, K. Benzi, P. Vandergheynst, X. Bresson: FMA: A Dataset for Music Analysis. ISMIR 2017"
    tasks = ("mgr", "mr")
    languages = ()
    splits = {"training": None, "validation": None, "test": None}  # of large 84,353, 11,263 and 10,958
    default_splits = ("training", "validation", "test")
    evaluation_splits = ("validation", "test")
    cut = "window"
    mean_seconds = 30.0
    hours = 888.0
    origin_namespace = "fma"
    audio = "MP3, mostly 44.1 kHz stereo, 30 s (or whole songs: fma_full)"
    obtain = "Unpack fma_metadata.zip and fma_small.zip, fma_medium.zip, fma_large.zip or fma_full.zip side by side."
    expects = "the folder that holds fma_metadata/tracks.csv and fma_small/ (or fma_medium/, fma_large/, fma_full/)"
    archives = ("fma_*.zip",)
    layout = """
fma/                                <- SOURCE
  fma_metadata/tracks.csv           three header rows: set/split, set/subset, track/genres, track/title, …
  fma_metadata/genres.csv           genre_id, …, title, …
  fma_small/000/000002.mp3          the folder is the first three digits of the track
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return (folder / TRACKS).is_file()

    def has_split(self, split: str) -> bool:
        rows = read_csv(self.root, TRACKS, ("set/split",), header_rows=self.header_rows)
        return any(not isinstance(row, Reject) and row[1][0] == split for row in rows)

    def read(self, split: str) -> Iterator[Record | Reject]:
        place, names = self.audio_folder(), self.genre_names
        first = split == self.available_splits()[0]  # what tells no split is reported there
        folder, listing, known = "", None, set[str]()
        columns = (*SONG.values(), "track/license", "track/language_code")
        for row in read_csv(self.root, TRACKS, COLUMNS, columns, header_rows=self.header_rows):
            if isinstance(row, Reject):
                known.add(row.id.zfill(6))
                if first:
                    yield row
                continue
            number, (track, its_split, subset, top, genres, *told) = row
            stem, where = track.zfill(6), f"{TRACKS}:{number}"
            known.add(stem)
            if its_split != split or subset not in SUBSETS[place.partition("/")[0]]:
                if first and not (its_split in self.splits and subset in SUBSETS["fma_full"]):
                    yield Reject(track, "bad_row", where)
                continue
            if listing is None or folder != stem[:3]:  # rows are in the order of tracks
                folder, listing = stem[:3], self.listing_of(place, stem[:3])
            if problem := listing.problem(track, f"{stem}.mp3", where, TRACKS):
                yield problem
                continue
            titles = _titles(top, genres, names)
            if titles is None:
                yield Reject(track, "unknown_label", where)
                continue
            *song, terms, language = told
            terms = licence(terms)
            yield Record(
                id=track,
                audio=(AudioRef(f"{place}/{folder}/{stem}.mp3"),),
                annotations=(*((Label("mgr", titles),) if titles else ()), *Entities.of_song(SONG, song)),
                licence=f"{METADATA_LICENCE} AND {terms}" if terms not in ("", METADATA_LICENCE) else None,
                original={"language": language} if language else {},
            )
        if first:
            yield from self.unnamed(place, known)

    @cached_property
    def header_rows(self) -> int:
        """How many rows are the header: the first column is called `track_id` in the last of them."""
        with (self.root / TRACKS).open(encoding="utf-8-sig", errors="replace") as file:
            names = [row[:1] for row in islice(csv.reader(file), 3)]
        return names.index(["track_id"]) + 1 if ["track_id"] in names else 3

    def listing_of(self, place: str, folder: str) -> Listing:
        """The tracks that begin with the same three digits; of an id that is no number, none."""
        return self.listing(f"{place}/{folder}" if folder.isdecimal() else place)

    def unnamed(self, place: str, known: set[str]) -> Iterator[Reject]:
        """Audio that no row names."""
        for folder in subfolders(self.root / place):
            for name in files(folder, ".mp3"):
                if name[:-4] not in known:
                    yield Reject(name[:-4].lstrip("0"), "no_transcript", f"{place}/{folder.name}/{name}")

    def audio_folder(self) -> str:
        """The folder of the audio: that of most tracks.

        Raises:
            EmptySplitError: there is none.
        """
        zips = ", ".join(f"{place}.zip" for place in reversed(SUBSETS))
        place = self.folder_of("the audio", *SUBSETS, advice=f"unpack one of {zips} there")
        inner = f"{place}/{place}"  # unpacked in a folder of the archive's name
        return inner if self.has_folder(self.root / inner) else place

    @cached_property
    def genre_names(self) -> dict[int, str]:
        """Number of a genre -> its title.

        Raises:
            SourceError: `genres.csv` is not there.
        """
        if not self.has_file(self.root / GENRES):
            raise SourceError(f"{self.name}: no {self.root / GENRES}; unpack fma_metadata.zip again")
        rows = read_csv(self.root, GENRES, ("genre_id", "title"))
        pairs = (row[1] for row in rows if not isinstance(row, Reject))
        return {int(number): title.strip() for number, title in pairs if re.fullmatch(r"\s*\d{1,9}\s*", number)}


def _titles(top: str, genres: str, names: dict[int, str]) -> tuple[str, ...] | None:
    """The top genre, where a track has one, and those that the artist chose; None: no list, or an unknown number."""
    try:
        numbers = ast.literal_eval(genres.strip() or "[]")
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    if not isinstance(numbers, list) or not all(isinstance(number, int) and number in names for number in numbers):
        return None
    return tuple(dict.fromkeys([*([top.strip()] if top.strip() else []), *(names[number] for number in numbers)]))
