"""What it costs to see that a dataset is complete: on disk, and by listing alone in a bucket.

    python tests/benchmarks/bench_complete.py [shards=10000]

A corpus of so many short recordings is built into shards of one recording each, once, on a memory disk; then the same
command is run again, which finds nothing to do. In a bucket (moto, on this machine) the requests
are counted. Wanted: under 10 s on disk for 10,000 shards, of which most is starting Python with its libraries; and in
the bucket a number of requests that grows with the pages of the listing (1,000 names each), not with the shards.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

import fsspec
from moto.server import ThreadedMotoServer

from pipelines.build import build_and_commit
from pipelines.sources.librispeech import LibriSpeech
from shards.storage import Storage
from shards.summary import summarise_dataset, summarise_split
from tests.pipelines.corpora import flac, prepare

ROOT = Path(__file__).resolve().parents[2]
WANTED_SECONDS = 10.0
CHAPTER_SIZE = 1000
SETTINGS = {"align": "auto", "shard_mb": 256.0, "shard_samples": 1, "vocabulary": "released"}


def corpus(folder: Path, count: int) -> Path:
    """A LibriSpeech split of `count` utterances, all of them one file."""
    root = folder / "LibriSpeech"
    for first in range(0, count, CHAPTER_SIZE):
        chapter = root / "dev-clean/84" / str(first)
        chapter.mkdir(parents=True)
        names = [f"84-{first}-{number:04d}" for number in range(min(CHAPTER_SIZE, count - first))]
        (chapter / f"84-{first}.trans.txt").write_text("".join(f"{name} GOOD DAY\n" for name in names))
        for name in names:
            (chapter / f"{name}.flac").write_bytes(flac(0.1))
    return root


def build(root: Path, out: Path) -> None:
    """Build all shards in this process."""
    job = prepare(LibriSpeech(root), "dev-clean", Storage(out), SETTINGS)
    started = time.perf_counter()
    for task in job.standing().missing:
        build_and_commit(task)
    summarise_split(Storage(out), "librispeech", "dev-clean")
    summarise_dataset(Storage(out), "librispeech")
    print(f"built in {time.perf_counter() - started:.0f} s", flush=True)


def again(root: Path, out: str, **environment: str) -> float:
    """Seconds of a job that finds everything there."""
    command = [sys.executable, str(ROOT / "pipelines/job.py"), "dataset=librispeech", f"source={root}", f"out={out}"]
    started = time.perf_counter()
    done = subprocess.run(
        [*command, "split=dev-clean", "shard_samples=1"],
        env=os.environ | {"OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "building" not in done.stdout, done.stdout
    return time.perf_counter() - started


def main() -> int:
    """Print the figures; 1 where the disk takes too long."""
    count = int(sys.argv[1].partition("=")[2]) if len(sys.argv) > 1 else 10_000
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        root = corpus(folder, count)
        build(root, folder / "out")
        started = time.perf_counter()
        subprocess.run([sys.executable, "pipelines/job.py", "--help"], cwd=ROOT, check=True, capture_output=True)
        print(f"starting Python with the libraries    {time.perf_counter() - started:6.1f} s")
        seconds = min(again(root, str(folder / "out")) for _ in range(3))
        print(f"{count:,} shards on disk               {seconds:6.1f} s, wanted {WANTED_SECONDS:.0f}", flush=True)
        in_bucket(root, folder / "out", count)
    return int(seconds > WANTED_SECONDS)


def in_bucket(root: Path, out: Path, count: int) -> None:
    """Copy the shards into a bucket and count the requests of a job there."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    requests: list[str] = []
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    application = server._server.app  # type: ignore[union-attr]

    def counted(environ: dict[str, str], start: object) -> object:
        requests.append(environ["REQUEST_METHOD"])
        return application(environ, start)

    try:
        server._server.app = counted  # type: ignore[union-attr]
        host, port = server.get_host_and_port()
        options = {"AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
        os.environ |= {**options, "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}
        fs = fsspec.filesystem("s3")
        fs.mkdir("bench")
        fs.put(str(out) + "/", "bench/shards/", recursive=True)
        requests.clear()
        seconds = again(root, "s3://bench/shards")
        files = sum(path.is_file() for path in out.rglob("*"))
        print(
            f"{count:,} shards in a bucket           {seconds:6.1f} s, {len(requests):,} requests for {files:,} objects"
        )
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
