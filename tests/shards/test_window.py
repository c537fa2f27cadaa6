"""What is in flight is bounded by number and by bytes, nothing is lost, and nothing waits behind a huge task."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shards.window import Window

SIZES = st.lists(st.integers(0, 100), max_size=40)


@given(sizes=SIZES, most=st.integers(1, 8), most_bytes=st.integers(0, 300), data=st.data())
def test_every_task_is_handed_out_once_and_the_bounds_hold(
    sizes: list[int], most: int, most_bytes: int, data: st.DataObject
) -> None:
    window, out, seen, failures = Window(sizes, most, most_bytes), set[int](), list[int](), 3
    while window:
        while (task := window.take()) is not None:
            assert task not in out
            out.add(task)
            assert len(out) <= most
            held = sorted(sizes[number] for number in out)
            assert sum(held[:-1]) <= most_bytes
        assert out, "tasks wait though nothing is out"
        task = data.draw(st.sampled_from(sorted(out)))
        out.remove(task)
        window.done(task)
        if failures and data.draw(st.booleans()):
            failures -= 1
            window.put_back(task)
        else:
            seen.append(task)
    assert sorted(seen) == list(range(len(sizes)))


def test_a_huge_task_goes_first_and_beside_others() -> None:
    window = Window([10, 10, 500, 10, 400], most=4, most_bytes=30)
    assert [window.take() for _ in range(5)] == [2, 3, 1, 0, None]
    window.done(2)
    assert window.take() == 4
