"""CREMA-D: actors who say twelve sentences in six emotions.

Release   github.com/CheyneyComputerScience/CREMA-D; Cao et al., IEEE Transactions on Affective Computing 2014
Licence   ODbL 1.0, its contents DbCL 1.0
Audio     one WAV per clip, 16 kHz mono; AudioMP3/ holds the same clips and is read where AudioWAV/ is not there
Splits    none
Quirk     the emotion is the intended one, of the file name; what listeners heard is kept beside it, from
          processedResults/summaryTable.csv. A zip of the repository holds pointers of Git LFS in place of its audio:
          if the first file is one, reading stops with the command that fetches them; a single one further on is
          undecodable. `1076_MTI_SAD_XX` holds no audio
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from pipelines.formats.lfs import refuse_pointer
from pipelines.formats.tables import read_csv, rows_if_there
from pipelines.labels.speakers import age, gender
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject, Speaker
from pipelines.source import Source

EMOTIONS = {"ANG", "DIS", "FEA", "HAP", "NEU", "SAD"}
LEVELS = {"LO", "MD", "HI", "XX"}
SENTENCES = {
    "IEO": "It's eleven o'clock", "TIE": "That is exactly what happened", "IOM": "I'm on my way to the meeting",
    "IWW": "I wonder what this is about", "TAI": "The airplane is almost full", "MTI": "Maybe tomorrow it will be cold",
    "IWL": "I would like a new alarm clock", "ITH": "I think I have a doctor's appointment",
    "DFA": "Don't forget a jacket", "ITS": "I think I've seen this before", "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}  # fmt: skip
AUDIO = {"AudioWAV": ".wav", "AudioMP3": ".mp3"}
DEMOGRAPHICS = "VideoDemographics.csv"
VOTES = "processedResults/summaryTable.csv"


class CREMAD(Source):
    name = "cremad"
    title = "CREMA-D: acted emotions in twelve sentences"
    home = "https://github.com/CheyneyComputerScience/CREMA-D"
    licence = "ODbL-1.0"
    commercial = True
    attribution = (
        "H. Cao, D. G. Cooper, M. K. Keutmann, R. C. Gur, A. Nenkova, R. Verma: CREMA-D: Crowd-Sourced Emotional "
        "Multimodal Actors Dataset. IEEE Transactions on Affective Computing 5, 2014"
    )
    tasks = ("er", "sgc", "sap")
    languages = ("en",)
    splits = {"all": 7_442}
    default_splits = ("all",)
    mean_seconds = 2.5
    hours = 5.3
    origin_namespace = "cremad"
    audio = "WAV, 16 kHz mono (or MP3), one file per sentence"
    obtain = (
        "git clone https://github.com/CheyneyComputerScience/CREMA-D with Git LFS installed (git lfs install; then, in "
        "the clone, git lfs pull); a zip of the repository holds no audio"
    )
    expects = "the folder CREMA-D/, which holds AudioWAV/ (or AudioMP3/) and VideoDemographics.csv"
    layout = """
CREMA-D/                            <- SOURCE
  AudioWAV/1001_DFA_ANG_XX.wav      actor, sentence, emotion, level
  VideoDemographics.csv             (optional: "ActorID","Age","Sex",…)
  processedResults/summaryTable.csv (optional: what listeners heard)
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any((folder / audio).is_dir() for audio in AUDIO)

    def has_split(self, split: str) -> bool:
        return any(self.has_folder(self.root / audio) for audio in AUDIO)

    @cached_property
    def actors(self) -> dict[str, tuple[str, str]]:
        """Actor -> age in years and sex, as the release writes them; empty without the table."""
        told = rows_if_there(self, DEMOGRAPHICS, ("ActorID", "Age", "Sex"))
        return {actor.strip(): (years.strip(), sex.strip()) for actor, years, sex in told}

    @cached_property
    def votes(self) -> dict[str, tuple[str, str]]:
        """Clip -> where the table of votes names it, and the emotions that most heard in its voice (`A:N`)."""
        if not self.has_file(self.root / VOTES):
            return {}
        rows = read_csv(self.root, VOTES, ("FileName", "VoiceVote"))
        return {row[1][0]: (f"{VOTES}:{row[0]}", row[1][1]) for row in rows if not isinstance(row, Reject)}

    def read(self, split: str) -> Iterator[Record | Reject]:
        folder = next(audio for audio in AUDIO if self.has_folder(self.root / audio))
        listing = self.listing(folder)
        suffix = AUDIO[folder]
        wavs = sorted(name for name in listing.names if name.endswith(suffix))
        if wavs:  # of all the audio the first bytes of one file: in a clone without Git LFS none is there
            refuse_pointer(self.root / folder / wavs[0])
        there = {name.removesuffix(suffix) for name in wavs}
        for clip in sorted(there | self.votes.keys()):
            name = f"{clip}{suffix}"
            where, heard = self.votes.get(clip, (f"{folder}/{name}", ""))
            actor, sentence, emotion, level, *more = [*clip.split("_"), "", "", ""]
            if problem := listing.problem(clip, name, where, VOTES):
                yield problem
            elif emotion not in EMOTIONS or level not in LEVELS or sentence not in SENTENCES or any(more):
                yield Reject(clip, "unknown_label", where)
            else:
                years, sex = self.actors.get(actor, ("", ""))
                facts = {"sentence": SENTENCES[sentence], "level": level, "voice_vote": heard}
                told = facts | {"gender": sex, "age": years}
                yield Record(
                    id=clip,
                    audio=(AudioRef(f"{folder}/{name}"),),
                    annotations=(Label("er", (emotion,)),),
                    speaker=Speaker(actor, gender(sex), age(years)),
                    original={key: value for key, value in told.items() if value},
                )
