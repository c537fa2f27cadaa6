"""Two machines as far as the network goes: namespaces joined by a bridge, whose link can be cut; root only.

Packets over a link that is cut are lost without a word, as behind a switch that fails.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.ray_cluster import ROOT, wait_until

ADDRESSES = ("10.77.0.1", "10.77.0.2")
PORT = 6379
ENVIRONMENT = {
    "RAY_AUTH_MODE": "disabled",  # or it depends on what was started in this home before
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DISABLE_IMPORT_WARNING": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": str(ROOT),
}


class Machines:
    """Two namespaces; 0 is for the head and the driver, 1 for a node that runs tasks."""

    def __init__(self) -> None:
        mark = f"qa{os.getpid()}"  # names of interfaces have 15 characters at most
        self._bridge = f"{mark}b"
        self._namespaces = [f"{mark}n{number}" for number in (0, 1)]
        self._ports = [f"{mark}p{number}" for number in (0, 1)]

    def make(self) -> None:
        """Set everything up; what was made before a failure is left for `remove`.

        Raises:
            RuntimeError: the system has no network namespaces to give.
        """
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("link", "set", self._bridge, "up")
        for name, port, address in zip(self._namespaces, self._ports, ADDRESSES, strict=True):
            _ip("netns", "add", name)
            _ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("link", "set", port, "master", self._bridge, "up")
            _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
            # Nobody is there; but with no way out, programs do not find their own address.
            _ip("-n", name, "route", "add", "default", "via", "10.77.0.254")

    def within(self, number: int) -> list[str]:
        """What runs a command on a machine."""
        return ["ip", "netns", "exec", self._namespaces[number]]

    def cut(self) -> None:
        """Cut the link."""
        _ip("link", "set", self._ports[1], "down")

    def mend(self) -> None:
        """Make the link whole."""
        _ip("link", "set", self._ports[1], "up")

    def processes(self, number: int) -> dict[int, str]:
        """Process id and title of what runs on a machine."""
        found = {}
        for pid in map(int, _ip("netns", "pids", self._namespaces[number]).split()):
            with contextlib.suppress(OSError):
                title = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
                found[pid] = title.decode(errors="replace")
        return found

    def remove(self) -> None:
        """End what runs on the machines, and take them away."""
        there = _ip("netns", "list")
        for number, name in enumerate(self._namespaces):
            if name in there:

                def ended(number: int = number) -> bool:
                    left = self.processes(number)
                    for pid in left:
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                    return not left

                wait_until(ended, 30)
                _ip("netns", "del", name)
        for link in (*self._ports, self._bridge):
            with contextlib.suppress(RuntimeError):  # it went with its namespace, or was never made
                _ip("link", "del", link)


class LinkedCluster:
    """A Ray cluster on two machines. Its node is started again whenever it ends, as a supervisor would do."""

    def __init__(self, machines: Machines, folder: Path) -> None:
        self.machines, self._folder = machines, folder
        self._begin(0, "--head", f"--port={PORT}", f"--temp-dir={folder}", "--include-dashboard=false")
        ready = [*machines.within(0), sys.executable, "-c", f"import socket; socket.create_connection({_HEAD!r}, 1)"]
        assert wait_until(lambda: subprocess.run(ready, stderr=subprocess.DEVNULL).returncode == 0), self.said
        self.starts = 0  # of the node
        self._ending = False
        self._supervisor = threading.Thread(target=self._supervise, daemon=True)
        self._supervisor.start()

    @property
    def said(self) -> str:
        """What Ray said."""
        return "".join(path.read_text() for path in sorted(self._folder.glob("said-*")))

    def environment(self) -> dict[str, str]:
        """What a command on machine 0 needs to join."""
        return ENVIRONMENT | {"RAY_ADDRESS": f"{ADDRESSES[0]}:{PORT}"}

    def at_work(self) -> bool:
        """Whether the node builds a shard."""
        return any(title.endswith("build shard") for title in self.machines.processes(1).values())

    def end(self) -> None:
        """Start the node no more; its processes end with the machine."""
        self._ending = True

    def _supervise(self) -> None:
        while not self._ending:
            self.starts += 1
            self._begin(1, f"--address={ADDRESSES[0]}:{PORT}").wait()
            time.sleep(1)

    def _begin(self, number: int, *how: str) -> subprocess.Popen[bytes]:
        ray = Path(sys.executable).with_name("ray")
        command = [
            *self.machines.within(number),
            str(ray),
            "start",
            "--block",
            f"--node-ip-address={ADDRESSES[number]}",
        ]
        with (self._folder / f"said-{number}").open("ab") as log:
            return subprocess.Popen(
                [*command, "--num-cpus=1", "--object-store-memory=80000000", *how],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | ENVIRONMENT,
            )


@contextlib.contextmanager
def linked_cluster() -> Iterator[LinkedCluster]:
    """A running cluster; the test is skipped where there can be none."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces are made by root only")
    if shutil.which("ip") is None:
        pytest.skip("there is no `ip`: install iproute2")
    machines = Machines()
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder:  # short: sockets lie below it
        try:
            try:
                machines.make()
            except RuntimeError as error:
                pytest.skip(f"no network namespaces here: {error}")
            cluster = LinkedCluster(machines, Path(folder))
            try:
                yield cluster
            finally:
                cluster.end()
        finally:
            machines.remove()


def _ip(*arguments: str) -> str:
    ended = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if ended.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {ended.stderr.strip()}")
    return ended.stdout


_HEAD = (ADDRESSES[0], PORT)
