"""Fluent Speech Commands: commands to a home assistant, each with an action, an object and a location.

Release   fluent.ai, `fluent_speech_commands_dataset`; Lugosch et al., Interspeech 2019
Licence   Fluent Speech Commands Public License: academic research alone
Audio     one WAV per command, 16 kHz mono
Splits    the release's own, by speaker
Quirk     an intent is (action, object, location), 31 of them; the word `none` stands for what a command does not tell.
          As an intent: the action, and as its scenario the object at its location (`kitchen lights`; `none` where there
          is neither), so that all 31 stay apart. As slots: those of the three that are told.
          Ages are ranges of twenty years and more (`22-40`), from which no decade can be told: they are kept as they
          are, and there is no target of age
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property

from pipelines.formats.tables import read_csv, rows_if_there
from pipelines.labels.speakers import gender
from pipelines.listing import is_safe
from pipelines.record import AudioRef, Entities, Intent, Record, Reject, Speaker, Transcript
from pipelines.source import Source

SLOTS = ("action", "object", "location")
COLUMNS = ("path", "speakerId", "transcription", *SLOTS)
NOTHING = "none"
DEMOGRAPHICS = "data/speaker_demographics.csv"


class FluentSpeechCommands(Source):
    name = "fluent_speech_commands"
    title = "Fluent Speech Commands: spoken commands to a home assistant"
    home = "https://fluent.ai/fluent-speech-commands-a-dataset-for-spoken-language-understanding-research"
    licence = "LicenseRef-Fluent-Speech-Commands-Public"
    commercial = False
    attribution = (
        "L. Lugosch, M. Ravanelli, P. Ignoto, V. S. Tomar, Y. Bengio: Speech Model Pre-training for End-to-End Spoken "
        "Language Understanding. Interspeech 2019"
    )
    tasks = ("ic", "sf", "asr", "sgc")
    languages = ("en",)
    splits = {"train": 23_132, "valid": 3_118, "test": 3_793}
    default_splits = ("train", "valid", "test")
    evaluation_splits = ("valid", "test")
    mean_seconds = 2.3
    hours = 19.0
    origin_namespace = "fluent"
    audio = "WAV, 16 kHz mono, one file per command"
    obtain = "Ask for it on the home page, and unpack it; the folder is called fluent_speech_commands_dataset"
    expects = "the folder fluent_speech_commands_dataset/, which holds data/train_data.csv and wavs/speakers/"
    split_tables = {split: (f"data/{split}_data.csv",) for split in splits}
    layout = """
fluent_speech_commands_dataset/     <- SOURCE
  data/train_data.csv  valid_data.csv  test_data.csv    ,path,speakerId,transcription,action,object,location
  data/speaker_demographics.csv     (optional: genders and ages)
  wavs/speakers/2BqVo8kVB2Skwgyb/0a3129c0-4474-11e9-a9a5-5dbec3b8816a.wav
"""

    @cached_property
    def people(self) -> dict[str, tuple[str, str]]:
        """Speaker -> gender and range of ages, as the release writes them; empty without the table."""
        told = rows_if_there(self, DEMOGRAPHICS, ("speakerId", "gender", "ageRange"))
        return {speaker.strip(): (sex.strip(), years.strip()) for speaker, sex, years in told}

    def read(self, split: str) -> Iterator[Record | Reject]:
        self.folder_of("the recordings", "wavs", advice="unpack the whole archive")
        listing = cache(self.listing)
        named: dict[str, set[str]] = {}  # of the folders of this split's speakers
        table = self.split_table(split)
        for row in read_csv(self.root, table, COLUMNS):
            path = (row.id if isinstance(row, Reject) else row[1][0]).strip()
            folder, _, name = path.rpartition("/")
            clip = name.removesuffix(".wav")
            if not isinstance(row, Reject) and not is_safe(path):
                yield Reject(path, "unsafe_path", f"{table}:{row[0]}")
                continue
            if is_safe(path) and name.endswith(".wav"):
                named.setdefault(folder, set()).add(name)
            if isinstance(row, Reject):
                yield Reject(clip, row.reason, row.where) if name.endswith(".wav") else row
                continue
            where, (_, speaker, text, *slots) = f"{table}:{row[0]}", row[1]
            told = {slot: value.strip() for slot, value in zip(SLOTS, slots, strict=True)}
            if problem := listing(folder).problem(clip, name, where, table):
                yield problem
            elif not text.strip():
                yield Reject(clip, "no_transcript", where)
            elif not all(told.values()):
                yield Reject(clip, "unknown_label", where)
            else:
                sex, years = self.people.get(speaker.strip(), ("", ""))
                known = told | {"gender": sex, "ageRange": years}
                yield Record(
                    id=clip,
                    audio=(AudioRef(path),),
                    annotations=(Transcript(text, "en"), *_meaning(told)),
                    speaker=Speaker(speaker.strip() or None, gender(sex)),
                    original={key: value for key, value in known.items() if value},
                )
        for folder in sorted(named):
            yield from listing(folder).unnamed(named[folder], ".wav")


def _meaning(told: dict[str, str]) -> tuple[Intent, Entities]:
    """The intent of a command, and those of its slots that it tells."""
    about = [told[slot] for slot in ("location", "object") if told[slot].lower() != NOTHING]
    slots = tuple((slot, told[slot]) for slot in SLOTS if told[slot].lower() != NOTHING)
    return Intent(" ".join(about) or NOTHING, told["action"]), Entities("sf", slots)
