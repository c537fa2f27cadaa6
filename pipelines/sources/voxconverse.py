"""VoxConverse: who speaks when in debates and news on YouTube.

Release   github.com/joonson/voxconverse (labels, version 0.3) and two archives of audio; Chung et al., Interspeech 2020
Licence   CC BY 4.0
Audio     one WAV per recording, 16 kHz mono 16 bit, of minutes
Splits    `dev` and `test`. Both are cut into windows of 30 s, as no longer clip can be told with time tokens
Quirk     the archives' folders are called `audio/` and `voxconverse_test_wav/`: recordings are found by name, anywhere
          in SOURCE. Turns overlap. The language is not told
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.rttm import read_rttm
from pipelines.listing import files, subfolders
from pipelines.places.corpus_path import CorpusPath, relative
from pipelines.record import AudioRef, Record, Reject
from pipelines.source import Source


class VoxConverse(Source):
    name = "voxconverse"
    title = "VoxConverse: who speaks when in debates and news"
    home = "https://www.robots.ox.ac.uk/~vgg/data/voxconverse/"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = (
        "J. S. Chung, J. Huh, A. Nagrani, T. Afouras, A. Zisserman: Spot the Conversation: Speaker Diarisation in the "
        "Wild. Interspeech 2020"
    )
    tasks = ("sd",)
    languages = ()
    splits = {"dev": 216, "test": 232}
    default_splits = ("dev", "test")
    cut = "window"
    mean_seconds = 513.0
    hours = 63.8
    origin_namespace = "voxconverse"
    audio = "WAV, 16 kHz mono 16 bit, whole recordings of up to 20 min"
    obtain = (
        "Unpack voxconverse_dev_wav.zip and voxconverse_test_wav.zip of the home page, and the labels "
        "https://github.com/joonson/voxconverse/archive/master.zip, into one folder."
    )
    expects = "the folder that holds voxconverse-master/dev/abjxc.rttm, …, and the audio anywhere in it"
    archives = ("voxconverse_*_wav.zip",)
    layout = """
voxconverse/                        <- SOURCE
  voxconverse-master/dev/abjxc.rttm         (or dev/, labels/dev/, …)
  voxconverse-master/test/aepyx.rttm
  audio/abjxc.wav                           found by name, wherever it lies
  voxconverse_test_wav/aepyx.wav
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        return any(_label_folder(folder, split) for split in cls.splits)

    def has_split(self, split: str) -> bool:
        return _label_folder(self.root, split) is not None

    def read(self, split: str) -> Iterator[Record | Reject]:
        tree = AudioTree(self, suffixes=(".wav",))
        known: set[str] = set()
        for each in self.available_splits():
            folder = _label_folder(self.root, each)
            for name in files(folder, ".rttm") if folder else ():
                table = f"{relative(folder, self.root)}/{name}" if folder else name
                if each != split:
                    known.add(name.removesuffix(".rttm"))
                    continue
                for recording, turns in read_rttm(self.root, table).items():
                    known.add(recording)
                    path = tree.find(recording)
                    if isinstance(turns, Reject):
                        yield turns
                    elif path is None:
                        yield tree.problem(recording, recording, f"{table}:1", table)
                    else:
                        yield Record(recording, (AudioRef(path),), (turns,))
        if split == self.available_splits()[0]:  # of none is the split told
            yield from tree.unnamed(known)


def _label_folder(root: CorpusPath, split: str) -> CorpusPath | None:
    """The folder with the labels of a split: in `root`, or in a folder of it."""
    for place in (root, *subfolders(root)):
        if next((place / split).glob("*.rttm"), None):
            return place / split
    return None
