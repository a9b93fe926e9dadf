"""LABOR's draws against plain Python, and the chances with which entries are drawn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from graphray.kernels.draw_labor import draw_labor
from graphray.schema import DEFAULT_RELATION
from tests.sampling import draw_twin as twin


def draw(
    rows: list[list[int]], fanout: int, key: int, room: int
) -> tuple[int, list[int], npt.NDArray[np.int64]]:
    """One partition; a row that is None stands elsewhere."""
    lengths = [len(row) for row in rows]
    first = np.cumsum([0, *lengths])[:-1]
    stable = np.array([s for row in rows for s in row], np.uint32)
    counts, positions = np.empty(len(rows), np.int64), np.full(room, -1, np.int64)
    total = draw_labor(
        first, np.array(lengths), np.zeros(len(rows), np.int32), fanout, np.uint64(key),
        np.array([stable.ctypes.data]), stable, counts, positions,
    )  # fmt: skip
    return total, counts.tolist(), positions


@given(
    rows=st.lists(st.lists(st.integers(0, 60), max_size=30), min_size=1, max_size=10),
    fanout=st.integers(1, 9),
    key=st.integers(0, 2**64 - 1),
    room=st.integers(0, 40),
)
def test_draws_equal_the_twins(rows: list[list[int]], fanout: int, key: int, room: int) -> None:
    first = np.cumsum([0, *map(len, rows)])
    expected, counts = [], []
    for row, start in zip(rows, first, strict=False):
        entries = [(stable, at) for at, stable in enumerate(row)]
        drawn = twin.labor(twin.Row(DEFAULT_RELATION, entries, 0), fanout, key)
        expected += [start + at for _, at in drawn]
        counts.append(len(drawn))
    total, found_counts, positions = draw(rows, fanout, key, room)
    assert (total, found_counts) == (len(expected), counts)
    assert positions[:total].tolist() == expected[:room]


def test_entries_are_drawn_with_the_chance_of_their_row() -> None:
    """Chi-square over all entries of rows of many lengths, under many keys."""
    rounds, fanout = 20_000, 4
    rows = [list(range(start, start + degree)) for start, degree in ((0, 5), (100, 8), (200, 40))]
    seen = np.zeros(sum(map(len, rows)))
    for key in range(rounds):
        total, _, positions = draw(rows, fanout, key * 2_654_435_761 + 1, 60)
        seen[positions[:total]] += 1
    chances = np.concatenate([np.full(len(row), fanout / len(row)) for row in rows])
    variances = rounds * chances * (1 - chances)
    statistic = ((seen - rounds * chances) ** 2 / variances).sum()
    assert statistic < chi2.isf(1e-6, len(seen))


def test_rows_elsewhere_are_passed_over() -> None:
    counts, positions = np.full(2, 9, np.int64), np.empty(4, np.int64)
    stable = np.arange(3, dtype=np.uint32)
    total = draw_labor(
        np.array([2**50, 0]), np.array([-1, 3]), np.array([0, 1], np.int32), 5, np.uint64(1),
        np.array([0, stable.ctypes.data]), stable, counts, positions,
    )  # fmt: skip
    assert (total, counts.tolist(), positions[:3].tolist()) == (3, [0, 3], [0, 1, 2])
