#!/usr/bin/env python
"""Take recordings out of a dataset for good, as when somebody asks for it.

    python pipelines/forget.py dataset=librispeech ids=84-121123-0001,84-121123-0002 out=data/shards
    python pipelines/forget.py dataset=covost2 ids=requests.txt out=s3://bucket/shards

They leave the shards, index and plan of every split in OUT, and later builds leave them out. The corpus is not needed.
An id is that of a record, the name or path of a recording, an origin such as freesound:1234, or speaker:<id> for all of
a speaker; a file has one in each line. Killed at any moment, the same command goes on. Let no other job work on the
dataset meanwhile; training runs that pinned its index have to pin the new one.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The folder of this script holds modules of ours only; the packages lie beside it.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.catalogue import find
from pipelines.mending.forgetting import bring_in_line
from pipelines.planning.identity import IdentityError
from pipelines.source import SourceError
from shards.command import exit_status
from shards.config import ConfigError, load_config
from shards.forgotten import add_names, read_forgotten
from shards.layout import NAME, dataset_folder
from shards.schema import ShardError
from shards.storage import Storage, StorageError
from shards.summary import splits

USER_ERRORS = (ConfigError, IdentityError, SourceError, ShardError, StorageError)


@dataclass(frozen=True)
class ForgetConfig:
    """What `make forget` takes."""

    dataset: str = ""
    ids: str = ""  # a,b,c or a file with one in each line
    out: str = "data/shards"
    storage_options: dict[str, Any] = field(default_factory=dict)


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0 when nothing of what was named is left."""
    if set(arguments) & {"-h", "--help"}:
        print(__doc__, "\nKeys: dataset= ids= out=data/shards storage_options.…=", sep="\n")
        return 0
    return exit_status(lambda: run(load_config(ForgetConfig, None, arguments)), USER_ERRORS)


def run(config: ForgetConfig) -> int:
    """Forget what the configuration names."""
    if not config.dataset:
        raise ConfigError("DATASET is missing: pass the name of the corpus whose recordings are to go")
    storage = Storage(config.out, **config.storage_options)
    # A dataset of one's own is known by OUT alone.
    there = NAME.fullmatch(config.dataset) and splits(storage, config.dataset)
    return forget(storage, config.dataset if there else find(config.dataset).name, read_ids(config.ids))


def read_ids(text: str) -> tuple[str, ...]:
    """The ids in a list or a file.

    Raises:
        ConfigError: there are none, or the file is no text.
    """
    path = Path(text)
    try:
        found = path.read_text(encoding="utf-8-sig").splitlines() if text and path.is_file() else text.split(",")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    ids = tuple(dict.fromkeys(filter(None, (line.strip() for line in found))))
    if not ids:
        raise ConfigError("IDS is empty: pass IDS=a,b,c or IDS=file with one id in each line")
    if len(ids) == 1 and ids[0].startswith("/"):
        raise ConfigError(f"IDS={ids[0]}: there is no such file")
    return ids


def forget(storage: Storage, dataset: str, ids: Sequence[str]) -> int:
    """Put ids on the list, then let every split go through it."""
    storage.check_writable()
    add_names(storage, dataset, ids)
    print(f"{dataset}: {len(ids):,} ids are on the list; later builds leave them out", flush=True)
    found, failed = 0, list[str]()
    there = splits(storage, dataset)
    if not there:
        print(f"{storage.full(dataset)}: holds no splits yet; what is built there will be built without", flush=True)
    for split in there:
        try:
            found += bring_in_line(storage, dataset, split)
        except (ShardError, IdentityError) as error:
            # The other splits can still do what was asked.
            failed.append(f"{dataset}/{split}: {error}")
    storage.sweep(dataset_folder(dataset))
    if failed:
        raise ShardError("\n".join(failed))
    listed = len(read_forgotten(storage, dataset).names)
    print(
        f"{dataset}: {found:,} records left OUT now; the list has {listed:,} names"
        + (
            ""
            if found or not there
            else ". Nothing in OUT bears one of these; if that is unexpected, compare their spelling"
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
