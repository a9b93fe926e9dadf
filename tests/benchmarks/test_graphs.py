import numpy as np
import pytest

from benchmarks.gather import GatherBound
from benchmarks.graphs import communities, rmat
from benchmarks.peers import PEERS, measure_peers


def degrees(pairs):
    ends = np.concatenate((pairs.sources, pairs.destinations))
    return np.bincount(ends, minlength=pairs.num_nodes)


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: rmat(scale=9, edge_factor=8, rng_seed=seed),
        lambda seed: communities(500, 4000, seed, num_communities=10),
    ],
    ids=["rmat", "communities"],
)
def test_a_graph_is_a_function_of_its_seed(make):
    first, again, other = make(7), make(7), make(8)
    np.testing.assert_array_equal(first.sources, again.sources)
    np.testing.assert_array_equal(first.destinations, again.destinations)
    assert (first.sources != other.sources).any()
    assert first.sources.dtype == first.destinations.dtype == np.int32
    for ends in (first.sources, first.destinations):
        assert ends.min() >= 0
        assert ends.max() < first.num_nodes


def test_rmat_is_skewed_and_its_numbering_tells_nothing():
    pairs = rmat(scale=12, edge_factor=16, rng_seed=3)
    found = degrees(pairs)
    assert found.max() > 20 * found.mean()
    assert abs(np.corrcoef(found, np.arange(len(found)))[0, 1]) < 0.1


def test_rmat_quadrants_have_their_shares():
    # With scale 1 and the permutation undone by symmetry, the edges are the quadrants themselves.
    pairs = rmat(scale=1, edge_factor=200_000, rng_seed=5)
    counts = np.bincount(pairs.sources * 2 + pairs.destinations, minlength=4) / 400_000
    np.testing.assert_allclose(np.sort(counts), [0.05, 0.19, 0.19, 0.57], atol=0.01)


@pytest.mark.parametrize("inside", [0.0, 0.8, 1.0])
def test_communities_hold_their_share_of_the_edges(inside):
    # Components of the graph with all edges inside are the communities; compare by that labelling.
    num_nodes, parts = 400, 4
    whole = communities(num_nodes, 40_000, 2, num_communities=parts, inside=1.0)
    label = components(num_nodes, whole.sources, whole.destinations)
    pairs = communities(num_nodes, 40_000, 2, num_communities=parts, inside=inside)
    measured = np.mean(label[pairs.sources] == label[pairs.destinations])
    assert len(np.unique(label)) == parts
    assert measured == pytest.approx(inside + (1 - inside) / parts, abs=0.03)


def components(num_nodes, sources, destinations):
    label = np.arange(num_nodes)
    while True:
        low = np.minimum(label[sources], label[destinations])
        before = label.copy()
        np.minimum.at(label, sources, low)
        np.minimum.at(label, destinations, low)
        if (label == before).all():
            return label


def test_the_bound_of_two_reads_is_below_either():
    bound = GatherBound(73e6, 138e6)
    assert bound.edges_per_s < 73e6
    assert bound.edges_per_s == pytest.approx(47.7e6, rel=0.01)


def test_a_peer_that_cannot_be_run_is_named_as_skipped(monkeypatch):
    monkeypatch.setenv("GRAPHRAY_PEER_PYTHON", "/nowhere/python")
    figures = measure_peers(np.array([0, 1, 2]), np.array([1, 0]), np.array([[0]]), [2])
    assert [figure.name for figure in figures] == list(PEERS)
    assert all(
        figure.edges_per_s is None and "no interpreter" in figure.skipped for figure in figures
    )
