"""LABOR-i: the chances against plain Python, and what draws by them are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, norm

from graphray.kernels.derive_weights import weight_shares
from graphray.kernels.draw_labor import draw_by_chance
from graphray.kernels.labor_chances import (
    CHANCE,
    HopRows,
    first_scales,
    next_chances,
    next_scales,
)
from tests.sampling import draw_twin as twin

Ints = npt.NDArray[np.int64]
NODES = 40
WEIGHT = st.one_of(st.just(0.0), st.sampled_from([1.0, 1e-30, 1e6]), st.floats(1e-3, 1e3))
ROWS = st.lists(st.lists(st.tuples(st.integers(0, NODES - 1), WEIGHT), max_size=30), max_size=8)


@dataclass
class Hop:
    """Rows of (node, weight), their chances after some iterations, and how many nodes they draw."""

    rows: Sequence[Sequence[tuple[int, float]]]
    fanout: int
    iterations: int
    weighted: bool

    def __post_init__(self) -> None:
        degrees = np.array([len(row) for row in self.rows], np.int64)
        self.bounds = np.cumsum([0, *degrees])
        self.stable = np.array([node for row in self.rows for node, _ in row], np.uint32)
        weights = np.array([weight for row in self.rows for _, weight in row], np.float64)
        self.shares = weight_shares(self.bounds, weights)
        starts = self.bounds[:-1]
        self.hop_rows = HopRows(
            degrees,
            self.stable.ctypes.data + starts * 4,
            self.shares.ctypes.data + starts * 4 if self.weighted else np.zeros_like(starts),
        )
        self.scales, self.table = np.empty(len(degrees)), np.zeros((NODES, 2))
        self.num_nodes = []
        first_scales(self.hop_rows, self.fanout, self.scales)
        for iteration in range(self.iterations):
            self.num_nodes.append(
                next_chances(self.hop_rows, self.stable, self.scales, iteration == 0, self.table)
            )
            next_scales(self.hop_rows, self.stable, self.fanout, self.table, self.scales)

    def weights(self) -> npt.NDArray[np.float64]:
        """What each entry weighs, end to end."""
        return self.shares.astype(float) if self.weighted else np.ones(len(self.stable))

    def chances(self) -> npt.NDArray[np.float64]:
        """The chance of each entry, end to end."""
        base = self.table[self.stable, CHANCE] if self.iterations else self.weights()
        scaled = np.repeat(self.scales, self.hop_rows.degrees) * base
        return np.where(self.weights() > 0, np.minimum(1, scaled), 0)

    def draw(self, key: int) -> tuple[Ints, npt.NDArray[np.float64]]:
        """Which entries are drawn, counted through all rows, and their weights."""
        counts, room = np.empty(len(self.rows), np.int64), len(self.stable)
        entries, weights = np.empty(room, np.int64), np.empty(room)
        total = draw_by_chance(
            self.hop_rows, self.stable, self.scales, self.iterations == 0, self.table,
            np.uint64(key), counts, entries, weights,
        )  # fmt: skip
        return entries[:total] + np.repeat(self.bounds[:-1], counts), weights[:total]


@given(rows=ROWS, fanout=st.integers(1, 9), iterations=st.integers(0, 3), weighted=st.booleans())
def test_chances_equal_the_twins(
    rows: list[list[tuple[int, float]]], fanout: int, iterations: int, weighted: bool
) -> None:
    hop = Hop(rows, fanout, iterations, weighted)
    weights = iter(hop.weights().tolist())
    weighed = [
        {(node, at): w for at, (node, _) in enumerate(row) if (w := next(weights)) > 0}
        for row in rows
    ]
    expected = twin.labor_chances(weighed, fanout, iterations, saved=0.0)
    found = iter(hop.chances().tolist())
    for row, chances in zip(rows, expected, strict=True):
        for at, (node, _) in enumerate(row):
            assert next(found) == pytest.approx(chances.get((node, at), 0.0), rel=1e-9)


@given(rows=ROWS, fanout=st.integers(1, 9), weighted=st.booleans())
def test_no_iteration_makes_more_nodes(
    rows: list[list[tuple[int, float]]], fanout: int, weighted: bool
) -> None:
    """The first number is that of LABOR-0; each is the sum of the nodes' highest chances."""
    num_nodes = Hop(rows, fanout, 4, weighted).num_nodes
    assert (np.diff(num_nodes) <= 1e-9 * np.array(num_nodes[:-1])).all()
    for iterations, expected in enumerate(num_nodes):
        hop = Hop(rows, fanout, iterations, weighted)
        highest = np.zeros(NODES)
        np.maximum.at(highest, hop.stable, hop.chances())
        assert highest.sum() == pytest.approx(expected)


