"""The plan that stands in OUT, read again: what of it is to be forgotten, and what it is without."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.catalogue import class_of
from pipelines.own.data import OwnData
from pipelines.planning.identity import plan_document, plan_parts
from pipelines.planning.plan import is_forgotten, make_plan, place_of, without
from pipelines.planning.record_json import decode_record
from pipelines.record import Record, Reject
from shards.forgotten import Forgotten, Place, hidden
from shards.index import read_reject_file
from shards.layout import plan_folder, plan_rejects_path
from shards.record import file_in_place
from shards.schema import ShardError
from shards.storage import Storage


class PlanInPlace:
    """The plan of a split as it stands in OUT; while it forgets, each of its files may be that of before or after.

    `document` is plan.json, `name` its sha256.
    """

    def __init__(self, storage: Storage, dataset: str, split: str, document: Mapping[str, Any], name: str) -> None:
        self.storage, self.dataset, self.split, self.document, self.name = storage, dataset, split, document, name
        self.source = class_of(dataset, OwnData.of_settings(dataset, document["settings"]))
        self.folder = plan_folder(dataset, split)

    def damage(self) -> str | None:
        """What is wrong with the files of the plan."""
        promised = {f"{self.folder}/{part.name}": part.sha256 for part in plan_parts(self.document)}
        promised[plan_rejects_path(self.dataset, self.split)] = self.document["rejects_sha256"]
        for path, sha256 in promised.items():
            there = file_in_place(self.storage, path)
            if there is None or there.sha256 != sha256:
                return f"{self.storage.full(path)}: is not the file that plan.json promises"
        return None

    def found(self, forgotten: Forgotten) -> tuple[dict[int, list[Place]], int]:
        """What of the list is in the plan: the places of records by shard, and how many rejects."""
        namespace, ids = self.source.origin_namespace, forgotten.ids(self.split)
        places: dict[int, list[Place]] = defaultdict(list)
        for shard, record in self.records():
            if is_forgotten(record, forgotten, namespace) or (ids and hidden(record.id) in ids):
                places[shard].append(place_of(record, self.source.mean_seconds))
        # A reject of the same id goes too, such as a second record that was refused for it.
        ids |= {place.id for some in places.values() for place in some}
        rejects = [r for r in self._rejects() if is_forgotten(r, forgotten, namespace) or hidden(r.id) in ids]
        return dict(places), len(rejects)

    def without(self, forgotten: Forgotten, folder: Path) -> dict[str, Any]:
        """The plan without the forgotten records: its plan.json, and its files in `folder`.

        Raises:
            ShardError: it would not be cut into the same shards.
        """
        settings, namespace = self.document["settings"], self.source.origin_namespace
        kept: Counter[int] = Counter()  # records by shard
        gone = forgotten.ids(self.split)

        def items() -> Iterator[Record | Reject]:
            yield from self._rejects()
            for shard, record in self.records():
                kept[shard] += hidden(record.id) not in gone
                yield record

        places = forgotten.places.get(self.split, ())
        plan = make_plan(
            without(items(), forgotten, self.split, namespace),
            folder,
            mean_seconds=self.source.mean_seconds,
            shard_mb=settings["shard_mb"],
            shard_samples=settings["shard_samples"],
            places=places,
        )
        document = plan_document(self.dataset, self.split, settings, plan, places)
        document["toolchain"] = self.document["toolchain"]
        after = Counter(
            {
                part.first_shard + group: rows
                for part in plan.parts
                for group in range(part.shards)
                if (rows := pq.read_metadata(folder / part.name).row_group(group).num_rows)
            }
        )
        if kept != after or plan.shards != self.document["shards"]:
            raise ShardError(
                f"{self.storage.full(self.folder)}: this version does not cut the split into the shards that are "
                "there; build it anew with make shards … REBUILD=1, which leaves out what is forgotten"
            )
        return document

    def records(self) -> Iterator[tuple[int, Record]]:
        """Every record, with the number of its shard, in order."""
        for part in plan_parts(self.document):
            path = f"{self.folder}/{part.name}"
            try:
                with self.storage.open(path) as file, pq.ParquetFile(file) as rows:
                    for group in range(rows.num_row_groups):
                        table = rows.read_row_group(group, columns=["record"])
                        for text in table["record"].to_pylist():
                            yield part.first_shard + group, decode_record(text)
            except (FileNotFoundError, pa.ArrowException, ValueError, KeyError) as error:
                raise ShardError(
                    f"{self.storage.full(path)}: is damaged or missing ({' '.join(str(error).split())}); "
                    f"mend it with make repair DATASET={self.dataset} SOURCE=… SPLIT={self.split}"
                ) from error

    def _rejects(self) -> Iterator[Reject]:
        path = plan_rejects_path(self.dataset, self.split)
        for row in read_reject_file(self.storage, path):
            yield Reject(row.id, row.reason, row.where)
