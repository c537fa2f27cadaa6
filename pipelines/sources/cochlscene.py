"""CochlScene: ten-second recordings of everyday places, made by hundreds of people.

Release   zenodo.org/record/7080122; Jeong and Park, APSIPA 2022
Licence   CC BY-SA 3.0, as the record says
Audio     one WAV per clip, 44.1 kHz mono, 10 s
Splits    Train, Val, Test: folders of the archive; no contributor is in two of them
Quirk     no table: the folder of a clip names its scene, in camel case (`CrowdedIndoor`)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.listing import files, subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject
from pipelines.source import Source

SCENES = {
    "Bus", "Cafe", "Car", "CrowdedIndoor", "Elevator", "Kitchen", "Park", "ResidentialArea", "Restaurant", "Restroom",
    "Street", "Subway", "SubwayStation",
}  # fmt: skip
FOLDERS = {"train": "Train", "val": "Val", "test": "Test"}
_CONTRIBUTOR = re.compile(r"_(user\d+)_", re.IGNORECASE)


class CochlScene(Source):
    name = "cochlscene"
    title = "CochlScene: acoustic scenes"
    home = "https://zenodo.org/record/7080122"
    licence = "CC-BY-SA-3.0"
    commercial = True
    attribution = (
        "I. Jeong, J. Park: CochlScene: Acquisition of acoustic scene data using crowdsourcing. APSIPA ASC 2022"
    )
    tasks = ("asc",)
    languages = ()
    splits = {"train": 60_855, "val": 7_573, "test": 7_687}
    default_splits = ("train", "val", "test")
    evaluation_splits = ("val", "test")
    mean_seconds = 10.0
    hours = 211.4
    origin_namespace = "cochlscene"
    audio = "WAV, 44.1 kHz mono, 10 s"
    obtain = (
        "Download CochlScene.zip with all its parts (.z01 …), merge them (zip -s 0 CochlScene.zip --out c.zip), unpack"
    )
    expects = "the folder that holds Train/, Val/ and Test/"
    layout = """
CochlScene/                         <- SOURCE
  Train/Bus/Bus_user0001_14871000_001.wav
  Val/  Test/
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any((folder / split / scene).is_dir() for split in FOLDERS.values() for scene in sorted(SCENES))

    def has_split(self, split: str) -> bool:
        return self.has_folder(self.root / FOLDERS[split])

    def read(self, split: str) -> Iterator[Record | Reject]:
        for folder in subfolders(self.root / FOLDERS[split]):
            for name in files(folder, ".wav"):
                clip_id, path = name[: -len(".wav")], f"{FOLDERS[split]}/{folder.name}/{name}"
                if folder.name not in SCENES:
                    yield Reject(clip_id, "unknown_label", path)
                    continue
                contributor = _CONTRIBUTOR.search(clip_id)
                yield Record(
                    id=clip_id,
                    audio=(AudioRef(path, seconds=10.0),),
                    annotations=(Label("asc", (folder.name,)),),
                    original={"contributor": contributor[1]} if contributor else {},
                )
