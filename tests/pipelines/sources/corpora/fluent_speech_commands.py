"""A tiny fluent_speech_commands in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

PEOPLE = (
    "speakerId,Self-reported fluency level ,First Language spoken,Current language used for work/school,gender,ageRange"
)


def corpus(folder: Path) -> Fixture:
    root = folder / "fluent_speech_commands_dataset"
    wavs = "wavs/speakers"
    train = [
        ",path,speakerId,transcription,action,object,location",
        f'0,{wavs}/ab12/0a-1.wav,ab12,"Lamps on, in the kitchen.",activate,lamp,kitchen',
        f"1,{wavs}/ab12/0a-2.wav,ab12,Change the language,change language,none,none",
        f"2,{wavs}/cd34/0b-1.wav,cd34,Louder,increase,volume,none",
        f"3,{wavs}/cd34/0b-2.wav,cd34,Gone,increase,volume,none",
        f"4,{wavs}/cd34/0b-3.wav,cd34,Unknown,increase,,none",
        f"5,{wavs}/cd34/0b-4.wav,cd34,,increase,volume,none",
        f"6,{wavs}/cd34/0b-5.wav,cd34",
        "7,../../0b-6.wav,cd34,Out,increase,volume,none",
        f"8,{wavs}/nobody/0b-7.wav,nobody,Nobody,increase,volume,none",
        "",
    ]
    write(root / "data/train_data.csv", "\r\n".join(train))
    write(root / "data/test_data.csv", f"{train[0]}\n0,{wavs}/ef56/0c-1.wav,ef56,Stop.,deactivate,music,none\n")
    people = [PEOPLE, "ab12,native,English (Canada),English (Canada),female,22-40",
              'cd34,intermediate,"French (Canada), too",English (Canada),male,65+', ""]  # fmt: skip
    write(root / "data/speaker_demographics.csv", "\n".join(people))
    for name in (
        "ab12/0a-1",
        "ab12/0a-2",
        "ab12/0a-9",
        "cd34/0b-1",
        "cd34/0b-3",
        "cd34/0b-4",
        "cd34/0b-5",
        "ef56/0c-1",
    ):
        tone(root / f"{wavs}/{name}.wav")
    write(root / f"{wavs}/ab12/._0a-1.wav", "litter")
    return Fixture(
        root,
        {"train": ["0a-1", "0a-2", "0b-1"], "test": ["0c-1"]},
        {
            "train": {
                ("0b-2", "audio_missing"),
                ("0b-3", "unknown_label"),
                ("0b-4", "no_transcript"),
                ("0b-5", "too_few_columns"),
                ("../../0b-6.wav", "unsafe_path"),
                ("0b-7", "audio_missing"),
                ("0a-9", "no_transcript"),
            }
        },
    )
