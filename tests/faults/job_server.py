"""Runs the shard job again and again, each time in a forked process that may be killed; the libraries load once.

    python -m tests.faults.job_server

Every line of standard input is a run: {"arguments": [...], "environment": {...}, "output": path, "disk": null or
{"folders": [...], "log": path, "fault": [number, how] or null}}. It answers with the process id and, at the end, with
the exit status (below 0: the signal), a line each. The shards are built in the same process, one after the other.
"""

from __future__ import annotations

import functools
import gc
import json
import os
import sys
import tempfile
import traceback
from typing import Any

import aiobotocore.session  # noqa: F401
import botocore.loaders
import botocore.session
import pyarrow.parquet  # noqa: F401
import s3fs  # noqa: F401
import torch

from pipelines import catalogue, job, run_log
from pipelines.build import ShardTask, build_and_commit
from pipelines.planning import identity
from pipelines.run_log import RunLog
from tests.faults.disk import Disk, Fault

CRASHED = 70  # exit status of a run that ended in what would be a traceback


def main() -> None:
    """Answer until standard input ends."""
    torch.set_num_threads(1)
    identity.toolchain()
    catalogue.find("librispeech")
    # What a client reads of S3's interface, half a second's work, is read once for all runs.
    reader = botocore.loaders.JSONFileLoader
    reader.load_file = functools.cache(reader.load_file)
    botocore.session.get_session().create_client(
        "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    run_log._git_commit = lambda: None  # a process of its own each time
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            _run(request)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(request: dict[str, Any]) -> None:
    """Do one job and end the process."""
    status = CRASHED
    try:
        output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.update(request["environment"])
        tempfile.tempdir = request["environment"]["TMPDIR"]  # not asked for: Python would try it out with a file
        job.build = _build_here
        if request["disk"] is not None:
            disk = request["disk"]
            Disk(disk["folders"], disk["log"], Fault(*disk["fault"]) if disk["fault"] else None).install()
        status = job.main(request["arguments"])
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _build_here(tasks: list[ShardTask], config: job.ShardsConfig, log: RunLog, *others: object) -> None:
    """In place of Ray's tasks."""
    for task in tasks:
        built = build_and_commit(task)
        log.add(task.shard.dataset, task.shard.split, built.event)


if __name__ == "__main__":
    main()
