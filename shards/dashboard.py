#!/usr/bin/env python
"""The statistics of shards, live, in the Ray dashboard.

    python shards/dashboard.py [OUT …] [port=8265] [page_port=8266] [ray_port=6379] [storage_options.endpoint_url=…]

Starts a Ray head on this machine whose Metrics tab shows what lies in one or more OUTs (folders or s3:// URLs; default
data/shards), finished or being built, by whatever job on whatever machine. Jobs may run on this head, too. Ctrl-C ends
all that was started.

    port=8265        the Ray dashboard
    page_port=8266   the statistics alone; a browser that is elsewhere needs both ports
    ray_port=6379    where jobs join the head: RAY_ADDRESS=127.0.0.1:6379 make shards …
    agent_port=0     of Ray's dashboard agent; 0 takes a free one
    host=127.0.0.1   who may connect; 0.0.0.0 lets everybody, and then Ray asks for its token
    ray=true         false serves the statistics alone, without Ray
    temp_dir=        where Ray keeps its files instead of its default

On 127.0.0.1 Ray asks for no token, so whoever is logged in to this machine may run jobs on the head;
RAY_AUTH_MODE=token in the environment makes it ask. The statistics can be read by everybody who reaches page_port.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of this folder, whose `statistics.py` would hide the standard library's.
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shards.config import ConfigError, load_config
from shards.local_ray import OBJECT_STORE_BYTES
from shards.pages.server import DASHBOARD_UID, PageServer, is_loopback
from shards.pages.watch import Watch
from shards.storage import Storage, StorageError

START_SECONDS = 120.0  # for Ray's dashboard to answer
STOP_SECONDS = 20.0  # for Ray to end by itself


@dataclass(frozen=True)
class DashboardConfig:
    """What `make dashboard` takes."""

    host: str = "127.0.0.1"
    port: int = 8265
    page_port: int = 8266
    ray_port: int = 6379
    agent_port: int = 0
    ray: bool = True
    temp_dir: str = ""
    storage_options: dict[str, Any] = field(default_factory=dict)


class DashboardError(Exception):
    """The dashboard cannot be started: why, and what to do."""


def main(arguments: Sequence[str]) -> int:
    """Serve until Ctrl-C; the exit status is 0 when it ends so."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    if {"-h", "--help"} & set(arguments):
        print((__doc__ or "").strip())
        return 0
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        outs = [one for one in arguments if "=" not in one.partition("://")[0]]
        config = load_config(DashboardConfig, None, [one for one in arguments if one not in outs])
        storages = [Storage(out, **config.storage_options) for given in outs or ["data/shards"] for out in parts(given)]
        serve(storages, config, stopped)
        return 0
    except (ConfigError, DashboardError, StorageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def parts(given: str) -> list[str]:
    """The OUTs in one argument: separated by commas, unless there is a folder of that very name."""
    if Path(given).exists():
        return [given]
    return [one.strip() for one in given.split(",") if one.strip()] or [given]


def serve(storages: Sequence[Storage], config: DashboardConfig, stopped: threading.Event) -> None:
    """Serve the pages, and the Ray head that shows them, until `stopped` is set.

    Raises:
        DashboardError: a port is taken, or Ray did not start or ended by itself.
    """
    if config.ray:
        config = replace(config, agent_port=config.agent_port or free_port())
        for key in ("port", "ray_port", "agent_port"):
            check_free(config.host, getattr(config, key), key)
    watch = Watch(storages)
    server = page_server(config, watch)
    watch.start()
    server.start()
    try:
        names = ", ".join(storage.url for storage in storages)
        print(f"statistics of {names}: {url(config, server.port)}", flush=True)
        if not config.ray:
            stopped.wait()
            return
        with ray_head(config, url(config, server.port)) as head:
            wait_for_dashboard(head, config, stopped)
            if not stopped.is_set():
                print(help_text(config), flush=True)
            while not stopped.wait(1.0):
                if head.poll() is not None:
                    raise DashboardError(f"the Ray head ended by itself with status {head.returncode}")
            print("stopping", flush=True)
    finally:
        watch.stop()
        server.shutdown()
        server.server_close()


def help_text(config: DashboardConfig) -> str:
    """What can be done with a head that runs."""
    token = (
        "" if os.environ.get("RAY_AUTH_MODE") == "token" or not is_loopback(config.host) else "RAY_AUTH_MODE=disabled "
    )
    lines = [
        f"Ray dashboard, tab Metrics: {url(config, config.port)}/#/metrics",
        f"jobs on this head: {token}RAY_ADDRESS={reachable(config)}:{config.ray_port} make shards …",
    ]
    if not token:
        lines.append("Ray asks for its token: `ray get-auth-token` prints it")
    return "\n".join([*lines, "Ctrl-C ends both"])


def page_server(config: DashboardConfig, watch: Watch) -> PageServer:
    """The server of the pages, listening already."""
    try:
        return PageServer(config.host, config.page_port, watch)
    except OSError as error:
        raise DashboardError(_refused(config.host, config.page_port, "page_port", error)) from error


def check_free(host: str, port: int, key: str) -> None:
    """Refuse a port that is taken, before anything is started."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            raise DashboardError(_refused(host, port, key, error)) from error


def _refused(host: str, port: int, key: str, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == 98:
        return f"port {port} is taken, perhaps by another dashboard or Ray; end that, or pass another with {key}=…"
    return f"cannot listen on {host} port {port}: {error}; pass another with {key}=… or host=…"


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def reachable(config: DashboardConfig) -> str:
    """The name under which a browser finds this machine."""
    if config.host not in ("0.0.0.0", "::"):
        return config.host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: it only tells which of our addresses faces the network
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


def url(config: DashboardConfig, port: int) -> str:
    """The address of something that listens here."""
    host = reachable(config)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextlib.contextmanager
def ray_head(config: DashboardConfig, pages: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Ray head that takes the pages for its Grafana; it ends with the context, and only what belongs to it."""
    environment = os.environ | {
        "RAY_GRAFANA_HOST": pages,
        "RAY_GRAFANA_IFRAME_HOST": pages,
        "RAY_PROMETHEUS_HOST": os.environ.get("RAY_PROMETHEUS_HOST", pages),  # a real one serves beside the pages
        # Both of the first tabs: whoever opens Metrics sees the shards at once.
        "RAY_GRAFANA_DEFAULT_DASHBOARD_UID": DASHBOARD_UID,
        "RAY_GRAFANA_DATA_DASHBOARD_UID": DASHBOARD_UID,
        "RAY_USAGE_STATS_ENABLED": "0",
        # Submitted jobs run what they find first, which must be this Python.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
    }
    for name in ("RAY_ADDRESS", "OMP_NUM_THREADS"):
        environment.pop(name, None)
    # Else it would depend on whether Ray has ever run here: its first local run leaves a token behind.
    environment.setdefault("RAY_AUTH_MODE", "disabled" if is_loopback(config.host) else "token")
    command = [
        sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block", "--disable-usage-stats",
        f"--port={config.ray_port}", f"--dashboard-host={config.host}", f"--dashboard-port={config.port}",
        f"--dashboard-agent-listen-port={config.agent_port}", f"--ray-client-server-port={free_port()}",
        f"--object-store-memory={OBJECT_STORE_BYTES}", "--min-worker-port=0", "--max-worker-port=0",
    ]  # fmt: skip
    if is_loopback(config.host):
        environment["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # keeps every port of Ray's on loopback
        command.append(f"--node-ip-address={config.host}")
    if config.temp_dir:
        command.append(f"--temp-dir={Path(config.temp_dir).resolve()}")
    # A session of its own: Ctrl-C is for us, who end it in order.
    head = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip
    said: list[bytes] = []
    threading.Thread(target=lambda: said.extend(head.stdout or ()), daemon=True).start()
    try:
        yield head
    except DashboardError as error:
        last = [line for line in b"".join(said).decode("utf-8", "replace").splitlines() if line.strip()][-3:]
        raise DashboardError(
            "\n  ".join([f"{error}; Ray said:", *map(str.strip, last)]) if last else str(error)
        ) from error
    finally:
        stop(head)


def stop(head: subprocess.Popen[bytes]) -> None:
    """End the head with everything that it started."""
    family = descendants(head.pid)
    head.terminate()
    try:
        head.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        head.kill()
        head.wait()
    # Workers end by themselves when their head is gone; those that do not are ended.
    for patience in (5.0, 5.0):
        deadline = time.monotonic() + patience
        while (left := [process for process in family if lives(process)]) and time.monotonic() < deadline:
            time.sleep(0.1)
        for number, _ in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)


def descendants(parent: int) -> list[tuple[int, str]]:
    """The processes below one, each with its time of start, by which a number that was given anew is told apart."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (fields := process_fields(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, waiting = list[tuple[int, str]](), [parent]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            waiting.append(child)
            if fields := process_fields(child):
                found.append((child, fields[19]))
    return found


def lives(process: tuple[int, str]) -> bool:
    """Whether a process is still at work: the one that started then, and not only its entry in the table."""
    fields = process_fields(process[0])
    return fields is not None and fields[19] == process[1] and fields[0] != "Z"


def process_fields(number: int) -> list[str] | None:
    """What the system says of a process, from its state on: state, parent, …, ticks at start; None where it is gone."""
    try:
        return (Path("/proc") / str(number) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def wait_for_dashboard(head: subprocess.Popen[bytes], config: DashboardConfig, stopped: threading.Event) -> None:
    """Wait until Ray's dashboard answers and has found the pages."""
    deadline = time.monotonic() + START_SECONDS
    address = f"{url(config, config.port)}/api/version"
    while time.monotonic() < deadline:
        if head.poll() is not None:
            raise DashboardError("the Ray head did not start")
        with contextlib.suppress(OSError, ValueError):
            try:
                with urllib.request.urlopen(address, timeout=5) as answer:
                    json.load(answer)
                return
            except urllib.error.HTTPError as error:
                if error.code in (401, 403):
                    return  # it is there, and asks for its token
        if stopped.wait(0.5):
            return
    raise DashboardError(f"Ray's dashboard does not answer on port {config.port} after {START_SECONDS:.0f} s")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
