"""A tiny ravdess in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "ravdess"
    speech, song = root / "Audio_Speech_Actors_01-24", root / "Audio_Song_Actors_01-24"
    for place in (speech, root / "audio_speech_actors_01-24"):  # the copy that holds everything twice
        tone(place / "Actor_01/03-01-06-02-02-01-01.wav", 48_000)
        tone(place / "Actor_02/03-01-02-01-01-01-02.wav", 48_000)
    tone(speech / "Actor_02/03-01-09-01-01-01-02.wav", 48_000)
    tone(speech / "Actor_02/01-01-02-01-01-01-02.wav", 48_000)
    tone(speech / "Actor_02/outtake.wav", 48_000)
    write(speech / "Actor_02/._03-01-02-01-01-01-02.wav", "litter")
    tone(song / "Actor_02/03-02-03-01-01-02-02.wav", 48_000)
    return Fixture(
        root,
        {"speech": ["03-01-06-02-02-01-01", "03-01-02-01-01-01-02"], "song": ["03-02-03-01-01-02-02"]},
        {"speech": {("03-01-09-01-01-01-02", "unknown_label"), ("outtake", "no_transcript")}},
    )
