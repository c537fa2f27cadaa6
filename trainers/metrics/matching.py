"""Pairing up two lists: by edit distance where order counts, by least cost where it does not."""

from __future__ import annotations

from collections.abc import Sequence

Pair = tuple[int | None, int | None]


def align(reference: Sequence[str], prediction: Sequence[str]) -> list[Pair]:
    """Pairs (place in reference, place in prediction) of one least-cost alignment; None on one side is a gap.

    Where several alignments cost the same, the one read from the end that prefers a pair over an insertion and
    an insertion over a deletion: the rule of the `edit_distance` package, on which published AAS numbers rest.
    """
    rows, columns = len(reference), len(prediction)
    cost = [list(range(columns + 1))]
    for row in range(1, rows + 1):
        above, here = cost[-1], [row]
        for column in range(1, columns + 1):
            paired = above[column - 1] + (reference[row - 1] != prediction[column - 1])
            here.append(min(paired, here[column - 1] + 1, above[column] + 1))
        cost.append(here)
    pairs: list[Pair] = []
    row, column = rows, columns
    while row or column:
        now = cost[row][column]
        if row and column and now == cost[row - 1][column - 1] + (reference[row - 1] != prediction[column - 1]):
            row, column = row - 1, column - 1
            pairs.append((row, column))
        elif column and now == cost[row][column - 1] + 1:
            column -= 1
            pairs.append((None, column))
        else:
            row -= 1
            pairs.append((row, None))
    return pairs[::-1]


def edits(pairs: Sequence[Pair], reference: Sequence[str], prediction: Sequence[str]) -> int:
    """How many pairs of an alignment are not equal words."""
    return sum(a is None or b is None or reference[a] != prediction[b] for a, b in pairs)


def assign(costs: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """The pairs (row, column) of least total cost, as many as the shorter side has; rows in order.

    The Hungarian method with potentials, O(rows² · columns).
    """
    if not costs or not costs[0]:
        return []
    if len(costs) > len(costs[0]):
        return sorted((row, column) for column, row in assign([list(line) for line in zip(*costs, strict=True)]))
    rows, columns = len(costs), len(costs[0])
    row_price, column_price = [0.0] * (rows + 1), [0.0] * (columns + 1)
    row_of = [0] * (columns + 1)  # row_of[0] holds the row being placed; rows and columns count from 1
    for new_row in range(1, rows + 1):
        row_of[0] = new_row
        came_from = [0] * (columns + 1)
        slack = [float("inf")] * (columns + 1)
        visited = [False] * (columns + 1)
        column = 0
        while True:
            visited[column] = True
            row, step, nearest = row_of[column], float("inf"), 0
            for other in range(1, columns + 1):
                if visited[other]:
                    continue
                reduced = costs[row - 1][other - 1] - row_price[row] - column_price[other]
                if reduced < slack[other]:
                    slack[other], came_from[other] = reduced, column
                if slack[other] < step:
                    step, nearest = slack[other], other
            for other in range(columns + 1):
                if visited[other]:
                    row_price[row_of[other]] += step
                    column_price[other] -= step
                else:
                    slack[other] -= step
            column = nearest
            if row_of[column] == 0:
                break
        while column:
            row_of[column] = row_of[came_from[column]]
            column = came_from[column]
    return sorted((row_of[column] - 1, column - 1) for column in range(1, columns + 1) if row_of[column])
