"""A stored graph as its build saw it: the problem its partitioner was given, and the answer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.schema import Relation
from graphray.shard import (
    EDGE,
    INDPTR,
    NEIGHBOR,
    RESERVED_PREFIX,
    STABLE,
    ArrayKey,
    edges_table,
    nodes_table,
    rows_table,
)
from graphray.store import Store
from partitioners.goal import Goal
from partitioners.problem import EdgeSet, PartitionProblem
from partitioners.registry import Assignment

Ints = npt.NDArray[np.int64]


def stored_problem(store: Store) -> tuple[PartitionProblem, Assignment]:
    """Read a whole store back.

    Returns:
        The graph with all nodes numbered in the order of their stable ids, type after type; and
        ``int32[n]``, the partition of each.
    """
    names, book = store.schema.node_type_names, store.book
    offsets = np.cumsum([0, *map(book.num_nodes, names)], dtype=np.int64)
    first = dict(zip(names, offsets, strict=False))
    numbers = {name: _ranks(_stable_ids(store, name)) + first[name] for name in names}
    assignment = np.empty(offsets[-1], np.int32)
    for name in names:
        sizes = np.diff(book.node_offsets[name])
        assignment[numbers[name]] = np.repeat(np.arange(book.parts), sizes)
    edges = tuple(_edges(store, kind.relation, numbers) for kind in store.schema.relations)
    columns = {name: _properties(store, name) for name in names}
    build = store.manifest.build
    goal = Goal.of(build.get("balance"), build.get("target_sizes"))
    return PartitionProblem(names, offsets, edges, columns, goal), assignment


def _stable_ids(store: Store, node_type: str) -> Ints:
    """The stable id of every node, by global id."""
    key = ArrayKey(nodes_table(node_type), STABLE)
    pieces = [np.asarray(store.shard(part).array(key), np.int64) for part in range(store.parts)]
    return np.concatenate(pieces)


def _ranks(stable: Ints) -> Ints:
    """Stable ids numbered without the gaps that deleted nodes leave."""
    ranks = np.empty_like(stable)
    ranks[np.argsort(stable)] = np.arange(len(stable))
    return ranks


def _edges(store: Store, relation: Relation, numbers: dict[str, Ints]) -> EdgeSet:
    """The edges of a relation in the order in which they came in."""
    indptr_key = ArrayKey(rows_table(relation, "in"), INDPTR)
    table = edges_table(relation, "in")
    sources, destinations, edge_ids = [], [], []
    for part in range(store.parts):
        shard = store.shard(part)
        start, stop = store.book.node_range(relation.destination, part)
        degrees = np.diff(np.asarray(shard.array(indptr_key)))
        destinations.append(np.repeat(numbers[relation.destination][start:stop], degrees))
        sources.append(numbers[relation.source][np.asarray(shard.array(ArrayKey(table, NEIGHBOR)))])
        edge_ids.append(np.asarray(shard.array(ArrayKey(table, EDGE)), np.int64))
    # Deleted edges leave gaps.
    known, ids = np.unique(np.concatenate(edge_ids), return_inverse=True)
    ends = np.empty((2, len(known)), np.int64)
    # An undirected edge stands in the rows of both of its ends; either entry names the two.
    ends[:, ids] = np.concatenate(sources), np.concatenate(destinations)
    return EdgeSet(relation, ends[0], ends[1])


def _properties(store: Store, node_type: str) -> pa.Table:
    """The property columns of a node type, by stable id."""
    batches = [store.shard(part).table(nodes_table(node_type)) for part in range(store.parts)]
    table = pa.Table.from_batches(batches)
    order = np.argsort(np.asarray(table[STABLE]))
    properties = [name for name in table.column_names if not name.startswith(RESERVED_PREFIX)]
    return table.select(properties).take(pa.array(order))
