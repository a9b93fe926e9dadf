"""Multilevel: planted communities found, limits held, the same result for any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from partitioners import PartitionProblem, assign, measure, multilevel, parallel
from partitioners.multilevel import Multilevel
from tests.partitioners.graphs import homogeneous, planted, problems, skewed


@pytest.fixture
def _coarsen_small_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multilevel, "_COARSE_NODES", 4)
    monkeypatch.setattr(multilevel, "_COARSE_NODES_PER_PART", 1)


@pytest.mark.parametrize("parts", [2, 4, 8])
def test_planted_communities_are_found_within_the_limits(parts: int) -> None:
    graph, community = planted(160, 100, 16, inside=0.8, rng=np.random.default_rng(0))
    truth = measure(graph, community // (160 // parts), parts)
    found = measure(graph, assign("multilevel", graph, parts, 1), parts)
    metis = measure(graph, assign("metis", graph, parts, 1), parts)
    assert found.edge_cut < 1.05 * truth.edge_cut
    assert found.edge_cut < 1.05 * metis.edge_cut
    assert found.node_balance <= 1.1
    assert found.edge_balance <= 1.1


def test_hubs_are_spread_and_isolated_nodes_even_the_nodes_out() -> None:
    graph = skewed(20_000, 100_000, np.random.default_rng(2))
    found = measure(graph, assign("multilevel", graph, 8, 1), 8)
    chance = measure(graph, assign("random", graph, 8, 1), 8)
    assert found.edge_cut < 0.97 * chance.edge_cut
    assert found.node_balance <= 1.1
    assert found.edge_balance <= 1.1


@pytest.mark.parametrize("imbalance", [1.02, 1.3])
def test_the_imbalance_asked_for_is_held(imbalance: float) -> None:
    graph, _ = planted(100, 60, 12, inside=0.7, rng=np.random.default_rng(3))
    found = measure(graph, assign(Multilevel(imbalance=imbalance), graph, 4, 1), 4)
    assert found.node_balance <= imbalance
    assert found.edge_balance <= imbalance


def test_small_components_are_kept_whole() -> None:
    triangles = [(3 * i + a, 3 * i + b) for i in range(3000) for a, b in ((0, 1), (1, 2), (2, 0))]
    graph = homogeneous(9000, triangles)
    found = measure(graph, assign("multilevel", graph, 4, 1), 4)
    assert found.cut_edges == 0
    assert found.node_balance <= 1.01


def test_a_hub_larger_than_a_partition_has_one_to_itself() -> None:
    star = homogeneous(10_001, [(0, leaf) for leaf in range(1, 10_001)])
    assignment = assign("multilevel", star, 4, 1)
    assert (assignment == assignment[0]).sum() == 1
    assert measure(star, assignment, 4).node_balance < 1.4


@pytest.mark.usefixtures("_coarsen_small_graphs")
@given(problem=problems(max_nodes=60, max_edges=180), data=st.data())
def test_any_graph_gets_an_assignment_without_empty_partitions(
    problem: PartitionProblem, data: st.DataObject
) -> None:
    parts = data.draw(st.integers(1, max(1, problem.num_nodes)))
    rng_seed = data.draw(st.integers(0, 2**64))
    assignment = assign("multilevel", problem, parts, rng_seed)
    assert problem.num_nodes == 0 or np.bincount(assignment, minlength=parts).min() >= 1


@pytest.mark.parametrize("inside", [0.8, 0.2])
def test_the_result_does_not_depend_on_the_number_of_threads(
    inside: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parallel, "_SHARED_MIN", 1)
    graph, _ = planted(60, 100, 10, inside=inside, rng=np.random.default_rng(4))
    one, two, five = (Multilevel(threads=t).partition(graph, 4, rng_seed=9) for t in (1, 2, 5))
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one, five)


def test_more_partitions_than_fit_in_a_byte() -> None:
    graph, _ = planted(400, 15, 8, inside=0.8, rng=np.random.default_rng(5))
    quality = measure(graph, assign("multilevel", graph, 300, 1), 300)
    assert quality.edge_cut < measure(graph, assign("random", graph, 300, 1), 300).edge_cut / 2
    assert quality.node_balance <= 1.15


@pytest.mark.parametrize(
    "settings", [{"imbalance": 0.9}, {"imbalance": float("nan")}, {"threads": 0}]
)
def test_settings_out_of_range(settings: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(settings))):
        Multilevel(**settings)  # type: ignore[arg-type]
