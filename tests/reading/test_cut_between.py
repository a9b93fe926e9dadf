"""Edges between partitions: exact where all is read, near it on a sample."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.building.stored_problem import stored_problem
from graphray.errors import ArgumentError
from graphray.reading.cut_between import cut_between
from graphray.store import Store
from tests.sampling.graphs import NEAR, build_store, plain_graphs
from tests.sampling.twin import PlainGraph


@settings(max_examples=12)
@given(graph=plain_graphs(), parts=st.integers(1, 4), scatter=st.integers(0, 9))
def test_all_edges_are_counted_once(graph: PlainGraph, parts: int, scatter: int) -> None:
    parts = min(parts, *graph.counts.values())
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(build_store(graph, Path(folder), parts, scatter))
        problem, owner = stored_problem(store)
        found = cut_between(store).toarray()
    expected = np.zeros((parts, parts))
    for edges in problem.edges:
        for u, v in zip(edges.sources.tolist(), edges.destinations.tolist(), strict=True):
            # An undirected loop has one entry where other undirected edges have two.
            count = 0.5 if edges.relation == NEAR and u == v else 1.0
            expected[owner[u], owner[v]] += count
            if owner[u] != owner[v]:
                expected[owner[v], owner[u]] += count
    np.testing.assert_allclose(found, expected)


def test_a_sample_comes_near(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    edges = rng.integers(0, 5000, 100_000), rng.integers(0, 5000, 100_000)
    store = gr.build(edges, tmp_path / "s", parts=4, partitioner="range")
    exact = cut_between(store).toarray()
    sampled = cut_between(store, entries_max=20_000).toarray()
    assert exact[np.tril_indices(4)].sum() == 100_000
    np.testing.assert_allclose(sampled, exact, rtol=0.15)
    np.testing.assert_allclose(sampled, sampled.T)


def test_a_sample_of_nothing_is_refused(tmp_path: Path) -> None:
    gr.build((np.arange(3), np.arange(3)), tmp_path / "s")
    with pytest.raises(ArgumentError, match="entries_max = 0"):
        cut_between(Store.open(tmp_path / "s"), entries_max=0)
