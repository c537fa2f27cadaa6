"""Planning millions of utterances: speed, and the memory of the driver, which must not grow with the plan.

    python tests/benchmarks/bench_plan.py [utterances=1000000,10000000]

A synthetic source yields records as fast as it can, so what is measured is the planning itself. Every line is a process
of its own: planning there, as a job on one machine does, or by an actor of a Ray head that is started for it, as on a
cluster. Wanted: under 1 GiB in the process that plans, and the same few hundred MiB in the driver of a cluster at
either size.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from pipelines.planning.planner import PlanTask, planners
from pipelines.record import AudioRef, Record, Reject, Speaker, Transcript
from pipelines.source import Source
from shards.local_ray import ray_options
from shards.storage import Storage

WANTED_MIB = 1024
SETTINGS = {"align": "none", "shard_mb": 256.0, "shard_samples": None, "vocabulary": "released"}


class Sentences(Source):
    """Records like Common Voice's, and a reject now and then. The split's name is the number of utterances."""

    name = "sentences"
    mean_seconds = 5.0
    splits = {}  # noqa: RUF012

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        return True

    def records(self, split: str) -> Iterator[Record | Reject]:
        return self.read(split)

    def read(self, split: str) -> Iterator[Record | Reject]:
        for number in range(int(split)):
            if number % 1000 == 999:
                yield Reject(f"common_voice_de_{number}", "audio_missing", f"de/train.tsv:{number}")
                continue
            text = f"Das ist der Satz mit der Nummer {number} aus einer langen Liste von Sätzen."
            yield Record(
                f"common_voice_de_{number}",
                (AudioRef(f"de/clips/common_voice_de_{number}.mp3"),),
                (Transcript(text, "de"),),
                Speaker(f"{number % 5000:064x}", "female", "twenties"),
            )


def plan(count: int) -> None:
    """Plan in the way that the environment says, and print how it went."""
    with tempfile.TemporaryDirectory() as name:
        task = PlanTask(Sentences(name), str(count), True, SETTINGS, Storage(f"{name}/out"), rebuild=False)
        started = time.perf_counter()
        with planners([task]) as crew:
            ((number, _),) = crew.drafts()
            drafted = time.perf_counter() - started
            job = crew.put_in_place(number)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    where = "an actor" if os.environ.get("RAY_ADDRESS") else "here"
    print(
        f"{count:>12,} {where:>9} {drafted:8.1f} {count / drafted:10,.0f} {job.document['shards']:8,} {peak:12,.0f}",
        flush=True,
    )


def main() -> int:
    """A line for each size and way; 1 where the driver takes too much."""
    given = dict(argument.split("=", 1) for argument in sys.argv[1:])
    if "one" in given:
        plan(int(given["one"]))
        return 0
    counts = [int(count) for count in given.get("utterances", "1000000,10000000").split(",")]
    print(
        f"{'utterances':>12} {'planned':>9} {'seconds':>8} {'a second':>10} {'shards':>8} {'driver MiB':>12}",
        flush=True,
    )
    command = [sys.executable, __file__]
    for count in counts:
        subprocess.run([*command, f"one={count}"], check=True)
    ray_options(2)  # sets what Ray reads from the environment
    import ray

    head = ray.init(num_cpus=2, object_store_memory=100_000_000, include_dashboard=False, log_to_driver=False)
    environment = os.environ | {"RAY_ADDRESS": head.address_info["gcs_address"]}
    try:
        for count in counts:
            subprocess.run([*command, f"one={count}"], check=True, env=environment)
    finally:
        ray.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
