"""Reading the metadata of large corpora at its true size: speed, and memory, which must not grow with it.

    python tests/benchmarks/bench_metadata.py [rows=1800000] [clips=2000000] [gigabytes=1] [only=wenetspeech]
                                              [folder=/scratch]

Writes the metadata of Common Voice and AudioSet (a table each) and of WenetSpeech (one JSON of `gigabytes`), with empty
files for the audio, which nothing opens. Every line is a process of its own: `Source.records` alone, then the whole way
to a plan. Rows are counted per second of processor time, of all threads together. Wanted: 40,000 a second on one core,
and less than 1 GiB.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from pipelines import catalogue
from pipelines.planning.plan import make_plan

WANTED_ROWS, WANTED_MIB = 40_000, 1024
SENTENCES = ("Das ist ein Satz aus einer langen Liste von Sätzen, Nummer {}.", "Nummer {} ist kurz.", "Und {}?")
SPOKEN = ("怎么样这些日子住得还习惯吧{}", "挺好的{}", "对于我们来说这是一个很重要的问题我觉得{}")


def commonvoice(root: Path, rows: int) -> str:
    """One language with `rows` clips, sorted as the release is: by speaker. Gives the split."""
    clips = root / "de/clips"
    clips.mkdir(parents=True)
    header = "client_id path sentence_id sentence sentence_domain up_votes down_votes age gender accents variant locale"
    with (root / "de/train.tsv").open("w", encoding="utf-8") as table:
        table.write("\t".join(f"{header} segment".split()) + "\n")
        for number in range(rows):
            clip = f"common_voice_de_{17_000_000 + number * 7}.mp3"
            text = SENTENCES[number % 3].format(number)
            table.write(
                f"{number // 100:0128x}\t{clip}\t{number:064x}\t{text}\t\t2\t0\ttwenties\tmale_masculine\t"
                f"Deutschland Deutsch\t\tde\t\n"
            )
            (clips / clip).touch()
    return "train"


def wenetspeech(root: Path, size: int) -> str:
    """A JSON of `size` bytes, indented as the release's is. Gives the split."""
    audio = "audio/train/youtube/B{:05}"
    number = 0
    with (root / "WenetSpeech.json").open("w", encoding="utf-8") as file:
        file.write('{\n    "dataset": "WenetSpeech",\n    "version": "v1.0",\n    "audios": [\n')
        while file.tell() < size:
            name, folder = f"Y{number:010}_{number:011x}", audio.format(number // 500)
            (root / folder).mkdir(parents=True, exist_ok=True)
            (root / folder / f"{name}.opus").touch()
            segments = [
                {"sid": f"{name}_S{place:05}", "begin_time": place * 3.1, "end_time": place * 3.1 + 2.7,
                 "confidence": 1.0, "subsets": ["L", "M"], "text": SPOKEN[place % 3].format("啊" * (place % 5))}
                for place in range(4_000 if number % 100 == 99 else 50 + number * 37 % 300)
            ]  # fmt: skip
            about = {"aid": name, "duration": 3_600.0, "md5": f"{number:032x}", "path": f"{folder}/{name}.opus"}
            text = json.dumps(about | {"url": "https://…", "segments": segments}, ensure_ascii=False, indent=4)
            file.write((",\n" if number else "") + text)
            number += 1
        file.write("\n    ]\n}\n")
    return "L"


def audioset(root: Path, rows: int) -> str:
    """The largest of its tables, and the clips of nine rows of ten: a tenth is gone from YouTube. Gives the split."""
    mids = [f"/m/0{number:04}" for number in range(527)]
    names = [f'{number},{mid},"Class {number}"' for number, mid in enumerate(mids)]
    (root / "class_labels_indices.csv").write_text("\n".join(["index,mid,display_name", *names, ""]))
    with (root / "unbalanced_train_segments.csv").open("w", encoding="utf-8") as table:
        table.write(f"# Segments csv\n# num_ytids={rows}\n# YTID, start_seconds, end_seconds, positive_labels\n")
        for number in range(rows):
            start = 10.0 * (number % 30)
            labels = ",".join(mids[(number + place) % 527] for place in range(1 + number % 3))
            table.write(f'{number:011x}, {start:.3f}, {start + 10:.3f}, "{labels}"\n')
            folder = root / f"audio/{number // 50_000:02}"
            if not number % 50_000:
                folder.mkdir(parents=True)
            if number % 10:
                (folder / f"Y{number:011x}.wav").touch()
    return "unbalanced_train"


def measure(name: str, root: Path, split: str, planned: bool) -> None:
    """Read a split, or plan it, and print how it went."""
    source = catalogue.find(name)(root)
    started, used = time.perf_counter(), time.process_time()
    if planned:
        with tempfile.TemporaryDirectory(dir=root.parent) as folder:
            plan = make_plan(source.records(split), Path(folder), mean_seconds=source.mean_seconds, shard_mb=256)
            rows = plan.records + sum(plan.rejects.values())
    else:
        rows = sum(1 for _ in source.records(split))
    used, took = time.process_time() - used, time.perf_counter() - started
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    what = "a plan" if planned else "records"
    good = rows / used >= WANTED_ROWS and mib < WANTED_MIB
    print(f"{name:>12} {what:>8} {rows:>11,} {took:8.1f} {rows / used:12,.0f} {mib:8,.0f}", flush=True)
    sys.exit(0 if good else 1)


def main() -> int:
    """A line for each corpus and way; 1 where one of them is too slow or takes too much."""
    given = dict(argument.split("=", 1) for argument in sys.argv[1:])
    if "one" in given:
        measure(given["one"], Path(given["root"]), given["split"], given["way"] == "plan")
    makers: dict[str, tuple[Callable[[Path, int], str], int]] = {
        "commonvoice": (commonvoice, int(given.get("rows", "1800000"))),
        "audioset": (audioset, int(given.get("clips", "2000000"))),
        "wenetspeech": (wenetspeech, int(float(given.get("gigabytes", "1")) * 1e9)),
    }
    print(f"{'corpus':>12} {'to':>8} {'rows':>11} {'seconds':>8} {'a CPU second':>12} {'MiB':>8}", flush=True)
    failed = 0
    for name in given.get("only", ",".join(makers)).split(","):
        with tempfile.TemporaryDirectory(dir=given.get("folder")) as folder:
            root = Path(folder) / name
            root.mkdir()
            make, size = makers[name]
            split = make(root, size)
            for way in ("records", "plan"):
                task = [f"one={name}", f"root={root}", f"split={split}", f"way={way}"]
                failed += subprocess.run([sys.executable, __file__, *task], check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
