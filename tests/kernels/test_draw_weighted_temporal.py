"""Draws by weight in a window of time: against plain Python, and their frequencies."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from graphray.kernels.derive_times import order_rows, pack_cells, running_sums, sink_weightless
from graphray.kernels.derive_times import take_by_row as take
from graphray.kernels.draw_weighted_temporal import TimedWeights, draw_weighted_window
from graphray.schema import DEFAULT_RELATION
from tests.sampling import draw_twin as twin

Row = list[tuple[int, float]]
"""Entries as (time, weight), in the row's own order."""

WEIGHT = st.one_of(st.just(0.0), st.sampled_from([1.0, 1e-30, 1e300]), st.floats(1e-6, 1e6))
ROWS = st.lists(
    st.lists(st.tuples(st.integers(0, 20), WEIGHT), max_size=30), min_size=1, max_size=8
)


def draw(
    rows: list[Row],
    words: list[int],
    now: int,
    max_age: int | None,
    fanout: int,
    key: int,
    replace: bool,
    wide: bool = False,
) -> list[list[int]]:
    """Which of the rows' entries are drawn, by the kernels on one partition."""
    indptr = np.cumsum([0, *map(len, rows)])
    times = np.array([t for row in rows for t, _ in row], np.int64)
    weights = np.array([w for row in rows for _, w in row], np.float64)
    order = np.empty(len(times), np.uint32)
    order_rows(indptr, times, order)
    sink_weightless(indptr, weights, order)
    in_order, sums = np.empty_like(weights), np.empty_like(weights)
    take(indptr, order, weights, in_order)
    running_sums(indptr, in_order, sums)
    cells = np.empty(len(order), np.uint64)
    pack_cells(indptr, order, np.zeros(len(order), np.uint32), cells)
    stored = order if wide else cells

    starts, lengths = np.zeros((2, len(rows)), np.int64)
    for i, row in enumerate(rows):
        ages = [now - t for t, w in row if w > 0]
        starts[i] = sum(max_age is not None and age > max_age for age in ages)
        lengths[i] = sum(age >= 0 for age in ages) - starts[i]
    counts = np.where(lengths > 0, fanout, 0) if replace else np.minimum(lengths, fanout)
    bounds = np.cumsum([0, *counts])
    slots = np.full(bounds[-1], -1, np.int64)
    draw_weighted_window(
        indptr[:-1], starts, lengths, np.array(words, np.uint32), np.zeros(len(rows), np.int32),
        bounds, np.uint64(key), replace,
        TimedWeights(
            np.array([stored.ctypes.data]), stored, np.array([sums.ctypes.data]),
            np.array([weights.ctypes.data]), weights,
        ),
        slots,
    )  # fmt: skip
    return [order[slots[bounds[i] : bounds[i + 1]]].tolist() for i in range(len(rows))]


@given(
    rows=ROWS,
    now=st.integers(0, 22),
    max_age=st.one_of(st.none(), st.integers(0, 8)),
    fanout=st.integers(1, 9),
    key=st.integers(0, 2**64 - 1),
    replace=st.booleans(),
    wide=st.booleans(),
)
def test_draws_equal_the_twins(
    rows: list[Row], now: int, max_age: int | None, fanout: int, key: int, replace: bool, wide: bool
) -> None:
    if max_age is not None:
        max_age = min(max_age, now)
    words = [7 * i + 1 for i in range(len(rows))]
    found = draw(rows, words, now, max_age, fanout, key, replace, wide)
    for row, word, entries in zip(rows, words, found, strict=True):
        rule = twin.weighted_temporal(
            lambda _, entry, row=row: row[entry[1]][0],
            lambda _, edge, row=row: row[edge][1],
            max_age,
            replace,
        )
        asked = twin.Row(DEFAULT_RELATION, [(i, i) for i in range(len(row))], word, now)
        assert entries == [edge for _, edge in rule(asked, fanout, key)]
        assert all(row[entry][0] <= now and row[entry][1] > 0 for entry in entries)


ROW: Row = [(4, 2.0), (1, 1.0), (9, 5000.0), (3, 4.0), (0, 1e17), (2, 0.5), (3, 0.0), (4, 8.0)]
"""At time 4, not older than 3: entries 0, 1, 3, 5 and 7. One left out outweighs all of them."""
CHANCES = {0: 2.0, 1: 1.0, 3: 4.0, 5: 0.5, 7: 8.0}


@pytest.mark.parametrize("heavy", [1e17, 3.0], ids=["end to end", "by running sums"])
@pytest.mark.parametrize("fanout", [2, 4])
def test_draws_are_as_frequent_as_the_weights_in_the_window_say(heavy: float, fanout: int) -> None:
    """Chi-square: single draws with replacement, and every order of draws without."""
    rounds = 30_000
    row = [(time, heavy if weight == 1e17 else weight) for time, weight in ROW]
    words, total = list(range(rounds)), sum(CHANCES.values())
    found = draw([row] * rounds, words, 4, 3, fanout, 5, True)
    seen = Counter(entry for entries in found for entry in entries)
    expected = {(entry,): weight / total for entry, weight in CHANCES.items()}
    assert fits(Counter({(entry,): count for entry, count in seen.items()}), expected)

    found = draw([row] * rounds, words, 4, 3, fanout, 5, False)
    orders = {}
    for chosen in itertools.permutations(CHANCES, fanout):
        chance, left = 1.0, total
        for entry in chosen:
            chance *= CHANCES[entry] / left
            left -= CHANCES[entry]
        orders[chosen] = chance
    assert fits(Counter(map(tuple, found)), orders)


def fits(seen: Counter[tuple[int, ...]], chances: dict[tuple[int, ...], float]) -> bool:
    """Pearson's test; outcomes of which fewer than 5 are expected are taken together."""
    rounds = sum(seen.values())
    assert set(seen) <= set(chances)
    rare = [outcome for outcome, chance in chances.items() if rounds * chance < 5]
    common = {k: chance for k, chance in chances.items() if k not in rare}
    statistic = sum((seen[k] - rounds * c) ** 2 / (rounds * c) for k, c in common.items())
    if rare:
        expected = rounds * sum(chances[k] for k in rare)
        statistic += (sum(seen[k] for k in rare) - expected) ** 2 / expected
    return statistic < chi2.isf(1e-6, len(common))


@given(rows=ROWS)
def test_orders_leave_out_what_weighs_nothing(rows: list[Row]) -> None:
    indptr = np.cumsum([0, *map(len, rows)])
    times = np.array([t for row in rows for t, _ in row], np.int32)
    weights = np.array([w for row in rows for _, w in row], np.float64)
    order = np.empty(len(times), np.uint32)
    order_rows(indptr, times, order)
    sink_weightless(indptr, weights, order)
    for row, start, stop in zip(rows, indptr, indptr[1:], strict=False):
        expected = sorted(range(len(row)), key=lambda i: (row[i][1] == 0, row[i][0]))
        assert order[start:stop].tolist() == expected
