"""The partition book: which partition owns which node.

A build relabels the nodes of each type so that every partition owns one contiguous range of
*global ids*. The book is those ranges, and the same for edge positions: the rows of the adjacency
files, laid end to end in partition order. Looking an owner up is a binary search in ``parts + 1``
numbers, and the book of a graph with a billion nodes is a few kilobytes.

Global ids never reach a user: they see their own ids. The *stable id* of a node is its position in
the build's input; unlike the global id it does not depend on the partitioning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError, StoreCorrupt
from graphray.schema import Direction, Relation

IntArray = npt.NDArray[np.int64]
AdjacencyName = tuple[Relation, Direction]


@dataclass(frozen=True)
class PartitionBook:
    """Contiguous ranges of nodes, and of edge positions, per partition.

    Attributes:
        parts: number of partitions, at least 1.
        node_offsets: per node type ``int64[parts + 1]``; partition p owns the global ids
            ``offsets[p] <= gid < offsets[p + 1]``.
        edge_offsets: per relation and stored direction ``int64[parts + 1]``, likewise for the
            positions of edges.

    Example:
        >>> book = PartitionBook(2, {"node": np.array([0, 3, 5])}, {})
        >>> book.owner("node", np.array([0, 2, 3, 4])).tolist()
        [0, 0, 1, 1]
    """

    parts: int
    node_offsets: Mapping[str, IntArray]
    edge_offsets: Mapping[AdjacencyName, IntArray]

    def __post_init__(self) -> None:
        for name, offsets in [*self.node_offsets.items(), *self.edge_offsets.items()]:
            if len(offsets) != self.parts + 1 or offsets[0] != 0 or np.any(np.diff(offsets) < 0):
                raise StoreCorrupt(
                    f"the partition book's ranges of {name} are not {self.parts} ranges in "
                    "rising order; build the store again"
                )

    def num_nodes(self, node_type: str) -> int:
        """How many nodes of that type the graph has."""
        return int(self.node_offsets[node_type][-1])

    def num_edges(self, relation: Relation, direction: Direction = "in") -> int:
        """How many adjacency entries are stored (an undirected edge between two nodes has two)."""
        return int(self.edge_offsets[relation, direction][-1])

    def node_range(self, node_type: str, part: int) -> tuple[int, int]:
        """The global ids that a partition owns, as ``(start, stop)``."""
        offsets = self.node_offsets[node_type]
        return int(offsets[part]), int(offsets[part + 1])

    def owner(self, node_type: str, gids: IntArray) -> IntArray:
        """The partition that owns each global id, as ``int64[len(gids)]``."""
        # "right" - 1 skips empty partitions, whose two offsets are equal.
        return np.searchsorted(self.node_offsets[node_type], gids, side="right") - 1

    def edge_owner(self, adjacency: AdjacencyName, positions: IntArray) -> IntArray:
        """The partition that stores each edge position, as ``int64[len(positions)]``."""
        return np.searchsorted(self.edge_offsets[adjacency], positions, side="right") - 1

    def to_json(self) -> dict[str, Any]:
        """A plain structure for the manifest."""
        return {
            "parts": self.parts,
            "node_offsets": {t: o.tolist() for t, o in self.node_offsets.items()},
            "edge_offsets": [
                {"relation": list(relation), "direction": direction, "offsets": offsets.tolist()}
                for (relation, direction), offsets in self.edge_offsets.items()
            ],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> PartitionBook:
        """The inverse of `to_json`."""
        return cls(
            parts=value["parts"],
            node_offsets={t: np.asarray(o, np.int64) for t, o in value["node_offsets"].items()},
            edge_offsets={
                (Relation(*e["relation"]), e["direction"]): np.asarray(e["offsets"], np.int64)
                for e in value["edge_offsets"]
            },
        )


@dataclass(frozen=True)
class Relabelling:
    """How the nodes of one type are renumbered so that partitions own ranges.

    Attributes:
        gid_of_stable: ``int64[n]``, global id by stable id.
        stable_of_gid: ``int64[n]``, stable id by global id; rising within a partition.
        offsets: ``int64[parts + 1]``.
    """

    gid_of_stable: IntArray
    stable_of_gid: IntArray
    offsets: IntArray


def relabel(assignment: npt.NDArray[np.integer[Any]], parts: int) -> Relabelling:
    """Turn an assignment of nodes to partitions into contiguous ranges.

    Args:
        assignment: ``int[n]``, the partition of each node by stable id.
        parts: number of partitions.

    Raises:
        ArgumentError: where parts is below 1 or an entry is not a partition.

    Example:
        >>> relabel(np.array([1, 0, 1, 0]), 2).gid_of_stable.tolist()
        [2, 0, 3, 1]
    """
    if parts < 1:
        raise ArgumentError(f"parts = {parts}; expected at least 1")
    if len(assignment) and not (assignment.min() >= 0 and assignment.max() < parts):
        raise ArgumentError(
            f"the assignment names partitions {assignment.min()}..{assignment.max()}; "
            f"expected 0..{parts - 1}"
        )
    stable_of_gid = np.argsort(assignment, kind="stable").astype(np.int64, copy=False)
    gid_of_stable = np.empty_like(stable_of_gid)
    gid_of_stable[stable_of_gid] = np.arange(len(assignment), dtype=np.int64)
    offsets = np.zeros(parts + 1, np.int64)
    np.cumsum(np.bincount(assignment, minlength=parts), out=offsets[1:])
    return Relabelling(gid_of_stable, stable_of_gid, offsets)
