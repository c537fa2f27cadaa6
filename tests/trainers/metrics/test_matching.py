"""Alignment and assignment against brute force and jiwer."""

from itertools import permutations

import jiwer
from hypothesis import given, settings
from hypothesis import strategies as st

from trainers.metrics.matching import align, assign, edits

WORDS = st.lists(st.sampled_from("abc"), max_size=7)


@settings(max_examples=80, deadline=None)
@given(WORDS, WORDS)
def test_an_alignment_walks_both_sides_and_costs_the_edit_distance(reference, prediction):
    pairs = align(reference, prediction)
    assert [a for a, _ in pairs if a is not None] == list(range(len(reference)))
    assert [b for _, b in pairs if b is not None] == list(range(len(prediction)))
    measured = jiwer.process_words(" ".join(reference), " ".join(prediction))
    expected = measured.substitutions + measured.insertions + measured.deletions
    assert edits(pairs, reference, prediction) == expected


def test_ties_prefer_pairs_then_insertions_read_from_the_end():
    assert align(["a"], ["a", "a"]) == [(None, 0), (0, 1)]
    assert align(["a", "b"], ["b", "a"]) == [(0, 0), (1, 1)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_assignment_is_the_cheapest(data):
    rows, columns = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    cost = st.integers(-5, 9).map(float)
    costs = data.draw(st.lists(st.lists(cost, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    pairs = assign(costs)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == min(rows, columns)
    if rows <= columns:
        best = min(
            sum(costs[row][column] for row, column in enumerate(order)) for order in permutations(range(columns), rows)
        )
    else:
        best = min(
            sum(costs[row][column] for column, row in enumerate(order)) for order in permutations(range(rows), columns)
        )
    assert sum(costs[row][column] for row, column in pairs) == best


def test_nothing_to_assign():
    assert assign([]) == []
    assert assign([[], []]) == []
