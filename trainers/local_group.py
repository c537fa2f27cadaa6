"""A process group of workers on one machine that listens on loopback only.

Ray Train lets torch make the group through a TCP store, which listens on every interface; a file does as well where
all workers share a disk.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import timedelta
from typing import Any

import ray
import torch.distributed as dist
from ray.train.torch import TorchConfig
from ray.train.torch.config import _TorchBackend


class LocalTorchConfig(TorchConfig):
    """Like `TorchConfig`, for workers that are all on this machine."""

    @property
    def backend_cls(self) -> type[LocalTorchBackend]:
        """What sets the group up."""
        return LocalTorchBackend


class LocalTorchBackend(_TorchBackend):
    """Sets the group up through a file."""

    def on_start(self, worker_group: Any, backend_config: Any) -> None:
        """Called by Ray whenever the workers begin, the first time or again."""
        self._folder = tempfile.mkdtemp(prefix="process-group-")
        group = len(worker_group), backend_config.backend, f"{self._folder}/store"
        ray.get([worker_group.execute_single_async(rank, _join, rank, *group) for rank in range(len(worker_group))])

    def on_shutdown(self, worker_group: Any, backend_config: Any) -> None:
        """Called by Ray when the workers end."""
        super().on_shutdown(worker_group, backend_config)
        shutil.rmtree(self._folder, ignore_errors=True)


def _join(rank: int, world_size: int, backend: str, store: str) -> None:
    os.environ["LOCAL_RANK"] = str(rank)
    for variable in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):
        os.environ.setdefault(variable, "lo")
    dist.init_process_group(
        backend, init_method=f"file://{store}", rank=rank, world_size=world_size, timeout=timedelta(minutes=30)
    )
