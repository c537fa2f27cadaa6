"""A tiny thchs30 in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "data_thchs30"
    texts = {
        "A2_0": "绿 是 阳春\r\nlv4 shi4 yang2 chun1\r\nl v4 sh ix4",
        "A2_1": "他 仅 凭 l = 腰部\nta1 jin3",
        "A2_2": "没有 声音\nmei2 you3",
        "A2_3": "\udcb2\udcbb\nbu4",
        "A2_4": " \n",
    }
    for name, text in texts.items():
        write(root / f"data/{name}.wav.trn", text)
        write(root / f"train/{name}.wav.trn", f"../data/{name}.wav.trn\n")
    for name in ("A2_0", "A2_1", "A2_3", "A2_4"):
        tone(root / f"data/{name}.wav")
        tone(root / f"train/{name}.wav")
    write(root / "train/._A2_0.wav", "litter")
    # In test/ one text is a link, one is its own, one points to nothing, one out of the corpus.
    write(root / "data/D4_750.wav.trn", "链接 文件\n")
    (root / "test").mkdir()
    (root / "test/D4_750.wav.trn").symlink_to("../data/D4_750.wav.trn")
    write(root / "test/D4_751.wav.trn", "自己 的 文本\npin1 yin1\n")
    write(root / "test/D4_752.wav.trn", "../data/D4_752.wav.trn")
    write(root / "test/D4_753.wav.trn", "../../secret.trn")
    write(folder / "secret.trn", "秘密\nmi4\n")
    for name in ("D4_750", "D4_751", "D4_752", "D4_753"):
        tone(root / f"test/{name}.wav")
    return Fixture(
        root,
        {"train": ["A2_0", "A2_1"], "test": ["D4_750", "D4_751"]},
        {
            "train": {("A2_2", "audio_missing"), ("A2_3", "wrong_encoding"), ("A2_4", "no_transcript")},
            "test": {("D4_752", "no_transcript"), ("D4_753", "no_transcript")},
        },
    )
