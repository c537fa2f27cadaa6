"""A tiny clotho in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path, layout: str = "{split}", tables: str = "") -> Fixture:
    root = folder / "clotho"
    captions = [
        "file_name,caption_1,caption_2,caption_3,caption_4,caption_5",
        ' Birds.wav,Birds sing.,"Birds sing, far away.","A ""bird""\nsings.",Some birds.,Birds.',
        "Café (été).wav,Cups.,Cups clink.,People talk.,A café.,Voices.",
        "Trimmed .wav,One.,Two.,Three.,Four.,Five.",
        "Gone.wav,One.,Two.,Three.,Four.,Five.",
        "Short.wav,One.",
        "Silent.wav,,,,,",
        "../Out.wav,One.,Two.,Three.,Four.,Five.",
        "Unlicensed.wav,One.,Two.,Three.,Four.,Five.",
        "",
    ]
    write(root / f"{tables}clotho_captions_development.csv", "\r\n".join(captions))
    header = "file_name,keywords,sound_id,sound_link,start_end_samples,manufacturer,license"
    metadata = [
        header,
        ' Birds.wav,birds;nature,3276,NA,"[120000, 1443000]",someone,http://creativecommons.org/licenses/by-nc/3.0/',
        "Café (été).wav,caf\udce9;cups,Not found,NA,NA,Ren\udce9,http://creativecommons.org/publicdomain/zero/1.0/",
        "Unlicensed.wav,birds,3277",
        ",nothing",
        "",
    ]
    write(root / f"{tables}clotho_metadata_development.csv", "\n".join(metadata))
    audio = root / layout.format(split="development")
    for name in (" Birds", "Café (été)", "Trimmed ", "Short", "Silent", "Uncaptioned", "Unlicensed"):
        tone(audio / f"{name}.wav", 44_100)
    return Fixture(
        root,
        {"development": [" Birds", "Café (été)", "Trimmed "]},
        {
            "development": {
                ("Gone", "audio_missing"),
                ("Short", "too_few_columns"),
                ("Unlicensed", "too_few_columns"),
                (f"{tables}clotho_metadata_development.csv:5", "too_few_columns"),
                ("Silent", "no_transcript"),
                ("../Out", "unsafe_path"),
                ("Uncaptioned", "no_transcript"),
            }
        },
    )
