"""The page of one shard: its record, its rejects, and its samples to be seen and heard."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from shards.index import RejectRow, read_shard_parquet
from shards.layout import ShardName
from shards.pages.clip import LEAST_SECONDS, MAX_SECONDS, drawing
from shards.pages.figures import Links, byte_size, clock, page, pager, tile
from shards.pages.html import Content, Html, element, foreign, join, table
from shards.pages.sample_figure import sample_figure, unreadable_sample
from shards.pages.watch import OutState, SplitState
from shards.record import ShardRecord, read_record
from shards.sample import Sample
from shards.schema import ShardError
from shards.statistics import hours
from shards.storage import Storage, StorageError

SAMPLES_A_PAGE = 10
MOST_REJECTS = 50
LARGEST_PICTURE = 32_000_000  # bytes of FLAC; a longer clip is heard, not drawn


class Rows:
    """The index rows of a shard: where in its tar each sample lies."""

    def __init__(self, storage: Storage, shard: ShardName) -> None:
        """Raises ShardError, StorageError or FileNotFoundError where the parquet file cannot be read."""
        data = storage.read_bytes(shard.parquet)
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.table, self.rejects = read_shard_parquet(data, storage.full(shard.parquet))

    def __len__(self) -> int:
        return self.table.num_rows

    def some(self, start: int, count: int) -> list[dict[str, Any]]:
        """Rows from a place on."""
        rows: list[dict[str, Any]] = self.table.slice(start, count).to_pylist()
        return rows

    def clip(self, row: int, clip: int) -> tuple[int, int] | None:
        """Where in the tar a clip begins and how many bytes it has; None where there is no such clip."""
        if not 0 <= row < len(self):
            return None
        audio = self.some(row, 1)[0]["audio"]
        if not 0 <= clip < len(audio) or audio[clip]["offset"] < 0 or audio[clip]["bytes"] <= 0:
            return None
        return audio[clip]["offset"], audio[clip]["bytes"]


def shard_page(
    storage: Storage, out: OutState, split: SplitState, shard: ShardName, links: Links, now: float, number: int = 1
) -> str:
    """One shard; of its samples, page `number`."""
    found: list[Content] = []
    record: ShardRecord | None = None
    rows: Rows | None = None
    try:
        record = read_record(storage, shard)
        if record is None:
            found.append(_problem("There is no record of this shard, or a damaged one: it does not exist yet."))
        rows = Rows(storage, shard)
        found += _disagreements(storage, shard, record, rows)
    except FileNotFoundError:
        found.append(_problem("Its parquet file is missing."))
    except (ShardError, StorageError) as error:
        found.append(_problem(str(error)))
    here = ("shards", split.out, split.dataset, split.split)
    crumbs = element(
        "p", element("a", "Shards", href=links()), " / ", foreign(out.url), " / ",
        element("a", split.dataset, href=links(*here[:3])), " / ", element("a", split.split, href=links(*here)),
        class_="crumbs soft small",
    )  # fmt: skip
    top = element(
        "div", element("h1", str(shard)), element("span", f"as of {clock(now)}", class_="soft small"), class_="top"
    )
    body: list[Content] = [crumbs, top, _facts(record) if record else None, *found]
    if rows is not None:
        body += [_rejects(rows.rejects), *_samples(storage, shard, rows, links, here, number)]
    return page(str(shard), links, *body, live=False)


def _disagreements(storage: Storage, shard: ShardName, record: ShardRecord | None, rows: Rows) -> list[Html]:
    if record is None:
        return []
    found, size = [], storage.size(shard.tar)
    if size != record.tar.bytes:
        there = "is missing" if size is None else f"has {size:,} bytes"
        found.append(_problem(f"Its tar {there}; the record promises {record.tar.bytes:,}. See make verify."))
    if rows.sha256 != record.parquet.sha256:
        found.append(_problem("Its parquet file is not the one that the record promises. See make verify."))
    return found


def _problem(text: str) -> Html:
    return element("p", foreign(text), class_="problem")


def _facts(record: ShardRecord) -> Html:
    totals = record.totals
    figures = element(
        "div",
        tile(f"{totals.samples:,}", "samples"),
        tile(hours(totals.seconds), "hours"),
        tile(byte_size(record.tar.bytes), "tar"),
        tile(f"{totals.targets:,}", "targets"),
        tile(f"{totals.words:,}", "words with times"),
        tile(f"{totals.rejects.total():,}", "rejects"),
        class_="tiles",
    )
    return join(figures, element("p", "sha256 of the tar ", element("code", record.tar.sha256), class_="soft small"))


def _rejects(rejects: Sequence[RejectRow]) -> Html | None:
    if not rejects:
        return None
    rows = [(foreign(row.reason), foreign(row.id), foreign(row.where, "soft")) for row in rejects[:MOST_REJECTS]]
    more = len(rejects) - len(rows)
    rest = element("p", f"and {more:,} more in its parquet file", class_="soft small") if more else None
    return join(element("h2", "Rejects"), table(("reason", "id", "place in the release"), rows), rest)


def _samples(
    storage: Storage, shard: ShardName, rows: Rows, links: Links, here: tuple[object, ...], number: int
) -> list[Content]:
    pages = max(1, -(-len(rows) // SAMPLES_A_PAGE))
    number = min(max(number, 1), pages)
    start = (number - 1) * SAMPLES_A_PAGE
    figures = [
        _sample(storage, shard, row, links, (*here, shard.number, start + place))
        for place, row in enumerate(rows.some(start, SAMPLES_A_PAGE))
    ]
    turn = pager(number, pages, lambda to: links(*here, shard.number, page=to))
    return [element("h2", "Samples"), turn, *figures, turn]


def _sample(
    storage: Storage, shard: ShardName, row: Mapping[str, Any], links: Links, place: tuple[object, ...]
) -> Html:
    where = f"{storage.full(shard.tar)}: sample '{row['key']}'"
    try:
        member = row["json"]
        sample = Sample.from_json(storage.read_range(shard.tar, member["offset"], member["bytes"]), where)
    except (ShardError, StorageError, FileNotFoundError) as error:
        return unreadable_sample(row["key"], str(error))
    clips = [
        _clip(sample, clip, audio["bytes"], audio["seconds"], (*place[1:], clip), links)
        for clip, audio in enumerate(row["audio"])
    ]
    return sample_figure(sample, clips)


def _clip(sample: Sample, clip: int, size: int, seconds: float, place: tuple[object, ...], links: Links) -> Html:
    player = element("audio", controls="", preload="none", src=links("audio", *place))
    if seconds < LEAST_SECONDS or size > LARGEST_PICTURE:
        return player
    shown = min(seconds, MAX_SECONDS)
    words = [word for word in sample.words if word.audio == clip and word.start < shown]
    cut = (
        element("p", f"the first {MAX_SECONDS:.0f} of {seconds:,.1f} s", class_="soft small")
        if seconds > shown
        else None
    )
    return join(player, drawing(links("mel", *place), shown, words), cut)
