"""VocalSound: laughter, sighs, coughs, throat clearing, sneezes and sniffs of thousands of people.

Release   github.com/YuanGongND/vocalsound, at 16 or 44.1 kHz; Gong et al., ICASSP 2022
Licence   CC BY-SA 4.0
Audio     one WAV per clip, 16 kHz (or 44.1 kHz) mono, a few seconds
Splits    the release's own (tr, val, te), by speaker: those of meta/, or where that is missing of datafiles/
Quirk     what is heard is told by the name of a file. About 34 files cannot be decoded. The archive holds a `__MACOSX/`
          tree. The paths in datafiles/ are those of the author's machine: only their last parts count
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from functools import cached_property

from pipelines.formats.json_stream import read_object
from pipelines.formats.tables import read_lines
from pipelines.labels.speakers import age, gender
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject, Speaker
from pipelines.source import Source

SOUNDS = {"laughter", "sigh", "cough", "throatclearing", "sneeze", "sniff"}
FOLDERS = ("audio_16k", "audio_44k", "data_16k", "data_44k")
FACTS = ("gender", "age", "country", "native language", "health condition")


class VocalSound(Source):
    name = "vocalsound"
    title = "VocalSound: human sounds that are no speech"
    home = "https://github.com/YuanGongND/vocalsound"
    licence = "CC-BY-SA-4.0"
    commercial = True
    attribution = (
        "Y. Gong, J. Yu, J. Glass: VocalSound: A Dataset for Improving Human Vocal Sounds Recognition. ICASSP 2022"
    )
    tasks = ("vsc", "sgc", "sap")
    languages = ()
    splits = {"tr": 15_570, "val": 1_860, "te": 3_594}
    default_splits = ("tr", "val", "te")
    evaluation_splits = ("val", "te")
    mean_seconds = 4.2
    origin_namespace = "vocalsound"
    audio = "WAV, 16 kHz (or 44.1 kHz) mono, a few seconds"
    obtain = "Download the 16 kHz (or 44.1 kHz) version linked on the home page, and unpack it in a folder of its own"
    expects = "the folder that holds audio_16k/ (or audio_44k/) and meta/tr_meta.csv (or datafiles/tr.json)"
    # Tables of speakers, to which the release's README gives another ending than the release; or a list of clips.
    split_tables = {s: (f"meta/{s}_meta.csv", f"meta/{s}_meta.json", f"datafiles/{s}.json") for s in splits}
    layout = """
vocalsound/                         <- SOURCE
  audio_16k/f0003_0_cough.wav       speaker, session, sound (or audio_44k/)
  meta/tr_meta.csv                  speaker,gender,age,country,native language,health condition; no header
  datafiles/tr.json                 (optional: the clips of each split)
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any((folder / place).is_dir() for place in FOLDERS) and super().recognises(folder)

    @cached_property
    def people(self) -> dict[str, tuple[str, dict[str, str]]]:
        """Speaker -> split, and what is told of the person."""
        found: dict[str, tuple[str, dict[str, str]]] = {}
        for split in self.splits:
            table = self.first_file(*self.split_tables[split][:2])
            for speaker, *told in self.rows(table) if table else ((clip,) for clip in self.clips(split)):
                found.setdefault(speaker.partition("_")[0], (split, dict(zip(FACTS, told, strict=False))))
        return found

    def rows(self, table: str) -> Iterator[list[str]]:
        """The cells of each row of a table of speakers: lines of commas or, in case it is what it is called, JSON."""
        try:
            entries = json.loads((self.root / table).read_bytes() if table.endswith(".json") else "")
        except (ValueError, RecursionError):
            lines = (item[1] for item in read_lines(self.root, table) if not isinstance(item, Reject))
            yield from ([cell.strip() for cell in cells] for cells in csv.reader(lines))
            return
        if isinstance(entries, dict):
            entries = entries.get("data")
        for entry in entries if isinstance(entries, list) else ():
            cells = list(entry.values()) if isinstance(entry, dict) else entry
            if isinstance(cells, list) and cells:
                yield [str(cell) for cell in cells]

    def clips(self, split: str) -> Iterator[str]:
        """The clips that datafiles/ counts to a split; none without that file."""
        if not self.has_file(self.root / _datafile(split)):
            return
        for key, entries in read_object(self.root / _datafile(split)):
            for entry in entries if key == "data" and isinstance(entries, list) else ():
                path = entry.get("wav") if isinstance(entry, dict) else None
                if isinstance(path, str) and path.endswith(".wav"):
                    yield path.replace("\\", "/").rpartition("/")[2].removesuffix(".wav")

    def read(self, split: str) -> Iterator[Record | Reject]:
        folder = next(place for place in FOLDERS if self.has_folder(self.root / place))
        listing = self.listing(folder)
        closed = self.available_splits() == tuple(self.splits)  # else a clip may be of a split that is not here
        there = {name.removesuffix(".wav") for name in listing.names if name.endswith(".wav")}
        for clip in sorted(there | set(self.clips(split))):
            speaker, _, rest = clip.partition("_")
            part, told = self.people.get(speaker, ("tr" if closed else "", None))
            if part != split:
                continue
            sound = rest.rpartition("_")[2]
            where = f"{folder}/{clip}.wav" if clip in there else _datafile(split)
            if problem := listing.problem(clip, f"{clip}.wav", where, _datafile(split)):
                yield problem
            elif told is None:
                yield Reject(clip, "no_transcript", where)
            elif sound not in SOUNDS:
                yield Reject(clip, "unknown_label", where)
            else:
                sex = told.get("gender") or speaker[:1]
                yield Record(
                    id=clip,
                    audio=(AudioRef(f"{folder}/{clip}.wav"),),
                    annotations=(Label("vsc", (sound,)),),
                    speaker=Speaker(speaker, gender(sex), age(told.get("age", ""))),
                    original={key: value for key, value in told.items() if value},
                )


def _datafile(split: str) -> str:
    return f"datafiles/{split}.json"
