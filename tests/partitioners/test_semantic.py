"""Like goes with like: clouds of vectors are found, limits held, types suffice without vectors."""

from __future__ import annotations

import networkx as nx
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from graphray.errors import ArgumentError, ColumnNotFound
from graphray.schema import Relation
from partitioners import EdgeSet, PartitionProblem, assign, measure, semantic
from partitioners.adjacency import symmetric_adjacency
from partitioners.features import features_of
from partitioners.semantic import Semantic
from partitioners.spectral import leading_vectors


def vectors(array: npt.NDArray[np.float64]) -> pa.Table:
    lists = pa.FixedSizeListArray.from_arrays(pa.array(array.ravel()), array.shape[1])
    return pa.table({"embedding": lists, "label": [str(i) for i in range(len(array))]})


def clouds(sizes: list[int], rng: np.random.Generator) -> tuple[PartitionProblem, list[int]]:
    """Nodes around corners of a cube, shuffled; and the cloud of each."""
    cloud = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    corners = 10.0 * np.eye(len(sizes))
    array = corners[cloud] + rng.normal(size=(len(cloud), len(sizes)))
    problem = PartitionProblem(("node",), np.array([0, len(cloud)]), (), {"node": vectors(array)})
    return problem, cloud.tolist()


@pytest.mark.parametrize("sample_max", [100_000, 200])
def test_equal_clouds_of_vectors_are_the_partitions(
    sample_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(semantic, "_SAMPLE_MAX", sample_max)
    problem, cloud = clouds([150] * 4, np.random.default_rng(0))
    assignment = assign("semantic", problem, 4, 1).tolist()
    assert len(set(zip(cloud, assignment, strict=True))) == 4


def test_a_cloud_too_large_is_divided_within_the_limits() -> None:
    problem, _ = clouds([900, 50, 50], np.random.default_rng(1))
    assert measure(problem, assign("semantic", problem, 4, 1), 4).node_balance <= 1.1
    strict = assign(Semantic(imbalance=1.0), problem, 4, 1)
    assert np.bincount(strict).tolist() == [250] * 4


def test_without_vectors_types_and_relations_decide() -> None:
    # Two types; of the second, half take part in a relation and half do not.
    edges = EdgeSet(Relation("a", "r", "b"), np.arange(100), np.arange(100, 200))
    problem = PartitionProblem(("a", "b"), np.array([0, 100, 300]), (edges,))
    assignment = assign(Semantic(imbalance=2.0), problem, 3, 0)
    groups = [set(assignment[start : start + 100]) for start in (0, 100, 200)]
    assert [len(group) for group in groups] == [1, 1, 1]
    assert len(set.union(*groups)) == 3


@pytest.mark.parametrize("weights", [1, 3])
def test_without_vectors_and_types_neighbours_decide(weights: int) -> None:
    graph = nx.planted_partition_graph(4, 60, 0.3, 0.01, seed=1)
    order = np.random.default_rng(1).permutation(240)
    ends = order[np.array(graph.edges()).T]
    # Some edges several times, which makes them weigh more; and isolated nodes.
    src, dst = np.hstack([ends, *[ends[:, :50]] * (weights - 1)])
    edges = EdgeSet(Relation("a", "r", "a"), src, dst)
    problem = PartitionProblem(("a",), np.array([0, 260]), (edges,))
    community = np.full(260, -1)
    community[order] = np.arange(240) // 60
    assignment = assign("semantic", problem, 4, 0)
    together = [np.bincount(assignment[community == c]).max() for c in range(4)]
    assert min(together) >= 58
    assert measure(problem, assignment, 4).node_balance <= 1.1


def test_vectors_of_a_graph_reach_the_eigenvalues_of_numpy() -> None:
    graph = nx.karate_club_graph()
    ends = np.array(graph.edges()).T
    edges = EdgeSet(Relation("a", "r", "a"), ends[0], ends[1])
    # One node more, without edges.
    problem = PartitionProblem(("a",), np.array([0, 35]), (edges,))
    vectors = leading_vectors(symmetric_adjacency(problem), 16, np.random.default_rng(0))
    np.testing.assert_allclose(vectors.T @ vectors, np.eye(16), atol=1e-5)
    assert not vectors[34].any()
    lazy = np.eye(34) - nx.normalized_laplacian_matrix(graph, weight=None).toarray() / 2
    largest = np.sort(np.linalg.eigvalsh(lazy))[-16:]
    reached = np.trace(vectors[:34].T @ lazy @ vectors[:34])
    assert 0.999 * largest.sum() <= reached <= largest.sum() + 1e-4


def test_null_vectors_and_types_without_any_count_as_zero() -> None:
    lists = pa.array([[1.0, 2.0], None, [3.0, 4.0]], pa.list_(pa.float32(), 2))
    table = pa.table({"x": lists})
    problem = PartitionProblem(("a", "b"), np.array([0, 3, 5]), (), {"a": table, "b": pa.table({})})
    found = features_of(problem, None, 2, np.random.default_rng(0))[:, 2:]
    assert found.shape == (5, 2)
    np.testing.assert_allclose(found[1], found[4])
    np.testing.assert_allclose((found**2).sum(axis=1).mean(), 1, rtol=1e-5)


def test_columns_that_cannot_be_used() -> None:
    problem, _ = clouds([10, 10], np.random.default_rng(2))
    with pytest.raises(ColumnNotFound, match=r"'label'.*there are: embedding"):
        assign(Semantic(column="label"), problem, 2, 0)
    bad = vectors(np.array([[0.0, 1.0], [np.nan, 0.0], [1.0, 1.0]]))
    with pytest.raises(ArgumentError, match=r"'embedding' holds NaN.*node number 1"):
        assign("semantic", PartitionProblem(("node",), np.array([0, 3]), (), {"node": bad}), 2, 0)
    tables = {"a": vectors(np.eye(2)), "b": vectors(np.eye(3))}
    with pytest.raises(ArgumentError, match="2 of 'a', 3 of 'b'"):
        assign("semantic", PartitionProblem(("a", "b"), np.array([0, 2, 5]), (), tables), 2, 0)
    with pytest.raises(ArgumentError, match="imbalance"):
        Semantic(imbalance=0.5)
