"""Streaming: communities found without an adjacency, limits held, order of magnitude of METIS."""

from __future__ import annotations

import numpy as np
import pytest

from graphray.errors import ArgumentError
from partitioners import PartitionProblem, assign, measure, streaming
from partitioners.streaming import Streaming
from tests.partitioners.graphs import homogeneous, planted, skewed


def test_planted_communities_are_found_within_the_limits() -> None:
    graph, community = planted(160, 100, 16, inside=0.8, rng=np.random.default_rng(0))
    truth = measure(graph, community // 40, 4)
    found = measure(graph, assign("streaming", graph, 4, 1), 4)
    assert found.edge_cut < 1.25 * truth.edge_cut
    assert found.node_balance <= 1.1
    assert found.edge_balance <= 1.1


def test_hubs_are_spread() -> None:
    graph = skewed(20_000, 100_000, np.random.default_rng(2))
    found = measure(graph, assign("streaming", graph, 8, 1), 8)
    assert found.edge_cut < measure(graph, assign("random", graph, 8, 1), 8).edge_cut
    assert found.node_balance <= 1.1
    assert found.edge_balance <= 1.1


def test_little_memory_only_means_more_groups() -> None:
    graph, community = planted(40, 50, 12, inside=0.85, rng=np.random.default_rng(3))
    narrow = Streaming().within(64 * graph.num_nodes + 4 * 1000)
    found = measure(graph, assign(narrow, graph, 4, 1), 4)
    assert found.edge_cut < 1.5 * measure(graph, community // 10, 4).edge_cut


def test_edges_mapped_from_files_need_not_be_writable() -> None:
    graph = homogeneous(6, [(0, 1), (1, 2), (3, 4), (4, 5)])
    for edges in graph.edges:
        edges.sources.flags.writeable = edges.destinations.flags.writeable = False
    assert measure(graph, assign("streaming", graph, 2, 0), 2).cut_edges <= 2


def test_memory_that_nobody_limits_grows_with_the_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_MEMORY_BYTES", 0)
    assert len(assign("streaming", homogeneous(15, [(0, 1)]), 3, 0)) == 15


def test_arguments_out_of_range() -> None:
    with pytest.raises(ArgumentError, match="imbalance"):
        Streaming(imbalance=0.0)
    with pytest.raises(ArgumentError, match=r"take 96\d bytes"):
        assign(Streaming(memory_bytes=900), homogeneous(15, [(0, 1)]), 3, 0)
    with pytest.raises(ArgumentError, match="32 bits"):
        assign("streaming", PartitionProblem(("node",), np.array([0, 2**32]), ()), 2, 0)
