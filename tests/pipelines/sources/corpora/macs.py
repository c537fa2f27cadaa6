"""A tiny macs in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

ENTRIES = """
files:
- filename: airport-barcelona-0-0-a.wav
  annotations:
  - annotator_id: 5
    sentence: 'footsteps, and somebody says: hello'
    tags:
    - footsteps
    - adults_talking
  - annotator_id: 7
    sentence: no
    tags: [footsteps]
- filename: public_square-paris-1-1-a.wav
  annotations:
  - {annotator_id: 5, sentence: "a caf\\xE9 at noon"}
- filename: park-vienna-2-2-a.wav
  annotations:
  - {annotator_id: 5, sentence: gone, tags: []}
- filename: ../park-vienna-2-3-a.wav
  annotations:
  - {annotator_id: 5, sentence: out}
- filename: moon-vienna-2-4-a.wav
  annotations:
  - {annotator_id: 5, sentence: nothing}
- filename: park-vienna-2-5-a.wav
  annotations:
  - {annotator_id: 5, sentence: ' '}
- {annotations: none}
"""


def corpus(folder: Path, place: str = "macs/audio", outside: bool = False) -> Fixture:
    root = folder / "macs"
    write(root / "MACS.yaml", ENTRIES.lstrip())
    write(root / "MACS_competence.csv", "5\t0.9\n7\t0.1\n")
    for clip in ("airport-barcelona-0-0-a", "public_square-paris-1-1-a", "moon-vienna-2-4-a", "park-vienna-2-5-a"):
        tone(folder / f"{place}/{clip}.wav", 48_000, subtype="PCM_24")
    tone(folder / f"{place}/tram-paris-9-9-a.wav", 48_000, subtype="PCM_24")
    return Fixture(
        root,
        {"all": ["airport-barcelona-0-0-a", "public_square-paris-1-1-a"]},
        {
            "all": {
                ("park-vienna-2-2-a", "audio_missing"),
                ("../park-vienna-2-3-a", "unsafe_path"),
                ("moon-vienna-2-4-a", "unknown_label"),
                ("park-vienna-2-5-a", "no_transcript"),
                ("MACS.yaml:7", "bad_row"),
            }
        },
        roots={"tau": (folder / place).parent} if outside else {},
    )
