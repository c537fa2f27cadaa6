"""How a command starts Ray, joining the cluster it was given or on this machine, and what it says when Ray gives up.

Ray itself is imported by the entry points only; they call `ray.init(**ray_options(...))`.
"""

from __future__ import annotations

import logging
import os
import re
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

RETRIES = 3  # of a task, by Ray, when its worker dies
HEAD_CHECK_SECONDS = 5.0
CONNECT_SECONDS = 20.0
LONGEST_TMPDIR = 40  # characters; Ray's sockets lie 66 deeper, and the system takes 107
HEAD_SILENT_SECONDS = 40.0  # after 60 Ray ends the process, with no word on what to do
OBJECT_STORE_BYTES = 100_000_000  # neither shards nor batches travel through Ray's object store


def ray_options(cores: int | None = None) -> dict[str, Any]:
    """Keywords for `ray.init`. Call it before anything imports Ray: it reads its settings from the environment.

    With RAY_ADDRESS set (as in a submitted job) that cluster is joined. Else Ray starts here with at most `cores`
    cores, and listens on 127.0.0.1 only, which it does where clusters are switched off.
    """
    root = str(Path(__file__).resolve().parents[1])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # By default Ray tries again without end what it killed for memory, and a shard too large for every node would keep
    # a command for ever. It is told instead, and decides.
    os.environ.setdefault("RAY_task_oom_retries", "0")
    options: dict[str, Any] = {"logging_level": logging.WARNING}
    if address := os.environ.get("RAY_ADDRESS"):
        if address.startswith(("127.", "localhost:")):
            # A head of this machine's loopback (make dashboard), whose address Ray would put into the network else.
            os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        if "RAY_JOB_CONFIG_JSON_ENV_VAR" not in os.environ:  # a submitted job brings its code along; else it lies here
            options["runtime_env"] = {"env_vars": {"PYTHONPATH": os.environ["PYTHONPATH"]}}
        return options
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    logging.getLogger("ray._private.authentication").setLevel(logging.ERROR)
    here = available_cores()
    if len(tempfile.gettempdir()) > LONGEST_TMPDIR:
        options["_temp_dir"] = "/tmp/ray"
    return options | {
        "address": "local",  # not the cluster that someone else has started on this machine
        "num_cpus": min(cores or here, here),
        "object_store_memory": OBJECT_STORE_BYTES,
        "include_dashboard": False,
    }


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def check_address() -> None:
    """See that somebody answers at RAY_ADDRESS: Ray itself would try for minutes.

    Raises:
        TaskLostError: nobody does.
    """
    found = re.fullmatch(r"(?:ray://)?(\[[0-9a-fA-F:]+\]|[^\[\]:/]+):([0-9]+)", os.environ.get("RAY_ADDRESS", ""))
    if found is None:
        return  # none, or "auto", or what Ray will refuse by itself
    try:
        socket.create_connection((found[1].strip("[]"), int(found[2])), timeout=CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise no_head(str(getattr(error, "strerror", None) or error)) from error


def no_head(said: str) -> TaskLostError:
    """What to say where no head answers."""
    return TaskLostError(
        f"RAY_ADDRESS={os.environ.get('RAY_ADDRESS')}: no head of a Ray cluster answers there ({said}); correct it, or "
        "unset it to work on this machine alone"
    )


class TaskLostError(Exception):
    """A task that was not done, through no fault of what it was given: its worker died, or there was no memory.

    `starved` where it was the memory.
    """

    def __init__(self, message: str, starved: bool = False) -> None:
        super().__init__(message)
        self.starved = starved


def lost(error: BaseException) -> TaskLostError:
    """What to say where Ray gave a task up with `error`, one of its own kinds, or where a worker had no memory."""
    kind, said = type(error).__name__, (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, MemoryError):
        told = f"a worker had no memory left for its shard ({said}); pass fewer WORKERS"
    elif kind == "OutOfMemoryError":
        told = f"a node ran out of memory over one shard ({said}); pass fewer WORKERS"
    elif kind in ("LocalRayletDiedError", "RaySystemError"):
        told = f"Ray died on the machine that this command runs on ({said}); start it again"
    elif kind in ("WorkerCrashedError", "NodeDiedError", "ActorDiedError", "ActorUnavailableError"):
        told = f"a worker died over one task, again and again ({said}); most often memory: pass fewer WORKERS"
    else:
        told = f"Ray gave a shard up ({kind}: {said})"
    starved = isinstance(error, MemoryError) or kind == "OutOfMemoryError"
    return TaskLostError(f"{told}, then run the same command again, which goes on from here", starved)


class Head:
    """The head of the cluster, which is asked now and then whether it is still there."""

    def __init__(self, address: str) -> None:
        self._address = address
        host, _, port = address.rpartition(":")
        self._place = host.strip("[]"), int(port)
        self._asked = time.monotonic()
        self._silent: float | None = None  # since when

    def check(self) -> None:
        """Look, where the last look was a while ago.

        Raises:
            TaskLostError: it has been silent for long.
        """
        now = time.monotonic()
        if now - self._asked < HEAD_CHECK_SECONDS:
            return
        self._asked = now
        try:
            socket.create_connection(self._place, timeout=HEAD_CHECK_SECONDS).close()
            self._silent = None
        except OSError as error:
            # Not since the last answer: perhaps nobody asked for a while.
            self._silent = self._silent or now
            if now - self._silent > HEAD_SILENT_SECONDS:
                raise TaskLostError(
                    f"the head of the Ray cluster, {self._address}, has not answered for {now - self._silent:.0f} s "
                    f"({error.strerror or error}); when it is there again, run the same command again, which goes on "
                    "from here"
                ) from error
