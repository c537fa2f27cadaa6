"""TUT Acoustic Scenes 2017: ten-second segments of everyday places.

Release   zenodo.org/record/400515 (development), zenodo.org/record/1040168 (evaluation); Mesaros et al., EUSIPCO 2016
Licence   non-commercial (Tampere University of Technology)
Audio     one WAV per segment, 44.1 kHz stereo 24 bit, 10 s
Splits    development and evaluation, which share no place. The four folds of development are cross-validation over
          places: `original` says in which one a segment is tested
Quirk     labels are in meta.txt, else in the lists of evaluation_setup/
Quirk     segments that error.txt lists (failures of a microphone) are kept, as the challenge kept them; `original` has
          the times of their errors, for who wants to leave them out
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.formats.tables import lines_if_there, read_lines
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject
from pipelines.source import EmptySplitError, Source

FOLDERS = {
    "development": "TUT-acoustic-scenes-2017-development", "evaluation": "TUT-acoustic-scenes-2017-evaluation",
}  # fmt: skip
SCENES = {
    "beach", "bus", "cafe/restaurant", "car", "city_center", "forest_path", "grocery_store", "home", "library",
    "metro_station", "office", "park", "residential_area", "train", "tram",
}  # fmt: skip
FOLDS = ("1", "2", "3", "4")
# Where labels are, the first that is there; the lists of a fold's training part hold all the others.
TABLES = {
    "development": (("meta.txt",), ("evaluation_setup/fold1_train.txt", "evaluation_setup/fold1_evaluate.txt")),
    "evaluation": (("meta.txt",), ("evaluation_setup/evaluate.txt",)),
}


class TUT2017(Source):
    name = "tut2017"
    title = "TUT Acoustic Scenes 2017"
    home = "https://zenodo.org/record/400515"
    licence = "LicenseRef-TAU-NC"
    commercial = False
    attribution = (
        "A. Mesaros, T. Heittola, T. Virtanen: TUT Database for Acoustic Scene Classification and Sound Event "
        "Detection. EUSIPCO 2016"
    )
    tasks = ("asc",)
    languages = ()
    splits = {"development": 4_680, "evaluation": 1_620}
    default_splits = ("development", "evaluation")
    evaluation_splits = ("evaluation",)
    mean_seconds = 10.0
    hours = 17.5
    origin_namespace = "tut2017"
    audio = "WAV, 44.1 kHz stereo 24 bit, 10 s"
    obtain = "Unpack all archives of zenodo.org/record/400515 and /1040168 in one folder; the parts share their folders"
    expects = "the folder that holds TUT-acoustic-scenes-2017-development/ and TUT-acoustic-scenes-2017-evaluation/"
    archives = ("TUT-acoustic-scenes-2017-*.zip",)
    layout = """
tut2017/                                   <- SOURCE
  TUT-acoustic-scenes-2017-development/
    audio/b020_90_100.wav                  place, from, to
    meta.txt                               audio/b020_90_100.wav  beach  b020
    evaluation_setup/fold1_train.txt  fold1_evaluate.txt  …       error.txt
  TUT-acoustic-scenes-2017-evaluation/
    audio/1.wav
    evaluation_setup/evaluate.txt          audio/1.wav  beach     (map.txt: original names)
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any((folder / name).is_dir() for name in FOLDERS.values())

    def has_split(self, split: str) -> bool:
        return self.has_folder(self.root / FOLDERS[split])

    def read(self, split: str) -> Iterator[Record | Reject]:
        top = FOLDERS[split]
        if not self._tables(split):
            tables = " or ".join(" and ".join(each) for each in TABLES[split])
            raise EmptySplitError(
                f"{self.name}: no labels of '{split}': expected {tables} in {self.root / top}; unpack {top}.meta.zip"
            )
        advice = f"unpack {top}.audio.*.zip, which share this folder"
        listing = self.listing(self.folder_of(f"the audio of '{split}'", f"{top}/audio", advice=advice))
        told = {
            "place": self._places(top),
            "error": self._cells(f"{top}/error.txt"),
            "fold": self._folds(top),
        }
        named: set[str] = set()
        for table in self._tables(split):
            for line in read_lines(self.root, table):
                if isinstance(line, Reject):
                    named.add(_file(line.id))
                    yield Reject(_file(line.id).removesuffix(".wav"), line.reason, line.where)
                    continue
                number, text = line
                name, _, rest = text.partition("\t")
                scene, _, place = (cell.strip() for cell in rest.partition("\t"))
                name, where = _file(name), f"{table}:{number}"
                if name in named:
                    continue  # in two lists of one fold
                named.add(name)
                clip_id = name.removesuffix(".wav")
                if problem := listing.problem(clip_id, name, where, table):
                    yield problem
                elif scene not in SCENES:
                    yield Reject(clip_id, "unknown_label" if scene else "too_few_columns", where)
                else:
                    facts = {key: cells[name] for key, cells in told.items() if name in cells}
                    yield Record(
                        id=clip_id,
                        audio=(AudioRef(f"{top}/audio/{name}", seconds=10.0),),
                        annotations=(Label("asc", (scene,)),),
                        original=facts | ({"place": place} if place else {}),
                    )
        yield from listing.unnamed(named, ".wav")

    def _tables(self, split: str) -> tuple[str, ...]:
        """The files that tell the labels of a split; none: they are not there."""
        for tables in TABLES[split]:
            paths = tuple(f"{FOLDERS[split]}/{table}" for table in tables)
            if all(self.has_file(self.root / path) for path in paths):
                return paths
        return ()

    def _cells(self, table: str) -> dict[str, str]:
        """What a table says of each segment, if it is there."""
        lines = (line.partition("\t") for line in lines_if_there(self, table))
        return {_file(name): " ".join(rest.split()) or "yes" for name, _, rest in lines}

    def _places(self, top: str) -> dict[str, str]:
        """The place of each segment of the evaluation set, from its name before it was made anonymous."""
        names = self._cells(f"{top}/evaluation_setup/map.txt")
        return {name: _file(original).partition("_")[0] for name, original in names.items()}

    def _folds(self, top: str) -> dict[str, str]:
        """The fold in which each segment is tested."""
        lists = {fold: self._cells(f"{top}/evaluation_setup/fold{fold}_evaluate.txt") for fold in FOLDS}
        return {name: fold for fold, names in lists.items() for name in names}


def _file(path: str) -> str:
    """The name of a segment's file; lists give it below audio/."""
    return path.strip().removeprefix("audio/")
