"""Folders on local disk for what is not in place yet; those of killed processes are removed by the next one."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

PREFIX = "qwen-audio-"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder below TMPDIR that goes with the context."""
    sweep()
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def sweep() -> None:
    """Remove the folders of this user's processes that are no more."""
    with os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            owner = re.fullmatch(rf"{PREFIX}([0-9]+)-\w+", entry.name)
            with contextlib.suppress(OSError):
                if owner and not Path(f"/proc/{owner[1]}").exists() and entry.stat().st_uid == os.getuid():
                    shutil.rmtree(entry.path, ignore_errors=True)
