"""UrbanSound8K: city sounds in 10 classes.

Release   urbansounddataset.weebly.com; zenodo.org/records/1203745; Salamon et al., ACM Multimedia 2014
Licence   CC BY-NC 3.0
Audio     one WAV per slice, up to 4 s, at the rate, depth (8 to 32 bit) and channels of its Freesound original
Splits    ten folds, published for cross-validation; slices of one recording are in one fold
Quirk     `start` and `end` are places in the Freesound original: the files are cut already
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipelines.formats.tables import read_csv
from pipelines.listing import is_safe
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject
from pipelines.source import Source

TABLE = "metadata/UrbanSound8K.csv"
CLASSES = {
    "air_conditioner", "car_horn", "children_playing", "dog_bark", "drilling", "engine_idling", "gun_shot",
    "jackhammer", "siren", "street_music",
}  # fmt: skip
SALIENCE = {"1": "foreground", "2": "background"}


class UrbanSound8K(Source):
    name = "urbansound8k"
    title = "UrbanSound8K: city sounds"
    home = "https://urbansounddataset.weebly.com/urbansound8k.html"
    licence = "CC-BY-NC-3.0"
    commercial = False
    attribution = (
        "J. Salamon, C. Jacoby, J. P. Bello: A Dataset and Taxonomy for Urban Sound Research. ACM Multimedia 2014"
    )
    tasks = ("sec",)
    languages = ()
    splits = {
        "fold1": 873, "fold2": 888, "fold3": 925, "fold4": 990, "fold5": 936,
        "fold6": 823, "fold7": 838, "fold8": 806, "fold9": 816, "fold10": 837,
    }  # fmt: skip
    default_splits = tuple(splits)
    mean_seconds = 3.6
    hours = 8.75
    origin_namespace = "freesound"
    audio = "WAV, up to 4 s, of many rates, depths and channels"
    obtain = "Unpack UrbanSound8K.tar.gz of zenodo.org/records/1203745"
    expects = "the folder UrbanSound8K/, which holds audio/fold1/ and metadata/UrbanSound8K.csv"
    layout = """
UrbanSound8K/                       <- SOURCE
  audio/fold1/101415-3-0-2.wav      Freesound id-class-occurrence-slice
  metadata/UrbanSound8K.csv         slice_file_name,fsID,start,end,salience,fold,classID,class
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return (folder / TABLE).is_file() and (folder / "audio").is_dir()

    def has_split(self, split: str) -> bool:
        return self.has_folder(self.root / "audio" / split)

    def read(self, split: str) -> Iterator[Record | Reject]:
        listing = self.listing(f"audio/{split}")
        named: set[str] = set()
        columns = ("slice_file_name", "fsID", "fold", "class"), ("start", "end", "salience")
        for row in read_csv(self.root, TABLE, *columns):
            if isinstance(row, Reject):
                if self._tells_no_fold(row.id, split):
                    named.add(row.id)
                    yield replace(row, id=row.id.removesuffix(".wav"))
                continue
            number, (name, freesound, fold, label, start, end, salience) = row
            clip_id, where = name.removesuffix(".wav"), f"{TABLE}:{number}"
            if f"fold{fold.strip()}" not in self.splits:
                if self._tells_no_fold(name, split):
                    named.add(name)
                    yield Reject(clip_id, "bad_row", where)
                continue
            if f"fold{fold.strip()}" != split:
                continue
            named.add(name)
            if problem := listing.problem(clip_id, name, where, TABLE):
                yield problem
            elif label not in CLASSES:
                yield Reject(clip_id, "unknown_label", where)
            else:
                yield Record(
                    id=clip_id,
                    audio=(AudioRef(f"audio/{split}/{name}", seconds=_length(start, end)),),
                    annotations=(Label("sec", (label,)),),
                    origin=f"freesound:{freesound}",
                    original={"salience": SALIENCE.get(salience, salience)} if salience else {},
                )
        for name in sorted(listing.names - named):
            if name.lower().endswith(".wav"):
                yield Reject(name.removesuffix(".wav"), "no_transcript", f"audio/{split}/{name}")

    def _tells_no_fold(self, name: str, split: str) -> bool:
        """Whether a row without a fold is reported in `split`: where its audio lies, else in the first one."""
        there = self.available_splits()
        folds = [fold for fold in there if is_safe(name) and self.has_file(self.root / "audio" / fold / name)]
        return split == (folds or there)[0]


def _length(start: str, end: str) -> float | None:
    """The length that the places in the original tell; None: they tell none."""
    try:
        seconds = float(end) - float(start)
    except ValueError:
        return None
    return round(seconds, 6) if 0 < seconds <= 4.1 else None
