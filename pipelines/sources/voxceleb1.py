"""VoxCeleb1: celebrities in interviews on YouTube, for speaker verification.

Release   robots.ox.ac.uk/~vgg/data/voxceleb; Nagrani et al., Interspeech 2017
Licence   CC BY 4.0
Audio     one WAV per utterance, 16 kHz mono 16 bit
Splits    `dev` and `test` by speaker, for gender and (`dev-pairs`) for pairs; the trial lists by their files' names, in
          their order: original, extended and hard, each as published and cleaned (`…2`). The lists `all` and `hard` are
          of the speakers of dev: who reports on these trains on VoxCeleb2
Quirk     vox1_meta.csv is separated by tabs
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from pipelines.formats.tables import read_lines
from pipelines.formats.voxceleb import VoxCeleb
from pipelines.listing import is_safe
from pipelines.pairs import pair
from pipelines.record import AudioRef, Record, Reject

ANSWERS = {"1": "yes", "0": "no"}


class VoxCeleb1(VoxCeleb):
    name = "voxceleb1"
    title = "VoxCeleb1: voices of celebrities"
    home = "https://www.robots.ox.ac.uk/~vgg/data/voxceleb/vox1.html"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = (
        "A. Nagrani, J. S. Chung, A. Zisserman: VoxCeleb: A Large-Scale Speaker Identification Dataset. "
        "Interspeech 2017"
    )
    tasks = ("sv", "sgc")
    languages = ()
    splits = {
        "dev": 148_642, "test": 4_874,
        "veri_test": 37_720, "veri_test2": 37_611, "list_test_all": 581_480, "list_test_all2": 579_818,
        "list_test_hard": 552_536, "list_test_hard2": 550_894,
    }  # fmt: skip
    trials = tuple(splits)[2:]
    default_splits = ("dev", "test", "veri_test2")
    evaluation_splits = ("test", *trials)
    mean_seconds = 8.2
    hours = 352.0
    origin_namespace = "voxceleb1"
    audio = "WAV, 16 kHz mono 16 bit, one file per utterance"
    obtain = (
        "Join the parts of vox1_dev_wav.zip (cat vox1_dev_wav_part* > vox1_dev_wav.zip), unpack it and "
        "vox1_test_wav.zip, and put vox1_meta.csv and the trial lists beside wav/."
    )
    expects = "the folder that holds wav/id10001/… (or dev/wav/ and test/wav/) and vox1_meta.csv"
    archives = ("vox1_*_wav.zip", "dev/vox1_dev_wav.zip", "test/vox1_test_wav.zip")
    layout = """
voxceleb1/                          <- SOURCE
  wav/id10001/1zcIwhmdeo4/00001.wav         speaker/video/utterance (or in dev/wav/ and test/wav/)
  vox1_meta.csv                             id, name, gender, nationality, set
  veri_test.txt  list_test_all2.txt  …      (optional) trials: 1 or 0, and two paths below wav/
"""
    meta = "vox1_meta.csv"
    separator = "\t"

    def has_split(self, split: str) -> bool:
        return self.has_file(self.root / f"{split}.txt") if split in self.trials else super().has_split(split)

    def read(self, split: str) -> Iterator[Record | Reject]:
        return self.trial_list(f"{split}.txt") if split in self.trials else super().read(split)

    def trial_list(self, table: str) -> Iterator[Record | Reject]:
        """The pairs of a list, by line: their ids are the line numbers, as one pair may stand in it twice."""
        listing = cache(self.listing)
        for item in read_lines(self.root, table):
            if isinstance(item, Reject):
                yield Reject(item.where, item.reason, item.where)
                continue
            trial, where = f"{item[0]:06}", f"{table}:{item[0]}"
            cells = item[1].split()
            if len(cells) != 3 or cells[0] not in ANSWERS:
                yield Reject(trial, "too_few_columns" if len(cells) < 3 else "bad_row", where)
                continue
            sides = []
            for path in cells[1:]:
                speaker, _, rest = path.partition("/")
                video, _, name = rest.rpartition("/")
                if not is_safe(path) or not video:
                    yield Reject(trial, "unsafe_path" if not is_safe(path) else "bad_row", where)
                    break
                folder = f"{self.folders.get(speaker, f'wav/{speaker}')}/{video}"
                if problem := listing(folder).problem(trial, name, where, table):
                    yield problem
                    break
                utterance, origin = path.removesuffix(".wav").replace("/", "-"), f"youtube:{video}"
                sides.append(AudioRef(f"{folder}/{name}", recording=utterance, speaker=speaker, origin=origin))
            else:
                yield pair(trial, (sides[0], sides[1]), ANSWERS[cells[0]])
