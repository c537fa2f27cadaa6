"""A tiny voxceleb2 in its native layout, with the faults of its kind."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, m4a, tone, write


def corpus(folder: Path) -> Fixture:
    root = folder / "voxceleb2"
    rows = [
        "VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set ",
        "id00012 ,n000012 ,m ,dev ",
        "id00017\t,n000017\t,f\t,test\t",
        "",
    ]
    write(root / "vox2_meta.csv", "\ufeff" + "\n".join(rows))
    for path in (
        "dev/aac/id00012/21Uxsk56VDQ/00001",
        "dev/aac/id00012/21Uxsk56VDQ/00002",
        "test/aac/id00017/01dfn2spqyE/00001",
    ):
        m4a(root / f"{path}.m4a")
    tone(root / "dev/aac/id00012/21Uxsk56VDQ/00001.wav")  # somebody converted it
    tone(root / "dev/aac/id00012/2DLq_Kkc1r8/00001.wav")
    m4a(root / "test/aac/id00099/01dfn2spqyE/00001.m4a")
    return Fixture(
        root,
        {
            "dev": ["id00012-21Uxsk56VDQ-00001", "id00012-21Uxsk56VDQ-00002", "id00012-2DLq_Kkc1r8-00001"],
            "test": ["id00017-01dfn2spqyE-00001"],
        },
        {"dev": {("id00099-01dfn2spqyE-00001", "no_transcript")}},
    )
