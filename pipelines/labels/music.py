"""Instruments, genres and moods of music, in readable words.

The same instrument, genre or mood has the same words whatever corpus it comes from. Where one release is finer than
another (`distorted electric guitar`, `electric guitar`) both keep what they say.
"""

from __future__ import annotations

# Codes and other spellings, in small letters -> readable words.
_INSTRUMENTS: dict[str, str] = {
    # Codes of IRMAS.
    "cel": "cello", "cla": "clarinet", "flu": "flute", "gac": "acoustic guitar", "gel": "electric guitar",
    "org": "organ", "pia": "piano", "sax": "saxophone", "tru": "trumpet", "vio": "violin", "voi": "voice",
    # Tags of Jamendo, which are run together.
    "acousticbassguitar": "acoustic bass guitar", "acousticguitar": "acoustic guitar",
    "classicalguitar": "classical guitar", "doublebass": "double bass", "drummachine": "drum machine",
    "electricguitar": "electric guitar", "electricpiano": "electric piano", "pipeorgan": "pipe organ",
    "rhodes": "rhodes piano",
    # Families of NSynth, names of General MIDI and of orchestras.
    "string": "strings", "string section": "strings", "contrabass": "double bass", "french horn": "horn",
    "mallet percussion": "mallet", "synth": "synthesizer",
    # Singular, plural and slips of the pen of MagnaTagATune's players.
    "bell": "bells", "bongo": "bongos", "drum": "drums", "fiddle": "violin", "flutes": "flute", "guitars": "guitar",
    "harpsicord": "harpsichord", "horns": "horn", "piano solo": "piano", "violins": "violin", "woodwind": "woodwinds",
    # Voices.
    "choral": "choir", "chorus": "choir",
    "vocal": "voice", "vocals": "voice", "voices": "voice", "singer": "voice", "singing": "voice",
    "singing voice": "voice",
    "female": "female voice", "female opera": "female voice", "female singer": "female voice",
    "female singing": "female voice", "female vocal": "female voice", "female vocals": "female voice",
    "girl": "female voice", "woman": "female voice", "woman singing": "female voice", "women": "female voice",
    "male": "male voice", "male opera": "male voice", "male singer": "male voice", "male vocal": "male voice",
    "male vocals": "male voice", "man": "male voice", "man singing": "male voice", "men": "male voice",
}  # fmt: skip
_GENRES: dict[str, str] = {
    "hiphop": "hip hop", "hip-hop": "hip hop", "hip-hop beats": "hip hop beats", "triphop": "trip hop",
    "trip-hop": "trip hop",
    # Tags of Jamendo.
    "acidjazz": "acid jazz", "alternativerock": "alternative rock", "bluesrock": "blues rock",
    "bossanova": "bossa nova", "chillout": "chill-out", "classicrock": "classic rock", "darkambient": "dark ambient",
    "deephouse": "deep house",
    "drumnbass": "drum and bass", "drum & bass": "drum and bass", "easylistening": "easy listening",
    "hardrock": "hard rock", "instrumentalpop": "instrumental pop", "instrumentalrock": "instrumental rock",
    "jazzfusion": "jazz fusion", "newage": "new age", "newwave": "new wave", "popfolk": "pop folk",
    "poprock": "pop rock", "postrock": "post-rock", "punkrock": "punk rock", "rnb": "r&b",
    "rocknroll": "rock and roll", "singersongwriter": "singer-songwriter", "synthpop": "synth pop",
    "worldfusion": "world fusion",
    # Names of the Free Music Archive.
    "be-bop": "bebop", "big band/swing": "big band", "black-metal": "black metal", "breakcore - hard": "breakcore",
    "country & western": "country and western", "death-metal": "death metal", "freak-folk": "freak folk",
    "free-folk": "free folk", "free-jazz": "free jazz", "indie-rock": "indie rock", "jazz: out": "free jazz",
    "jazz: vocal": "vocal jazz", "latin america": "latin", "loud-rock": "loud rock", "middle east": "middle eastern",
    "noise-rock": "noise rock", "old-time / historic": "old-time", "power-pop": "power pop",
    "psych-folk": "psychedelic folk", "psych-rock": "psychedelic rock", "reggae - dancehall": "dancehall",
    "reggae - dub": "dub", "romany (gypsy)": "romany", "soul-rnb": "soul and r&b", "space-rock": "space rock",
    # Spellings and looser words of MagnaTagATune's players.
    "clasical": "classical", "classic": "classical", "electro": "electronic", "funky": "funk", "india": "indian",
    "jazzy": "jazz", "operatic": "opera",
}  # fmt: skip
_MOODS: dict[str, str] = {
    "high valence": "positive", "low valence": "negative", "high arousal": "energetic", "low arousal": "calm",
}  # fmt: skip


def instrument(raw: str) -> str:
    """An instrument."""
    return _INSTRUMENTS.get(raw.lower(), raw.lower())


def genre(raw: str) -> str:
    """A genre."""
    return _GENRES.get(raw.lower(), raw.lower())


def mood(raw: str) -> str:
    """A mood or emotion of music."""
    return _MOODS.get(raw.lower(), raw.lower())


def quadrant(valence: float, arousal: float, middle: float) -> tuple[str, ...]:
    """Where a mean rating lies in the plane of valence and arousal whose scales have their middle at `middle`.

    One label for each axis (`high valence`, `low arousal`), because a mean near one axis still tells the other; a
    mean exactly in the middle tells nothing of its axis, and one in the middle of both is `neutral`.
    """
    axes = (("valence", valence), ("arousal", arousal))
    sides = tuple(f"{'high' if value > middle else 'low'} {axis}" for axis, value in axes if value != middle)
    return sides or ("neutral",)
