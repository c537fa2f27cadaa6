"""WenetSpeech: Mandarin from YouTube and podcasts.

Release   wenet-e2e/WenetSpeech, version 1.0; Zhang et al., ICASSP 2022; on application
Licence   non-commercial
Audio     one Opus file per recording, 16 kHz mono, up to hours long
Splits    L holds M, and M holds S: build one of them. L is the default, as a recording is to be in one split only. W is
          the weakly labelled part
Quirk     the labels of training are read from subtitles, or recognised; those of TEST_NET have a few known errors
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.formats.segment_json import read_segments
from pipelines.record import AudioRef, Record, Reject, Transcript
from pipelines.source import Source

METADATA = "WenetSpeech.json"
_YOUTUBE = re.compile(r"Y\d{10}_([\w-]{11})")  # a recording from YouTube is named by its number and id there


class WenetSpeech(Source):
    name = "wenetspeech"
    title = "WenetSpeech: Mandarin from YouTube and podcasts"
    home = "https://wenet-e2e.github.io/WenetSpeech"
    licence = "LicenseRef-WenetSpeech-non-commercial"
    commercial = False
    attribution = (
        "B. Zhang, H. Lv, P. Guo, Q. Shao, C. Yang, L. Xie, X. Xu, H. Bu, X. Chen, C. Zeng, D. Wu, Z. Peng: "
        "WenetSpeech: A 10000+ Hours Multi-Domain Mandarin Corpus for Speech Recognition. ICASSP 2022"
    )
    tasks = ("asr",)
    languages = ("zh",)
    splits = dict.fromkeys(("L", "M", "S", "W", "DEV", "TEST_NET", "TEST_MEETING"))
    default_splits = ("L", "DEV", "TEST_NET", "TEST_MEETING")
    evaluation_splits = ("DEV", "TEST_NET", "TEST_MEETING")
    text_form = "unpunctuated"
    mean_seconds = 2.5
    hours = 12_541.0
    origin_namespace = "wenetspeech"
    audio = "Opus, 16 kHz mono, one file per recording, cut into segments"
    obtain = "Apply at wenet.org.cn/WenetSpeech and run its download script. Of a smaller subset pass SPLIT=S."
    expects = "the folder that holds WenetSpeech.json and audio/"
    split_tables = dict.fromkeys(splits, (METADATA,))  # which subsets are in it only reading it all would tell
    layout = """
WenetSpeech/                        <- SOURCE
  WenetSpeech.json                  recordings and their segments; several GB
  audio/train/youtube/B00000/Y0000000000_--5llN02F84.opus
"""

    def read(self, split: str) -> Iterator[Record | Reject]:
        for item in read_segments(self, METADATA, split, "text"):
            if isinstance(item, Reject):
                yield item
            elif not item.text.strip():
                yield Reject(item.id, "no_transcript", item.where)
            else:
                path, recording = item.about["path"], item.about["aid"]
                youtube = _YOUTUBE.fullmatch(recording)
                yield Record(
                    id=item.id,
                    audio=(AudioRef(path, start=item.start, end=item.end, recording=recording),),
                    annotations=(Transcript(item.text, "zh"),),
                    origin=f"youtube:{youtube[1]}" if youtube else None,
                )
