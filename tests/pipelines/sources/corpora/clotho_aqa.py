"""A tiny clotho_aqa in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

SURE = ("yes", "no", "Maybe")


def corpus(folder: Path) -> Fixture:
    root = folder / "clotho_aqa"
    train = ["file_name,QuestionText,answer,confidence"]
    for question, answers in {
        "Is it raining?": ("yes", "Yes", "no"),
        '"What&#39;s near, or far?"': ("rain",) * 3,
    }.items():
        train += [f"rain on roof.wav,{question},{answer},{sure}" for answer, sure in zip(answers, SURE, strict=True)]
    train += [
        "souffle_me_tallique.wav,Is it metal?,yes,yes",
        "caf\udce9 &#39;noir&#39;.wav,Who speaks?,nobody,maybe",
        "rain on roof.wav,How many drops?,42,yes",
        "gone.wav,Is it gone?,yes,yes",
        "../out.wav,Is it out?,yes,yes",
        "silent.wav,Is it silent?,,yes",
        "short.wav,Is it short?",
        "",
    ]
    write(root / "clotho_aqa_train.csv", "\r\n".join(train))
    write(root / "clotho_aqa_test.csv", f"{train[0]}\nbell 18.44.wav,Does it ring?,yes,yes\n")
    by, link = "http://creativecommons.org/licenses/by", "https://freesound.org/people/ada/sounds"
    metadata = [
        ",file_name,keywords,sound_link,start_end_samples,manufacturer,license",
        f'0,rain on roof.wav,rain;roof,{link}/77/,"[0, 882000]",ada,{by}/3.0/',
        f"1,bell 18_44.wav,bell,{link}/78,NA,ada,{by}-nc/3.0/",
        "2,caf\udce9 &#39;noir&#39;.wav,,NA,NA,Ren\udce9,http://creativecommons.org/publicdomain/zero/1.0/",
        "",
    ]
    write(root / "clotho_aqa_metadata.csv", "\n".join(metadata))
    for name in ("rain on roof", "souffle_me.tallique", "café &#39;noir&#39;", "silent", "bell 18.44", "unasked"):
        tone(root / f"audio_files/{name}.wav", 44_100)
    return Fixture(
        root,
        {"train": ["rain on roof", "souffle_me.tallique", "café &#39;noir&#39;"], "test": ["bell 18.44"]},
        {
            "train": {
                ("gone", "audio_missing"),
                ("../out", "unsafe_path"),
                ("silent", "no_transcript"),
                ("clotho_aqa_train.csv:14", "too_few_columns"),
            }
        },
    )
