"""One sound has the same words in all corpora; of one branch of AudioSet's ontology the most specific label stays."""

from __future__ import annotations

import pytest

from pipelines.labels.names import label_text
from pipelines.labels.sound_families import FSD50K_PARENTS, most_specific


@pytest.mark.parametrize(
    ("words", "spellings"),
    [
        ("gunshot", ("Gunshot, gunfire", "Gunshot_and_gunfire", "gun_shot")),
        ("car horn", ("Vehicle horn, car horn, honking", "Vehicle_horn_and_car_horn_and_honking", "car_horn")),
        ("dog bark", ("Bark", "dog_bark")),
        ("dishes", ("Dishes, pots, and pans", "Dishes_and_pots_and_pans", "Dishes")),
        ("frying", ("Frying (food)", "Frying_(food)", "Frying")),
        ("waves", ("Waves, surf", "Waves_and_surf", "sea_waves")),
        ("airplane", ("Fixed-wing aircraft, airplane", "Fixed-wing_aircraft_and_airplane", "airplane")),
        ("boat", ("Boat, Water vehicle", "Boat_and_Water_vehicle")),
        ("engine idling", ("Idling", "engine_idling")),
        ("drum and bass", ("Drum and bass",)),  # one name, not two
        ("electric shaver or toothbrush", ("Electric_shaver_toothbrush",)),
    ],
)
def test_a_sound_has_one_name(words: str, spellings: tuple[str, ...]) -> None:
    assert {label_text("sec", spelling) for spelling in spellings} == {words}


def test_scenes_are_words() -> None:
    raw = ("CrowdedIndoor", "SubwayStation", "Bus", "cafe/restaurant", "city_center")
    expected = ["crowded indoor", "subway station", "bus", "cafe or restaurant", "city center"]
    assert [label_text("asc", scene) for scene in raw] == expected


def test_the_most_specific_label_of_a_branch_stays() -> None:
    guitar = ("electric_guitar", "bass_guitar", "guitar", "plucked_string_instrument", "musical_instrument", "music")
    assert most_specific(guitar, FSD50K_PARENTS) == ("electric_guitar", "bass_guitar")
    assert most_specific(("hiss", "cat", "animal"), FSD50K_PARENTS) == ("hiss", "cat")
    assert most_specific(("a", "b"), {"a": "b", "b": "a"}) == ("a", "b")  # a ring in hostile metadata
