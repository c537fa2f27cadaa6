"""Sound events, vocal sounds and scenes, in readable words: one sound has the same words in all corpora.

AudioSet's ontology names many classes by several words ("Gunshot, gunfire"), which FSD50K spells "Gunshot_and_gunfire"
and UrbanSound8K "gun_shot": all of them become "gunshot". The release's own spelling stays in the sample.
"""

from __future__ import annotations

import re

# AudioSet's names that list several words for one sound. The first word stands for the class, unless _SOUNDS has a
# better one. The same list with "and" is FSD50K's spelling.
_LISTS = (
    "accelerating, revving, vroom", "air horn, truck horn", "baby cry, infant cry", "bee, wasp, etc.", "beep, bleep",
    "bird flight, flapping wings", "bird vocalization, bird call, bird song", "boat, water vehicle",
    "burping, eructation", "burst, pop", "canidae, dogs, wolves", "cattle, bovinae", "cellphone buzz, vibrating alert",
    "chewing, mastication", "chicken, rooster", "child speech, kid speaking", "chink, clink", "chirp, tweet",
    "chuckle, chortle", "crowing, cock-a-doodle-doo", "crumpling, crinkling", "crying, sobbing",
    "cutlery, silverware", "dental drill, dentist's drill", "dishes, pots, and pans", "domestic animals, pets",
    "domestic sounds, home sounds", "donkey, ass", "electric shaver, electric razor", "female speech, woman speaking",
    "fire engine, fire truck (siren)", "fixed-wing aircraft, airplane", "fly, housefly", "gull, seagull",
    "gunshot, gunfire", "heart sounds, heartbeat", "hubbub, speech noise, speech babble",
    "ice cream truck, ice cream van", "inside, large room or hall", "inside, public space", "inside, small room",
    "jingle, tinkle", "livestock, farm animals, working animals", "male speech, man speaking", "marimba, xylophone",
    "motorboat, speedboat", "narration, monologue", "neigh, whinny", "outside, rural or natural",
    "outside, urban or manmade", "packing tape, duct tape", "pigeon, dove", "power windows, electric windows",
    "propeller, airscrew", "race car, auto racing", "railroad car, train wagon", "ratchet, pawl",
    "rodents, rats, mice", "rowboat, canoe, kayak", "sailboat, sailing ship", "slap, smack", "smash, crash",
    "smoke detector, smoke alarm", "splash, splatter", "steel guitar, slide guitar", "subway, metro, underground",
    "telephone dialing, dtmf", "thump, thud", "tinnitus, ringing in the ears", "traffic noise, roadway noise",
    "trickle, dribble", "vehicle horn, car horn, honking", "velcro, hook and loop fastener", "violin, fiddle",
    "wail, moan", "walk, footsteps", "water tap, faucet", "waves, surf", "whack, thwack", "whoosh, swoosh, swish",
    "wind instrument, woodwind instrument",
)  # fmt: skip

# In small letters, with spaces: spelling of a release -> what the model is to write.
_SOUNDS: dict[str, str] = {
    # AudioSet: where the first of several words is not the best one, or the name means little by itself
    "bee, wasp, etc.": "bee or wasp",
    "canidae, dogs, wolves": "dogs or wolves",
    "fire engine, fire truck (siren)": "fire engine siren",
    "fixed-wing aircraft, airplane": "airplane",
    "inside, large room or hall": "inside a large room or hall",
    "inside, public space": "inside a public space",
    "inside, small room": "inside a small room",
    "marimba, xylophone": "marimba or xylophone",
    "outside, rural or natural": "outside in nature",
    "outside, urban or manmade": "outside in a city",
    "rowboat, canoe, kayak": "rowboat, canoe or kayak",
    "vehicle horn, car horn, honking": "car horn",
    "walk, footsteps": "footsteps",
    "ambulance (siren)": "ambulance siren",
    "bark": "dog bark",
    "chopping (food)": "chopping food",
    "coin (dropping)": "coin dropping",
    "frying (food)": "frying",
    "idling": "engine idling",
    "keyboard (musical)": "musical keyboard",
    "motor vehicle (road)": "motor vehicle",
    "police car (siren)": "police car siren",
    "roaring cats (lions, tigers)": "roaring lions or tigers",
    "snort (horse)": "horse snort",
    "whimper (dog)": "dog whimper",
    "zipper (clothing)": "zipper",
    # ESC-50
    "church bells": "church bell",
    "clock alarm": "alarm clock",
    "coughing": "cough",
    "crickets": "cricket",
    "crying baby": "baby cry",
    "door wood creaks": "door creak",
    "door wood knock": "door knock",
    "drinking sipping": "drinking or sipping",
    "insects": "insect",
    "laughing": "laughter",
    "sea waves": "waves",
    "sneezing": "sneeze",
    # UrbanSound8K
    "air conditioner": "air conditioning",
    "gun shot": "gunshot",
    # DESED
    "electric shaver toothbrush": "electric shaver or toothbrush",
    # VocalSound
    "throatclearing": "throat clearing",
    # MACS
    "children voices": "children's voices",
    "dogs barking": "dog bark",
}
_SOUNDS |= {name: name.split(", ")[0] for name in _LISTS if name not in _SOUNDS}
_SOUNDS |= {re.sub(", (?:and )?", " and ", name): _SOUNDS[name] for name in _LISTS}

# TUT's metro stations stay apart from CochlScene's subway stations: both are scored by their own words.
_SCENES: dict[str, str] = {"cafe/restaurant": "cafe or restaurant"}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def sound(raw: str) -> str:
    """A sound event or vocal sound."""
    return _SOUNDS.get(raw.lower(), raw.lower())


def scene(raw: str) -> str:
    """An acoustic scene; words that are run together (`CrowdedIndoor`) are taken apart."""
    text = _CAMEL.sub(" ", raw).lower()
    return _SCENES.get(text, text)
