"""A tiny iemocap in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "IEMOCAP_full_release"
    dialogue = "Ses01F_impro09"

    def turn(name: str, emotion: str) -> str:
        rated = f"[6.2901 - 8.2357]\t{name}\t{emotion}\t[2.5000, 2.5000, 3.0000]"
        return f"{rated}\r\nC-E2:\tNeutral;\t()\r\nA-E3:\tval 3; act 2; dom  2;\t()\r\n\r\n"

    evaluation = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\r\n\r\n" + "".join(
        [
            turn(f"{dialogue}_F000", "exc"),
            turn(f"{dialogue}_M000", "xxx"),
            turn(f"{dialogue}_F001", "oth"),
            turn(f"{dialogue}_F002", "boredom"),
            turn(f"{dialogue}_M001", "sad"),
            turn("../../M002", "sad"),
            "[6.2901 - 8.2357] torn\r\n",
        ]
    )
    write(root / f"Session1/dialog/EmoEvaluation/{dialogue}.txt", evaluation)
    write(root / f"Session1/dialog/EmoEvaluation/._{dialogue}.txt", "\0litter")
    write(root / f"Session1/dialog/EmoEvaluation/Categorical/{dialogue}_e1_cat.txt", f"{dialogue}_F000 :Neutral; ()\n")
    said = [
        f"{dialogue}_F000 [006.2901-008.2357]: [LAUGHTER] Oh, do come in.",
        f"{dialogue}_FXX0 [009.0000-009.1000]: Hm.",
        "M: [breathing]",
        f"{dialogue}_M000 [010.0100-012.3300]: Caf\udce9.",
        f"{dialogue}_M000 [010.0100-012.3300]: Thank you.",
        "",
    ]
    write(root / f"Session1/dialog/transcriptions/{dialogue}.txt", "\n".join(said))
    wavs = root / f"Session1/sentences/wav/{dialogue}"
    for name in ("F000", "M000", "F001", "F002", "M009"):
        tone(wavs / f"{dialogue}_{name}.wav")
    write(wavs / f"._{dialogue}_F000.wav", "litter")
    write(root / "Session5/dialog/EmoEvaluation/Ses05M_script01_1.txt", turn("Ses05M_script01_1_M000", "hap"))
    tone(root / "Session5/sentences/wav/Ses05M_script01_1/Ses05M_script01_1_M000.wav")
    table = f"Session1/dialog/EmoEvaluation/{dialogue}.txt"
    return Fixture(
        root,
        {
            "Session1": [f"{dialogue}_F000", f"{dialogue}_M000", f"{dialogue}_F001"],
            "Session5": ["Ses05M_script01_1_M000"],
        },
        {
            "Session1": {
                (f"{dialogue}_F002", "unknown_label"),
                (f"{dialogue}_M001", "audio_missing"),
                ("../../M002", "unsafe_path"),
                (f"{table}:27", "bad_row"),
                (f"{dialogue}_M009", "no_transcript"),
            }
        },
    )
