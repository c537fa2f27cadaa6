"""Clotho v2.1: sounds of Freesound with five captions each.

Release   zenodo.org/record/4783391; Drossos et al., ICASSP 2020
Licence   captions: non-commercial with attribution (Tampere University); audio: a Creative Commons licence per file
Audio     one WAV per clip, 44.1 kHz mono, 15 to 30 s
Layouts   as the archives unpack (`development/`), in `clotho_audio_files/`, or as soundata has it
          (`clotho_audio_development/`); the tables beside them or in `clotho_csv_files/`
Quirk     a file name may begin or end with a space; metadata tables are not all UTF-8 and are then read as Latin-1
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipelines.formats.tables import read_csv
from pipelines.labels.licences import licence
from pipelines.record import AudioRef, Caption, Record, Reject
from pipelines.source import EmptySplitError, Source

CAPTIONS = tuple(f"caption_{number}" for number in range(1, 6))
CAPTION_LICENCE = "LicenseRef-TAU-NC"


class Clotho(Source):
    name = "clotho"
    title = "Clotho v2.1: captioned sounds"
    home = "https://zenodo.org/record/4783391"
    licence = CAPTION_LICENCE
    commercial = False
    attribution = "K. Drossos, S. Lipping, T. Virtanen: Clotho: An Audio Captioning Dataset. ICASSP 2020"
    tasks = ("aac",)
    languages = ()
    splits = {"development": 3_839, "validation": 1_045, "evaluation": 1_045}
    default_splits = ("development", "validation", "evaluation")
    evaluation_splits = ("validation", "evaluation")
    mean_seconds = 22.5
    origin_namespace = "freesound"
    audio = "WAV, 44.1 kHz mono, 15-30 s"
    obtain = "Download the .7z and .csv files of zenodo.org/record/4783391 (v2.1) and unpack: 7z x clotho_audio_*.7z"
    expects = "the folder that holds clotho_captions_development.csv (or clotho_csv_files/) and development/"
    split_tables = {s: (f"clotho_captions_{s}.csv", f"clotho_csv_files/clotho_captions_{s}.csv") for s in splits}
    layout = """
clotho/                             <- SOURCE
  development/Some file.wav         (or clotho_audio_files/development/, or clotho_audio_development/)
  clotho_captions_development.csv   (or in clotho_csv_files/)  file_name,caption_1,…,caption_5
  clotho_metadata_development.csv   (optional: Freesound id, keywords, licence of each file)
"""

    def read(self, split: str) -> Iterator[Record | Reject]:
        folder = self.audio_folder(split)
        listing = self.listing(folder)
        metadata: dict[str, tuple[str, ...]] = {}
        unread: dict[str, Reject] = {}  # rows of metadata; without it a clip would lose its licence
        columns = ("sound_id", "license", "keywords", "sound_link", "manufacturer")
        if table := self.first_file(*(place.replace("captions", "metadata") for place in self.split_tables[split])):
            for row in read_csv(self.root, table, ("file_name",), columns, fallback="latin-1"):
                if not isinstance(row, Reject):
                    metadata[row[1][0]] = row[1][1:]
                elif row.id == row.where:  # it tells not even its clip
                    yield row
                else:
                    unread[row.id] = row
        named: set[str] = set()
        captions = self.split_table(split)
        for row in read_csv(self.root, captions, ("file_name", *CAPTIONS)):
            given = row.id if isinstance(row, Reject) else row[1][0]
            name = given if given in listing or given.strip() not in listing else given.strip()
            clip_id = name.removesuffix(".wav")
            named.add(name)
            if isinstance(row, Reject):
                yield replace(row, id=clip_id)
                continue
            number, (_, *texts) = row
            where = f"{captions}:{number}"
            if problem := listing.problem(clip_id, name, where, captions):
                yield problem
            elif bad := unread.get(given) or unread.get(given.strip()):
                yield replace(bad, id=clip_id)
            elif not any(text.strip() for text in texts):
                yield Reject(clip_id, "no_transcript", where)
            else:
                told = metadata.get(given) or metadata.get(given.strip()) or ("",) * len(columns)
                yield Record(
                    id=clip_id,
                    audio=(AudioRef(f"{folder}/{name}"),),
                    annotations=tuple(Caption(text, "clotho") for text in texts if text.strip()),
                    licence=f"{CAPTION_LICENCE} AND {licence(told[1])}" if told[1].strip() else None,
                    origin=f"freesound:{told[0].strip()}" if told[0].strip().isdigit() else f"clotho:{clip_id}",
                    original={key: value for key, value in zip(columns, told, strict=True) if value},
                )
        yield from listing.unnamed(named, ".wav")

    def audio_folder(self, split: str) -> str:
        """The folder of a split's audio.

        Raises:
            EmptySplitError: there is none.
        """
        for folder in (f"clotho_audio_files/{split}", split, f"clotho_audio_{split}", f"clotho_audio_{split}/{split}"):
            if (self.root / folder).is_dir():
                return folder if folder.count("/") or not (self.root / folder / split).is_dir() else f"{folder}/{split}"
        raise EmptySplitError(
            f"{self.name}: the audio of '{split}' is not there: expected {self.root / split}/, or the same in "
            f"clotho_audio_files/; unpack clotho_audio_{split}.7z of {self.home}"
        )
