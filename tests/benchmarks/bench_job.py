"""How busy a real job keeps this machine's cores: pipelines/job.py over a synthetic Common Voice.

    python tests/benchmarks/bench_job.py [clips=24000]

Counted from the beginning of the first shard to the end of the last one (Ray's start-up and the plan come before, the
summary after). A core counts as busy while one of the job's workers runs on it, or, where other programs share the
machine, stands in the kernel's queue for it. What those programs took is printed: on a quiet machine the queue is
short, and the figure is CPU time over wall time. At least 90 % is wanted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from tests.benchmarks.bench_audio import speech
from tests.pipelines.recordings import mp3

WANTED = 0.90
EVERY = 0.25  # seconds between two looks at the processes
TICK = os.sysconf("SC_CLK_TCK")
JOB = Path(__file__).resolve().parents[2] / "pipelines" / "job.py"


def corpus(folder: Path, clips: int) -> Path:
    """German Common Voice of about 5 s a clip; the files repeat."""
    inside = folder / "cv-corpus" / "de"
    (inside / "clips").mkdir(parents=True)
    files = [mp3(speech(4 + number / 6, 48_000, seed=number), 48_000) for number in range(12)]
    lines = ["client_id\tpath\tsentence"]
    for number in range(clips):
        name = f"common_voice_de_{number}.mp3"
        # In place of copies; a file has at most 65,000 names.
        if number < len(files):
            (inside / "clips" / name).write_bytes(files[number])
        else:
            (inside / "clips" / name).hardlink_to(inside / "clips" / f"common_voice_de_{number % len(files)}.mp3")
        lines.append(f"{number % 500:064x}\t{name}\tDas ist der Satz mit der Nummer {number}.")
    (inside / "train.tsv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return inside.parent


class Watch(threading.Thread):
    """Looks now and then at a process and what descends from it.

    `seen` holds for each look: the time, the seconds that each of them ran so far and that it waited for a core, and
    the busy seconds of the whole machine.
    """

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root = root
        self.seen: list[tuple[float, dict[int, tuple[float, float]], float]] = []
        self._spent: dict[int, tuple[float, float]] = {}  # by process; one that ended keeps what it had
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(EVERY):
            parents = dict(filter(None, map(_parent, Path("/proc").iterdir())))
            for number in parents:
                if self._is_ours(number, parents):
                    self._spent[number] = max(self._spent.get(number, (0.0, 0.0)), _spent(number))
            busy = [int(ticks) for ticks in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
            self.seen.append((time.time(), dict(self._spent), (sum(busy) - busy[3] - busy[4]) / TICK))

    def _is_ours(self, number: int, parents: dict[int, int]) -> bool:
        while number in parents and number != self.root:
            number = parents[number]
        return number == self.root

    def between(self, start: float, end: float) -> tuple[float, list[tuple[float, float]], float]:
        """The seconds between two looks, what each process ran and waited meanwhile, and the machine's busy seconds."""
        first = max((look for look in self.seen if look[0] <= start), default=self.seen[0])
        last = min((look for look in self.seen if look[0] >= end), default=self.seen[-1])
        spent = []
        for number, (ran, waited) in last[1].items():
            before = first[1].get(number, (0.0, 0.0))
            spent.append((ran - before[0], waited - before[1]))
        return last[0] - first[0], spent, last[2] - first[2]


def _parent(folder: Path) -> tuple[int, int] | None:
    """The numbers of a process and of its parent."""
    try:
        return int(folder.name), int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError):  # it has just ended; or no process
        return None


def _spent(number: int) -> tuple[float, float]:
    """Seconds that the main thread of a process ran, and that it stood ready to run."""
    try:
        ran, waited, _ = (Path("/proc") / str(number) / "schedstat").read_text().split()
    except OSError:
        return 0.0, 0.0
    return int(ran) / 1e9, int(waited) / 1e9


def main(arguments: list[str]) -> int:
    """Run a job and print how busy it was; 1 where it falls short."""
    clips = int(dict(argument.split("=") for argument in arguments).get("clips", "24000"))
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        source, out = corpus(Path(name), clips), Path(name) / "out"
        keys = ["dataset=commonvoice", f"source={source}", f"out={out}", "split=train", "shard_mb=24"]
        began = time.time()
        with subprocess.Popen([sys.executable, str(JOB), *keys], stdout=subprocess.DEVNULL) as job:
            watch = Watch(job.pid)
            watch.start()
        ended = time.time()
        watch.ended.set()
        watch.join()
        if job.returncode:
            return job.returncode
        (log,) = (out / "commonvoice" / "train" / "runs").glob("*.jsonl")
        built = [event for line in log.read_text().splitlines() if (event := json.loads(line))["event"] == "built"]
        seconds = json.loads((out / "commonvoice" / "train" / "split.json").read_bytes())["seconds"]
    first, last = min(event["time"] - event["wall"] for event in built), max(event["time"] for event in built)
    wall, spent, everything = watch.between(first, last)
    workers = sorted(spent, reverse=True)[:cores]  # what the driver and Ray's servers do beside them is little
    ran, waited = (sum(some) for some in zip(*workers, strict=True))
    share = (ran + waited) / (cores * wall)
    print(f"{clips} MP3 clips, {seconds / 3600:.1f} h of audio, {len(built)} shards, {cores} cores")
    print(
        f"before the first shard {first - began:.1f} s, after the last {ended - last:.1f} s, between them {wall:.1f} s"
    )
    print(f"workers: {ran:.1f} CPU s, {seconds / ran:,.0f} x real time per core; in the queue for {waited:.1f} s")
    print(f"the job's other processes took {sum(one for one, _ in spent) - ran:.1f} CPU s", end="; ")
    print(f"other programs {max(0.0, everything - sum(one for one, _ in spent)) / (cores * wall):.0%} of the machine")
    print(f"busy {share:.0%}, wanted {WANTED:.0%}")
    return int(share < WANTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
