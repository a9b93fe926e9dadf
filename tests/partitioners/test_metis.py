"""METIS: planted communities are found, edges balance, and odd graphs are no trouble."""

from __future__ import annotations

import numpy as np
import pymetis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from partitioners import PartitionProblem, assign, measure
from tests.partitioners.graphs import homogeneous, planted, problems


def test_planted_communities_are_found() -> None:
    graph, community = planted(64, 32, 16, inside=0.9, rng=np.random.default_rng(0))
    truth = measure(graph, community // 16, 4)
    found = measure(graph, assign("metis", graph, 4, 1), 4)
    assert found.edge_cut < 1.1 * truth.edge_cut
    assert found.node_balance < 1.1
    assert found.edge_balance < 1.1


def test_edges_balance_where_degrees_are_skewed() -> None:
    rng = np.random.default_rng(1)
    skewed = (2000 * rng.random((20_000, 2)) ** 2).astype(np.int64)
    graph = homogeneous(2000, skewed)
    assert measure(graph, assign("metis", graph, 4, 1), 4).edge_balance < 1.3


@given(problem=problems(), data=st.data())
def test_no_partition_is_empty(problem: PartitionProblem, data: st.DataObject) -> None:
    parts = data.draw(st.integers(1, max(1, problem.num_nodes)))
    sizes = np.bincount(assign("metis", problem, parts, 0), minlength=parts)
    assert problem.num_nodes == 0 or sizes.min() >= 1


def test_a_graph_beyond_32_bit_metis_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pymetis, "zero_copy_dtype", lambda: np.dtype(np.int8))
    with pytest.raises(ArgumentError, match="counts to 127"):
        assign("metis", homogeneous(100, [(i, i + 1) for i in range(99)]), 2, 0)
