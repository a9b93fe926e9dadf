"""The edges of a metagraph as what they stand for: edges from sets of nodes to sets of nodes.

A node stands for itself, and a metanode for all nodes inside it, at any depth. Only edges that some
nodes can reach are read, so that the rest of a large graph stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphray.kinds.containment import CONTAINS_METANODE, CONTAINS_NODE, METANODE, NODE
from graphray.kinds.impact import spread
from graphray.kinds.metapaths import SetEdge
from graphray.kinds.steps import NodeSet, Steps, union
from graphray.schema import Relation

Ints = npt.NDArray[np.int64]


class StoredEdge(NamedTuple):
    """Where an edge is stored.

    Attributes:
        relation: its relation.
        source: global id.
        destination: global id.
        position: its position in the relation's adjacency "out".
    """

    relation: Relation
    source: int
    destination: int
    position: int


def reachable_edges(
    steps: Steps, relations: Sequence[Relation], sources: Ints
) -> tuple[list[StoredEdge], list[SetEdge]]:
    """The edges that some nodes reach, where they are stored and what sets they join.

    Edges from a metanode without nodes are left out: they would need nothing and so lead from
    anywhere, where the edges of a metagraph lead from sets that are not empty.

    Args:
        steps: goes along relations.
        relations: the relations of edges, containment not among them.
        sources: global ids of nodes.
    """
    waves = spread(steps, relations, {NODE: sources}, "out")
    reached = union(nodes for wave in waves for nodes in wave)
    stored = [edge for relation in relations for edge in _edges_from(steps, relation, reached)]
    ends = [(e.source, e.relation.source) for e in stored]
    ends += [(e.destination, e.relation.destination) for e in stored]
    metanodes = np.unique(np.array([gid for gid, kind in ends if kind == METANODE], np.int64))
    inside = nodes_inside(steps, metanodes)
    sets = [inside[gid] if kind == METANODE else frozenset({gid}) for gid, kind in ends]
    half = len(stored)
    joined = zip(stored, map(SetEdge, sets[:half], sets[half:]), strict=True)
    useful = [(edge, ends) for edge, ends in joined if ends.inputs]
    return [edge for edge, _ in useful], [ends for _, ends in useful]


def nodes_inside(steps: Steps, metanodes: Ints) -> dict[int, frozenset[int]]:
    """The nodes inside each of some metanodes, at any depth; all in global ids."""
    if len(metanodes) == 0:
        return {}
    start = {METANODE: metanodes}
    every = union([start, *steps.generations(start, [CONTAINS_METANODE], "out")])[METANODE]
    nested = steps.adjacency(CONTAINS_METANODE, "out").of(every)
    direct = steps.adjacency(CONTAINS_NODE, "out").of(every)
    nodes, node_columns = np.unique(direct.neighbors, return_inverse=True)
    holds = _matrix(nested.rows, np.searchsorted(every, nested.neighbors), len(every), len(every))
    rows = np.searchsorted(every, metanodes)
    below = reached = _matrix(np.arange(len(rows)), rows, len(rows), len(every))
    # Each product goes one step down; containment has no cycles, so that this ends.
    while below.nnz:
        below = below @ holds
        reached = reached + below
    found = reached @ _matrix(direct.rows, node_columns, len(every), len(nodes))
    return {
        int(gid): frozenset(nodes[found.indices[start:end]].tolist())
        for gid, start, end in zip(metanodes, found.indptr, found.indptr[1:], strict=False)
    }


def _edges_from(steps: Steps, relation: Relation, reached: NodeSet) -> Iterator[StoredEdge]:
    if relation.source not in reached:
        return
    gids = reached[relation.source]
    entries = steps.adjacency(relation, "out").of(gids)
    columns = (gids[entries.rows], entries.neighbors, entries.positions)
    for ends in zip(*(column.tolist() for column in columns), strict=True):
        yield StoredEdge(relation, *ends)


def _matrix(rows: Ints, columns: Ints, height: int, width: int) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.ones(len(rows), bool), (rows, columns)), (height, width))
