"""Which sounds are kinds of which: of the labels of one branch the most specific one says all.

FSD50K's labels are propagated to their ancestors in AudioSet's ontology ("Electric_guitar,Guitar,…,Music"), but it
ships no tree. The table holds its 200 classes with their nearest ancestor among them; classes that AudioSet puts under
several (a hiss is of a cat, a snake or steam) have none here, because FSD50K does not propagate them and each of the
labels adds something.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

# In small letters: class -> its kinds.
_FSD50K = {
    "aircraft": "fixed-wing_aircraft_and_airplane",
    "alarm": "siren telephone",
    "animal": "domestic_animals_and_pets livestock_and_farm_animals_and_working_animals wild_animals",
    "bell": "chime church_bell",
    "bird": "bird_vocalization_and_bird_call_and_bird_song crow gull_and_seagull",
    "bird_vocalization_and_bird_call_and_bird_song": "chirp_and_tweet",
    "brass_instrument": "trumpet",
    "breathing": "gasp",
    "car": "car_passing_by race_car_and_auto_racing",
    "cat": "meow purr",
    "chime": "wind_chime",
    "clock": "tick tick-tock",
    "cymbal": "crash_cymbal hi-hat",
    "dog": "bark",
    "domestic_animals_and_pets": "cat dog",
    "domestic_sounds_and_home_sounds": (
        "bathtub_(filling_or_washing) coin_(dropping) cupboard_open_or_close cutlery_and_silverware "
        "dishes_and_pots_and_pans door drawer_open_or_close frying_(food) keys_jangling microwave_oven "
        "packing_tape_and_duct_tape scissors sink_(filling_or_washing) toilet_flush typing water_tap_and_faucet "
        "writing zipper_(clothing)"
    ),
    "door": "knock slam sliding_door squeak tap",
    "drum": "bass_drum snare_drum tabla",
    "engine": "accelerating_and_revving_and_vroom engine_starting idling",
    "explosion": "boom fireworks gunshot_and_gunfire",
    "fire": "crackle",
    "fowl": "chicken_and_rooster",
    "glass": "chink_and_clink shatter",
    "guitar": "acoustic_guitar bass_guitar electric_guitar strum",
    "hands": "finger_snapping",
    "human_group_actions": "applause chatter cheering crowd",
    "human_voice": "crying_and_sobbing laughter screaming shout sigh singing speech whispering",
    "insect": "buzz cricket",
    "keyboard_(musical)": "organ piano",
    "laughter": "chuckle_and_chortle giggle",
    "liquid": "boiling drip fill_(with_liquid) pour splash_and_splatter",
    "livestock_and_farm_animals_and_working_animals": "fowl",
    "mallet_percussion": "glockenspiel marimba_and_xylophone",
    "mechanisms": "camera clock mechanical_fan printer ratchet_and_pawl",
    "motor_vehicle_(road)": "bus car motorcycle traffic_noise_and_roadway_noise truck",
    "music": "musical_instrument",
    "musical_instrument": (
        "accordion bell bowed_string_instrument brass_instrument harmonica harp keyboard_(musical) percussion "
        "plucked_string_instrument scratching_(performance_technique) wind_instrument_and_woodwind_instrument"
    ),
    "ocean": "waves_and_surf",
    "percussion": "cymbal drum drum_kit gong mallet_percussion rattle_(instrument) tambourine",
    "plucked_string_instrument": "guitar",
    "pour": "trickle_and_dribble",
    "power_tool": "drill",
    "rail_transport": "subway_and_metro_and_underground train",
    "rain": "raindrop",
    "respiratory_sounds": "breathing cough sneeze",
    "shout": "yell",
    "singing": "female_singing male_singing",
    "speech": (
        "child_speech_and_kid_speaking conversation female_speech_and_woman_speaking male_speech_and_man_speaking "
        "speech_synthesizer"
    ),
    "telephone": "ringtone",
    "thunderstorm": "thunder",
    "tools": "hammer power_tool sawing",
    "typing": "computer_keyboard typewriter",
    "vehicle": "aircraft bicycle boat_and_water_vehicle motor_vehicle_(road) rail_transport skateboard",
    "water": "gurgling ocean rain stream",
    "wild_animals": "bird frog insect rattle",
    "wood": "crack",
}
FSD50K_PARENTS: Mapping[str, str] = {kind: parent for parent, kinds in _FSD50K.items() for kind in kinds.split()}


def most_specific(labels: Sequence[str], parents: Mapping[str, str]) -> tuple[str, ...]:
    """The labels that are an ancestor of no other one, in their order; `parents` has the nearest ancestor of each."""
    above = {ancestor for label in labels for ancestor in _ancestors(label, parents)}
    return tuple(label for label in labels if label not in above) or tuple(labels)


def _ancestors(label: str, parents: Mapping[str, str]) -> Iterable[str]:
    seen = {label}
    while (label := parents.get(label, label)) not in seen:
        seen.add(label)
        yield label
