"""Hypergraph: planted communities found, limits held, hyperedges with their pins."""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError, MissingDependency
from partitioners import (
    PartitionProblem,
    assign,
    hypergraph_multilevel,
    measure,
    mt_kahypar,
)
from partitioners.hypergraph import Hypergraph
from tests.partitioners.graphs import homogeneous
from tests.partitioners.hypergraphs import connectivity, hypergraphs, of_sets, planted, sets_of

OWN = Hypergraph(engine="own")


@pytest.fixture
def _coarsen_small_hypergraphs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hypergraph_multilevel, "_COARSE_VERTICES_PER_PART", 2)


def pins_by_part(problem: PartitionProblem, assignment: np.ndarray) -> Counter[int]:
    return Counter(assignment[problem.edges[0].sources].tolist())


@pytest.mark.parametrize("parts", [2, 4, 8])
def test_planted_communities_are_found_within_the_limits(parts: int) -> None:
    problem, community = planted(16, 60, 150, inside=0.9, rng=np.random.default_rng(0))
    truth = connectivity(problem, (community // (16 // parts)).tolist())
    assignment = assign(OWN, problem, parts, 1)
    assert measure(problem, assignment, parts).connectivity <= 1.1 * truth
    vertices = np.bincount(assignment[: len(community)], minlength=parts)
    pins = pins_by_part(problem, assignment)
    assert vertices.max() <= 1.1 * vertices.mean()
    assert max(pins.values()) <= 1.1 * pins.total() / parts


def test_separate_pieces_are_not_cut() -> None:
    sets = [[6 * i + j for j in range(6)] for i in range(400)]
    sets += [[6 * i, 6 * i + 3] for i in range(400)]
    problem = of_sets(2400, sets)
    assert measure(problem, assign(OWN, problem, 4, 1), 4).connectivity == 0


@pytest.mark.parametrize("imbalance", [1.02, 1.3])
def test_the_imbalance_asked_for_is_held(imbalance: float) -> None:
    problem, community = planted(10, 100, 200, inside=0.6, rng=np.random.default_rng(3))
    assignment = assign(Hypergraph(imbalance=imbalance, engine="own"), problem, 4, 1)
    vertices = np.bincount(assignment[: len(community)])
    assert vertices.max() <= imbalance * vertices.mean()
    pins = pins_by_part(problem, assignment)
    assert max(pins.values()) <= imbalance * pins.total() / 4


@pytest.mark.usefixtures("_coarsen_small_hypergraphs")
@given(problem=hypergraphs(), data=st.data())
def test_hyperedges_go_with_most_of_their_pins_and_no_partition_is_empty(
    problem: PartitionProblem, data: st.DataObject
) -> None:
    parts = data.draw(st.integers(1, max(1, problem.num_nodes)))
    assignment = OWN.partition(problem, parts, rng_seed=data.draw(st.integers(0, 2**70)))
    n = int(problem.type_offsets[1])
    sizes = np.bincount(assignment, minlength=parts)
    assert problem.num_nodes == 0 or sizes.min() >= 1
    elsewhere = 0
    for e, members in enumerate(sets_of(problem)):
        pins = Counter(assignment[list(members)].tolist())
        elsewhere += pins[int(assignment[n + e])] < max(pins.values(), default=0)
    # Only a partition that would be empty takes a hyperedge, or a pin, from where it belongs.
    assert elsewhere == 0 or n < parts or sizes.min() == 1


@pytest.mark.usefixtures("_coarsen_small_hypergraphs")
@given(problem=hypergraphs(), parts=st.integers(1, 4), rng_seed=st.integers(0, 2**70))
def test_the_same_seed_gives_the_same_partition(
    problem: PartitionProblem, parts: int, rng_seed: int
) -> None:
    parts = min(parts, max(1, problem.num_nodes))
    one, two = (assign(OWN, problem, parts, rng_seed) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_vertices_without_hyperedges_even_the_partitions_out() -> None:
    problem = of_sets(1000, [[2 * i, 2 * i + 1] for i in range(100)])
    vertices = np.bincount(assign(OWN, problem, 8, 1)[:1000])
    assert np.ptp(vertices) <= 1


def test_what_is_no_hypergraph_is_refused_with_what_is_missing() -> None:
    with pytest.raises(ArgumentError, match=r"'incidence'.*node-edge-node"):
        assign(OWN, homogeneous(3, [(0, 1)]), 2, 0)


@pytest.mark.parametrize("settings", [{"imbalance": 0.9}, {"imbalance": np.nan}, {"engine": "x"}])
def test_settings_out_of_range(settings: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(settings))):
        Hypergraph(**settings)  # type: ignore[arg-type]


def test_asking_for_a_package_that_is_not_there_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mtkahypar", None)
    problem = of_sets(4, [[0, 1], [1, 2], [2, 3]])
    with pytest.raises(MissingDependency, match=r"graphray\[mtkahypar\]"):
        assign(Hypergraph(engine="mtkahypar"), problem, 2, 0)


@pytest.mark.skipif(not mt_kahypar.is_installed(), reason="mtkahypar is not installed")
def test_mt_kahypar_is_used_within_the_same_limits_and_is_hardly_better() -> None:
    problem, community = planted(16, 60, 150, inside=0.8, rng=np.random.default_rng(0))
    theirs = Hypergraph(engine="mtkahypar")
    one, two = (assign(theirs, problem, 4, 1) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    vertices = np.bincount(one[: len(community)])
    assert vertices.max() <= 1.1 * vertices.mean()
    own = measure(problem, assign(OWN, problem, 4, 1), 4).connectivity
    assert own <= 1.15 * measure(problem, one, 4).connectivity
