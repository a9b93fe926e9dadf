"""The whole hierarchy of a graph in arrays, to take all entities to one of its levels at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import sparse

from graphray.kinds.steps import Steps
from graphray.kinds.vocabulary import LEVEL, PARENT
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import node_column, to_arrow, user_ids_of

Ints = npt.NDArray[np.int64]
OUTSIDE = -1


@dataclass(frozen=True)
class Ancestry:
    """Who is whose parent, over all node types that have levels.

    Nodes are numbered type after type, in rising global id.

    Attributes:
        starts: per node type with levels, the number of its first node; rising.
        levels: ``int64[n]``, `OUTSIDE` for nodes outside the hierarchy.
        parents: ``bool[n, n]``, sparse: a row per child, a column per parent.
    """

    starts: dict[str, int]
    levels: Ints
    parents: sparse.csr_matrix

    @classmethod
    def read(cls, access: PartitionAccess, steps: Steps) -> Ancestry:
        """Read the hierarchy of a graph, from all its partitions."""
        starts: dict[str, int] = {}
        levels = [np.empty(0, np.int64)]
        count = 0
        for kind in access.schema.node_types:
            if LEVEL in (column.name for column in kind.columns):
                starts[kind.name] = count
                levels.append(read_levels(access, kind.name))
                count += len(levels[-1])
        ends = [np.empty((2, 0), np.int64)]
        for relation in (kind.relation for kind in access.schema.relations):
            if relation.name == PARENT:
                gids = np.arange(access.book.num_nodes(relation.source))
                entries = steps.adjacency(relation, "out").of(gids)
                child = starts[relation.source] + entries.rows
                ends.append(np.stack([child, starts[relation.destination] + entries.neighbors]))
        children, parents = np.concatenate(ends, axis=1)
        matrix = sparse.csr_matrix(
            (np.ones(len(children), bool), (children, parents)), (count, count)
        )
        return cls(starts, np.concatenate(levels), matrix)

    def membership(self, level: int) -> sparse.csr_matrix:
        """Which node belongs to which of a level, as ``int64[n, n]`` of ones and zeros, sparse.

        A row per node at the level or below it, with its ancestors at the level; a node at the
        level is its own.
        """
        at_level = np.flatnonzero(self.levels == level)
        reached = sparse.csr_matrix(
            (np.ones(len(at_level), bool), (at_level, at_level)), self.parents.shape
        )
        members = reached
        # Each product goes one step down from all that the one before reached.
        while reached.nnz:
            reached = self.parents @ reached
            members = members + reached
        return members.astype(np.int64)

    def types(self, numbers: Ints) -> Ints:
        """The type of numbered nodes, as positions in ``starts``."""
        return np.searchsorted(list(self.starts.values()), numbers, side="right") - 1

    def ids(self, access: PartitionAccess, numbers: Ints) -> pa.Array:
        """Users' ids of numbered nodes, as ``large_string[n]``."""
        ids = np.empty(len(numbers), object)
        types = self.types(numbers)
        for code, (name, start) in enumerate(self.starts.items()):
            at = types == code
            ids[at] = user_ids_of(access, name, numbers[at] - start)
        return pa.array(ids, pa.large_string())


def read_levels(access: PartitionAccess, node_type: str, gids: Ints | None = None) -> Ints:
    """The levels of nodes given by global id (None for all of the type), as ``int64[n]``."""
    if gids is None:
        gids = np.arange(access.book.num_nodes(node_type))
    column = to_arrow(node_column(access, node_type, LEVEL, gids))
    return column.fill_null(OUTSIDE).to_numpy(zero_copy_only=False).astype(np.int64)
