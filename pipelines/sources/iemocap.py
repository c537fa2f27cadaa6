"""IEMOCAP: emotional dialogues of five pairs of actors, with transcripts and the emotion of each turn.

Release   sail.usc.edu/iemocap, `IEMOCAP_full_release`; Busso et al., Language Resources and Evaluation 2008
Licence   the release form of the University of Southern California
Audio     one WAV per turn, 16 kHz mono
Splits    the five sessions, which are the usual folds; no two share an actor
Quirk     `Ses01F_…` is who wears the markers; who speaks is the letter of the turn's own number (`…_M003`). A turn on
          whose emotion the raters did not agree (`xxx`) keeps its transcript and its speaker, without an emotion
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.formats.tables import lines_if_there, read_lines
from pipelines.labels.speakers import gender
from pipelines.listing import files
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject, Speaker, Transcript
from pipelines.source import Source

EMOTIONS = {"ang", "hap", "exc", "sad", "neu", "fru", "fea", "sur", "dis", "oth"}
NO_AGREEMENT = "xxx"
_RATED = re.compile(r"\[[^\]]*\]\t([^\t]+)\t(\w+)\t\[([^\]]*)\]")  # times, turn, emotion, ratings
_SAID = re.compile(r"(\S+) \[[^\]]*\]: ?(.*)")
_NOISE = re.compile(r"\[[A-Z_ ]+\]")
_TURN = re.compile(r"Ses\d\d[FM]_\w+_([FM])\w*")


class IEMOCAP(Source):
    name = "iemocap"
    title = "IEMOCAP: emotional dialogues"
    home = "https://sail.usc.edu/iemocap"
    licence = "LicenseRef-IEMOCAP-Release-Form"
    commercial = False
    attribution = (
        "C. Busso, M. Bulut, C.-C. Lee, A. Kazemzadeh, E. Mower, S. Kim, J. N. Chang, S. Lee, S. S. Narayanan: "
        "IEMOCAP: Interactive Emotional Dyadic Motion Capture Database. Language Resources and Evaluation 42, 2008"
    )
    tasks = ("er", "asr", "sgc")
    languages = ("en",)
    splits = {"Session1": 1_819, "Session2": 1_811, "Session3": 2_136, "Session4": 2_103, "Session5": 2_170}
    default_splits = tuple(splits)
    mean_seconds = 4.5
    hours = 12.0
    origin_namespace = "iemocap"
    audio = "WAV, 16 kHz mono, one file per turn"
    obtain = "Ask for it by the release form of sail.usc.edu/iemocap, and unpack IEMOCAP_full_release.tar.gz"
    expects = "the folder IEMOCAP_full_release/, which holds Session1/dialog/EmoEvaluation/ and Session1/sentences/wav/"
    layout = """
IEMOCAP_full_release/               <- SOURCE
  Session1/
    dialog/EmoEvaluation/Ses01F_impro01.txt      [start - end] TAB turn TAB emotion TAB [V, A, D]
    dialog/transcriptions/Ses01F_impro01.txt     turn [start-end]: words
    sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any((folder / split / "dialog/EmoEvaluation").is_dir() for split in cls.splits)

    def has_split(self, split: str) -> bool:
        return self.has_folder(self.root / split / "dialog/EmoEvaluation")

    def read(self, split: str) -> Iterator[Record | Reject]:
        advice = "unpack the whole of IEMOCAP_full_release.tar.gz"
        self.folder_of(f"the recordings of '{split}'", f"{split}/sentences/wav", advice=advice)
        for name in files(self.root / split / "dialog/EmoEvaluation", ".txt"):
            yield from self.dialogue(split, name.removesuffix(".txt"))

    def dialogue(self, split: str, dialogue: str) -> Iterator[Record | Reject]:
        """The turns of one dialogue in the order of their ratings; then the recordings that were not rated."""
        folder = f"{split}/sentences/wav/{dialogue}"
        listing = self.listing(folder)
        texts = self.texts(f"{split}/dialog/transcriptions/{dialogue}.txt")
        table = f"{split}/dialog/EmoEvaluation/{dialogue}.txt"
        named: set[str] = set()
        for item in read_lines(self.root, table):
            if isinstance(item, Reject):
                yield Reject(item.where, item.reason, item.where)
                continue
            number, line = item
            if not line.startswith("["):  # the header, and the votes of single raters
                continue
            where = f"{table}:{number}"
            rated = _RATED.fullmatch(line.strip())
            if rated is None:
                yield Reject(where, "bad_row", where)
                continue
            turn, emotion, ratings = rated.groups()
            named.add(f"{turn}.wav")
            if problem := listing.problem(turn, f"{turn}.wav", where, table):
                yield problem
                continue
            who = _TURN.fullmatch(turn)
            if who is None:
                yield Reject(turn, "bad_row", where)
                continue
            if emotion not in EMOTIONS | {NO_AGREEMENT}:
                yield Reject(turn, "unknown_label", where)
                continue
            said = texts.get(turn, "")
            text = _NOISE.sub(" ", said).strip()
            yield Record(
                id=turn,
                audio=(AudioRef(f"{folder}/{turn}.wav"),),
                annotations=(
                    *([Transcript(text, "en")] if text else []),
                    *([Label("er", (emotion,))] if emotion != NO_AGREEMENT else []),
                ),
                speaker=Speaker(f"{turn[:5]}{who[1]}", gender(who[1])),
                original={"emotion": emotion, "valence, activation, dominance": ratings}
                | ({"transcript": said} if said != text else {}),
            )
        yield from listing.unnamed(named, ".wav")

    def texts(self, table: str) -> dict[str, str]:
        """Turn -> what is said in it, as far as the transcription is there and a turn's line is one."""
        lines = lines_if_there(self, table, "latin-1")
        return {found[1]: found[2].strip() for line in lines if (found := _SAID.fullmatch(line.strip()))}
