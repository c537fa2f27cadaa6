#!/usr/bin/env python
"""Rebuild what is damaged or missing in shards, and show that it is what it was.

    python pipelines/repair.py dataset=librispeech source=/corpora/LibriSpeech [split=dev-clean] [out=data/shards]

Every shard is verified; those that do not hold are built again from the plan and the corpus. A shard is put back only
where something that is still whole promises these very bytes: its commit record, or, where that is damaged itself, the
hash of all records in split.json or in the copy of it in dataset.json. The plan is restored where the records name it,
index, rejects and totals are made again from the shards. What cannot be shown to be the old is left as it is and told,
with status 1: then the corpus has changed, or too much is gone.
"""

from __future__ import annotations

import sys
from pathlib import Path

# The folder of this script holds modules of ours only; the packages lie beside it.
sys.path[0] = str(Path(__file__).resolve().parents[1])

import contextlib
import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.build import ShardTask, build_shard, check_plan, check_toolchain
from pipelines.catalogue import find
from pipelines.identity import IdentityError, differences, encode_plan, plan_parts
from pipelines.job import USER_ERRORS, parse_roots, unreadable
from pipelines.source import Source, SourceError
from pipelines.split import SplitDraft, draft, settle
from shards.check import check_shard
from shards.check_split import check_dataset, check_split
from shards.config import ConfigError, load_config
from shards.forgotten import journal_path, read_forgotten
from shards.index import read_shard_parquet
from shards.layout import (
    ShardName,
    dataset_path,
    parse_shard_path,
    plan_folder,
    plan_path,
    plan_rejects_path,
    split_folder,
    split_path,
)
from shards.local_ray import ray_options
from shards.plan import plan_sha256
from shards.record import ShardRecord, file_in_place, read_record, read_records
from shards.schema import ShardError
from shards.scratch import scratch
from shards.storage import Storage
from shards.summary import SplitSummary, read_split, records_digest, splits, summarise_dataset, summarise_split
from shards.verify import RETRIES, check_shards

FEW_SHARDS = 4  # up to as many are built here, before Ray would have started


@dataclass(frozen=True)
class RepairConfig:
    """What `make repair` takes."""

    dataset: str = ""
    source: str = ""
    roots: str = ""
    out: str = "data/shards"
    split: str = ""  # comma-separated; empty: all that OUT has
    align: str = "auto"  # this and the next three are asked only where plan.json is lost
    shard_mb: float = 256.0
    shard_samples: int | None = None
    vocabulary: str = "released"
    workers: int | None = None
    storage_options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rebuilt:
    """What came of one shard."""

    record: ShardRecord | None  # as the corpus gives it now; None where it cannot be built
    restored: bool
    why: str = ""  # it was not restored


def main(arguments: Sequence[str]) -> int:
    """Run the command; 0 when everything is what it was promised to be."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if set(arguments) & {"-h", "--help"}:
        print(__doc__)
        return 0
    try:
        return run(load_config(RepairConfig, None, arguments))
    except USER_ERRORS as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {unreadable(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def run(config: RepairConfig) -> int:
    """Repair split after split, then the dataset's totals."""
    cls = find(config.dataset)
    if not config.source:
        raise ConfigError(f"SOURCE is missing: pass {cls.expects}; `make source DATASET={cls.name}` says more")
    source = cls(config.source, parse_roots(config.roots))
    storage = Storage(config.out, **config.storage_options)
    storage.check_writable()
    wanted = [name.strip() for name in config.split.split(",") if name.strip()] or _splits(storage, cls.name)
    if not wanted:
        raise ShardError(f"{storage.full(cls.name)}: no shards here; give the OUT of make shards")
    failures = [f"{cls.name}/{split}: {why}" for split in wanted for why in _repair(storage, source, split, config)]
    if check_dataset(storage, cls.name) and not failures:
        summarise_dataset(storage, cls.name)
        print(f"{cls.name}: dataset.json made again from the splits")
    if failures:
        raise ShardError(
            "\n".join(failures) + f"\n{len(failures)} things could not be repaired. Pass the SOURCE and the versions "
            "that the shards were built with; or build from what SOURCE holds now with make shards … REBUILD=1"
        )
    return 0


