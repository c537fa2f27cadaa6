"""The list of recordings that are to be forgotten: take-down requests, kept beside a dataset's splits for good.

    OUT/<dataset>/forgotten/names-<sha256>.json            what was asked for: hashes of names, for all splits
    OUT/<dataset>/forgotten/places-<split>-<sha256>.json   what was found of it in a split's plan, and its weight there
    OUT/<dataset>/forgotten/journal-<split>.json           a split that is being changed just now

Files of names and places are only ever added, each under the hash of its own bytes, and the list is their union: two
who add at once lose nothing, and adding again adds nothing. The list holds hashes, so that it does not itself publish
who asked to be forgotten.

A recording may be named by the id of its record, the name or the path of its recording, its origin
("freesound:1234"), or with all others of its speaker as "speaker:<id>", in the release's own spelling. A record of
several recordings goes with any of them.

A place is what a forgotten record weighed when its split was cut into shards. Planning cuts as if the record were
still there and then leaves it out. So the other records stay where they are, whether or not the corpus still holds the
forgotten one, and nothing but its own shard has to change.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, field

from shards.layout import forgotten_folder
from shards.sample import Sample, canonical_json
from shards.schema import SCHEMA, ShardError, check_schema
from shards.storage import Storage


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The weight of one forgotten record in the plan of its split."""

    recording: str  # the plan's hash of the recording, as hex digits
    start: float
    id: str  # hidden
    seconds: float


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The list of one dataset."""

    names: frozenset[str] = frozenset()  # hidden
    places: Mapping[str, tuple[Place, ...]] = field(default_factory=dict)  # by split, sorted

    def ids(self, split: str) -> frozenset[str]:
        """The hidden ids of the records that were found in a split."""
        return frozenset(place.id for place in self.places.get(split, ()))

    def has(self, names: Iterable[str]) -> bool:
        """Whether any of these names is on the list."""
        return bool(self.names) and any(hidden(name) in self.names for name in names)


def hidden(name: str) -> str:
    """What the list holds in place of a name."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def sample_names(sample: Sample, origin: str | None) -> Iterator[str]:
    """What a sample may be called in a request."""
    yield sample.id
    for audio in sample.audio:
        yield from (audio.recording, audio.origin)
    if origin:
        yield origin
    if (sample.speaker or {}).get("id"):
        yield f"speaker:{(sample.speaker or {})['id']}"


def read_forgotten(storage: Storage, dataset: str) -> Forgotten:
    """The list of a dataset; empty where nobody asked for anything.

    Raises:
        ShardError: a file of it is damaged: to go on without it could bring back what was taken down.
    """
    names: set[str] = set()
    places: dict[str, set[Place]] = defaultdict(set)
    for path in storage.list(forgotten_folder(dataset), recursive=False):
        kind, _, rest = path.rpartition("/")[2].partition("-")
        if kind not in ("names", "places"):
            continue
        data = storage.read_bytes(path)
        if hashlib.sha256(data).hexdigest() != rest.rpartition("-")[2].removesuffix(".json"):
            raise ShardError(
                f"{storage.full(path)}: a list of recordings to forget that does not fit the hash in its name; put a "
                "whole copy of it in its place, or delete it and give make forget its IDS again"
            )
        document = json.loads(data)
        check_schema(document.get("schema"), storage.full(path))
        names.update(document.get("names", ()))
        if kind == "places":
            places[document["split"]].update(Place(*place) for place in document["places"])
    return Forgotten(frozenset(names), {split: tuple(sorted(some)) for split, some in places.items()})


def add_names(storage: Storage, dataset: str, names: Iterable[str]) -> None:
    """Put names on the list; from now on no plan is made with what they name."""
    new = sorted({hidden(name) for name in names} - read_forgotten(storage, dataset).names)
    if new:
        _add(storage, dataset, "names", {"names": new})


def add_places(storage: Storage, dataset: str, split: str, places: Iterable[Place]) -> None:
    """Put on the list what the records that are about to leave a split weighed there."""
    new = sorted(set(places) - set(read_forgotten(storage, dataset).places.get(split, ())))
    if new:
        _add(storage, dataset, f"places-{split}", {"split": split, "places": [list(astuple(place)) for place in new]})


def _add(storage: Storage, dataset: str, kind: str, content: Mapping[str, object]) -> None:
    data = canonical_json({"schema": SCHEMA, "dataset": dataset, **content}) + b"\n"
    # A file that is there already under this name has these bytes.
    storage.create(f"{forgotten_folder(dataset)}/{kind}-{hashlib.sha256(data).hexdigest()}.json", data)
