"""How a command starts Ray: joining the cluster it was given, or on this machine, on loopback, for itself alone.

Ray itself is imported by the entry points only; they call `ray.init(**ray_options(...))`.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

OBJECT_STORE_BYTES = 100_000_000  # neither shards nor batches travel through Ray's object store


def ray_options(cores: int | None = None) -> dict[str, Any]:
    """Keywords for `ray.init`. Call it before anything imports Ray: it reads its settings from the environment.

    With RAY_ADDRESS set (as in a submitted job) that cluster is joined. Else Ray starts here with at most `cores`
    cores, and listens on 127.0.0.1 only, which it does where clusters are switched off.
    """
    root = str(Path(__file__).resolve().parents[1])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
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
    return options | {
        "address": "local",  # not the cluster that someone else has started on this machine
        "num_cpus": min(cores or here, here),
        "object_store_memory": OBJECT_STORE_BYTES,
        "include_dashboard": False,
    }


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))
