"""A tiny voxceleb1 in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "voxceleb1"
    rows = [
        "VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet",
        "id10001\tAnn_Example\tf\tIreland\tdev",
        "id10002\tBen_O'Sample\tm\tUSA\tdev",
        "id10270\tEve_Test\tf\tUK\ttest",
        "id10999\tNo_Audio\tm\tUSA\tdev",
    ]
    write(root / "vox1_meta.csv", "\r\n".join([*rows, ""]))
    for path in (
        "wav/id10001/-zcIw_mdeo4/00001", "wav/id10001/-zcIw_mdeo4/00002", "wav/id10001/Bq__dddddd4/00001",
        "wav/id10002/aaaaaaaaaaa/00001", "wav/id10002/bbbbbbbbbbb/00012", "wav/id10003/ccccccccccc/00001",
        "test/wav/id10270/5r0dWxy17C8/00003", "test/wav/id10270/5r0dWxy17C8/00004",
    ):  # fmt: skip
        tone(root / f"{path}.wav")
    write(root / "wav/id10001/-zcIw_mdeo4/._00001.wav", "litter")
    trials = [
        "1 id10270/5r0dWxy17C8/00003.wav id10270/5r0dWxy17C8/00004.wav",
        "0 id10270/5r0dWxy17C8/00003.wav id10001/-zcIw_mdeo4/00001.wav",
        "1 id10270/5r0dWxy17C8/00003.wav id10270/5r0dWxy17C8/00004.wav",
        "0 id10270/5r0dWxy17C8/00003.wav id10270/5r0dWxy17C8/00009.wav",
        "0 id10270/5r0dWxy17C8/00003.wav id10888/5r0dWxy17C8/00009.wav",
        "0 id10270/5r0dWxy17C8/00003.wav ../../../etc/passwd",
        "1 id10270/5r0dWxy17C8/00003.wav",
        "2 id10270/5r0dWxy17C8/00003.wav id10270/5r0dWxy17C8/00004.wav",
        "1 id10270/\udce6 id10270/x.wav",
        "",
    ]
    write(root / "veri_test.txt", "\n".join(trials))
    return Fixture(
        root,
        {
            "dev": ["id10001--zcIw_mdeo4-00001", "id10001--zcIw_mdeo4-00002", "id10001-Bq__dddddd4-00001",
                    "id10002-aaaaaaaaaaa-00001", "id10002-bbbbbbbbbbb-00012"],
            "test": ["id10270-5r0dWxy17C8-00003", "id10270-5r0dWxy17C8-00004"],
            "veri_test": ["000001", "000002", "000003"],
        },
        {
            "dev": {("id10003-ccccccccccc-00001", "no_transcript")},
            "veri_test": {
                ("000004", "audio_missing"), ("000005", "audio_missing"), ("000006", "unsafe_path"),
                ("000007", "too_few_columns"), ("000008", "bad_row"), ("veri_test.txt:9", "wrong_encoding"),
            },
        },
    )  # fmt: skip
