"""Reading AudioSet at its true size, two million rows against as many clips: speed, and memory.

    python tests/benchmarks/bench_audioset.py [rows=2000000] [folder=/scratch]

Writes the segment table with invented ids and an empty file for nine of ten clips, which nothing opens. Every line is a
process of its own: the records alone, then the whole way to a plan. Rows are counted per second of processor time.
Wanted: 40,000 a second on one core, and less than 1 GiB.
"""

from __future__ import annotations

import random
import resource
import string
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from pipelines.planning.plan import make_plan
from pipelines.sources.audioset import AudioSet

WANTED_ROWS, WANTED_MIB = 40_000, 1024
SPLIT, CLASSES, FOLDERS = "unbalanced_train", 527, 40
LETTERS = string.ascii_letters + string.digits + "-_"


def write_corpus(root: Path, rows: int) -> None:
    """A segment table of `rows` rows, the names of its classes, and the clips, in several folders."""
    draw = random.Random(0)
    names = "".join(f'{number},/m/{number},"Sound {number}, noise"\n' for number in range(CLASSES))
    (root / "class_labels_indices.csv").write_text("index,mid,display_name\n" + names)
    for number in range(FOLDERS):
        (root / f"clips/{number:02}").mkdir(parents=True)
    with (root / f"{SPLIT}_segments.csv").open("w") as table:
        table.write("# Segments csv\n# num_ytids\n# YTID, start_seconds, end_seconds, positive_labels\n")
        for number in range(rows):
            video, start = "".join(draw.choices(LETTERS, k=11)), draw.randrange(60) * 10
            labels = ",".join(f"/m/{draw.randrange(CLASSES)}" for _ in range(draw.randrange(1, 4)))
            table.write(f'{video}, {start}.000, {start + 10}.000, "{labels}"\n')
            if number % 10:
                (root / f"clips/{number % FOLDERS:02}/Y{video}.wav").touch()


def measure(root: Path, planned: bool) -> int:
    """Read the split, or plan it, and print how it went; 1 where it is too slow or takes too much."""
    started, used = time.perf_counter(), time.process_time()
    records = AudioSet(root).records(SPLIT)
    if planned:
        with tempfile.TemporaryDirectory(dir=root.parent) as folder:
            plan = make_plan(records, Path(folder), mean_seconds=AudioSet.mean_seconds, shard_mb=256)
            rows = plan.records + sum(plan.rejects.values())
    else:
        rows = sum(1 for _ in records)
    used, took = time.process_time() - used, time.perf_counter() - started
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{'a plan' if planned else 'records':>8} {rows:>11,} {took:8.1f} {rows / used:12,.0f} {mib:8,.0f}", flush=True
    )
    return 0 if rows / used >= WANTED_ROWS and mib < WANTED_MIB else 1


def main() -> int:
    """A line for each way."""
    given = dict(argument.split("=", 1) for argument in sys.argv[1:])
    if "root" in given:
        return measure(Path(given["root"]), given["way"] == "plan")
    print(f"{'to':>8} {'rows':>11} {'seconds':>8} {'a CPU second':>12} {'MiB':>8}", flush=True)
    with tempfile.TemporaryDirectory(dir=given.get("folder")) as folder:
        root = Path(folder) / "audioset"
        root.mkdir()
        write_corpus(root, int(given.get("rows", "2000000")))
        runs = [[sys.executable, __file__, f"root={root}", f"way={way}"] for way in ("records", "plan")]
        return max(subprocess.run(command, check=False).returncode for command in runs)


if __name__ == "__main__":
    sys.exit(main())