def shared_rows() -> list[list[tuple[int, float]]]:
    """Rows of many lengths that share nodes, some of which weigh a lot."""
    rng = np.random.default_rng(3)
    rows = []
    for degree in (3, 9, 14, 25, 36):
        nodes = rng.choice(NODES, degree, replace=False).tolist()
        rows.append(list(zip(nodes, rng.exponential(size=degree).tolist(), strict=True)))
    return rows


ROUNDS = 20_000


def keys() -> Any:
    return (key * 0x9E3779B97F4A7C15 % 2**64 for key in range(1, ROUNDS + 1))


@pytest.mark.parametrize(
    ("iterations", "weighted"), [(0, True), (1, False), (1, True), (12, False)]
)
def test_draws_are_as_frequent_as_their_chances_and_estimate_without_bias(
    iterations: int, weighted: bool
) -> None:
    hop = Hop(shared_rows(), 5, iterations, weighted)
    chances, weights = hop.chances(), hop.weights()
    seen = np.zeros(len(chances))
    values = np.random.default_rng(4).normal(size=NODES)[hop.stable]
    row_of = np.repeat(np.arange(len(hop.rows)), hop.hop_rows.degrees)
    estimates, sums = np.empty((ROUNDS, len(hop.rows))), np.empty((ROUNDS, len(hop.rows)))
    for at, key in enumerate(keys()):
        drawn, drawn_weights = hop.draw(key)
        seen[drawn] += 1
        estimates[at] = np.bincount(row_of[drawn], drawn_weights * values[drawn], len(hop.rows))
        sums[at] = np.bincount(row_of[drawn], drawn_weights, len(hop.rows))

    certain = chances == 1
    assert (seen[certain] == ROUNDS).all()
    spread = ROUNDS * chances[~certain] * (1 - chances[~certain])
    statistic = ((seen - ROUNDS * chances)[~certain] ** 2 / spread).sum()
    assert statistic < chi2.isf(1e-6, np.count_nonzero(~certain))

    truth = np.bincount(row_of, weights * values)
    error = estimates.std(axis=0) / np.sqrt(ROUNDS)
    assert (np.abs(estimates.mean(axis=0) - truth) <= norm.isf(1e-7) * error + 1e-9).all()

    # The variance of as many independent draws as the fanout says, of each row's total weight.
    totals = np.bincount(row_of, weights)
    degrees = hop.hop_rows.degrees
    expected = totals**2 * np.maximum(0, 1 / np.minimum(5, degrees) - 1 / degrees)
    assert sums.var(axis=0) == pytest.approx(expected, rel=0.1, abs=1e-9)


def test_rows_agree_so_that_no_more_nodes_are_drawn_than_expected() -> None:
    """As many as the highest chances add up to: far fewer than if each row drew for itself."""
    means = []
    for iterations in (1, 4):
        hop = Hop(shared_rows(), 5, iterations, weighted=False)
        highest, missed = np.zeros(NODES), np.ones(NODES)
        np.maximum.at(highest, hop.stable, hop.chances())
        np.multiply.at(missed, hop.stable, 1 - hop.chances())
        distinct = [len(np.unique(hop.stable[hop.draw(key)[0]])) for key in keys()]
        means.append(np.mean(distinct))
        assert means[-1] == pytest.approx(highest.sum(), abs=5 * np.std(distinct) / ROUNDS**0.5)
        assert means[-1] < 0.9 * (1 - missed).sum()
    assert means[1] < means[0]


def test_shares_are_of_the_largest_and_tiny_ones_are_none() -> None:
    weights = np.array([2.0, 4.0, 0.0, 1e-30, 0.0, 7.0])
    shares = weight_shares(np.array([0, 4, 5, 6]), weights)
    assert shares.tolist() == [0.5, 1.0, 0.0, 0.0, 0.0, 1.0]


def test_what_does_not_fit_is_counted() -> None:
    hop = Hop([[(1, 1.0), (2, 1.0), (3, 1.0)]], 5, 1, weighted=False)
    entries, weights = np.full(2, -1), np.empty(2)
    total = draw_by_chance(
        hop.hop_rows, hop.stable, hop.scales, False, hop.table, np.uint64(1),
        np.empty(1, np.int64), entries, weights,
    )  # fmt: skip
    assert (total, entries.tolist()) == (3, [0, 1])
