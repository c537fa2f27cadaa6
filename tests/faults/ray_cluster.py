"""A Ray cluster of several nodes on this machine, in a process of its own, whose processes can be killed by their ids.

    python -m tests.faults.ray_cluster

It prints its address, and then for every line of standard input ("add") the process id of a node's raylet that it has
started, until standard input ends. The head runs no tasks, each other node one at a time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    "RAY_AUTH_MODE": "disabled",  # or it depends on what was started in this home before
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    # A node that went silent is given up after a second or two, not after fifteen.
    "RAY_health_check_initial_delay_ms": "0",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "5000",
    "RAY_health_check_failure_threshold": "3",
}


class RayCluster:
    """A running cluster."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.address = self._answer()
        self._head = int(self._answer())  # its raylet
        self._gcs = int(self._answer())
        self.nodes = list[int]()  # of those that run tasks: the raylets' process ids

    def environment(self) -> dict[str, str]:
        """What a command needs to join."""
        return ENVIRONMENT | {"RAY_ADDRESS": self.address}

    def add_node(self) -> int:
        """Start a node; its raylet's process id."""
        assert self._process.stdin is not None
        self._process.stdin.write("add\n")
        self._process.stdin.flush()
        self.nodes.append(int(self._answer()))
        return self.nodes[-1]

    def workers(self) -> dict[int, str]:
        """Process id and title of the workers of all nodes: "ray::IDLE", or "ray::" and the task's name."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                title = (folder / "cmdline").read_bytes().split(b"\0")[0].decode(errors="replace")
                if (
                    title.startswith("ray::")
                    and not title.endswith("Agent")
                    and _parent(int(folder.name)) in self.nodes
                ):
                    found[int(folder.name)] = title
        return found

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """No task goes on meanwhile."""
        pids = list(self.workers())
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                _signal(pid, signal.SIGCONT)

    def kill_node(self, raylet: int, with_workers: bool) -> None:
        """Kill a raylet and at once all its workers, or leave them to find out by themselves."""
        there = [pid for pid in self.workers() if _parent(pid) == raylet] if with_workers else []
        self.nodes.remove(raylet)
        for pid in (raylet, *there):
            _signal(pid, signal.SIGKILL)

    def kill_head(self, with_state: bool) -> None:
        """Kill the head's raylet, perhaps with the store of the cluster's state."""
        for pid in (self._gcs, self._head) if with_state else (self._head,):
            _signal(pid, signal.SIGKILL)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            name, _, value = line.rstrip("\n").partition("=")
            if name == "answer":
                return value
        raise RuntimeError(f"the cluster ended with {self._process.wait()}")


@contextlib.contextmanager
def ray_cluster(nodes: int) -> Iterator[RayCluster]:
    """A cluster with a head and so many nodes that run tasks."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.ray_cluster"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | ENVIRONMENT | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    try:
        cluster = RayCluster(process)
        for _ in range(nodes):
            cluster.add_node()
        yield cluster
    finally:
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(60)
        finally:
            process.kill()
            process.wait()


def wait_until(holds: Callable[[], bool], seconds: float = 120.0) -> bool:
    """Wait for something to be so; whether it came to be."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


def _parent(pid: int) -> int:
    """Its parent's process id; 0 where it has ended."""
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def main() -> None:
    """Start a head, then a node for every line."""
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:  # short: sockets lie below it
        os.environ["RAY_TMPDIR"] = folder
        Path(folder, "ray").mkdir()  # the address is noted there, and Ray does not make it
        from ray.cluster_utils import Cluster

        store = {"object_store_memory": 80_000_000}
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **store})
        try:
            print(f"answer={cluster.address}", flush=True)
            for kind in ("raylet", "gcs_server"):
                print(f"answer={cluster.head_node.all_processes[kind][0].process.pid}", flush=True)
            for _ in sys.stdin:
                node = cluster.add_node(num_cpus=1, **store)
                print(f"answer={node.all_processes['raylet'][0].process.pid}", flush=True)
        finally:
            cluster.shutdown()


if __name__ == "__main__":
    main()
