"""How good a partition is: what crosses its borders, and how evenly the work is spread.

A cut counts only with the balances beside it: all nodes in one partition cut nothing. And balance
on nodes alone is none on a skewed graph, because the work lies where the hubs are.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.border import set_known
from graphray.kernels.partition_quality import count_known, note_edges
from graphray.schema import Relation
from partitioners.hypergraph_levels import is_hypergraph
from partitioners.problem import PartitionProblem
from partitioners.weights import column_weights


@dataclass(frozen=True)
class Quality:
    """A partition's quality.

    Every balance is that of the partition furthest beyond its target, as a multiple of the target;
    1.0 is just so. The target is the mean, or a share of all where target sizes were given.

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
        connectivity: of a hypergraph, λ - 1 summed over hyperedges, where λ is the number of
            partitions that its vertices are in; None for other graphs.
        column_balance: of each column of weights that was to be balanced.
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
    connectivity: int | None = None
    column_balance: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A plain structure for the manifest."""
        return asdict(self)


def measure(problem: PartitionProblem, assignment: npt.NDArray[np.int32], parts: int) -> Quality:
    """Measure a partition.

    Args:
        problem: the graph.
        assignment: ``int32[n]``, each in ``0 .. parts - 1``.
        parts: number of partitions.

    Raises:
        ArgumentError: where the goal does not state a size for each partition.
        ColumnNotFound: where it names a column that there is not.
        InputError: where such a column holds what is no weight.

    Example:
        >>> from graphray.schema import DEFAULT_RELATION
        >>> from partitioners.problem import EdgeSet
        >>> path = EdgeSet(DEFAULT_RELATION, np.array([0, 1, 2]), np.array([1, 2, 3]))
        >>> problem = PartitionProblem(("node",), np.array([0, 4]), (path,))
        >>> quality = measure(problem, np.array([0, 0, 1, 1], np.int32), 2)
        >>> round(quality.edge_cut, 3), quality.replication_factor, quality.boundary_nodes
        (0.333, 1.5, 2)
    """
    meter = QualityMeter(
        problem.type_names,
        problem.type_offsets,
        [edges.relation for edges in problem.edges],
        assignment,
        problem.goal.shares(parts),
        {name: column_weights(problem, name) for name in problem.goal.columns},
    )
    for number, edges in enumerate(problem.edges):
        meter.note(number, edges.sources, edges.destinations, in_types=False)
    return meter.quality()


class QualityMeter:
    """Measures a partition whose edges come by and by; several threads may bring them.

    Args:
        type_names: the node types.
        type_offsets: ``int64[types + 1]``, as in `PartitionProblem`.
        relations: all of them, in order.
        assignment: ``int32[n]``, each in ``0 .. parts - 1``.
        shares: ``float64[parts]``, the target of each partition; they sum to 1.
        columns: weights that are to be balanced, ``float64[n]`` each.
    """

    def __init__(
        self,
        type_names: Sequence[str],
        type_offsets: npt.NDArray[np.int64],
        relations: Sequence[Relation],
        assignment: npt.NDArray[np.int32],
        shares: npt.NDArray[np.float64],
        columns: Mapping[str, npt.NDArray[np.float64]],
    ) -> None:
        parts = len(shares)
        bounds = zip(type_offsets[:-1].tolist(), type_offsets[1:].tolist(), strict=True)
        self._nodes = {name: slice(*span) for name, span in zip(type_names, bounds, strict=True)}
        self._relations = tuple(relations)
        self._assignment = assignment
        self._shares = shares
        self._columns = {
            name: np.bincount(assignment, weights=weights, minlength=parts)
            for name, weights in columns.items()
        }
        self._known = np.zeros((len(assignment), (parts + 63) // 64), np.uint64)
        self._loads = np.zeros((len(relations), parts), np.int64)
        self._cuts = [0] * len(relations)
        self._sizes = [0] * len(relations)
        self._lock = threading.Lock()
        # Which hyperedges have a vertex where they are themselves.
        self._at_home = (
            np.zeros(len(assignment), np.bool_) if is_hypergraph(type_names, relations) else None
        )

    def note(
        self,
        number: int,
        sources: npt.NDArray[Any],
        destinations: npt.NDArray[Any],
        *,
        in_types: bool = True,
    ) -> None:
        """Take in edges of relation ``number``.

        Args:
            number: which relation.
            sources: ``int[m]``, stable ids of the source type.
            destinations: likewise of the destination type.
            in_types: False where both are node numbers of a `PartitionProblem` instead.
        """
        relation = self._relations[number]
        everything = slice(0, len(self._assignment))
        source = self._nodes[relation.source] if in_types else everything
        destination = self._nodes[relation.destination] if in_types else everything
        with self._lock:
            self._sizes[number] += len(sources)
            self._cuts[number] += note_edges(
                sources,
                destinations,
                self._assignment[source],
                self._assignment[destination],
                self._known[source],
                self._known[destination],
                self._loads[number],
            )
            if self._at_home is not None:
                owners = self._assignment[destination][destinations]
                home = self._assignment[source][sources] == owners
                self._at_home[destination][destinations[home]] = True

    def note_counts(self, number: int, size: int, cut: int, loads: npt.NDArray[np.int64]) -> None:
        """Take in edges of relation ``number`` that were counted elsewhere.

        Args:
            number: which relation.
            size: how many edges.
            cut: those whose ends lie in different partitions.
            loads: ``int64[parts]``, edge ends per partition.
        """
        self._sizes[number] += size
        self._cuts[number] += cut
        self._loads[number] += loads

    def note_known(self, node_type: str, part: int, packed: npt.NDArray[np.uint8]) -> None:
        """Take in which nodes of others a partition knows, a bit per node (`numpy.packbits`)."""
        set_known(packed, part, self._known[self._nodes[node_type]])

    def note_home(self, relation: Relation, first: int, home: npt.NDArray[np.bool_]) -> None:
        """Take in which destinations, from the ``first`` on, have a source in their partition."""
        if self._at_home is not None:
            self._at_home[self._nodes[relation.destination]][first : first + len(home)] |= home

    def quality(self) -> Quality:
        """The quality as to all edges so far."""
        halos, boundary_nodes = count_known(self._known)
        relations = [str(relation) for relation in self._relations]
        nodes = {name: self._counts(span) for name, span in self._nodes.items()}
        return Quality(
            edge_cut=_share(sum(self._cuts), sum(self._sizes)),
            cut_edges=sum(self._cuts),
            node_balance=self._balance(self._counts(slice(None))),
            edge_balance=self._balance(self._loads.sum(axis=0)),
            node_balance_by_type={name: self._balance(counts) for name, counts in nodes.items()},
            edge_cut_by_relation=dict(
                zip(relations, map(_share, self._cuts, self._sizes), strict=True)
            ),
            edge_balance_by_relation=dict(
                zip(relations, map(self._balance, self._loads), strict=True)
            ),
            replication_factor=1.0 + _share(halos, len(self._assignment)),
            boundary_nodes=boundary_nodes,
            connectivity=self._connectivity(),
            column_balance={name: self._balance(sums) for name, sums in self._columns.items()},
        )

    def _connectivity(self) -> int | None:
        if self._at_home is None:
            return None
        hyperedges = self._nodes[self._relations[0].destination]
        others, crossing = count_known(self._known[hyperedges])
        crossing_at_home = self._known[hyperedges].any(axis=1) & self._at_home[hyperedges]
        # One of the partitions does not count: its own, or where it has no vertex there, another.
        return others - (crossing - int(crossing_at_home.sum()))

    def _counts(self, span: slice) -> npt.NDArray[np.int64]:
        return np.bincount(self._assignment[span], minlength=len(self._shares))

    def _balance(self, amounts: npt.NDArray[Any]) -> float:
        """The largest multiple of a target; 1.0 where there is nothing to balance."""
        total = float(amounts.sum())
        return float((amounts / self._shares).max()) / total if total else 1.0


def _share(count: int, total: int) -> float:
    return count / total if total else 0.0
