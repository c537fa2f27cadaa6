"""The demo's notes and everyday sounds, in the native layouts of NSynth and ESC-50.

The clips are shorter than the real corpora's 4 s and 5 s, so that a small computer learns from them in minutes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.demo.clips import to_int16, write_wav
from pipelines.demo.sounds import EVENTS, INSTRUMENTS, Instrument, event, note
from pipelines.demo.speech import SAMPLE_RATE
from pipelines.demo.speech_corpora import generator

NOTE_SECONDS, EVENT_SECONDS = 1.0, 1.5
NSYNTH_SPLITS = ("train", "valid", "test")
NUMBERS = {"train": (0, 1, 2), "valid": (3,), "test": (4,)}  # instruments of each family: none is in two splits
PITCHES = {"train": range(48, 72), "valid": range(48, 72, 6), "test": range(48, 72, 2)}
VELOCITIES = (25, 50, 75, 100, 127)  # those of the real corpus
QUALITIES = (
    *("bright", "dark", "distortion", "fast_decay", "long_release"),
    *("multiphonic", "nonlinear_env", "percussive", "reverb", "tempo-synced"),
)
FAMILIES = (
    *("bass", "brass", "flute", "guitar", "keyboard", "mallet", "organ", "reed", "string", "synth_lead", "vocal"),
)
SOURCES = ("acoustic", "electronic", "synthetic")
FOLDS, EVENT_TAKES = 5, 6
ESC50_RATE = 44_100  # Hz


def nsynth_job(folder: Path, number: int) -> float:
    """Write one split: notes and examples.json. Returns the seconds of audio."""
    split = NSYNTH_SPLITS[number]
    rng = generator("nsynth", split)
    audio = folder / f"nsynth-{split}" / "audio"
    audio.mkdir(parents=True)
    examples: dict[str, dict[str, Any]] = {}
    for instrument in INSTRUMENTS:
        for instrument_number in NUMBERS[split]:
            timbre = _varied(instrument, instrument_number)
            for pitch in PITCHES[split]:
                velocity = int(rng.choice(VELOCITIES))
                example = _example(timbre, instrument_number, pitch, velocity, len(examples))
                examples[example["note_str"]] = example
                wave = note(timbre, pitch, velocity, NOTE_SECONDS, SAMPLE_RATE, rng)
                write_wav(audio / f"{example['note_str']}.wav", to_int16(wave))
    text = json.dumps(examples, indent=1, sort_keys=True)
    (audio.parent / "examples.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    return NOTE_SECONDS * len(examples)


def _varied(instrument: Instrument, number: int) -> Instrument:
    """One instrument of a family: its harmonics differ a little from its sisters'."""
    rng = generator("instrument", instrument.family, number)
    harmonics = tuple(float(strength * rng.uniform(0.7, 1.3)) for strength in instrument.harmonics)
    return Instrument(
        instrument.family, instrument.source, harmonics, instrument.attack, instrument.decay, instrument.qualities
    )


def _example(instrument: Instrument, number: int, pitch: int, velocity: int, count: int) -> dict[str, Any]:
    """An entry of examples.json."""
    name = f"{instrument.family}_{instrument.source}_{number:03}"
    return {
        "note": count,
        "note_str": f"{name}-{pitch:03}-{velocity:03}",
        "instrument": number,
        "instrument_str": name,
        "pitch": pitch,
        "velocity": velocity,
        "sample_rate": SAMPLE_RATE,
        "qualities": [int(quality in instrument.qualities) for quality in QUALITIES],
        "qualities_str": list(instrument.qualities),
        "instrument_family": FAMILIES.index(instrument.family),
        "instrument_family_str": instrument.family,
        "instrument_source": SOURCES.index(instrument.source),
        "instrument_source_str": instrument.source,
    }


def nsynth_tables(folder: Path) -> None:
    """NSynth's tables are inside its splits."""


def esc50_job(folder: Path, number: int) -> float:
    """Write one fold of clips. Returns the seconds of audio."""
    rng = generator("esc50", number + 1)
    audio = folder / "audio"
    audio.mkdir(exist_ok=True)
    paths = [path for path in _esc50_paths() if path.startswith(f"{number + 1}-")]
    names = {target: name for name, (target, _) in EVENTS.items()}
    for path in paths:
        wave = event(names[int(Path(path).stem.rpartition("-")[2])], EVENT_SECONDS, ESC50_RATE, rng)
        write_wav(audio / path, to_int16(np.asarray(wave)), ESC50_RATE)
    return EVENT_SECONDS * len(paths)


def esc50_tables(folder: Path) -> None:
    """Write meta/esc50.csv."""
    (folder / "meta").mkdir(exist_ok=True)
    names = {target: name for name, (target, _) in EVENTS.items()}
    rows = ["filename,fold,target,category,esc10,src_file,take"]
    for path in _esc50_paths():
        fold, source, take, target = Path(path).stem.split("-")
        rows.append(f"{path},{fold},{target},{names[int(target)]},False,{source},{take}")
    (folder / "meta" / "esc50.csv").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8", newline="\n")


def _esc50_paths() -> list[str]:
    """The file names, {fold}-{source}-{take}-{target}.wav, in the order of the table."""
    targets = sorted(target for target, _ in EVENTS.values())
    return [
        f"{fold}-{100_000 + 1000 * fold + 10 * count}-A-{target}.wav"
        for fold in range(1, FOLDS + 1)
        for target in targets
        for count in range(target * EVENT_TAKES, (target + 1) * EVENT_TAKES)
    ]
