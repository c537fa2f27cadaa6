"""A few samples of each split inside the page itself: sound, picture, words and targets.

They are chosen by a hash of their keys, so the same shards give the same page, and so that as many tasks and languages
as possible are among them. Only the index rows of a few shards are read, and of the tars only what is shown.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shards.layout import ShardName
from shards.pages.clip import MAX_SECONDS, embedded_flac, figure, player
from shards.pages.html import Html, element, join
from shards.pages.sample_figure import sample_figure, unreadable_sample
from shards.pages.shard_page import LARGEST_PICTURE, Rows
from shards.pages.watch import SplitState
from shards.sample import SAMPLE_RATE, Sample
from shards.schema import ShardError
from shards.storage import Storage, StorageError
from shards.stream.reader import decode_flac

SHARDS_LOOKED_INTO = 4  # of a split, evenly spaced: recordings lie in them by chance
ROWS_LOOKED_AT = 500  # of each of these
BASE64 = 4 / 3  # bytes of text for a byte of sound


@dataclass(slots=True)
class Gallery:
    """The samples chosen of one split, and what became of them."""

    split: SplitState
    rows: list[Mapping[str, Any]]
    problems: list[str]
    figures: list[Html] = field(default_factory=list)
    too_large: int = 0  # samples that the page had no more room for


def galleries(storage: Storage, splits: Sequence[SplitState], count: int, room: int) -> list[Gallery]:
    """Up to `count` samples of each split, in at most `room` bytes of page altogether.

    The first sample of every split comes before the second of any, so that none goes empty while there is room.
    """
    made = [_chosen(storage, split, count) for split in splits]
    for place in range(count):
        for gallery in made:
            if place >= len(gallery.rows):
                continue
            shown = _embedded(storage, gallery, gallery.rows[place], room)
            size = len(shown.encode("utf-8", "replace")) if shown else 0
            if shown is None or size > room:
                gallery.too_large += 1
            else:
                room -= size
                gallery.figures.append(shown)
    return made


def choose(keys: Mapping[str, Iterable[object]], count: int) -> list[str]:
    """`count` of the keys: as many different things as possible among them, otherwise by chance (of a hash).

    Args:
        keys: what each key shows: its tasks, its language.
    """
    things = {key: set(some) for key, some in keys.items()}
    order = sorted(things, key=_chance)
    chosen: list[str] = []
    shown: set[object] = set()
    for key in order:
        if len(chosen) < count and not things[key] <= shown:
            chosen.append(key)
            shown |= things[key]
    chosen += [key for key in order if key not in chosen][: count - len(chosen)]
    return chosen


def _chance(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=8).digest()


def _chosen(storage: Storage, split: SplitState, count: int) -> Gallery:
    there = sorted(split.whole)
    step = max(1, len(there) // SHARDS_LOOKED_INTO)
    rows: dict[str, Mapping[str, Any]] = {}
    problems = []
    for number in there[::step][:SHARDS_LOOKED_INTO] if count else ():
        shard = ShardName(split.dataset, split.split, number)
        try:
            found = Rows(storage, shard).some(0, ROWS_LOOKED_AT)
        except FileNotFoundError:
            problems.append(f"{storage.full(shard.parquet)}: is missing; see make verify")
        except (ShardError, StorageError) as error:
            problems.append(str(error))
        else:
            rows |= {row["key"]: {**row, "tar": shard.tar} for row in found}
    # A clip that the encoder takes whole is the better example; longer ones are shown where there are no others.
    whole = {key: row for key, row in rows.items() if 0 < row["seconds"] <= MAX_SECONDS} or rows
    shows = {key: {(target["task"], row["language"]) for target in row["targets"]} for key, row in whole.items()}
    return Gallery(split, [rows[key] for key in choose(shows, count)], problems)


def _embedded(storage: Storage, gallery: Gallery, row: Mapping[str, Any], room: int) -> Html | None:
    """One sample, or why it cannot be read; None where it would take more than `room` bytes by its index row."""
    sizes = [clip["bytes"] for clip in row["audio"]]
    shares = [min(1.0, MAX_SECONDS / max(clip["seconds"], 1e-3)) for clip in row["audio"]]
    if sum(size * share for size, share in zip(sizes, shares, strict=True)) * BASE64 > room:
        return None
    if max(sizes, default=0) > LARGEST_PICTURE:
        return None
    where = f"{storage.full(row['tar'])}: sample '{row['key']}'"
    try:
        sample = Sample.from_json(_member(storage, row["tar"], row["json"], where), where)
        clips = [_clip(storage, row, sample, clip, where) for clip in range(len(row["audio"]))]
    except (ShardError, StorageError, FileNotFoundError) as error:
        gone = isinstance(error, FileNotFoundError)
        why = f"{storage.full(row['tar'])}: is missing; see make verify" if gone else str(error)
        gallery.problems.append(why)
        return unreadable_sample(row["key"], why)
    return sample_figure(sample, clips)


def _clip(storage: Storage, row: Mapping[str, Any], sample: Sample, clip: int, where: str) -> Html:
    """A clip's player and picture. A long one is cut; any other is carried byte for byte as it lies in the tar."""
    flac = _member(storage, row["tar"], row["audio"][clip], where)
    waveform = decode_flac(flac, where)
    shown = waveform[: int(MAX_SECONDS * SAMPLE_RATE)]
    seconds = len(waveform) / SAMPLE_RATE
    words = [word for word in sample.words if word.audio == clip and word.start < len(shown) / SAMPLE_RATE]
    cut = None
    if len(shown) < len(waveform):
        cut = element("p", f"the first {MAX_SECONDS:.0f} of {seconds:,.1f} s", class_="soft small")
    sound = player(shown) if cut else embedded_flac(flac)
    return join(sound, figure(shown, words), cut)


def _member(storage: Storage, tar: str, place: Mapping[str, int], where: str) -> bytes:
    data = storage.read_range(tar, place["offset"], place["bytes"])
    if (found := zlib.crc32(data)) != place["crc32"]:
        raise ShardError(f"{where}: crc32 is {found:08x}, the index says {place['crc32']:08x}; see make verify")
    return data
