"""MACS: urban soundscapes with captions and tags of several annotators each.

Release   zenodo.org/records/5114771 (captions); Martín-Morató & Mesaros, DCASE 2021 Workshop. The audio is that of TAU
          Urban Acoustic Scenes 2019, development, of which three scenes are captioned: zenodo.org/record/2589280
Licence   both non-commercial with attribution (Tampere University)
Audio     one WAV per clip, 48 kHz, 24 bit, binaural, 10 s
Splits    none published
Quirk     the scene is the first part of a file's name (`public_square-…`), as the audio's own meta.csv has it. The tags
          of an annotator are what she or he heard of ten sounds: of several, alternatives, as their sentences are.
          Clips without captions belong to the release of the audio and are no items of this one
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Caption, Label, Record, Reject
from pipelines.source import Source, SourceError

TAU = "TAU-urban-acoustic-scenes-2019-development"
SCENES = {
    "airport", "bus", "metro", "metro_station", "park", "public_square", "shopping_mall", "street_pedestrian",
    "street_traffic", "tram",
}  # fmt: skip


class MACS(Source):
    name = "macs"
    title = "MACS: urban soundscapes with captions of several annotators"
    home = "https://zenodo.org/records/5114771"
    licence = "LicenseRef-TAU-NC"
    commercial = False
    attribution = (
        "I. Martín-Morató, A. Mesaros: Diversity and Bias in Audio Captioning Datasets. Detection and Classification "
        "of Acoustic Scenes and Events Workshop (DCASE), 2021"
    )
    tasks = ("aac", "asc", "sec")
    languages = ()
    splits = {"all": 3_930}
    default_splits = ("all",)
    mean_seconds = 10.0
    hours = 10.9
    origin_namespace = "tau2019"
    audio = "WAV, 48 kHz 24 bit, 2 channels, 10 s"
    obtain = (
        "Download MACS.yaml of zenodo.org/records/5114771, unpack the audio of zenodo.org/record/2589280 "
        f"({TAU}.audio.*.zip) beside it, or pass ROOTS=tau=/path/{TAU}"
    )
    expects = f"the folder that holds MACS.yaml (or macs/MACS.yaml) and audio/ or {TAU}/audio/, or ROOTS=tau="
    archives = ("TAU-urban-acoustic-scenes-2019-development.*.zip",)
    layout = f"""
macs/                               <- SOURCE
  MACS.yaml                         files: [{{filename, annotations: [{{annotator_id, sentence, tags}}]}}]
  audio/airport-barcelona-0-0-a.wav (or {TAU}/audio/)
"""
    extra_roots = {"tau": f"the folder {TAU}/, which holds audio/"}

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return _table(folder) is not None

    def has_split(self, split: str) -> bool:
        return _table(self.root) is not None

    def read(self, split: str) -> Iterator[Record | Reject]:
        root = "tau" if "tau" in self.roots else ""
        table = _table(self.root) or "MACS.yaml"
        folder = self.folder_of("the audio", "audio", f"{TAU}/audio", advice=self.obtain, root=root)
        listing = self.listing(folder, root)
        for number, entry in enumerate(self.entries(table), start=1):
            where = f"{table}:{number}"
            name = entry.get("filename") if isinstance(entry, dict) else None
            annotations = entry.get("annotations") if isinstance(entry, dict) else None
            if not isinstance(name, str) or not isinstance(annotations, list):
                yield Reject(where, "bad_row", where)
                continue
            clip = name.removesuffix(".wav")
            told = [each for each in annotations if isinstance(each, dict)]
            captions = [text.strip() for each in told if isinstance(text := each.get("sentence"), str) and text.strip()]
            tags = [tuple(map(str, found)) for each in told if isinstance(found := each.get("tags"), list) and found]
            scene = name.partition("-")[0]
            if problem := listing.problem(clip, name, where, table):
                yield problem
            elif scene not in SCENES:
                yield Reject(clip, "unknown_label", where)
            elif not captions:
                yield Reject(clip, "no_transcript", where)
            else:
                yield Record(
                    id=clip,
                    audio=(AudioRef(f"{folder}/{name}", root, seconds=10.0),),
                    annotations=(
                        *map(Caption, captions),
                        Label("asc", (scene,)),
                        *(Label("sec", found) for found in tags),
                    ),
                    original={"annotators": ", ".join(str(each.get("annotator_id")) for each in told)},
                )

    def entries(self, table: str) -> list[Any]:
        """The entries of the table, all scalars as text: a caption may read `no` or `12`.

        Raises:
            SourceError: it is no YAML, or not in the release's form.
        """
        loader = getattr(
            yaml, "CBaseLoader", yaml.BaseLoader
        )  # makes text, lists and dicts alone; libyaml's in seconds
        try:
            loaded = yaml.load((self.root / table).read_bytes(), loader)
        except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
            reason = " ".join(str(error).split())
            raise SourceError(f"{self.root / table}: no valid YAML ({reason}); download it again") from error
        listed = loaded.get("files") if isinstance(loaded, dict) else loaded
        if not isinstance(listed, list):
            raise SourceError(f"{self.root / table}: no list 'files' in it; download it again from {self.home}")
        return listed


def _table(folder: CorpusPath) -> str | None:
    """Where the captions are: in the folder, or in one beside the release of the audio."""
    beside = ("macs/MACS.yaml", "MACS/MACS.yaml") if (folder / TAU / "audio").is_dir() else ()
    return next((table for table in ("MACS.yaml", *beside) if (folder / table).is_file()), None)
