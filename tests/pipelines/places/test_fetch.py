"""Files that are fetched ahead: in order, no more than is allowed, and what goes wrong in its turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipelines.places import fetch as module
from pipelines.places.fetch import fetched


@dataclass
class Store:
    """Objects that take a while to come; it notes how many were asked for and how many are under way at most."""

    sizes: list[int]
    seconds: float = 0.0
    asked: list[int] = field(default_factory=list)
    at_once: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def paths(self, number: int) -> list[Any]:
        return [Thing(self, number)]


@dataclass
class Thing:
    store: Store
    number: int

    def read_bytes(self) -> bytes:
        store = self.store
        with store.lock:
            store.asked.append(self.number)
            store.at_once += 1
            store.most = max(store.most, store.at_once)
        time.sleep(store.seconds)
        with store.lock:
            store.at_once -= 1
        if store.sizes[self.number] < 0:
            raise ConnectionError(str(self.number))
        return bytes([self.number % 256]) * store.sizes[self.number]


def taken(store: Store) -> Iterator[tuple[int, bytes]]:
    for number, (file,) in fetched(range(len(store.sizes)), store.paths):
        data = file()
        assert isinstance(data, bytes)
        yield number, data


def test_all_come_in_order_while_others_are_under_way() -> None:
    store = Store([1 + number % 7 for number in range(200)], 0.02)
    began = time.monotonic()
    found = list(taken(store))
    assert found == [(number, bytes([number % 256]) * size) for number, size in enumerate(store.sizes)]
    assert sorted(store.asked) == list(range(200)) and 4 <= store.most <= module.AT_ONCE
    assert time.monotonic() - began < 200 * store.seconds


def test_no_more_is_begun_than_may_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AHEAD_BYTES", 1_000)
    store = Store([100] * 40)
    for number, _ in taken(store):
        time.sleep(0.002)
        assert len(store.asked) <= number + 1 + 10
    huge = Store([5_000] * 10)
    for number, _ in taken(huge):
        time.sleep(0.002)
        assert len(huge.asked) <= number + 2


@pytest.mark.parametrize("broken", [0, 5, 19])
def test_a_failure_is_raised_when_its_turn_has_come(broken: int) -> None:
    store = Store([-1 if number == broken else 3 for number in range(20)])
    seen: list[int] = []
    with pytest.raises(ConnectionError, match=str(broken)):
        seen += (number for number, _ in taken(store))
    seen = []
    for number, (file,) in fetched(range(20), store.paths):
        if number == broken:
            with pytest.raises(ConnectionError):
                file()
        else:
            assert file() == bytes([number]) * 3
        seen.append(number)
    assert seen == list(range(20))


def test_whoever_stops_early_leaves_nothing_running() -> None:
    store = Store([10] * 500, 0.001)
    stream = taken(store)
    assert next(stream)[0] == 0
    assert next(stream)[0] == 1
    stream.close()
    asked = len(store.asked)
    time.sleep(0.05)
    assert len(store.asked) == asked <= 2 * module.AT_ONCE + 2 and store.at_once == 0


def test_files_of_this_machine_are_given_as_they_are_and_at_once(tmp_path: Path) -> None:
    asked: list[int] = []

    def paths(number: int) -> list[Path]:
        asked.append(number)
        return [tmp_path / f"{number}.wav", tmp_path / "other.wav"][: 1 + number % 2]

    for number, files in fetched(range(5), paths):
        assert asked == list(range(number + 1))
        assert [file() for file in files] == [tmp_path / f"{number}.wav", tmp_path / "other.wav"][: 1 + number % 2]
    assert list(fetched(range(2), lambda number: [])) == [(0, []), (1, [])]
