"""Personalised-PageRank neighbourhoods: against NetworkX, within the bounds, wherever rows are."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import graphray as gr
from graphray.errors import ArgumentError, RelationNotFound
from tests.partly import partly
from tests.sampling.graphs import NEAR, RandomAssignment
from tests.sampling.twin import PlainGraph

NODES = 12
SMALL = settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
EDGES = st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)), max_size=50)


def build(folder: Path, pairs: list[tuple[int, int]], directed: bool, parts: int) -> Path:
    sources, destinations = np.array(pairs, np.int64).reshape(-1, 2).T
    gr.build(
        (sources, destinations),
        folder / str(parts),
        nodes=np.arange(NODES),
        directed=directed,
        parts=parts,
        partitioner=RandomAssignment(len(pairs)),
    )
    return folder / str(parts)


def ranks_of(batch: gr.Batch) -> list[dict[int, float]]:
    """For each seed the nodes and their ranks, in the order of the edges."""
    ranks: list[dict[int, float]] = [{} for _ in range(batch.num_seeds)]
    for far, near, rank in zip(*batch.edge_index, batch.edge_weights, strict=True):
        ranks[near][int(batch.nodes[far])] = float(rank)
    return ranks


def transitions(pairs: list[tuple[int, int]], directed: bool) -> np.ndarray:
    """The transition matrix against the edges; rows of zeros at dead ends."""
    plain = PlainGraph({"item": NODES}, {NEAR: pairs}, set() if directed else {NEAR})
    matrix = np.zeros((NODES, NODES))
    for node in range(NODES):
        row = plain.row(NEAR, "in", node)
        for far, _ in row:
            matrix[node, far] += 1 / len(row)
    return matrix


def exact_ranks(matrix: np.ndarray, seed: int, restart: float) -> np.ndarray:
    """The stationary distribution of the walk with restart, by solving for it."""
    home = np.eye(NODES)[seed]
    walk = np.where(matrix.sum(axis=1, keepdims=True) > 0, matrix, home)
    return restart * np.linalg.solve(np.eye(NODES) - (1 - restart) * walk.T, home)


@SMALL
@given(
    pairs=EDGES,
    directed=st.booleans(),
    restart=st.sampled_from([0.1, 0.5]),
    epsilon=st.sampled_from([1e-1, 1e-2, 1e-7]),
    parts=st.integers(1, 4),
    data=st.data(),
)
def test_ranks_are_within_their_bounds_of_networkx(
    pairs: list[tuple[int, int]],
    directed: bool,
    restart: float,
    epsilon: float,
    parts: int,
    data: st.DataObject,
) -> None:
    plan = gr.PageRankNeighbors(NODES, restart, epsilon)
    here = data.draw(st.sets(st.integers(0, parts - 1)))
    with tempfile.TemporaryDirectory() as folder:
        whole = gr.open(build(Path(folder) / "whole", pairs, directed, 1))
        degrees = [len(whole.neighbors(node, direction="in")) for node in range(NODES)]
        expected = whole.loader(sampling=plan).batch(0, 0)
        batch = (
            partly(gr.open(build(Path(folder), pairs, directed, parts)), here)
            .loader(sampling=plan)
            .batch(0, 0)
        )
        assert batch.digest() == expected.digest()
        found = ranks_of(batch)
    matrix = transitions(pairs, directed)
    for seed in range(NODES):
        exact = exact_ranks(matrix, seed, restart)
        assert list(found[seed].values()) == sorted(found[seed].values(), reverse=True)
        assert seed not in found[seed]
        for node in set(range(NODES)) - {seed}:
            missing = exact[node] - found[seed].get(node, 0.0)
            assert missing >= -1e-6
            if not directed:
                assert missing <= epsilon * max(degrees[node], 1) + 1e-6
        total = sum(exact) - exact[seed] - sum(found[seed].values())
        assert total <= epsilon * sum(max(degree, 1) for degree in degrees) + 1e-6


def test_ranks_are_those_of_networkx(tmp_path: Path) -> None:
    pairs = [(node, node * node % NODES) for node in range(NODES)] + [
        (1, 2),
        (1, 2),
        (2, 5),
        (5, 1),
    ]
    graph = gr.open(build(tmp_path, pairs, False, 3))
    plan = gr.PageRankNeighbors(NODES, restart=0.2, epsilon=1e-9)
    (found,) = ranks_of(graph.loader([2], sampling=plan).batch(0, 0))
    weighted = nx.from_numpy_array(transitions(pairs, False), create_using=nx.DiGraph)
    expected = nx.pagerank(weighted, 0.8, {2: 1.0}, max_iter=1_000, tol=1e-12)
    assert found == pytest.approx({node: expected[node] for node in found}, abs=1e-6)
    assert set(found) == {node for node, rank in expected.items() if rank > 1e-9 and node != 2}


def test_the_highest_are_kept(tmp_path: Path) -> None:
    # A path: the farther from the seed, the lower.
    pairs = [(node, node + 1) for node in range(NODES - 1)]
    graph = gr.open(build(tmp_path, pairs, True, 2))
    plan = gr.PageRankNeighbors(3, direction="out", epsilon=1e-6)
    batch = graph.loader([2, 10], sampling=plan).batch(0, 0)
    assert [list(ranks) for ranks in ranks_of(batch)] == [[3, 4, 5], [11]]
    assert batch.num_sampled_nodes == (2, 4)
    assert batch.num_sampled_edges == (4,)


def test_owners_are_asked_once_a_round_for_all_seeds(tmp_path: Path) -> None:
    pairs = [(node, (node + step) % NODES) for node in range(NODES) for step in (1, 3)]
    graph = partly(gr.open(build(tmp_path, pairs, False, 4)), [])
    before = graph.access.rounds
    loader = graph.loader(sampling=gr.PageRankNeighbors(4, epsilon=1e-3, restart=0.5))
    batch = loader.batch(0, 0)
    assert batch.num_seeds == NODES
    # Rounds of the push, not pushes: each of 12 seeds alone makes more than that.
    assert graph.access.rounds - before < 25


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (gr.PageRankNeighbors(0), "num_neighbors = 0"),
        (gr.PageRankNeighbors(restart=0.0), "restart = 0; expected a number above 0"),
        (gr.PageRankNeighbors(restart=1.0), "restart = 1.0"),
        (gr.PageRankNeighbors(epsilon=0), "epsilon = 0"),
        (gr.PageRankNeighbors(epsilon=float("nan")), "epsilon = nan"),
        (gr.PageRankNeighbors(direction="up"), "direction = 'up'"),  # type: ignore[arg-type]
    ],
)
def test_settings_are_checked(tmp_path: Path, plan: Any, message: str) -> None:
    graph = gr.open(build(tmp_path, [(0, 1)], True, 1))
    with pytest.raises(ArgumentError, match=message):
        graph.loader(sampling=plan)


def test_the_relation_leads_from_a_type_to_itself(tmp_path: Path) -> None:
    gr.build({("a", "to", "b"): ([0], [1]), ("a", "at", "a"): ([0], [0])}, tmp_path / "typed")
    graph = gr.open(tmp_path / "typed")
    with pytest.raises(ArgumentError, match="does not lead from 'a' to itself"):
        graph.loader("a", sampling=gr.PageRankNeighbors(relation="to"))
    with pytest.raises(RelationNotFound, match="this graph has"):
        graph.loader("a", sampling=gr.PageRankNeighbors())
    with pytest.raises(ArgumentError, match="seeds are of type 'b'"):
        graph.loader("b", sampling=gr.PageRankNeighbors(relation="at")).batch(0, 0)
    assert (
        graph.loader("a", sampling=gr.PageRankNeighbors(relation="at")).batch(0, 0).num_edges == 0
    )
