"""KsponSpeech: spontaneous Korean dialogues.

Release   AI Hub (dataset 123); Bang et al., Applied Sciences 10 (2020); on application
Licence   AI Hub's terms: research and development, no passing on
Audio     headerless PCM, 16 kHz mono 16 bit, the least significant byte first; one file per utterance
Quirk     `(70%)/(칠 십 퍼센트)` gives what is written and how it was said: both texts are told, the second without
          punctuation. Taken out are the marks of breath, laughter, overlap, noise and unintelligible speech
          (`b/ l/ o/ n/ u/`), of fillers (`어/`), repetitions (`전+`) and doubt (`*`). Users sort the archives
          differently: audio is found by its name. Lists come in UTF-8 or in EUC-KR
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.formats.audio_tree import AudioTree
from pipelines.formats.tables import read_lines
from pipelines.record import AudioRef, Record, Reject, Transcript
from pipelines.source import Source

_LISTS = ("", "KsponSpeech_scripts/", "scripts/", "전시문_통합_스크립트/", "전시문_통합_스크립트/KsponSpeech_scripts/")
_BOTH = re.compile(r"\(([^()]*)\)\s*/\s*\(([^()]*)\)")
_NOISE = re.compile(r"(?<![A-Za-z])[blonu]/")
_MARKS = str.maketrans("", "", "/+*")
_PUNCTUATION = str.maketrans("", "", ".,?!")


class KsponSpeech(Source):
    name = "ksponspeech"
    title = "KsponSpeech: spontaneous Korean"
    home = "https://aihub.or.kr/aihubdata/data/view.do?dataSetSn=123"
    licence = "LicenseRef-AI-Hub"
    commercial = False
    attribution = (
        "J. Bang, S. Yun, S. Kim, M. Choi, M. Lee, Y. Kim, D. Kim, J. Park, Y. Lee, S. Kim: "
        "KsponSpeech: Korean Spontaneous Speech Corpus for Automatic Speech Recognition. Applied Sciences 10(19), 2020"
    )
    tasks = ("asr",)
    languages = ("ko",)
    splits = {"train": 620_000, "dev": 2_545, "eval_clean": 3_000, "eval_other": 3_000}
    default_splits = tuple(splits)
    evaluation_splits = ("dev", "eval_clean", "eval_other")
    mean_seconds = 5.6
    hours = 969.0
    origin_namespace = "ksponspeech"
    audio = "headerless PCM, 16 kHz mono 16 bit, one file per utterance"
    raw_rate = 16_000
    obtain = "Apply at aihub.or.kr (dataset 123); unpack all archives into one folder."
    expects = "the folder that holds KsponSpeech_01/ … and KsponSpeech_scripts/train.trn"
    split_tables = {split: tuple(f"{place}{split}.trn" for place in _LISTS) for split in splits}
    layout = """
KsponSpeech/                        <- SOURCE
  KsponSpeech_scripts/train.trn     KsponSpeech_01/KsponSpeech_0001/KsponSpeech_000001.pcm :: text; dev.trn, …
  KsponSpeech_01/KsponSpeech_0001/KsponSpeech_000001.pcm
  KsponSpeech_eval/eval_clean/KsponSpeech_E00001.pcm
"""

    def read(self, split: str) -> Iterator[Record | Reject]:
        table = self.split_table(split)
        tree = AudioTree(self, suffixes=(".pcm", ".wav", ".flac"))
        for item in read_lines(self.root, table, fallback="cp949"):
            if isinstance(item, Reject):
                yield item
                continue
            number, line = item
            where = f"{table}:{number}"
            named, colons, text = line.partition("::")
            name = named.strip().rpartition("/")[2]
            utterance = name.removesuffix(".pcm")
            if not colons or not name:
                yield Reject(utterance or where, "too_few_columns", where)
                continue
            path = tree.find(name)
            written, spoken = forms(text)
            if path is None:
                yield tree.problem(utterance, named.strip(), where, table)
            elif not written:
                yield Reject(utterance, "no_transcript", where)
            else:
                texts = [Transcript(written, "ko")]
                texts += [Transcript(spoken, "ko", "unpunctuated")] if spoken else []
                yield Record(utterance, (AudioRef(path),), tuple(texts), original={"text": text.strip()})


def forms(text: str) -> tuple[str, str]:
    """What is written, and how it was said, of a transcript with all its marks."""
    return _clean(_BOTH.sub(r"\1", text)), _clean(_BOTH.sub(r"\2", text)).translate(_PUNCTUATION)


def _clean(text: str) -> str:
    return " ".join(_NOISE.sub("", text).translate(_MARKS).split())