def _splits(storage: Storage, dataset: str) -> list[str]:
    """Those with a plan or totals, and those of which only shards are left."""
    known = set(splits(storage, dataset))
    for split in storage.folders(dataset):
        known |= {split for path in storage.list(f"{dataset}/{split}", recursive=False) if parse_shard_path(path)}
    return sorted(known)


def _repair(storage: Storage, source: Source, split: str, config: RepairConfig) -> list[str]:
    """Repair one split; what could not be."""
    name = f"{source.name}/{split}"
    with contextlib.suppress(ShardError, IdentityError):  # where the plan is damaged, after it was mended
        settle(source.name, split, storage)
    _mend_plan(storage, source, split, config)
    settle(source.name, split, storage)
    document = json.loads(storage.read_bytes(plan_path(source.name, split)))
    promised = _promises(storage, source.name, split)
    shards = [ShardName(source.name, split, number) for number in range(document["shards"])]
    sizes = storage.list(split_folder(source.name, split), recursive=False)
    damaged = []
    for shard, findings in check_shards(storage, shards, config.workers or 0, sizes):
        if findings.lies:
            damaged.append(shard)
            print(f"{name}: {findings.lies[0]}" + (f", and {len(findings.lies) - 1} more" * (len(findings.lies) > 1)))
    roots = {key: str(path) for key, path in source.roots.items()}
    tasks = [ShardTask(shard, str(source.root), roots, storage, document) for shard in sorted(damaged)]
    failures = _rebuild_all(storage, tasks, promised, config)
    strays = [path for path in sizes if (found := parse_shard_path(path)) and found[0] not in shards]
    if strays:
        print(f"{name}: deleting {len(strays)} files that belong to no shard of the plan, the first is {strays[0]}")
        storage.delete(*strays)
    if failures:
        return failures
    if check_split(storage, source.name, split):
        storage.delete(split_path(source.name, split))
        made = summarise_split(storage, source.name, split)
        told = "as they were promised" if made.records in promised else "which nothing was left to confirm"
        print(f"{name}: index.parquet, rejects.parquet and split.json made again, {told}")
    left = [lie for task in tasks for lie in check_shard(storage, task.shard).lies]
    left += check_split(storage, source.name, split)
    if not left:
        print(f"{name}: {len(shards):,} shards, {len(tasks):,} of them repaired: all true")
    return [str(lie) for lie in left]


def _promises(storage: Storage, dataset: str, split: str) -> frozenset[str]:
    """The hashes over all records of the split that split.json, and its copy in dataset.json, tell."""
    found = set()
    try:
        summary: SplitSummary | None = read_split(storage, dataset, split)
    except ShardError:
        summary = None
    if summary is not None:
        found.add(summary.records)
    with contextlib.suppress(FileNotFoundError, ValueError, TypeError, KeyError):
        found.add(json.loads(storage.read_bytes(dataset_path(dataset)))["splits"][split]["records"])
    return frozenset(found)


def _mend_plan(storage: Storage, source: Source, split: str, config: RepairConfig) -> None:
    """Restore what is damaged of the plan from the corpus.

    Raises:
        ShardError, IdentityError: the corpus no longer gives this plan.
    """
    dataset, path = source.name, plan_path(source.name, split)
    data = storage.read_if_there(path)
    named = Counter(record.plan for record in read_records(storage, dataset, split).values() if record.plan)
    name = named.most_common(1)[0][0] if named else None
    document = _document(data)
    # A plan that was just replaced, by forgetting, is not yet that of the records.
    whole = document is not None and (
        name in (None, plan_sha256(data or b"")) or _is_journaled(storage, dataset, split)
    )
    if document is not None and whole:
        wrong = [part for part, sha256 in _parts(dataset, split, document).items() if _sha256(storage, part) != sha256]
        if not wrong:
            return
    if name is None and document is None:
        raise ShardError(
            f"{storage.full(path)}: neither a plan nor a record of one: nothing to repair; run make shards"
        )
    settings = {
        "align": config.align,
        "shard_mb": config.shard_mb,
        "shard_samples": config.shard_samples,
        "vocabulary": config.vocabulary,
    }
    with scratch() as folder:
        tried: list[SplitDraft] = []
        for some in ([document["settings"]] if document is not None else []) + [settings]:
            try:
                tried.append(draft(source, split, some, folder, forgotten=read_forgotten(storage, dataset)))
            except (KeyError, TypeError, AttributeError):
                continue  # settings that were damaged
            made = tried[-1]
            restored = encode_plan(made.document)
            if (whole and _parts(dataset, split, made.document) == _parts(dataset, split, document or {})) or (
                not whole and plan_sha256(restored) == name
            ):
                put = 0
                for part, sha256 in _parts(dataset, split, made.document).items():
                    if _sha256(storage, part) != sha256:
                        storage.put_file(made.folder / part.rpartition("/")[2], part)
                        put += 1
                if not whole:
                    storage.replace(path, restored)
                told = "plan.json, as the records name it, and " if not whole else ""
                print(f"{dataset}/{split}: restored {told}{put} files of the plan, as plan.json promises them")
                return
    changed = differences(document, tried[0].document) if document is not None and tried else []
    raise IdentityError(
        f"{storage.full(plan_folder(dataset, split))}: the plan is damaged, and SOURCE with these settings gives "
        "another"
        + (":\n  " + "\n  ".join(changed) if changed else "; pass SHARD_MB, SHARD_SAMPLES and the like as they were")
        + f"\n{dataset}/{split} cannot be repaired from this. Pass the SOURCE and the settings that it was built with, "
        "or REBUILD=1 to make shards to build it anew from what there is now"
    )


