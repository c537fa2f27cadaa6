"""A tiny magnatagatune in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, mp3, write

TAGS = ("no voice", "no guitar", "not rock", "slow", "rock", "clasical", "classical", "female vocal", "female vocals",
        "woman singing", "guitar", "guitars", "sax")  # fmt: skip


def corpus(folder: Path, audio: str = "mp3/") -> Fixture:
    root = folder / "magnatagatune"

    def row(clip: int, path: str, *tags: str) -> str:
        cells = [str(clip), *("1" if tag in tags else "0" for tag in TAGS), path]
        return "\t".join(f'"{cell}"' for cell in cells)

    rows = [
        "\t".join(f'"{name}"' for name in ("clip_id", *TAGS, "mp3_path")),
        row(2, "f/a-b-01-c-30-59.mp3", "classical", "clasical", "no voice", "no guitar", "guitars"),
        row(6, "0/a-b-02-d-0-29.mp3", "woman singing", "female vocal", "female vocals", "slow", "not rock", "sax"),
        row(7, "c/a-b-03-e-0-29.mp3"),
        row(8, "6/empty-0-29.mp3", "rock"),
        row(9, "0/untagged-0-29.mp3", "slow"),
        row(10, "0/gone-0-29.mp3", "rock"),
        row(11, "../../out.mp3", "rock"),
        row(12, "x/elsewhere.mp3", "rock"),
        row(13, ""),
        '"14"\t"1"',
        "",
    ]
    write(root / "annotations_final.csv", "\n".join(rows))
    songs = [
        "clip_id\ttrack_number\ttitle\tartist\talbum\turl\tsegmentStart\tsegmentEnd\toriginal_url\tmp3_path",
        '2\t1\tC "live"\tA\tB\thttp://x\t30\t59\thttp://x/c.mp3\tf/a-b-01-c-30-59.mp3',
        "7\t3\tE\tA\tB\thttp://x\t0\t29\thttp://x/e.mp3\tc/a-b-03-e-0-29.mp3",
        "",
    ]
    write(root / "clip_info_final.csv", "\n".join(songs))
    for name in ("f/a-b-01-c-30-59", "0/a-b-02-d-0-29", "c/a-b-03-e-0-29", "0/untagged-0-29", "d/unnamed-0-29"):
        mp3(root / f"{audio}{name}.mp3", 16_000)
    write(root / f"{audio}6/empty-0-29.mp3", "")
    write(root / f"{audio}f/._a-b-01-c-30-59.mp3", "litter")
    return Fixture(
        root,
        {"train": ["6", "8"], "validation": ["7"], "test": ["2"]},
        {
            "train": {
                ("9", "no_transcript"),
                ("10", "audio_missing"),
                ("11", "unsafe_path"),
                ("12", "bad_row"),
                ("13", "bad_row"),
                ("14", "too_few_columns"),
            },
            "test": {("unnamed-0-29", "no_transcript")},
        },
        {"train": {("8", "empty_audio")}},
    )
