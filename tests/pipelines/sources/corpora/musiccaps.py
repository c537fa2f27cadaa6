"""A tiny musiccaps in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "musiccaps"
    caption = 'A slow piano.\nIt is ""sad"", and far.'
    rows = [
        "ytid,start_s,end_s,audioset_positive_labels,aspect_list,caption,author_id,is_balanced_subset,is_audioset_eval",
        """-0aaaaaaaa1,30,40,"/m/1,/t/2","['slow tempo', ""sad '90s""]",""" + f'"{caption}",4,False,True',
        "aaaa_aaaa_2,0,10,/m/1,['fast'],A fast drum.,4,True,False",
        "aaaaaaaaaa3,0,10,/m/1,['fast'],Gone.,4,True,False",
        "aaaaaaaaaa4,0,10,/m/1,['fast'],\"\n\",4,True,False",
        "aaaaaaaaaa5,10,0,/m/1,['fast'],Backwards.,4,True,True",
        "aaaaaaaaaa6,0,10,/m/1,['fast'],No split.,4,True,maybe",
        "aaaaaaaaaa7,0,10",
        "",
    ]
    write(root / "musiccaps-public.csv", "\r\n".join(rows))
    tone(root / "wav/[-0aaaaaaaa1]-[30-40].wav", 44_100)
    tone(root / "wav/aaaa_aaaa_2.flac", 48_000)
    for name in ("aaaaaaaaaa4", "aaaaaaaaaa5", "aaaaaaaaaa6"):
        tone(root / f"{name}.wav")
    return Fixture(
        root,
        {"train": ["aaaa_aaaa_2"], "test": ["-0aaaaaaaa1"]},
        {
            "train": {
                ("aaaaaaaaaa3", "audio_missing"),
                ("aaaaaaaaaa4", "no_transcript"),
                ("aaaaaaaaaa6", "bad_row"),
                ("aaaaaaaaaa7", "too_few_columns"),
            },
            "test": {("aaaaaaaaaa5", "bad_times")},
        },
    )
