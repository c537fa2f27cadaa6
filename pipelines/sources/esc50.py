"""ESC-50: environmental sounds in 50 classes.

Release   github.com/karolpiczak/ESC-50; Piczak, ACM MM 2015
Licence   CC BY-NC 3.0; the clips of ESC-10 CC BY 3.0
Audio     one WAV per clip, 44.1 kHz mono, 5 s, cut from Freesound
Splits    five folds, published for cross-validation; there is no fixed test split
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipelines.formats.tables import read_csv
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject
from pipelines.source import Source

TABLE = "meta/esc50.csv"
CATEGORIES = {
    "dog", "rooster", "pig", "cow", "frog", "cat", "hen", "insects", "sheep", "crow", "rain", "sea_waves",
    "crackling_fire", "crickets", "chirping_birds", "water_drops", "wind", "pouring_water", "toilet_flush",
    "thunderstorm", "crying_baby", "sneezing", "clapping", "breathing", "coughing", "footsteps", "laughing",
    "brushing_teeth", "snoring", "drinking_sipping", "door_wood_knock", "mouse_click", "keyboard_typing",
    "door_wood_creaks", "can_opening", "washing_machine", "vacuum_cleaner", "clock_alarm", "clock_tick",
    "glass_breaking", "helicopter", "chainsaw", "siren", "car_horn", "engine", "train", "church_bells", "airplane",
    "fireworks", "hand_saw",
}  # fmt: skip


class ESC50(Source):
    name = "esc50"
    title = "ESC-50: environmental sounds"
    home = "https://github.com/karolpiczak/ESC-50"
    licence = "CC-BY-NC-3.0"
    commercial = False
    attribution = "K. J. Piczak: ESC: Dataset for Environmental Sound Classification. ACM Multimedia 2015"
    tasks = ("sec",)
    languages = ()
    splits = {"fold1": 400, "fold2": 400, "fold3": 400, "fold4": 400, "fold5": 400}
    default_splits = tuple(splits)
    mean_seconds = 5.0
    hours = 2.8
    origin_namespace = "freesound"
    audio = "WAV, 44.1 kHz mono, 5 s"
    obtain = "Unpack https://github.com/karolpiczak/ESC-50/archive/master.zip"
    expects = "the folder ESC-50-master/, which holds audio/ and meta/esc50.csv"
    archives = ("master.zip", "ESC-50-*.zip")
    layout = """
ESC-50-master/                      <- SOURCE
  audio/1-100032-A-0.wav            fold-freesound id-take-class
  meta/esc50.csv                    filename,fold,target,category,esc10,src_file,take
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return (folder / TABLE).is_file() and (folder / "audio").is_dir()

    def has_split(self, split: str) -> bool:
        rows = read_csv(self.root, TABLE, ("fold",))
        return any(not isinstance(row, Reject) and f"fold{row[1][0].strip()}" == split for row in rows)

    def read(self, split: str) -> Iterator[Record | Reject]:
        listing = self.listing("audio")
        named: set[str] = set()
        first = split == self.available_splits()[0]

        def is_mine(name: str) -> bool:
            """Whether a clip whose row tells no fold is reported here: where its name says, else in the first."""
            return name[:1] == split[-1] or (first and f"fold{name[:1]}" not in self.splits)

        for row in read_csv(self.root, TABLE, ("filename", "fold", "category"), ("esc10", "src_file")):
            if isinstance(row, Reject):
                named.add(row.id)
                if is_mine(row.id):
                    yield replace(row, id=row.id.removesuffix(".wav"))
                continue
            number, (name, fold, category, esc10, freesound) = row
            clip_id, where = name.removesuffix(".wav"), f"{TABLE}:{number}"
            named.add(name)
            if f"fold{fold.strip()}" not in self.splits:
                if is_mine(name):
                    yield Reject(clip_id, "bad_row", where)
            elif f"fold{fold.strip()}" != split:
                continue
            elif problem := listing.problem(clip_id, name, where, TABLE):
                yield problem
            elif category not in CATEGORIES:
                yield Reject(clip_id, "unknown_label", where)
            else:
                yield Record(
                    id=clip_id,
                    audio=(AudioRef(f"audio/{name}"),),
                    annotations=(Label("sec", (category,)),),
                    licence="CC-BY-3.0" if esc10 == "True" else None,
                    origin=f"freesound:{freesound}" if freesound else None,
                )
        yield from (reject for reject in listing.unnamed(named, ".wav") if is_mine(reject.id))
