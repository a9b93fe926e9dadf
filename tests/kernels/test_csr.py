"""The counting sorts against Python's sort."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.kernels.csr import build_adjacency


def twin(
    ends: list[tuple[int, int]], row_gids: list[int], neighbor_gids: list[int], both_ends: bool
) -> tuple[list[int], list[int], list[int]]:
    """Rows in canonical order by sorting (row gid, stable neighbour, edge) tuples."""
    entries = [(row_gids[row], neighbor, edge) for edge, (row, neighbor) in enumerate(ends)]
    if both_ends:
        entries += [(row_gids[b], a, edge) for edge, (a, b) in enumerate(ends) if a != b]
    entries.sort()
    rows = [row for row, _, _ in entries]
    indptr = [sum(row < gid for row in rows) for gid in range(len(row_gids) + 1)]
    return indptr, [neighbor_gids[n] for _, n, _ in entries], [edge for _, _, edge in entries]


@st.composite
def edge_lists(draw: Any) -> tuple[list[tuple[int, int]], list[int], list[int], bool]:
    both_ends = draw(st.booleans())
    num_rows = draw(st.integers(1, 6))
    num_neighbors = num_rows if both_ends else draw(st.integers(1, 6))
    ends = st.tuples(st.integers(0, num_rows - 1), st.integers(0, num_neighbors - 1))
    row_gids = draw(st.permutations(range(num_rows)))
    neighbor_gids = row_gids if both_ends else draw(st.permutations(range(num_neighbors)))
    return draw(st.lists(ends, max_size=30)), row_gids, neighbor_gids, both_ends


@settings(deadline=None)
@given(
    edge_lists(),
    st.sampled_from([np.int32, np.int64]),
    st.sampled_from([np.uint32, np.int64]),
)
def test_matches_sorting(
    graph: tuple[list[tuple[int, int]], list[int], list[int], bool], ids: Any, stored: Any
) -> None:
    ends, row_gids, neighbor_gids, both_ends = graph
    pairs = np.array(ends, ids).reshape(-1, 2)
    adjacency = build_adjacency(
        np.ascontiguousarray(pairs[:, 0]),
        np.ascontiguousarray(pairs[:, 1]),
        np.array(row_gids, np.int64),
        np.array(neighbor_gids, np.int64),
        both_ends=both_ends,
        neighbor_dtype=np.dtype(stored),
        edge_dtype=np.dtype(stored),
    )
    assert adjacency.neighbors.dtype == stored
    assert adjacency.edges.dtype == stored
    assert tuple(array.tolist() for array in adjacency) == twin(*graph)


@pytest.mark.parametrize("both_ends", [False, True])
def test_no_nodes(both_ends: bool) -> None:
    none = np.empty(0, np.int64)
    adjacency = build_adjacency(
        none,
        none,
        none,
        none,
        both_ends=both_ends,
        neighbor_dtype=np.dtype(np.uint32),
        edge_dtype=np.dtype(np.uint32),
    )
    assert adjacency.indptr.tolist() == [0]
    assert len(adjacency.neighbors) == 0
