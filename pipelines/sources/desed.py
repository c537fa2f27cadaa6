"""DESED: sounds of the home with their times, recorded and synthetic.

Release   project.inria.fr/desed, as the package `desed` lays it out; Turpault et al., DCASE 2019
Licence   metadata CC BY 4.0; recordings are YouTube's and their uploaders', or under the Creative Commons licence that
          the release lists for each file
Audio     one WAV per clip, 10 s; the YouTube part is fetched by the user, and the rest comes in archives
Splits    weak and strong_real are the labelled part of train; a clip of both is read in strong_real, which tells more.
          synthetic and synthetic_validation gather all folders of that kind. unlabel_in_domain says nothing: no split
Quirk     a clip without events has one row whose other cells are empty; some offsets lie past the end and are clipped
Quirk     public.tsv names clips `<id>_120_130.wav`, other tables `Y<id>_120.000_130.000.wav`: both forms are found
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pipelines.formats.tables import read_tsv
from pipelines.formats.youtube_audio import LICENCE, YouTubeAudio, origin
from pipelines.places.corpus_path import CorpusPath, relative
from pipelines.record import AudioRef, Event, Events, Label, Record, Reject
from pipelines.source import Source

CLASSES = {
    "Alarm_bell_ringing", "Blender", "Cat", "Dishes", "Dog", "Electric_shaver_toothbrush", "Frying", "Running_water",
    "Speech", "Vacuum_cleaner",
}  # fmt: skip
TABLES = {  # split -> table below metadata/, folder below audio/; "*" is any name
    "weak": ("train/weak.tsv", "train/weak"),
    "strong_real": ("train/audioset_strong.tsv", "train/strong_label_real"),
    "synthetic": ("train/synthetic*/soundscapes.tsv", "train/*/soundscapes"),
    "validation": ("validation/validation.tsv", "validation/validation"),
    "synthetic_validation": ("validation/synthetic*/soundscapes.tsv", "validation/*/soundscapes"),
    "public_eval": ("eval/public.tsv", "eval/public"),
}
MIXED = ("synthetic", "synthetic_validation")  # of sounds of Freesound, as the release's soundbank lists them
MIXED_LICENCE = "CC-BY-4.0 AND LicenseRef-DESED-Soundbank"
CLOSED = (*MIXED, "public_eval")  # come in archives: audio that no row names is a fault
Row = tuple[str, ...]  # number of the line, cells
_WEAK, _STRONG = ("event_labels",), ("onset", "offset", "event_label")
_TIME = r"\d{1,5}(?:\.\d{1,3})?"
_CLIP = re.compile(rf"Y?(?P<video>[\w-]{{11}})_(?P<start>{_TIME})_(?P<end>{_TIME})\.wav", re.ASCII)


class DESED(Source):
    name = "desed"
    title = "DESED: sound events of the home"
    home = "https://project.inria.fr/desed/"
    licence = f"CC-BY-4.0 AND {LICENCE}"
    commercial = False
    attribution = (
        "N. Turpault, R. Serizel, A. Parag Shah, J. Salamon: Sound event detection in domestic environments with "
        "weakly labeled data and soundscape synthesis. DCASE Workshop 2019"
    )
    tasks = ("sec", "sed")
    languages = ()
    splits = {
        "weak": 1_578, "strong_real": 3_470, "synthetic": None, "validation": 1_168, "synthetic_validation": None,
        "public_eval": 692,
    }  # fmt: skip
    default_splits = tuple(splits)
    evaluation_splits = ("validation", "synthetic_validation", "public_eval")
    audio_may_be_missing = True
    mean_seconds = 10.0
    origin_namespace = "desed"
    audio = "WAV, 10 s"
    obtain = "pip install desed, then desed.download_real('dataset'); unpack the DCASE soundscapes into the same folder"
    expects = "the folder that holds metadata/ and audio/, with metadata/validation/validation.tsv or another table"
    layout = """
