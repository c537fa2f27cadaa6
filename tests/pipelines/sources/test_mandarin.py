"""What is peculiar to THCHS-30, AISHELL-2 and WenetSpeech."""

from __future__ import annotations

import shutil
from pathlib import Path

from pipelines import catalogue
from pipelines.record import Record, Reject
from pipelines.sources.aishell2 import clean
from tests.pipelines.sources.fixtures import FIXTURES, records, text


def test_thchs30_takes_words_from_where_the_split_points(tmp_path: Path) -> None:
    fixture = FIXTURES["thchs30"](tmp_path)
    train, test = records(fixture, "thchs30", "train"), records(fixture, "thchs30", "test")
    assert text(train["A2_0"]) == "绿 是 阳春" and train["A2_0"].audio[0].path == "data/A2_0.wav"
    assert text(train["A2_1"]) == "他 仅 凭 腰部" and train["A2_1"].speaker.id == "A2"
    assert text(test["D4_750"]) == "链接 文件" and text(test["D4_751"]) == "自己 的 文本"
    assert test["D4_751"].audio[0].path == "test/D4_751.wav"


def test_aishell2_keeps_the_spaces_of_english_and_drops_marks(tmp_path: Path) -> None:
    found = records(FIXTURES["aishell2"](tmp_path), "aishell2", "train")
    second = found["IC0001W0002"]
    assert (
        text(second) == "播放 Taylor Swift 的 She's great好吗"
        and second.audio[0].path == "AISHELL-2/iOS/data/wav/other/two.wav"
    )
    assert second.original == {"text": "播放 Taylor Swift 的 She's-great，好吗?"}
    assert found["IC0001W0001"].speaker.id == "C0001" and found["IC0001W0001"].original == {}
    assert clean("张'三 (笑)𫖯 it's") == "张三 笑頫 it's"


def test_wenetspeech_names_recordings_as_youtube_does(tmp_path: Path) -> None:
    fixture = FIXTURES["wenetspeech"](tmp_path)
    source = catalogue.find("wenetspeech")(fixture.source)
    first, second = records(fixture, "wenetspeech", "L").values()
    assert source.origin(first) == source.origin(second) == "youtube:--5llN02F84"
    assert second.audio[0].start == 0.05 and second.audio[0].recording == "Y0000000000_--5llN02F84"
    assert text(second) == "用 Taylor Swift 的歌"
    (meeting,) = records(fixture, "wenetspeech", "TEST_MEETING").values()
    assert source.origin(meeting) == "wenetspeech:TEST_MEETING_S0"


def test_aishell2_without_its_audio_tells_each_utterance(tmp_path: Path) -> None:
    fixture = FIXTURES["aishell2"](tmp_path)
    for folder in list(fixture.source.glob("**/wav")):
        shutil.rmtree(folder)
    items = list(catalogue.find("aishell2")(fixture.source).records("train"))
    assert not any(isinstance(item, Record) for item in items)
    assert "audio_missing" in {item.reason for item in items if isinstance(item, Reject)}