def _document(data: bytes | None) -> dict[str, Any] | None:
    """plan.json, if it is whole enough to plan by."""
    try:
        document = json.loads(data or b"")
        plan_parts(document)
        if encode_plan(document) == data and isinstance(document["shards"], int) and document["rejects_sha256"]:
            return dict(document)
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    return None


def _parts(dataset: str, split: str, document: Mapping[str, Any]) -> dict[str, str]:
    """The sha256 that plan.json promises of each file of the plan."""
    folder = plan_folder(dataset, split)
    found = {f"{folder}/{part.name}": part.sha256 for part in plan_parts(document)}
    return found | {plan_rejects_path(dataset, split): document["rejects_sha256"]}


def _is_journaled(storage: Storage, dataset: str, split: str) -> bool:
    return storage.exists(journal_path(dataset, split))


def _rebuild_all(
    storage: Storage, tasks: Sequence[ShardTask], promised: frozenset[str], config: RepairConfig
) -> list[str]:
    """Restore shards: first those of which a record promises the bytes, then those that only all together can prove."""
    results = dict(_rebuilt(tasks, {}, config))
    for shard, result in results.items():
        if result.restored:
            print(f"{shard}: restored, with the sha256 that its record promises")
    open_tasks = [task for task in tasks if not results[task.shard].restored]
    if not open_tasks:
        return []
    accepted = _proven(storage, open_tasks, results, promised)
    again = [task for task in open_tasks if task.shard in accepted]
    told = (
        "with the hash of all records that split.json promises"
        if promised
        else "as the corpus gives it: " + ("no record, and no split.json, was left to hold it against")
    )
    for shard, result in _rebuilt(again, accepted, config):
        results[shard] = result
        if result.restored:
            print(f"{shard}: restored, with its record, {told}")
    return [f"{task.shard}: {results[task.shard].why}" for task in open_tasks if not results[task.shard].restored]


def _proven(
    storage: Storage, tasks: Sequence[ShardTask], results: Mapping[ShardName, Rebuilt], promised: frozenset[str]
) -> dict[ShardName, ShardRecord]:
    """The records that can be taken though none in OUT says the same."""
    document = tasks[0].document
    dataset, split = tasks[0].shard.dataset, tasks[0].shard.split
    name = plan_sha256(encode_plan(document))
    there = read_records(storage, dataset, split, name)
    made = {shard: result.record for shard, result in results.items() if result.record is not None}
    unsaid = {shard: record for shard, record in made.items() if shard.number not in there}
    for some in ({shard: made[shard] for shard in made if not results[shard].restored}, unsaid):
        together = there | {shard.number: record for shard, record in some.items()}
        if len(together) == document["shards"] and records_digest(together) in promised:
            return dict(some)
    return {} if promised else unsaid


