"""A tiny fma in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, mp3, write

GROUPS = ",album,artist,artist,set,set,track,track,track,track,track,track"
FIELDS = ",title,bio,name,split,subset,genre_top,genres,genres_all,language_code,license,title"
NC = "Attribution-NonCommercial-ShareAlike 3.0 International"


def corpus(folder: Path, audio: str = "fma_medium", last_header: str = "track_id,,,,,,,,,,,") -> Fixture:
    root = folder / "fma"
    rows = [
        GROUPS,
        FIELDS,
        last_header,
        f'2,Weather,"<p>We are,\n""two""</p>",The Clouds,training,small,Hip-Hop,[21],[21],en,{NC},Rain',
        '3,,,The Clouds,training,medium,,"[21, 10]","[21, 10]",,Attribution 4.0,Snow',
        "5,Weather,,The Clouds,validation,small,Pop,[10],[10],,Public Domain Mark 1.0,Fog",
        "10,,,,test,small,Pop,[],[],,,",
        "140,,,A,test,large,Pop,[10],[10],,,Elsewhere",  # of a subset that is not here
        "1041,,,A,training,small,Pop,[9999],[9999],,,Unknown genre",
        "1042,,,A,training,small,Pop,open('x'),[10],,,No list",
        "1043,,,A,training,small,Pop,[10],[10],,,Lost",
        "1044,,,A,holdout,small,Pop,[10],[10],,,No split",
        "1045,,,A",
        "1046,,,\udce9,training,small,Pop,[10],[10],,,Latin-1",
        "../../1,,,A,training,small,Pop,[10],[10],,,Out",
        "",
    ]
    write(root / "fma_metadata/tracks.csv", "\n".join(rows))
    genres = ["genre_id,#tracks,parent,title,top_level", "10,13845,0,Pop,10", "21,8389,0,Hip-Hop,21", ""]
    write(root / "fma_metadata/genres.csv", "\n".join(genres))
    for track in (2, 3, 5, 10, 1041, 1042, 1044, 1045, 1046, 1099):
        mp3(root / f"{audio}/{track // 1000:03d}/{track:06d}.mp3", 44_100)
    write(root / f"{audio}/000/._000002.mp3", "litter")
    write(root / f"{audio}/checksums", "sums")
    return Fixture(
        root,
        {"training": ["2", "3"], "validation": ["5"], "test": ["10"]},
        {
            "training": {
                ("1041", "unknown_label"),
                ("1042", "unknown_label"),
                ("1043", "audio_missing"),
                ("1044", "bad_row"),
                ("1045", "too_few_columns"),
                ("1046", "wrong_encoding"),
                ("../../1", "unsafe_path"),
                ("1099", "no_transcript"),
            }
        },
    )
