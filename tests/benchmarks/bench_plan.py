"""Planning a million utterances: memory and time of the driver.

    python tests/benchmarks/bench_plan.py [utterances=1000000]

A synthetic source yields records as fast as it can, so what is measured is the planning itself. The bounds of the
design: under 1 GiB and 2 minutes for a million, and memory that does not grow with the corpus.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

from pipelines.plan import make_plan
from pipelines.source import AudioRef, Record, Reject, Speaker, Transcript


def utterances(count: int) -> Iterator[Record | Reject]:
    """Records like Common Voice's, and a reject now and then."""
    for number in range(count):
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


def main() -> None:
    """Plan a tenth of the utterances, then all of them."""
    count = int(sys.argv[1].partition("=")[2]) if len(sys.argv) > 1 else 1_000_000
    for planned in (count // 10, count):
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            plan = make_plan(utterances(planned), Path(folder), mean_seconds=5.0, shard_mb=256)
            elapsed = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{planned:>10,} utterances: {elapsed:6.1f} s, {planned / elapsed:9,.0f}/s, {plan.shards:,} shards, "
            f"peak memory so far {peak:,.0f} MiB"
        )


if __name__ == "__main__":
    main()
