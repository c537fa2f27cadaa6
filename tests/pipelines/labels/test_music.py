"""The same instrument, genre and mood in the same words, whichever corpus names it."""

from __future__ import annotations

import pytest

from pipelines.labels.music import quadrant
from pipelines.labels.names import label_text
from pipelines.sources import irmas, magnatagatune, medley_solos_db, musicnet, nsynth


@pytest.mark.parametrize(
    ("kind", "spellings", "words"),
    [
        ("mic", ("gel", "electricguitar", "electric guitar"), "electric guitar"),
        ("mic", ("vio", "violin", "violins", "fiddle"), "violin"),
        ("mic", ("voi", "voice", "vocal", "vocals", "singing"), "voice"),
        ("mic", ("female singer", "female vocals", "woman singing"), "female voice"),
        ("mic", ("doublebass", "contrabass", "double bass"), "double bass"),
        ("mic", ("string", "strings"), "strings"),
        ("mic", ("synth", "synthesizer"), "synthesizer"),
        ("mgr", ("hiphop", "Hip-Hop", "hip hop"), "hip hop"),
        ("mgr", ("drumnbass", "Drum & Bass"), "drum and bass"),
        ("mgr", ("clasical", "classic", "Classical"), "classical"),
        ("mgr", ("postrock", "Post-Rock"), "post-rock"),
        ("mgr", ("chillout", "Chill-out"), "chill-out"),
        ("smer", ("high valence", "positive"), "positive"),
        ("smer", ("low arousal", "calm"), "calm"),
    ],
)
def test_one_thing_one_name(kind: str, spellings: tuple[str, ...], words: str) -> None:
    assert {label_text(kind, spelling) for spelling in spellings} == {words}


@pytest.mark.parametrize(
    "names",
    [
        irmas.INSTRUMENTS, magnatagatune.INSTRUMENTS, medley_solos_db.INSTRUMENTS, musicnet.INSTRUMENTS.values(),
        nsynth.FAMILIES,
    ],
)  # fmt: skip
def test_names_of_instruments_are_words_and_stay_what_they_are(names: tuple[str, ...]) -> None:
    for name in names:
        text = label_text("mic", name)
        assert len(text) > 3 and text == text.lower() == label_text("mic", text)


@pytest.mark.parametrize("genre", magnatagatune.GENRES)
def test_names_of_genres_stay_what_they_are(genre: str) -> None:
    assert label_text("mgr", label_text("mgr", genre)) == label_text("mgr", genre)


@pytest.mark.parametrize(
    ("valence", "arousal", "labels"),
    [
        (5.1, 8.0, ("high valence", "high arousal")), (4.9, 5.1, ("low valence", "high arousal")),
        (5.0, 1.0, ("low arousal",)), (9.0, 5.0, ("high valence",)), (5.0, 5.0, ("neutral",)),
    ],
)  # fmt: skip
def test_quadrants(valence: float, arousal: float, labels: tuple[str, ...]) -> None:
    assert quadrant(valence, arousal, 5.0) == labels
