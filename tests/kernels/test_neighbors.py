"""The neighbour kernels against plain Python, over partitions at random addresses."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.kernels.neighbors import ELSEWHERE, draw_rows, find_rows, place_rows
from tests.sampling.twin import draw

Ints = npt.NDArray[np.int64]


class Partitioned:
    """Rows of neighbours, cut into partitions of which some are mapped."""

    def __init__(self, rows: list[list[int]], cuts: list[int], mapped: list[bool], wide: bool):
        self.rows = rows
        self.dtype = np.int64 if wide else np.uint32
        self.offsets = np.array([0, *sorted(cuts), len(rows)])
        self.mapped = mapped
        lengths = np.array([len(row) for row in rows], np.int64)
        ends = np.concatenate(([0], np.cumsum(lengths)))
        self.edge_offsets = ends[self.offsets]
        self.stable = np.arange(len(rows), dtype=self.dtype)[::-1].copy()
        self.arrays: list[npt.NDArray] = []
        self.bases = np.zeros((3, len(mapped)), np.int64)
        for part in range(len(mapped)):
            start, stop = self.offsets[part], self.offsets[part + 1]
            if mapped[part]:
                indptr = ends[start : stop + 1] - ends[start]
                flat = [n for row in rows[start:stop] for n in row]
                neighbors = np.array(flat, self.dtype)
                stable = self.stable[start:stop].copy()
                self.arrays += [indptr, stable, neighbors]
                item = self.stable.itemsize
                self.bases[0, part] = indptr.ctypes.data - start * 8
                self.bases[1, part] = stable.ctypes.data - start * item
                self.bases[2, part] = neighbors.ctypes.data - ends[start] * item

    def is_mapped(self, node: int) -> bool:
        return self.mapped[int(np.searchsorted(self.offsets, node, side="right")) - 1]

    def find(self, frontier: Ints) -> tuple[int, npt.NDArray[np.int32], Ints, Ints, npt.NDArray]:
        count = len(frontier)
        owners, stable = np.empty(count, np.int32), np.empty(count, self.dtype)
        first, degrees = np.empty(count, np.int64), np.empty(count, np.int64)
        elsewhere = find_rows(
            frontier, self.offsets, self.edge_offsets, self.bases[0], self.bases[1],
            owners, first, degrees, stable,
        )  # fmt: skip
        return elsewhere, owners, first, degrees, stable

    def draw(self, frontier: Ints, fanout: int, key: int) -> tuple[Ints, Ints, npt.NDArray]:
        _, owners, first, degrees, stable = self.find(frontier)
        widths = np.minimum(np.maximum(degrees, 0), fanout)  # ELSEWHERE is negative: no room.
        bounds = np.concatenate(([0], np.cumsum(widths)))
        positions = np.full(bounds[-1], -1, np.int64)
        neighbors = np.zeros(bounds[-1], self.dtype)
        draw_rows(
            first, degrees, stable, owners, bounds, fanout, np.uint64(key), self.bases[2],
            positions, neighbors,
        )  # fmt: skip
        return bounds, positions, neighbors


@st.composite
def partitioned(draw_value: st.DrawFn) -> Partitioned:
    size = draw_value(st.integers(1, 20))
    row = st.lists(st.integers(0, size - 1), max_size=30)
    rows = draw_value(st.lists(row, min_size=size, max_size=size))
    cuts = draw_value(st.lists(st.integers(0, size), max_size=4))
    parts = len(cuts) + 1
    mapped = draw_value(st.lists(st.booleans(), min_size=parts, max_size=parts))
    return Partitioned(rows, cuts, mapped, draw_value(st.booleans()))


@given(graph=partitioned(), data=st.data())
def test_rows_are_found(graph: Partitioned, data: st.DataObject) -> None:
    nodes = st.integers(0, len(graph.rows) - 1)
    frontier = data.draw(st.lists(nodes, max_size=300))
    elsewhere, _, _, degrees, stable = graph.find(np.array(frontier, np.int64))
    assert elsewhere == sum(not graph.is_mapped(node) for node in frontier)
    for node, degree, number in zip(frontier, degrees, stable, strict=True):
        if graph.is_mapped(node):
            assert (degree, number) == (len(graph.rows[node]), graph.stable[node])
        else:
            assert degree == ELSEWHERE


@given(graph=partitioned(), fanout=st.integers(1, 8), key=st.integers(0, 2**64 - 1))
def test_draws_equal_the_twins(graph: Partitioned, fanout: int, key: int) -> None:
    frontier = np.arange(len(graph.rows))
    bounds, positions, neighbors = graph.draw(frontier, fanout, key)
    ends = np.concatenate(([0], np.cumsum([len(row) for row in graph.rows])))
    for node, row in enumerate(graph.rows):
        at = slice(bounds[node], bounds[node + 1])
        if not graph.is_mapped(node):
            assert at.start == at.stop
            continue
        expected = draw(list(enumerate(row)), fanout, int(graph.stable[node]), key)
        assert neighbors[at].tolist() == [neighbor for _, neighbor in expected]
        assert positions[at].tolist() == [ends[node] + place for place, _ in expected]


def test_every_subset_is_drawn_equally_often() -> None:
    """Chi-square over the 20 ways to choose 3 of 6, with a bound that chance passes in 1e6 runs."""
    graph = Partitioned([list(range(6))], [], [True], False)
    rounds = 20_000
    seen = Counter(
        tuple(sorted(graph.draw(np.zeros(1, np.int64), 3, key)[2].tolist()))
        for key in range(rounds)
    )
    expected = rounds / 20
    statistic = sum((count - expected) ** 2 / expected for count in seen.values())
    assert len(seen) == 20
    assert statistic < 63.2  # the 1 - 1e-6 quantile at 19 degrees of freedom


@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 4), max_size=12), data=st.data())
def test_rows_of_others_land_in_their_places(counts: list[int], data: st.DataObject) -> None:
    elsewhere = [i for i in range(len(counts)) if data.draw(st.booleans())]
    bounds = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    positions = np.full(bounds[-1], -1, np.int64)
    neighbors = np.zeros(bounds[-1], np.uint32)
    drawn = [100 * row + j for row in elsewhere for j in range(counts[row])]
    place_rows(
        np.array(elsewhere, np.int64),
        np.array([counts[row] for row in elsewhere], np.int64),
        np.array(drawn, np.int64),
        np.array(drawn, np.uint32) + np.uint32(1),
        bounds, positions, neighbors,
    )  # fmt: skip
    for row, count in enumerate(counts):
        expected = [100 * row + j if row in elsewhere else -1 for j in range(count)]
        assert positions[bounds[row] : bounds[row + 1]].tolist() == expected
    placed = positions >= 0
    assert (neighbors[placed] == positions[placed] + 1).all()
