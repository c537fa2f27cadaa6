"""IRMAS: excerpts of music with their predominant instruments.

Release   zenodo.org/record/1290750; Bosch et al., ISMIR 2012
Licence   CC BY-NC-SA 3.0
Audio     WAV, 44.1 kHz stereo 16 bit; training 3 s, test 5 to 20 s
Splits    training: one instrument each, by folder; testing: several, in a text file beside each excerpt
Quirk     names hold brackets and blanks: `[sax][jaz_blu]1623__2.wav`. The later brackets tell a style, and `[dru]` or
          `[nod]` whether there are drums; they are kept in `original`, being too coarse for targets
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.formats.tables import read_lines
from pipelines.listing import files, subfolders
from pipelines.places.corpus_path import CorpusPath
from pipelines.record import AudioRef, Label, Record, Reject
from pipelines.source import Source

TRAINING, TESTING = "IRMAS-TrainingData", "IRMAS-TestingData-Part"
INSTRUMENTS = frozenset({"cel", "cla", "flu", "gac", "gel", "org", "pia", "sax", "tru", "vio", "voi"})
_BRACKETS = re.compile(r"\[([a-z_]+)\]")


class IRMAS(Source):
    name = "irmas"
    title = "IRMAS: predominant instruments of music"
    home = "https://zenodo.org/record/1290750"
    licence = "CC-BY-NC-SA-3.0"
    commercial = False
    attribution = (
        "J. J. Bosch, J. Janer, F. Fuhrmann, P. Herrera: A Comparison of Sound Segregation Techniques for Predominant "
        "Instrument Recognition in Musical Audio Signals. ISMIR 2012"
    )
    tasks = ("mic",)
    languages = ()
    splits = {"training": 6_705, "testing": 2_874}
    default_splits = ("training", "testing")
    evaluation_splits = ("testing",)
    mean_seconds = 6.0
    origin_namespace = "irmas"
    audio = "WAV, 44.1 kHz stereo 16 bit, 3 s (training) or 5-20 s (testing)"
    obtain = "Unpack IRMAS-TrainingData.zip and IRMAS-TestingData-Part{1,2,3}.zip of the home page side by side."
    expects = f"the folder that holds {TRAINING}/ and {TESTING}1/, …"
    archives = ("IRMAS-*.zip",)
    layout = f"""
irmas/                                        <- SOURCE
  {TRAINING}/cla/[cla][cla]0189__2.wav        the folder tells the instrument
  {TESTING}1/Part1/Some song-8.wav            Some song-8.txt: a code on each line
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return (folder / TRAINING).is_dir() or next(folder.glob(f"{TESTING}[123]"), None) is not None

    def has_split(self, split: str) -> bool:
        if split == "training":
            return self.has_folder(self.root / TRAINING)
        return any(self.has_folder(self.root / f"{TESTING}{part}") for part in (1, 2, 3))

    def read(self, split: str) -> Iterator[Record | Reject]:
        if split == "training":
            for folder in subfolders(self.root / TRAINING):
                yield from self.training(folder.name)
            return
        for part in (1, 2, 3):
            if self.has_folder(self.root / f"{TESTING}{part}"):
                below = subfolders(self.root / f"{TESTING}{part}")
                yield from self.testing(f"{TESTING}{part}")
                for folder in below:
                    yield from self.testing(f"{TESTING}{part}/{folder.name}")

    def training(self, instrument: str) -> Iterator[Record | Reject]:
        """The excerpts of one instrument's folder."""
        folder = f"{TRAINING}/{instrument}"
        for name in files(self.root / folder, ".wav"):
            excerpt, path = name[: -len(".wav")], f"{folder}/{name}"
            tags = _BRACKETS.findall(excerpt)
            if instrument not in INSTRUMENTS or tags[:1] != [instrument]:
                yield Reject(excerpt, "unknown_label", path)
                continue
            further = {"drums" if tag in ("dru", "nod") else "style": tag for tag in tags[1:]}
            yield Record(excerpt, (AudioRef(path),), (Label("mic", (instrument,)),), original=further)

    def testing(self, folder: str) -> Iterator[Record | Reject]:
        """The excerpts of a folder that have labels, then audio without and labels without audio."""
        listing = self.listing(folder)
        for name in files(self.root / folder, ".wav", ".txt"):
            excerpt, path = name[:-4], f"{folder}/{name}"
            if name.lower().endswith(".txt"):
                if f"{excerpt}.wav" not in listing.names and (
                    problem := listing.problem(excerpt, f"{excerpt}.wav", path, path)
                ):
                    yield problem
                continue
            if f"{excerpt}.txt" not in listing:
                yield Reject(excerpt, "no_transcript", path)
                continue
            lines = list(read_lines(self.root, f"{folder}/{excerpt}.txt"))
            codes = [line[1].strip() for line in lines if not isinstance(line, Reject)]
            if len(codes) < len(lines) or not set(codes) <= INSTRUMENTS:
                yield Reject(excerpt, "unknown_label", f"{folder}/{excerpt}.txt")
            elif not codes:
                yield Reject(excerpt, "no_transcript", path)
            else:
                yield Record(excerpt, (AudioRef(path),), (Label("mic", tuple(codes)),))
