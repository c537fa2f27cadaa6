"""Which shards are in flight: bounded by cores and by bytes, the largest first, none held up by a huge one."""

from __future__ import annotations

from collections.abc import Sequence


class Window:
    """Hands out tasks, the largest first, so that no large one is left alone to the end.

    At most `most` are out at a time, and all of them but the largest have at most `most_bytes` together: what waits
    for its upload on the workers' disks is bounded, and one that is larger than the bound goes beside others.
    """

    def __init__(self, sizes: Sequence[int], most: int, most_bytes: int) -> None:
        self._sizes, self.most, self.most_bytes = sizes, most, most_bytes
        self._waiting = sorted(range(len(sizes)), key=lambda task: sizes[task])  # the next one is the last
        self._out: set[int] = set()
        self._out_bytes = 0

    def __bool__(self) -> bool:
        """Whether any task waits or is out."""
        return bool(self._waiting or self._out)

    def take(self) -> int | None:
        """The next task; None where there is none, or no room for any."""
        if len(self._out) >= self.most:
            return None
        largest = max((self._sizes[task] for task in self._out), default=0)
        for place in range(len(self._waiting) - 1, -1, -1):
            size = self._sizes[self._waiting[place]]
            if self._out_bytes + size - max(largest, size) <= self.most_bytes:
                task = self._waiting.pop(place)
                self._out.add(task)
                self._out_bytes += size
                return task
        return None

    def done(self, task: int) -> None:
        """Note that a task is out no more."""
        self._out.remove(task)
        self._out_bytes -= self._sizes[task]

    def put_back(self, task: int) -> None:
        """Let a task that was done wait again; it is the next."""
        self._waiting.append(task)
