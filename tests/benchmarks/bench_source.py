"""How busy a core is when the corpus lies in a bucket, against the same corpus on disk.

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_source.py [SECONDS_PER_REQUEST=0.05]

Everything that a worker does for a shard is timed, in turn from a disk and from a server in another process that waits
before every answer. "busy" is the worker's CPU time by the time on the wall; "cost" is its CPU time by that from disk:
what HTTP, signing and copying take. "one by one" is what a plain loop without reading ahead would give.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[2])

import torch

from pipelines.build import write_shard
from pipelines.places import fetch
from pipelines.places.corpus_path import corpus_path
from shards.layout import ShardName
from tests.benchmarks.bench_audio import cases
from tests.benchmarks.bench_build import SETTINGS, Clips, enlarged, records

ROUNDS = 3
LISTING = "<ListBucketResult><KeyCount>1</KeyCount><Contents><Key>corpus/x</Key></Contents></ListBucketResult>"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}


def serve(folder: str, wait: float, port: Connection) -> None:
    """Answer GET of bucket/corpus/NAME with the file, and every listing with the same."""
    listing = LISTING.encode()

    class Objects(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            time.sleep(wait)
            listed = "list-type" in self.path
            data = listing if listed else (Path(folder) / self.path.rpartition("/")[2]).read_bytes()
            self.send_response(206 if self.headers.get("Range") else 200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Objects)
    port.send(server.server_address[1])
    server.serve_forever()


def main(wait: float) -> int:
    """Print a line per case."""
    os.environ |= CREDENTIALS
    torch.set_num_threads(1)
    at_once = fetch.AT_ONCE
    print(f"{f'{1000 * wait:.0f} ms per request':24} {'':12} {'wall s':>8} {'cpu s':>8} {'busy':>6} {'cost':>6}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = [enlarged(case) for case in cases(folder) if "stereo" not in case.name and "float" not in case.name]
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=serve, args=(name, wait, theirs), daemon=True)
        server.start()
        there = corpus_path("s3://bucket/corpus", {"endpoint_url": f"http://127.0.0.1:{ours.recv()}"})
        sources = {"disk": Clips(folder), "bucket": Clips(there), "one by one": Clips(there)}
        try:
            for case in made:
                planned = records(case)
                best: dict[str, tuple[float, float]] = {}
                for _ in range(ROUNDS):
                    for kind, source in sources.items():
                        fetch.AT_ONCE = 1 if kind == "one by one" else at_once
                        began, cpu = time.monotonic(), time.process_time()
                        write_shard(planned, source, SETTINGS, ShardName("clips", "all", 0), folder / "out.tar")
                        took = time.monotonic() - began, time.process_time() - cpu
                        best[kind] = min(best.get(kind, took), took)
                for kind, (wall, cpu) in best.items():
                    cost = cpu / best["disk"][1]
                    print(f"{case.name:24} {kind:12} {wall:8.2f} {cpu:8.2f} {cpu / wall:6.0%} {cost:6.2f}", flush=True)
        finally:
            server.kill()
            server.join()
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 0.05))
