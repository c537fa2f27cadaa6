"""Who built what, when and how fast: `runs/<run>.jsonl` beside each split. No part of the product."""

from __future__ import annotations

import json
import math
import platform
import subprocess
import time
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from shards.layout import run_path
from shards.storage import Storage

SAVE_EVERY_SECONDS = 10.0  # and longer as the log grows, which is written whole every time
SAVE_EVERY_LINES = 300  # lines a second longer


class RunLog:
    """Collects a job's events and writes them, whole, now and then and at the end."""

    def __init__(self, storage: Storage, splits: Iterable[tuple[str, str]]) -> None:
        self._storage = storage
        self.run = time.strftime("%Y%m%d-%H%M%S-") + uuid.uuid4().hex[:6]
        start = {"event": "start", "time": time.time(), "host": platform.node(), "git": _git_commit()}
        self._lines = {split: [json.dumps(start)] for split in splits}
        self._saved = -math.inf  # the first event is written at once, so that the job is seen to work
        self._events = 0

    def add(self, dataset: str, split: str, event: dict[str, Any]) -> None:
        """Note one event of a split."""
        self._lines[dataset, split].append(json.dumps({"time": time.time(), **event}, sort_keys=True))
        self._events += 1
        if time.monotonic() - self._saved >= SAVE_EVERY_SECONDS + self._events / SAVE_EVERY_LINES:
            self.save()

    def end(self) -> None:
        """Note that the job came to its end, and write everything."""
        for lines in self._lines.values():
            if len(lines) > 1:
                lines.append(json.dumps({"event": "end", "time": time.time()}))
        self.save()

    def save(self) -> None:
        """Write what there is of splits on which something was done."""
        self._saved = time.monotonic()
        for (dataset, split), lines in self._lines.items():
            if len(lines) > 1:
                self._storage.replace(run_path(dataset, split, self.run), "\n".join([*lines, ""]).encode())


def _git_commit() -> str | None:
    try:
        folder = Path(__file__).parent
        answer = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
