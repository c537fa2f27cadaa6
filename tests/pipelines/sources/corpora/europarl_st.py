"""A tiny europarl_st in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, m4a, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "v1.1"
    speech = "es.20080901.22.1-107"
    rows = [
        (f"{speech} 0.00 0.10", "Señora\u2028Presidenta.", "Madam President."),
        (f"{speech} 0.1 0.2", "", "Nothing said."),
        (f"{speech} 0.2 0.3", "Gracias.", ""),
        (f"{speech} 0.4 0.3", "Al revés.", "Reversed."),
        (f"{speech} 0.4", "Corto.", "Short."),
        (f"{speech} 0.4 nan", "Nada.", "Nothing."),
        ("es.20080902.1 0.0 0.1", "Sin audio.", "No audio."),
        ("es.20090101.2-003 0.0 0.1", "Aparte.", "Held out."),
    ]
    table, spanish, english = ("\n".join(column) for column in zip(*rows, strict=True))
    place = root / "es/en/train"
    write(place / "segments.lst", "\ufeff" + table.replace("\n", "\r\n") + "\r\n")
    write(place / "segments.es", spanish)
    write(place / "segments.en", english + "\n")
    write(place / "speeches.lst", f"{speech}\nes.20080902.1\nes.20090101.2-003\n")
    write(place / "speakers.lst", "Some_Body_1234\nEl_Ñandú_99\nx_1\n")
    write(root / "es/en/train-noisy/segments.lst", f"{speech} 0.3 0.4\n")
    write(root / "es/de/train/segments.lst", f"{speech} 0.0 0.1\n{speech} 0.25 0.35\n")
    write(root / "es/de/train/segments.es", "Señora Presidenta.\nMuchas gracias.\n")
    write(root / "es/de/train/segments.de", "Frau Präsidentin!\nDanke \udcff.\n")
    for split, name in {"dev": "es.20090101.2-003", "test": "es.20100101.2"}.items():
        write(root / f"es/de/{split}/segments.lst", f"{name} 0 0.1\n")
        write(root / f"es/de/{split}/segments.es", "Aparte.\n")
        write(root / f"es/de/{split}/segments.de", "Extra.\n")
        m4a(root / f"es/audios/{name}.m4a", 44_100, 0.2)
    m4a(root / f"es/audios/{speech}.m4a", 48_000, 0.5)
    write(root / "it/es/test/segments.lst", "it.20100101.7 0.02 0.08\n")
    write(root / "it/es/test/segments.it", "Grazie.\n")
    write(root / "it/es/test/segments.es", "Gracias.\n")
    tone(root / "it/audios/it.20100101.7.flac")
    table = "es/en/train/segments.lst"
    return Fixture(
        root,
        {
            "train": [f"{speech}_0000000_0000100", f"{speech}_0000250_0000350", f"{speech}_0000200_0000300"],
            "dev": ["es.20090101.2-003_0000000_0000100"],
            "test": ["es.20100101.2_0000000_0000100", "it.20100101.7_0000020_0000080"],
        },
        {
            "train": {
                (f"{speech}_0000250_0000350:de", "wrong_encoding"), (f"{speech}_0000100_0000200", "empty_text"),
                (f"{speech}_0000200_0000300:en", "empty_text"), (f"{speech}_0000400_0000300", "bad_times"),
                (f"{table}:5", "bad_row"), (f"{table}:6", "bad_row"),
                ("es.20080902.1_0000000_0000100", "audio_missing"), ("es.20090101.2-003_0000000_0000100", "held_out"),
            }
        },
    )  # fmt: skip
