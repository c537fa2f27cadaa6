"""A tiny tedlium3 in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, sphere, write


def corpus(folder: Path) -> Fixture:
    root = folder / "TEDLIUM_release-3"
    train, dev = root / "data", root / "legacy/dev"
    lines = [
        "AnnA_2001 1 AnnA_2001 0.00 0.05 <NA> it 's a test(2) {NOISE} of <sil> the 'em lab (AnnA_2001-0.00-0.05)",
        "AnnA_2001 1 AnnA_2001 0.05 0.1 <NA> {SMACK}",
        "AnnA_2001 1 AnnA_2001 0.06 0.02 <NA> backwards",
        "AnnA_2001 1 AnnA_2001 x 0.02 <NA> no number",
        "AnnA_2001 1",
        "AnnA_2001 1 AnnA_2001 0.01 0.02 <NA> caf\udce9",
        "../secret 1 x 0.01 0.02 <NA> outside",
        "Gone_2002 1 Gone_2002 0.01 0.02 <NA> no sound",
        "",
    ]
    write(train / "stm/AnnA_2001.stm", "\n".join(lines))
    sphere(train / "sph/AnnA_2001.sph")
    sphere(train / "sph/Mute_2003.sph")
    write(root / "legacy/train/stm/AnnA_2001.stm", lines[0])
    dev_lines = [
        ';; LABEL "o" "Overall"',
        "BobB_2004 1 BobB 0.00 0.03 <o,f0,unknown> ignore_time_segment_in_scoring",
        "BobB_2004 1 BobB 0.03 0.08 <F0_M> i 'm here\u2028now",
        "BobB_2004 1 BobB 0.08 0.09 no label",
    ]
    write(dev / "stm/BobB_2004.stm", "\r\n".join(dev_lines))
    sphere(dev / "sph/BobB_2004.sph")
    table = "data/stm/AnnA_2001.stm"
    return Fixture(
        root,
        {"train": ["AnnA_2001-0000000-0000005"], "dev": ["BobB_2004-0000003-0000008", "BobB_2004-0000008-0000009"]},
        {
            "train": {
                ("AnnA_2001-0000005-0000010", "no_transcript"),
                (f"{table}:3", "bad_times"),
                (f"{table}:4", "bad_row"),
                (f"{table}:5", "too_few_columns"),
                (f"{table}:6", "wrong_encoding"),
                ("../secret-0000001-0000002", "unsafe_path"),
                ("Gone_2002-0000001-0000002", "audio_missing"),
                ("Mute_2003", "no_transcript"),
            }
        },
    )
