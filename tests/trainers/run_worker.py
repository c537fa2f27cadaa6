"""One worker of a run without Ray: python run_worker.py RANK WORLD_SIZE STORE CONFIG [key=value ...] [-- again]."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import torch
import torch.distributed as dist

from shards.config import load_config
from trainers.config import PretrainConfig
from trainers.parallel import Worker
from trainers.training import train

if __name__ == "__main__":
    rank, world_size, store, path, *overrides = sys.argv[1:]
    os.environ |= {"GLOO_SOCKET_IFNAME": "lo", "LOCAL_RANK": rank}
    dist.init_process_group("gloo", init_method=f"file://{store}", rank=int(rank), world_size=int(world_size))
    for line in " ".join(overrides).split(" -- "):  # several runs, one after the other, in one process
        train(load_config(PretrainConfig, path, line.split()), Worker(int(rank), int(world_size), torch.device("cpu")))