dataset/                            <- SOURCE
  metadata/train/weak.tsv           filename event_labels
  metadata/train/audioset_strong.tsv  metadata/train/synthetic21_train/soundscapes.tsv
  metadata/validation/validation.tsv  metadata/eval/public.tsv      filename onset offset event_label
  audio/train/weak/YAbCdEfGhIjK_30.000_40.000.wav
  audio/train/strong_label_real/  audio/train/synthetic21_train/soundscapes/  audio/validation/validation/
  audio/eval/public/AbCdEfGhIjK_120_130.wav
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(any((folder / "metadata").glob(table)) for table, _ in TABLES.values())

    def has_split(self, split: str) -> bool:
        return bool(self._tables(split))

    def read(self, split: str) -> Iterator[Record | Reject]:
        for table, folder in self._tables(split):
            yield from self._read_table(split, table, folder)

    def _read_table(self, split: str, table: str, folder: str) -> Iterator[Record | Reject]:
        mixed = split in MIXED
        listing = self.listing(folder)
        fetched = YouTubeAudio(self, folder) if not mixed and self.has_folder(self.root / folder) else None
        # Soundscapes of several folders may have one name.
        prefix = f"{folder.split('/')[-2]}_" if mixed else ""
        elsewhere = self._strong_clips() if split == "weak" else frozenset()
        used: set[str] = set()
        for name, rows in self._rows(table, split == "weak"):
            clip_id = prefix + name.removesuffix(".wav")
            if isinstance(rows, Reject):
                used.add(name)
                yield replace(rows, id=clip_id)
                continue
            if name in elsewhere:
                continue
            where = f"{table}:{rows[0][0]}"
            said = _weak(rows) if split == "weak" else _strong(rows, any_label=mixed)
            match = None if mixed else _CLIP.fullmatch(name)
            ref = AudioRef(f"{folder}/{name}", seconds=10.0) if name in listing else None
            if ref is None and match is not None and fetched is not None:
                ref = fetched.find(match["video"], float(match["start"]), float(match["end"]))
            if ref is None:
                yield listing.problem(clip_id, name, where, table) or Reject(clip_id, "audio_missing", where, table)
                continue
            used.add(ref.path.rpartition("/")[2])
            if isinstance(said, str):
                yield Reject(clip_id, said, where)
            elif mixed:
                yield Record(clip_id, (ref,), (said,), licence=MIXED_LICENCE)
            else:
                yield Record(clip_id, (ref,), (said,), origin=origin(match["video"]) if match else None)
        if split in CLOSED:
            yield from listing.unnamed(used, ".wav", prefix)

    def _rows(self, table: str, weak: bool) -> Iterator[tuple[str, list[Row] | Reject]]:
        """The rows of each clip with their numbers, in the order in which clips come first.

        Of a clip one of whose rows cannot be read, that row: what else is told of it is not all.
        """
        clips: dict[str, list[Row] | Reject] = {}
        for row in read_tsv(self.root, table, ("filename", *(_WEAK if weak else _STRONG))):
            if isinstance(row, Reject):
                clips[row.id] = row
                continue
            number, (name, *cells) = row
            rows = clips.setdefault(name, [])
            if not isinstance(rows, Reject):
                rows.append((str(number), *cells))
        yield from clips.items()

    def _strong_clips(self) -> frozenset[str]:
        """The clips of strong_real that are there."""
        if not self.has_split("strong_real"):
            return frozenset()
        table, folder = TABLES["strong_real"]
        named = read_tsv(self.root, f"metadata/{table}", ("filename",))
        return self.listing(f"audio/{folder}").names & {row[1][0] for row in named if not isinstance(row, Reject)}

    def _tables(self, split: str) -> list[tuple[str, str]]:
        """Table and audio folder of each part of a split, relative to SOURCE."""
        pattern, folder = TABLES[split]
        self.has_folder(self.root / "metadata")  # a "no" is believed only of a corpus that is there itself
        found: list[CorpusPath] = [*(self.root / "metadata").glob(pattern)]
        found.sort(key=str)
        return [(relative(path, self.root), f"audio/{folder.replace('*', path.parent.name)}") for path in found]


def _weak(rows: list[Row]) -> Label | str:
    """What is heard somewhere in a clip, or the reason why that cannot be used."""
    labels = tuple(dict.fromkeys(label.strip() for _, cell in rows for label in cell.split(",") if label.strip()))
    if not labels:
        return "no_transcript"
    return Label("sec", labels) if CLASSES.issuperset(labels) else "unknown_label"


def _strong(rows: list[Row], any_label: bool) -> Events | str:
    """The events of a clip, or the reason why they cannot be used; one row without a label says that there are none."""
    events = []
    for _, onset, offset, label in rows:
        if not (onset or offset or label):
            continue
        if label not in CLASSES and not (any_label and label):
            return "unknown_label"
        try:
            start, end = float(onset), float(offset)
        except ValueError:
            return "bad_times"
        if not 0 <= start < end < 1e6:
            return "bad_times"
        events.append(Event(label, start, end))
    return Events(tuple(events))
