"""A tiny nsynth in its native layout, with the faults of its kind."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "nsynth"

    def note(name: str, **changes: object) -> dict[str, object]:
        family, pitch, velocity = name.rsplit("_", 2)[0], *map(int, name.rsplit("-", 2)[1:])
        facts = {
            "note_str": name, "pitch": pitch, "velocity": velocity, "sample_rate": 16_000, "qualities": [0] * 10,
            "qualities_str": ["percussive", "dark"], "instrument_str": name.rsplit("-", 2)[0],
            "instrument_family_str": family, "instrument_source_str": "electronic",
        }  # fmt: skip
        return facts | changes

    valid = {
        name: note(name)
        for name in (
            "organ_electronic_900-060-100",
            "synth_lead_electronic_000-127-025",
            "flute_electronic_001-020-025",
        )
    }
    valid["bass_electronic_000-200-025"] = note("bass_electronic_000-200-025")
    valid["reed_electronic_000-020-025"] = note("reed_electronic_000-020-025", instrument_family_str="kazoo")
    valid["string_electronic_000-020-025"] = {"pitch": 20}
    write(root / "nsynth-valid/examples.json", json.dumps(valid, indent=2))
    for name in [*valid, "vocal_acoustic_000-030-050"]:
        if not name.startswith("flute"):
            tone(root / f"nsynth-valid/audio/{name}.wav")
    return Fixture(
        root,
        {"valid": ["organ_electronic_900-060-100", "synth_lead_electronic_000-127-025"]},
        {
            "valid": {
                ("flute_electronic_001-020-025", "audio_missing"),
                ("bass_electronic_000-200-025", "bad_row"),
                ("reed_electronic_000-020-025", "unknown_label"),
                ("string_electronic_000-020-025", "too_few_columns"),
                ("vocal_acoustic_000-030-050", "no_transcript"),
            }
        },
    )
