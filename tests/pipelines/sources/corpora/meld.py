"""A tiny meld in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.recordings import chirp, ffmpeg
from tests.pipelines.sources.fixture import Fixture, write

HEADER = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"


def corpus(folder: Path, train: str = "train/train_splits") -> Fixture:
    root = folder / "MELD.Raw"

    def row(number: int, text: str, feeling: str, dialogue: object, turn: int) -> str:
        return f'{number},{text},Ada,{feeling},neutral,{dialogue},{turn},8,21,"00:16:16,059","00:16:21,731"'

    rows = [
        f"\ufeff{HEADER}",
        row(1, '"Well, that’s “new”…"', "surprise", 0, 0),
        row(2, "No.", "anger", 0, 1),
        row(3, "Gone.", "joy", 0, 2),
        row(4, "Odd.", "boredom", 0, 3),
        row(5, "", "joy", 0, 4),
        row(6, "Broken.", "fear", 125, 3),
        row(7, "Out.", "joy", "../../0", 0),
        "8,Short.,Ada",
        "",
    ]
    write(root / "train_sent_emo.csv", "\r\n".join(rows))
    write(root / "test_sent_emo.csv", "\r\n".join([HEADER, row(1, "Again.", "disgust", 0, 0), ""]))
    clip = ffmpeg(chirp(0.3, 48_000, channels=2), 48_000, "mp4", "aac")
    for turn in (0, 1, 3, 4):
        write(root / train / f"dia0_utt{turn}.mp4", clip)
    write(root / train / "dia125_utt3.mp4", b"\0" * 64)
    test = root / "output_repeated_splits_test"
    for name in ("dia0_utt0.mp4", "._dia0_utt0.mp4", "final_videos_testdia0_utt0.mp4"):
        write(test / name, clip if name[0] == "d" else b"junk")
    return Fixture(
        root,
        {"train": ["dia0_utt0", "dia0_utt1", "dia125_utt3"], "test": ["dia0_utt0"]},
        {
            "train": {
                ("dia0_utt2", "audio_missing"),
                ("dia0_utt3", "unknown_label"),
                ("dia0_utt4", "no_transcript"),
                ("dia../../0_utt0", "unsafe_path"),
                ("train_sent_emo.csv:9", "too_few_columns"),
            }
        },
        refused={"train": {("dia125_utt3", "undecodable")}},
    )
