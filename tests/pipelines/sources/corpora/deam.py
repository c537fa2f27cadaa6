"""A tiny deam in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, mp3, write

PLACE = "annotations/annotations averaged per song/song_level"


def corpus(folder: Path, place: str = PLACE, audio: str = "MEMD_audio") -> Fixture:
    root = folder / "deam"
    first = [
        "song_id, valence_mean, valence_std, arousal_mean, arousal_std",
        "2, 3.1, 0.94, 3.0, 0.63",
        "3, 5.0, 1.75, 7.2, 1.11",
        "4, 5, 1.75, 5.0, 1.11",
        "5, 6.5, 1.0, 4.9, 1.0",
        "7, nan, 1.0, 4.9, 1.0",
        "8, 12, 1.0, 4.9, 1.0",
        "9, 6.5, 1.0, 4.9, 1.0",
        "10, 6.5",
        "../../11, 6.5, 1.0, 4.9, 1.0",
        "",
    ]
    write(root / place / "static_annotations_averaged_songs_1_2000.csv", "\r\n".join(first))
    second = [
        "song_id, valence_mean, valence_std, valence_ max_mean, arousal_mean, arousal_std, arousal_max_mean",
        "2001, 7.0, 1.0, 8.0, 7.5, 1.0, 8.0",
        "",
    ]
    write(root / place / "static_annotations_averaged_songs_2000_2058.csv", "\n".join(second))
    for song in (2, 3, 4, 5, 7, 8, 10, 12, 2001):
        mp3(root / f"{audio}/{song}.mp3")
    write(root / f"{audio}/._2.mp3", "litter")
    return Fixture(
        root,
        {"all": ["2", "3", "4", "5", "2001"]},
        {
            "all": {
                ("7", "bad_row"),
                ("8", "bad_row"),
                ("9", "audio_missing"),
                ("10", "too_few_columns"),
                ("../../11", "unsafe_path"),
                ("12", "no_transcript"),
            }
        },
    )
