"""Weighted draws: the kernels against plain Python, and their frequencies against the weights."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from graphray.kernels.derive_weights import (
    build_alias,
    cell_words,
    count_positive,
    find_bad_weight,
)
from graphray.kernels.draw_weighted import draw_weighted, draw_weighted_with_replacement
from graphray.schema import DEFAULT_RELATION
from tests.sampling import draw_twin as twin

Ints = npt.NDArray[np.int64]
CHANCE = 1e-6
"""How often a test of frequencies fails of a sampler that is right; seeds are fixed anyway."""

WEIGHTS = st.one_of(
    st.just(0.0),
    st.sampled_from([1.0, 1e-30, 1e300, 3.0]),
    st.floats(1e-6, 1e6),
)


def drawable(row: list[float]) -> bool:
    return not row or max(row) > 0


def rows_of(rows: list[list[float]]) -> tuple[Ints, npt.NDArray[np.float64]]:
    indptr = np.cumsum([0, *map(len, rows)])
    return indptr, np.array([w for row in rows for w in row], np.float64)


def alias_of(indptr: Ints, weights: npt.NDArray, neighbors: npt.NDArray) -> npt.NDArray[np.uint64]:
    cells = np.zeros((len(weights), cell_words(neighbors.dtype)), np.uint64)
    build_alias(indptr, weights, neighbors, cells)
    return cells


def draw(
    rows: list[list[float]],
    words: list[int],
    fanout: int,
    key: int,
    replace: bool,
    wide: bool = False,
) -> list[list[int]]:
    """The kernels on one partition; which of the rows' entries are drawn."""
    indptr, weights = rows_of(rows)
    stored = np.arange(len(weights)).astype(np.int64 if wide else np.uint32)[::-1] + 100
    stored = np.ascontiguousarray(stored)
    table = alias_of(indptr, weights, stored)
    positive = count_positive(indptr, weights)
    counts = np.minimum(positive.astype(np.int64), fanout)
    if replace:
        counts = np.where(positive > 0, fanout, 0)
    bounds = np.cumsum([0, *counts.tolist()])
    positions = np.full(bounds[-1], -1, np.int64)
    common = (
        indptr[:-1], np.diff(indptr), np.array(words, np.uint32), np.zeros(len(rows), np.int32)
    )  # fmt: skip
    address = np.array([table.ctypes.data])
    neighbors = np.zeros(len(positions), stored.dtype)
    if replace:
        draw_weighted_with_replacement(
            *common, bounds, np.uint64(key), address, positions, neighbors
        )
    else:
        draw_weighted(
            *common, positive, bounds, np.uint64(key), address,
            np.array([weights.ctypes.data]), weights, np.array([stored.ctypes.data]),
            positions, neighbors,
        )  # fmt: skip
    assert np.array_equal(neighbors, stored[positions])
    return [(positions[bounds[i] : bounds[i + 1]] - indptr[i]).tolist() for i in range(len(rows))]


@given(
    rows=st.lists(st.lists(WEIGHTS, max_size=40).filter(drawable), min_size=1, max_size=8),
    fanout=st.integers(1, 12),
    key=st.integers(0, 2**64 - 1),
    replace=st.booleans(),
    wide=st.booleans(),
)
def test_draws_equal_the_twins(
    rows: list[list[float]], fanout: int, key: int, replace: bool, wide: bool
) -> None:
    words = [7 * i + 1 for i in range(len(rows))]
    found = draw(rows, words, fanout, key, replace, wide)
    for row, word, entries in zip(rows, words, found, strict=True):
        rule = twin.weighted(lambda _, edge, row=row: row[edge], replace)
        asked = twin.Row(DEFAULT_RELATION, [(i, i) for i in range(len(row))], word)
        assert entries == [edge for _, edge in rule(asked, fanout, key)]
        assert all(row[entry] > 0 for entry in entries)


@given(row=st.lists(WEIGHTS, min_size=1, max_size=50).filter(drawable))
def test_alias_tables_add_up_to_the_weights(row: list[float]) -> None:
    table = alias_of(*rows_of([row]), np.arange(len(row), dtype=np.uint32))[:, 0].tolist()
    chances = np.zeros(len(row))
    for column, cell in enumerate(table):
        threshold, alias = cell >> 32, cell & (2**32 - 1)
        share = 1.0 if alias == column else threshold / 2**32
        chances[column] += share / len(row)
        chances[alias] += (1 - share) / len(row)
    exact = np.array(row) / max(row)
    assert np.allclose(chances, exact / exact.sum(), atol=2**-31)
    assert (chances[np.array(row) == 0] == 0).all()


def frequencies_fit(seen: Counter, chances: dict) -> bool:
    """Pearson's chi-square test of how often each outcome came."""
    rounds = sum(seen.values())
    assert set(seen) <= set(chances)
    statistic = sum(
        (seen[outcome] - rounds * chance) ** 2 / (rounds * chance)
        for outcome, chance in chances.items()
    )
    return statistic < chi2.isf(CHANCE, len(chances) - 1)


@pytest.mark.parametrize("row", [[1.0, 2.0, 4.0, 0.5], [1.0, 1000.0, 30.0, 30.0, 0.0, 2.0]])
def test_draws_with_replacement_are_as_frequent_as_the_weights_say(row: list[float]) -> None:
    rounds = 20_000
    found = draw([row] * rounds, list(range(rounds)), 3, 5, True)
    seen = Counter(entry for entries in found for entry in entries)
    chances = {i: w / sum(row) for i, w in enumerate(row) if w}
    assert frequencies_fit(seen, chances)


@pytest.mark.parametrize(
    ("row", "fanout"),
    [
        ([1.0, 2.0, 4.0, 0.5, 8.0], 2),  # tries
        ([1.0, 2.0, 4.0, 0.5, 1.5, 3.0], 5),  # a race
        ([1.0, 300.0, 0.5, 2.0, 0.7, 0.0], 2),  # tries that mostly end in a race
    ],
)
def test_draws_without_replacement_are_drawn_one_after_another(
    row: list[float], fanout: int
) -> None:
    """Every order of every choice, each as frequent as successive draws make it."""
    rounds = 40_000
    seen = Counter(map(tuple, draw([row] * rounds, list(range(rounds)), fanout, 11, False)))
    chances = {}
    for chosen in itertools.permutations([i for i, w in enumerate(row) if w], fanout):
        chance, left = 1.0, sum(row)
        for entry in chosen:
            chance *= row[entry] / left
            left -= row[entry]
        chances[chosen] = chance
    assert np.isclose(sum(chances.values()), 1)
    rare = {outcome for outcome, chance in chances.items() if chance * rounds < 5}
    pooled = Counter({k: n for k, n in seen.items() if k not in rare})
    pooled[()] = sum(n for k, n in seen.items() if k in rare)
    expected = {k: chance for k, chance in chances.items() if k not in rare}
    expected[()] = sum(chances[k] for k in rare) or 1e-12
    assert frequencies_fit(pooled, expected)


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf"), -float("inf")])
def test_bad_weights_are_found(bad: float) -> None:
    assert find_bad_weight(np.array([1.0, 0.0, 2.0])) == -1
    assert find_bad_weight(np.array([1.0, 0.0, bad, bad])) == 2


def test_integers_are_weights_too() -> None:
    assert find_bad_weight(np.array([0, 3, -1], np.int32)) == 2
    assert count_positive(np.array([0, 2, 2, 3]), np.array([0, 3, 1], np.int8)).tolist() == [
        1,
        0,
        1,
    ]
