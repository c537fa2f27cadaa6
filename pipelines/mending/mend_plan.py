"""Restores the plan of a split, where it is damaged, from the corpus: exactly as its records and plan.json name it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pipelines.planning.identity import IdentityError, differences, encode_plan, plan_parts
from pipelines.source import Source
from pipelines.split import SplitDraft, draft
from shards.forgotten import read_forgotten
from shards.layout import journal_path, plan_folder, plan_path, plan_rejects_path
from shards.plan import plan_sha256
from shards.record import file_in_place, read_records
from shards.schema import ShardError
from shards.scratch import scratch
from shards.storage import Storage


def mend_plan(storage: Storage, source: Source, split: str, settings: Mapping[str, Any]) -> None:
    """Restore what is damaged of a plan.

    plan.json is whole where the records name it, the other files where plan.json does. `settings` are tried where
    plan.json does not tell them any more.

    Raises:
        ShardError: there is nothing that tells what the plan was.
        IdentityError: the corpus no longer gives this plan, or not with these settings.
    """
    dataset, path = source.name, plan_path(source.name, split)
    data = storage.read_if_there(path)
    document = _document(data)
    named = Counter(record.plan for record in read_records(storage, dataset, split).values() if record.plan)
    name = named.most_common(1)[0][0] if named else None
    if document is None and name is None:
        raise ShardError(
            f"{storage.full(path)}: neither a plan nor a record of one: nothing to repair; run make shards"
        )
    # A plan that was just replaced, by forgetting, is not yet that of the records.
    trusted = data is not None and (name in (None, plan_sha256(data)) or storage.exists(journal_path(dataset, split)))
    promised = _parts(dataset, split, document) if document is not None and trusted else None
    if promised is not None and all(_sha256(storage, part) == sha256 for part, sha256 in promised.items()):
        return
    told = [] if document is None else [document["settings"]]
    with scratch() as folder:
        tried: list[SplitDraft] = []
        for some in (*told, settings):
            try:
                made = draft(source, split, some, folder, forgotten=read_forgotten(storage, dataset))
            except (KeyError, TypeError, AttributeError):
                continue  # settings that were damaged
            tried.append(made)
            parts, text = _parts(dataset, split, made.document), encode_plan(made.document)
            if parts == promised or (promised is None and plan_sha256(text) == name):
                _put(storage, made, parts, path, text if promised is None else None)
                return
    changed = differences(document, tried[0].document) if document is not None and tried else []
    raise IdentityError(
        f"{storage.full(plan_folder(dataset, split))}: the plan is damaged, and SOURCE with these settings gives "
        "another"
        + (":\n  " + "\n  ".join(changed) if changed else "; pass SHARD_MB, SHARD_SAMPLES and the like as they were")
    )


def _put(storage: Storage, made: SplitDraft, parts: Mapping[str, str], path: str, text: bytes | None) -> None:
    """Put those files of the plan in place that are not what they should be, and plan.json where `text` is given."""
    wrong = [part for part, sha256 in parts.items() if _sha256(storage, part) != sha256]
    for part in wrong:
        storage.put_file(made.folder / part.rpartition("/")[2], part)
    if text is not None:
        storage.replace(path, text)
    restored = [*(["plan.json, as the records name it"] if text is not None else [])]
    restored += [f"{len(wrong)} files of the plan, as plan.json promises them"] if wrong else []
    print(f"{made.source.name}/{made.split}: restored {' and '.join(restored)}", flush=True)


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


def _sha256(storage: Storage, path: str) -> str | None:
    found = file_in_place(storage, path)
    return None if found is None else found.sha256
