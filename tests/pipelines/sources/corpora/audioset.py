"""A tiny audioset: the tables in their native form, the clips under the many names that fetchers give them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.pipelines.sources.fixture import Fixture, tone, write

ONTOLOGY = (
    ("/m/a", "Animal", ["/m/b"]), ("/m/b", "Dog", ["/m/c", "/m/h"]), ("/m/c", "Bark", []),
    ("/m/d", "Vehicle horn, car horn, honking", []), ("/m/e", "Cat", ["/m/h"]), ("/m/h", "Hiss", []),
)  # fmt: skip


def corpus(folder: Path) -> Fixture:
    root = folder / "audioset"
    head = ["# Segments csv created Sun Mar  5 10:54:25 2017", "# num_ytids=9, num_segs=9, num_unique_labels=5"]
    head.append("# YTID, start_seconds, end_seconds, positive_labels")
    balanced = [
        *head,
        '-aaaaaaaaa1, 30.000, 40.000, "/m/a,/m/b,/m/c,/m/d"',
        'aaaa_aaaa_2, 0.000, 9.500, "/m/e"',
        'aaaaaaaaaa3, 12.500, 22.500, "/m/e,/m/h"',
        'Yaaaaaaaaa4, 70.000, 80.000, "/m/b"',
        'aaaaaaaaaa5, 30.000, 40.000, "/m/b"',
        'aaaaaaaaa14, 0.000, 10.000, "/m/b"',  # of whose events one cannot be read
        'aaaaaaaaaa6, 30.000, 40.000, "/m/unknown"',
        'aaaaaaaaaa7, 40.000, 30.000, "/m/b"',
        "aaaaaaaaaa8, 30.000",
        '../aaaaaaa9, 30.000, 40.000, "/m/b"',
        "",
    ]
    write(root / "balanced_train_segments.csv", "\n".join(balanced))
    write(root / "eval_segments.csv", "\r\n".join([*head, 'aaaaaaaaa10, 5.000, 15.000, "/m/d"', ""]))
    names = [f'{number},{mid},"{name}"' for number, (mid, name, _) in enumerate(ONTOLOGY)]
    write(root / "class_labels_indices.csv", "\n".join(["index,mid,display_name", *names, ""]))
    write(root / "mid_to_display_name.tsv", "/m/b\tDog\n/t/dd1\tSound effect\n")
    told = [{"id": mid, "name": name, "child_ids": kinds, "restrictions": []} for mid, name, kinds in ONTOLOGY]
    write(root / "ontology.json", json.dumps(told, indent=2))
    strong = [
        "segment_id\tstart_time_seconds\tend_time_seconds\tlabel",
        "aaaa_aaaa_2_0\t0.000\t0.030\t/m/b",
        "aaaaaaaaa11_30000\t2.10\t7.25\t/m/b",
        "aaaa_aaaa_2_0\t0.050\t0.080\t/t/dd1",
        "aaaaaaaaa12_30000\t3\t2\t/m/b",
        "aaaaaaaaa13\t0\t1\t/m/b",
        "aaaaaaaaa14_0\t0",
        "",
    ]
    write(root / "audioset_train_strong.tsv", "\n".join(strong))
    tone(root / "balanced/Y-aaaaaaaaa1.wav", 32_000)
    tone(root / "balanced/aaaa_aaaa_2_0.000_9.500.flac", 48_000)
    tone(root / "more/aaaaaaaaaa3_12500_22500.wav", 44_100)
    tone(root / "more/Yaaaaaaaaa4.wav")
    tone(root / "more/[aaaaaaaaa10]-[5-15].wav")
    tone(root / "more/aaaaaaaaa11_30.wav")
    tone(root / "more/aaaaaaaaa13.wav")
    tone(root / "more/of another corpus.wav")
    return Fixture(
        root,
        {
            "balanced_train": ["-aaaaaaaaa1_30000", "aaaa_aaaa_2_0", "aaaaaaaaaa3_12500", "Yaaaaaaaaa4_70000"],
            "eval": ["aaaaaaaaa10_5000"],
            "strong_train": ["aaaa_aaaa_2_0", "aaaaaaaaa11_30000"],
        },
        {
            "balanced_train": {
                ("aaaaaaaaaa5_30000", "audio_missing"),
                ("aaaaaaaaa14_0", "too_few_columns"),
                ("aaaaaaaaaa6_30000", "unknown_label"),
                ("aaaaaaaaaa7", "bad_times"),
                ("aaaaaaaaaa8", "too_few_columns"),
                ("../aaaaaaa9_30000", "unsafe_path"),
            },
            "strong_train": {
                ("aaaaaaaaa12_30000", "bad_times"),
                ("aaaaaaaaa13", "bad_row"),
                ("aaaaaaaaa14_0", "too_few_columns"),
            },
        },
    )
