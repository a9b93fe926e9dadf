"""How good a partition is: what crosses its borders, and how evenly the work is spread.

A cut counts only with the balances beside it: all nodes in one partition cut nothing. And balance
on nodes alone is none on a skewed graph, because the work lies where the hubs are.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.partition_quality import count_known, note_edges
from partitioners.problem import PartitionProblem


@dataclass(frozen=True)
class Quality:
    """A partition's quality. Every balance is the largest partition over the mean; 1.0 is even.

    Attributes:
        edge_cut: share of edges whose ends lie in different partitions, in 0..1.
        cut_edges: their number.
        node_balance: of nodes per partition.
        edge_balance: of edge ends per partition (a node's degree counts for its owner).
        node_balance_by_type: of nodes per partition, per node type.
        edge_cut_by_relation: the edge cut per relation, named as ``source-name-destination``.
        edge_balance_by_relation: of edge ends per partition, per relation.
        replication_factor: partitions that have to know a node, averaged over nodes: its owner,
            and each other that owns a neighbour of it.
        boundary_nodes: number of nodes with a neighbour in another partition.
    """

    edge_cut: float
    cut_edges: int
    node_balance: float
    edge_balance: float
    node_balance_by_type: dict[str, float]
    edge_cut_by_relation: dict[str, float]
    edge_balance_by_relation: dict[str, float]
    replication_factor: float
    boundary_nodes: int

    def to_json(self) -> dict[str, Any]:
        """A plain structure for the manifest."""
        return asdict(self)


def measure(problem: PartitionProblem, assignment: npt.NDArray[np.int32], parts: int) -> Quality:
    """Measure a partition.

    Args:
        problem: the graph.
        assignment: ``int32[n]``, each in ``0 .. parts - 1``.
        parts: number of partitions.

    Example:
        >>> from graphray.schema import DEFAULT_RELATION
        >>> from partitioners.problem import EdgeSet
        >>> path = EdgeSet(DEFAULT_RELATION, np.array([0, 1, 2]), np.array([1, 2, 3]))
        >>> problem = PartitionProblem(("node",), np.array([0, 4]), (path,))
        >>> quality = measure(problem, np.array([0, 0, 1, 1], np.int32), 2)
        >>> round(quality.edge_cut, 3), quality.replication_factor, quality.boundary_nodes
        (0.333, 1.5, 2)
    """
    known = np.zeros((problem.num_nodes, (parts + 63) // 64), np.uint64)
    loads = np.zeros((len(problem.edges), parts), np.int64)
    cuts = [
        note_edges(edges.sources, edges.destinations, assignment, known, load)
        for edges, load in zip(problem.edges, loads, strict=True)
    ]
    halos, boundary_nodes = count_known(known)
    relations = [str(edges.relation) for edges in problem.edges]
    sizes = [len(edges.sources) for edges in problem.edges]
    bounds = zip(problem.type_offsets[:-1], problem.type_offsets[1:], strict=True)
    nodes = [np.bincount(assignment[start:stop], minlength=parts) for start, stop in bounds]
    return Quality(
        edge_cut=_share(sum(cuts), sum(sizes)),
        cut_edges=sum(cuts),
        node_balance=_balance(np.bincount(assignment, minlength=parts)),
        edge_balance=_balance(loads.sum(axis=0)),
        node_balance_by_type=dict(zip(problem.type_names, map(_balance, nodes), strict=True)),
        edge_cut_by_relation=dict(zip(relations, map(_share, cuts, sizes), strict=True)),
        edge_balance_by_relation=dict(zip(relations, map(_balance, loads), strict=True)),
        replication_factor=1.0 + _share(halos, problem.num_nodes),
        boundary_nodes=boundary_nodes,
    )


def _share(count: int, total: int) -> float:
    return count / total if total else 0.0


def _balance(amounts: npt.NDArray[np.integer[Any]]) -> float:
    """The largest over the mean; 1.0 where there is nothing to balance."""
    total = int(amounts.sum())
    return float(amounts.max()) * len(amounts) / total if total else 1.0
