"""VoxLingua107: speech in 107 languages from YouTube, labelled by language.

Release   cs.taltech.ee/staff/tanel.alumae/data/voxlingua107; Valk and Alumäe, SLT 2021
Licence   CC BY 4.0
Audio     one WAV per clip, 16 kHz mono 16 bit, cut from videos
Splits    `train`, one folder per language, labelled automatically (about 2 % are wrong); `dev`, 33 languages, checked
Quirk     the folder is the label, with `iw` for Hebrew and `jw` for Javanese. There is no metadata: a file's name tells
          video, start and end, and has dots. The folders of train may lie in SOURCE itself
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.labels.languages import language_code
from pipelines.listing import files, subfolders
from pipelines.places.corpus_path import CorpusPath, relative
from pipelines.record import AudioRef, Label, Record, Reject
from pipelines.source import Source

CODES = (
    "ab", "af", "am", "ar", "as", "az", "ba", "be", "bg", "bn", "bo", "br", "bs", "ca", "ceb", "cs", "cy", "da", "de",
    "el", "en", "eo", "es", "et", "eu", "fa", "fi", "fo", "fr", "gl", "gn", "gu", "gv", "ha", "haw", "hi", "hr", "ht",
    "hu", "hy", "ia", "id", "is", "it", "iw", "ja", "jw", "ka", "kk", "km", "kn", "ko", "la", "lb", "ln", "lo", "lt",
    "lv", "mg", "mi", "mk", "ml", "mn", "mr", "ms", "mt", "my", "ne", "nl", "nn", "no", "oc", "pa", "pl", "ps", "pt",
    "ro", "ru", "sa", "sco", "sd", "si", "sk", "sl", "sn", "so", "sq", "sr", "su", "sv", "sw", "ta", "te", "tg", "th",
    "tk", "tl", "tr", "tt", "uk", "ur", "uz", "vi", "war", "yi", "yo", "zh",
)  # fmt: skip
CLIP = re.compile(r"(?P<video>.+?)(?:__U__S\d+)?---(?P<start>\d+\.\d+)-(?P<end>\d+\.\d+)")


class VoxLingua107(Source):
    name = "voxlingua107"
    title = "VoxLingua107: speech in 107 languages"
    home = "https://cs.taltech.ee/staff/tanel.alumae/data/voxlingua107/"
    licence = "CC-BY-4.0"
    commercial = True
    attribution = "J. Valk, T. Alumäe: VoxLingua107: A Dataset for Spoken Language Recognition. IEEE SLT 2021"
    tasks = ("lid",)
    languages = tuple(language_code(code) or code for code in CODES)
    splits = {"train": None, "dev": 1_609}
    default_splits = ("train", "dev")
    evaluation_splits = ("dev",)
    mean_seconds = 9.4
    hours = 6_632.0
    origin_namespace = "voxlingua107"
    audio = "WAV, 16 kHz mono 16 bit, up to 20 s"
    obtain = "Unpack the zips of the home page: one per language into train/, and dev.zip beside it."
    expects = "the folder that holds train/ab/, train/af/, … and dev/ (or the folders ab/, af/, … themselves)"
    archives = ("??.zip", "???.zip", "train/*.zip")
    layout = """
voxlingua107/                       <- SOURCE
  train/ab/0gqxVxxxxxx__U__S0---0000.120-0016.090.wav       (or ab/… without train/)
  dev/en/….wav
"""

    @classmethod
    def recognises(cls, folder: CorpusPath) -> bool:
        places = (place for split in cls.splits for place in _languages(folder, split) if place.name in CODES)
        return any(next(place.glob("*.wav"), None) for place in places)

    def has_split(self, split: str) -> bool:
        return next(_languages(self.root, split), None) is not None

    def read(self, split: str) -> Iterator[Record | Reject]:
        for folder in _languages(self.root, split):
            place = relative(folder, self.root)
            for name in files(folder, ".wav"):
                clip, path = name[:-4], f"{place}/{name}"
                if folder.name not in CODES:
                    yield Reject(clip, "unknown_label", path)
                    continue
                told = CLIP.fullmatch(clip)
                seconds = round(float(told["end"]) - float(told["start"]), 3) if told else None
                yield Record(
                    id=clip,
                    audio=(AudioRef(path, seconds=seconds if seconds and seconds > 0 else None),),
                    annotations=(Label("lid", (folder.name,)),),
                    origin=f"youtube:{told['video']}" if told else None,
                )


def _languages(root: CorpusPath, split: str) -> Iterator[CorpusPath]:
    """The folders of a split's languages: of others only in `train/` and `dev/`, which hold nothing else."""
    if (root / split).is_dir():
        yield from subfolders(root / split)
    elif split == "train" and not root.name.lower().startswith(("train", "dev")):
        yield from (folder for folder in subfolders(root) if folder.name in CODES)