def rebuild(task: ShardTask, accepted: ShardRecord | None = None) -> Rebuilt:
    """Build a shard again, and put it in place if it is what its record, or `accepted`, says.

    Raises:
        IdentityError: the libraries are not those of the plan, or the plan is another by now.
        OSError, SourceError, StorageError: something cannot be read or written now; worth another try.
    """
    storage, shard = task.storage, task.shard
    check_toolchain(task)
    check_plan(task)
    said = read_record(storage, shard, plan_sha256(encode_plan(task.document)))
    with scratch() as folder:
        try:
            tar, parquet, record = build_shard(task, folder)
        except FileNotFoundError as error:
            return Rebuilt(None, False, f"cannot be built: {error.filename}: the corpus has lost this file")
        if record not in (said, accepted):
            return Rebuilt(record, False, _difference(storage, said, parquet, record))
        check_plan(task)
        if file_in_place(storage, shard.tar) != record.tar:
            storage.put_file(tar, shard.tar, move=True)
        if file_in_place(storage, shard.parquet) != record.parquet:
            storage.replace(shard.parquet, parquet)
        if storage.read_if_there(shard.record) != record.encode():
            storage.replace(shard.record, record.encode())
    return Rebuilt(record, True)


def _difference(storage: Storage, said: ShardRecord | None, parquet: bytes, record: ShardRecord) -> str:
    """Why a shard that was built again is not what it was."""
    if said is None:
        return (
            "its record is missing or damaged, and split.json does not confirm what SOURCE gives now: the corpus has "
            "changed, or split.json is damaged too"
        )
    if (
        file_in_place(storage, record.shard.tar) == record.tar
        and file_in_place(storage, record.shard.parquet) == record.parquet
    ):
        return "its files are what SOURCE gives, but its record says something else, and split.json does not confirm it"
    where = ""
    old = storage.read_if_there(said.shard.parquet)
    if old is not None and hashlib.sha256(old).hexdigest() == said.parquet.sha256:
        before, after = (_contents(data) for data in (old, parquet))
        changed = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
        where = f" ({len(changed)} of {len(before)} samples, the first is {changed[0]})" if changed else ""
    return (
        f"SOURCE no longer gives the bytes that its record promises{where}: tar {said.tar.sha256}, "
        f"now {record.tar.sha256}"
    )


def _contents(parquet: bytes) -> dict[str, tuple[int, ...]]:
    """Of each sample the checksums of its parts."""
    rows = read_shard_parquet(parquet, "")[0].to_pylist()
    return {row["key"]: tuple(part["crc32"] for part in (*row["audio"], row["json"])) for row in rows}


def _rebuilt(
    tasks: Sequence[ShardTask], accepted: Mapping[ShardName, ShardRecord], config: RepairConfig
) -> Iterator[tuple[ShardName, Rebuilt]]:
    """What comes of each shard, here where they are few, else on Ray."""
    if len(tasks) <= FEW_SHARDS:
        for task in tasks:
            yield task.shard, rebuild(task, accepted.get(task.shard))
        return
    cluster = ray_options(config.workers)  # before Ray is imported, which reads its settings from the environment
    import ray

    ray.init(**cluster)
    options: dict[str, Any] = {
        "num_cpus": 1,
        "max_retries": RETRIES,
        "retry_exceptions": [OSError, SourceError],
        "scheduling_strategy": "SPREAD",
    }
    remote: Any = ray.remote(**options)(rebuild)
    at_once = 2 * (config.workers or int(ray.cluster_resources().get("CPU", 1)))
    waiting, running = iter(tasks), dict[Any, ShardName]()
    try:
        while True:
            while len(running) < at_once and (due := next(waiting, None)) is not None:
                named = remote.options(name=f"{due.shard.dataset}: repair shard")
                running[named.remote(due, accepted.get(due.shard))] = due.shard
            if not running:
                return
            done, _ = ray.wait(list(running), num_returns=1)
            for reference in done:
                yield running.pop(reference), ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, (*USER_ERRORS, OSError)):
            raise error.cause from None
        raise
    except ray.exceptions.RayError as error:
        raise ShardError(
            f"a worker died {RETRIES + 1} times over one shard ({str(error).splitlines()[0]}); pass fewer WORKERS"
        ) from error
    finally:
        ray.shutdown()


def _sha256(storage: Storage, path: str) -> str:
    found = file_in_place(storage, path)
    return "" if found is None else found.sha256


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
