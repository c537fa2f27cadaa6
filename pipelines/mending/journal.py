"""The journal of a split that forgets: what is about to be true of it, so that whoever comes next can finish."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass

from shards.forgotten import Forgotten, Place
from shards.sample import canonical_json
from shards.schema import SCHEMA, ShardError


@dataclass(frozen=True)
class Journal:
    """What is about to be true of a split."""

    old: str  # name of the plan that was in place
    plan: str  # the text of the new plan.json
    shards: Mapping[int, str | None]  # the new commit records, as text

    names: tuple[str, ...]  # the list as it was, hidden and sorted: it may have grown since
    places: tuple[Place, ...]  # of this split

    def encode(self) -> bytes:
        """The file's bytes, with a checksum of its own."""
        content = {
            "schema": SCHEMA,
            "old": self.old,
            "plan": self.plan,
            "shards": {str(number): text for number, text in self.shards.items()},
            "names": list(self.names),
            "places": [list(astuple(place)) for place in self.places],
        }
        return canonical_json(content | {"checksum": hashlib.sha256(canonical_json(content)).hexdigest()}) + b"\n"

    def forgotten(self, split: str) -> Forgotten:
        """The list by which the split is changed."""
        return Forgotten(frozenset(self.names), {split: self.places})

    @staticmethod
    def decode(data: bytes, where: str) -> Journal:
        """Inverse of `encode`.

        Raises:
            ShardError: it is damaged.
        """
        try:
            content = json.loads(data)
            shards = {int(number): text for number, text in content["shards"].items()}
            places = tuple(Place(*place) for place in content["places"])
            journal = Journal(content["old"], content["plan"], shards, tuple(content["names"]), places)
            if journal.encode() == data:
                return journal
        except (ValueError, TypeError, KeyError, AttributeError):
            pass
        raise ShardError(
            f"{where}: recordings were being forgotten here, and the journal of it is damaged; build the split anew "
            "with make shards … REBUILD=1"
        )
