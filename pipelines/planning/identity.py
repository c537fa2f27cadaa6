"""What makes the bytes of a split: recipe, settings, toolchain, and the records themselves.

Equal identities give equal bytes. The identity stands in plan/plan.json; a job whose identity differs is refused
with what differs, and a worker whose toolchain differs builds nothing.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import cache
from importlib.metadata import version
from typing import Any

import av
import numpy as np
import pyarrow
import soundfile
import torch
import torchaudio

from pipelines.decoding.audio import encode_flac
from pipelines.planning.plan import Plan
from shards.forgotten import Place
from shards.plan import PlanPart, plan_sha256
from shards.sample import canonical_json
from shards.schema import SCHEMA

RECIPE = 4  # raised by hand when a change of ours alters output bytes; golden hashes in the tests guard it


class IdentityError(Exception):
    """The split under OUT was planned from something else: what differs, and what to do."""


@cache
def toolchain() -> dict[str, str]:
    """The versions that output bytes depend on."""
    return {
        "libsndfile": soundfile.__libsndfile_version__,
        "libFLAC": _flac_vendor(),
        "num2words": version("num2words"),
        "FFmpeg": ".".join(str(part) for part in av.library_versions["libavcodec"]),
        "pyarrow": pyarrow.__version__,
        "torchaudio": torchaudio.__version__.partition("+")[0],
        # Resampling is a convolution, whose rounding differs between instruction sets.
        "cpu": f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}",
    }


def _flac_vendor() -> str:
    """The encoder's own name, as it writes it into the VORBIS_COMMENT block of every file."""
    flac = encode_flac(np.zeros(16, np.int16))
    start = flac.find(b"reference libFLAC")
    return flac[start : flac.find(b"\x00", start)].decode("ascii", "replace")[:40] if start >= 0 else "unknown"


def plan_document(
    dataset: str, split: str, settings: Mapping[str, Any], plan: Plan, places: Sequence[Place] = ()
) -> dict[str, Any]:
    """What plan.json holds: the identity, and where each shard's records are.

    `places` are those of the split's forgotten records; a plan without any says nothing of them.
    """
    return {
        "schema": SCHEMA,
        "recipe": RECIPE,
        "dataset": dataset,
        "split": split,
        "settings": dict(settings),
        "toolchain": toolchain(),
        "fingerprint": plan.fingerprint,
        "shards": plan.shards,
        "records": plan.records,
        "seconds": plan.seconds,
        "parts": [[part.name, part.first_shard, part.shards, part.sha256] for part in plan.parts],
        "rejects": plan.rejects,
        "rejects_sha256": plan.rejects_sha256,
        **({"forgotten": _described(places)} if places else {}),
    }


def _described(places: Sequence[Place]) -> dict[str, Any]:
    listed = canonical_json([list(astuple(place)) for place in sorted(places)])
    return {"records": len(places), "sha256": hashlib.sha256(listed).hexdigest()}


def encode_plan(document: Mapping[str, Any]) -> bytes:
    """plan.json's bytes."""
    return (json.dumps(document, sort_keys=True, ensure_ascii=False, indent=1) + "\n").encode()


def plan_name(document: Mapping[str, Any]) -> str:
    """What commit records call the plan: the sha256 of its plan.json."""
    return plan_sha256(encode_plan(document))


def plan_parts(document: Mapping[str, Any]) -> tuple[PlanPart, ...]:
    """The plan's parquet files, in shard order."""
    return tuple(PlanPart(*part) for part in document["parts"])


def _flat(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with the groups among them taken apart: `own.language`."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        found |= (
            {f"{key}.{inner}": item for inner, item in _flat(value).items()}
            if isinstance(value, dict)
            else {key: value}
        )
    return found


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What differs between two plans, as `key: old → new`, the causes before the consequences."""
    found = []
    for group in ("settings", "toolchain"):
        before, after = _flat(old.get(group, {})), _flat(new.get(group, {}))
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                found.append(f"{group}.{key}: {before.get(key)} → {after.get(key)}")
    for key in ("schema", "recipe"):
        if old.get(key) != new.get(key):
            found.append(f"{key}: {old.get(key)} → {new.get(key)}")
    if old.get("forgotten") != new.get("forgotten"):
        counts = [(plan.get("forgotten") or {}).get("records", 0) for plan in (old, new)]
        found.append(f"the list of forgotten recordings: {counts[0]} → {counts[1]} in this split")
    if old.get("fingerprint") != new.get("fingerprint"):
        found.append(f"the corpus's records: {old.get('records')} → {new.get('records')}, fingerprint changed")
    if old.get("rejects_sha256") != new.get("rejects_sha256"):
        found.append(f"the rejects found while planning: {old.get('rejects')} → {new.get('rejects')}")
    if not found and old != new:
        found.append("the cutting into shards")
    return found
