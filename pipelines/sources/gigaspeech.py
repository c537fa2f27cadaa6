"""GigaSpeech: English from audiobooks, podcasts and YouTube.

Release   SpeechColab/GigaSpeech, version 1.0.0; Chen et al., Interspeech 2021; on application
Licence   non-commercial research and education
Audio     one Opus file per recording, 16 kHz mono, up to hours long
Splits    XL holds L, L holds M, M holds S, S holds XS: build one of them. XL is the default, as a recording is to be
          in one split only
Quirk     text is in capitals, numbers in words, with tags for four punctuation marks: these become the marks, and the
          capitals, which tell nothing, small letters. What the release labels `<SIL>`, `<MUSIC>`, `<NOISE>` or
          `<OTHER>` is the rest between its utterances and to be discarded: it is left out
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.formats.segment_json import read_segments
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source

METADATA = "GigaSpeech.json"
_MARKS = {"<COMMA>": ",", "<PERIOD>": ".", "<QUESTIONMARK>": "?", "<EXCLAMATIONPOINT>": "!"}
_TAG = re.compile(r"\s*<(?:COMMA|PERIOD|QUESTIONMARK|EXCLAMATIONPOINT)>")
_NO_SPEECH = frozenset({"<SIL>", "<MUSIC>", "<NOISE>", "<OTHER>"})
_YOUTUBE = re.compile(r"https?://(?:www\.)?youtu(?:be\.com/watch\?(?:.*&)?v=|\.be/)([\w-]{11})")


class GigaSpeech(Source):
    name = "gigaspeech"
    title = "GigaSpeech: English from audiobooks, podcasts and YouTube"
    home = "https://github.com/SpeechColab/GigaSpeech"
    licence = "LicenseRef-GigaSpeech-non-commercial"
    commercial = False
    attribution = (
        "G. Chen, S. Chai, G. Wang, J. Du, W. Zhang, C. Weng, D. Su, D. Povey, J. Trmal, J. Zhang, M. Jin, S. "
        "Khudanpur, S. Watanabe, S. Zhao, W. Zou, X. Li, X. Yao, Y. Wang, Y. Wang, Z. You, Z. Yan: GigaSpeech: An "
        "Evolving, Multi-domain ASR Corpus with 10,000 Hours of Transcribed Audio. Interspeech 2021"
    )
    tasks = ("asr",)
    languages = ("en",)
    splits = dict.fromkeys(("XL", "L", "M", "S", "XS", "DEV", "TEST"))
    default_splits = ("XL", "DEV", "TEST")
    evaluation_splits = ("DEV", "TEST")
    text_form = "spoken"
    mean_seconds = 4.0
    hours = 10_052.0
    origin_namespace = "gigaspeech"
    audio = "Opus, 16 kHz mono, one file per recording, cut into segments"
    obtain = "Apply at github.com/SpeechColab/GigaSpeech and run its download script. Of a smaller subset pass SPLIT=S."
    expects = "the folder that holds GigaSpeech.json and audio/"
    archives = ("audio/*/P*.tgz",)
    split_tables = dict.fromkeys(splits, (METADATA,))  # which subsets are in it only reading it all would tell
    layout = """
gigaspeech/                         <- SOURCE
  GigaSpeech.json                   recordings and their segments; 7 GB
  audio/podcast/P0001/POD0000000025.opus
"""

    def read(self, split: str) -> Iterator[Record | Reject]:
        for item in read_segments(self, METADATA, f"{{{split}}}", "text_tn"):
            if isinstance(item, Reject):
                yield item
                continue
            if item.text.strip() in _NO_SPEECH:
                continue
            about = item.about
            spoken = _TAG.sub(lambda tag: _MARKS[tag[0].strip()], item.text).strip().lower()
            if not spoken:
                yield Reject(item.id, "no_transcript", item.where)
                continue
            youtube = _YOUTUBE.match(str(about.get("url", "")))
            told = {"text": item.text, "source": about.get("source"), "category": about.get("category")}
            yield Record(
                id=item.id,
                audio=(AudioRef(about["path"], start=item.start, end=item.end, recording=about["aid"]),),
                annotations=(Transcript(spoken, "en"),),
                speaker=Speaker(_speaker(item.fields) or _speaker(about)),
                origin=f"youtube:{youtube[1]}" if youtube else None,
                original={key: value for key, value in told.items() if isinstance(value, str) and value},
            )


def _speaker(fields: dict[str, object]) -> str | None:
    speaker = fields.get("speaker")
    return speaker if isinstance(speaker, str) and speaker not in ("", "N/A") else None
