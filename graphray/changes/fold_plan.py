"""How all partitions are renumbered when their changes are folded into the base version.

Global ids are dense: where a node comes or goes, those of all later ones shift, in every partition
that has an edge to one of them. So a fold has two steps. Each partition says in a `ChangeSummary`
which rows of its node tables go, before which others come, and how many entries. From those the
`FoldPlan` is made, which every partition needs to fold its own tables (`graphray.changes.
folded_shard`). Both are small: they grow with the changes, not with the graph.

Within a partition nodes stand in rising stable id, so the fold keeps everything as a fresh build by
the same owners would have it. Only stable ids and edge ids may have gaps, since none is used again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.book import AdjacencyName, PartitionBook
from graphray.changes.base import BaseVersions, edge_counter, node_counter
from graphray.changes.delta import EdgeDelta, NodeDelta, PartitionDelta
from graphray.changes.fold_columns import Fold
from graphray.errors import StoreCorrupt
from graphray.kernels.fold import Shifts, find_entries, shifts_of
from graphray.schema import Relation
from graphray.shard import (
    EDGE,
    INDPTR,
    NEIGHBOR,
    STABLE,
    ArrayKey,
    Shard,
    edges_table,
    id_dtype,
    nodes_table,
    rows_table,
)

Ints = npt.NDArray[np.int64]
NO_ROWS: Ints = np.empty(0, np.int64)

_NARROW_MAX = 2**32 - 1


@dataclass(frozen=True, eq=False)
class NodeSummary:
    """How the nodes of one type in one partition change.

    Attributes:
        stable: ``int64[a]``, stable ids of the added ones, rising.
        places: ``int64[a]``, the base row before which each comes.
        dropped: ``int64[d]``, the base rows that go, rising.
    """

    stable: Ints
    places: Ints
    dropped: Ints


@dataclass(frozen=True)
class EdgeSummary:
    """How many entries of one adjacency in one partition come and go.

    Attributes:
        entries: added less deleted.
        loops: the same of those from a node to itself.
        edge_end: one more than the greatest added edge id; 0 where none is added.
    """

    entries: int
    loops: int
    edge_end: int


@dataclass(frozen=True)
class ChangeSummary:
    """What a `plan_fold` needs to know of one partition; types without changes are left out."""

    part: int
    base_version: int
    nodes: Mapping[str, NodeSummary] = field(default_factory=dict)
    edges: Mapping[AdjacencyName, EdgeSummary] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)


def summarize(delta: PartitionDelta, base: BaseVersions) -> ChangeSummary:
    """Summarize one partition's changes; raises StoreCorrupt where they are not of their base."""
    shard = base.shard_of(delta.base_version, delta.part)
    book = base.book(delta.base_version)
    return ChangeSummary(
        delta.part,
        delta.base_version,
        {name: _node_summary(nodes, name, shard) for name, nodes in delta.nodes.items()},
        {
            name: _edge_summary(edges, delta.part, name, shard, book)
            for name, edges in delta.edges.items()
        },
        delta.counters,
    )


def base_rows(stable: npt.NDArray[Any], wanted: Ints, what: str) -> Ints:
    """The rows of nodes by stable id; raises StoreCorrupt where one is not there."""
    rows, found = find_sorted(stable, wanted)
    if not found.all():
        raise StoreCorrupt(
            f"the changes name {what} of stable id {wanted[~found][0]}, which the base version "
            "does not have there: they belong to another version"
        )
    return rows


def find_sorted(
    values: npt.NDArray[Any], wanted: npt.NDArray[Any]
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Where numbers stand, or belong, among rising ones; and which of them are there.

    >>> rows, found = find_sorted(np.array([2, 5], np.uint32), np.array([5, 9]))
    >>> rows.tolist(), found.tolist()
    ([1, 2], [True, False])
    """
    if values.dtype != wanted.dtype and (not len(wanted) or wanted.max() <= _NARROW_MAX):
        # NumPy would widen all values instead.
        wanted = wanted.astype(values.dtype)
    rows = np.searchsorted(values, wanted).astype(np.int64, copy=False)
    found = rows < len(values)
    found[found] = values[rows[found]] == wanted[found]
    return rows, found


def entry_positions(
    shard: Shard, name: AdjacencyName, near_stable: Ints, edges: Ints
) -> npt.NDArray[np.int64]:
    """Where stored entries stand, by row and edge id; raises StoreCorrupt as `base_rows` does."""
    near = shard_array(shard, nodes_table(name[0].near_type(name[1])), STABLE)
    rows = base_rows(near, near_stable, f"rows of {name[0]}")
    positions = np.empty(len(rows), np.int64)
    find_entries(
        shard_array(shard, rows_table(*name), INDPTR),
        shard_array(shard, edges_table(*name), EDGE),
        rows,
        np.ascontiguousarray(edges, np.int64),
        positions,
    )
    if len(positions) and positions.min() < 0:
        at = int(np.argmin(positions))
        raise StoreCorrupt(
            f"the changes name edge {edges[at]} of {name[0]} in the row of the node of stable id "
            f"{near_stable[at]}, where the base version does not have it: they belong to another "
            "version"
        )
    return positions


def shard_array(shard: Shard, table: str, column: str) -> npt.NDArray[Any]:
    """An array of numbers of a shard."""
    return np.asarray(shard.array(ArrayKey(table, column)))


def _node_summary(nodes: NodeDelta, name: str, shard: Shard) -> NodeSummary:
    stable = shard_array(shard, nodes_table(name), STABLE)
    return NodeSummary(
        nodes.added_stable,
        find_sorted(stable, nodes.added_stable)[0],
        base_rows(stable, nodes.deleted_stable, f"nodes of type {name!r}"),
    )


def _edge_summary(
    edges: EdgeDelta, part: int, name: AdjacencyName, shard: Shard, book: PartitionBook
) -> EdgeSummary:
    same_type = name[0].source == name[0].destination
    own = edges.far_part == part
    loops = int(np.count_nonzero(own & (edges.far_stable == edges.near_stable))) * same_type
    if same_type and len(edges.deleted_edge):
        at = entry_positions(shard, name, edges.deleted_near, edges.deleted_edge)
        near = name[0].near_type(name[1])
        gids = shard_array(shard, edges_table(*name), NEIGHBOR)[at].astype(np.int64)
        rows, _ = find_sorted(shard_array(shard, nodes_table(near), STABLE), edges.deleted_near)
        loops -= int(np.count_nonzero(gids == rows + book.node_offsets[near][part]))
    return EdgeSummary(
        len(edges.edge) - len(edges.deleted_edge),
        loops,
        int(edges.edge.max()) + 1 if len(edges.edge) else 0,
    )


@dataclass(frozen=True, eq=False)
class NodePlan:
    """How the nodes of one type are renumbered.

    Attributes:
        count: how many there were.
        dropped: ``int64[d]``, the old global ids that go, rising.
        places: ``int64[a]``, the old global id before which each added node comes.
        stable: ``int64[a]``, stable ids of the added ones, rising in each partition.
        bounds: ``int64[parts + 1]``, which of the added ones each partition owns.
    """

    count: int
    dropped: Ints
    places: Ints
    stable: Ints
    bounds: Ints

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @property
    def keeps_ids(self) -> bool:
        """Whether all nodes of the base version keep their global ids."""
        return not len(self.dropped) and not np.any(self.places < self.count)

    @cached_property
    def shifts(self) -> Shifts:
        """What renumbers nodes of the base version; made at first need, a byte per four nodes."""
        return shifts_of(self.count, self.dropped, self.places)

    @cached_property
    def added_gids(self) -> Ints:
        """The new global id of each added node."""
        return (
            self.places - np.searchsorted(self.dropped, self.places) + np.arange(len(self.places))
        )

    def find_added(self, part: int, stable: Ints) -> Ints:
        """The new global ids of added nodes of one partition; -1 for those that are not added."""
        own = slice(*self.bounds[part : part + 2])
        at, is_added = find_sorted(self.stable[own], stable)
        return np.where(is_added, np.append(self.added_gids[own], -1)[at], -1)

    def rows_of(self, part: int, offsets: Ints) -> Fold:
        """The fold of one partition's node table; `offsets` are of the base book."""
        start, stop = offsets[part : part + 2]
        dropped = self.dropped[slice(*np.searchsorted(self.dropped, [start, stop]))]
        places = self.places[slice(*self.bounds[part : part + 2])]
        return Fold(int(stop - start), dropped - start, places - start)


@dataclass(frozen=True, eq=False)
class FoldPlan:
    """What every partition needs to fold its tables; can be pickled, and is small.

    Attributes:
        base_version: the version that is folded into.
        base_book: its partition book.
        book: the book after the fold.
        nodes: the types with changes.
        new_edges: how many edges each relation has more (an undirected edge counts once).
        next_ids: where the counters of new ids stand then (see `graphray.changes.base`); no stable
            id or edge id is as great.
    """

    base_version: int
    base_book: PartitionBook
    book: PartitionBook
    nodes: Mapping[str, NodePlan]
    new_edges: Mapping[Relation, int]
    next_ids: Mapping[str, int]

    def keeps_ids(self, node_type: str) -> bool:
        """Whether all nodes of that type and the base version keep their global ids."""
        return node_type not in self.nodes or self.nodes[node_type].keeps_ids

    def gid_dtype(self, node_type: str) -> np.dtype[Any]:
        """The dtype in which global ids of a type are stored."""
        return id_dtype(self.book.num_nodes(node_type))

    def stable_dtype(self, node_type: str) -> np.dtype[Any]:
        """The dtype in which stable ids of a type are stored."""
        return id_dtype(self.next_ids[node_counter(node_type)])

    def edge_dtype(self, relation: Relation) -> np.dtype[Any]:
        """The dtype in which edge ids of a relation are stored."""
        return id_dtype(self.next_ids[edge_counter(relation)])


def plan_fold(base: BaseVersions, version: int, summaries: Iterable[ChangeSummary]) -> FoldPlan:
    """Make the plan of a fold.

    Args:
        base: where the base version is.
        version: its number.
        summaries: of the partitions with changes; at most one each.

    Raises:
        StoreCorrupt: where a summary is of another base version.
    """
    by_part = {summary.part: summary for summary in summaries}
    for summary in by_part.values():
        if summary.base_version != version:
            raise StoreCorrupt(
                f"the changes of partition {summary.part} lie over version "
                f"{summary.base_version}, not {version}",
                part=summary.part,
            )
    book = base.book(version)
    nodes = {
        name: _node_plan(name, offsets, by_part)
        for name, offsets in book.node_offsets.items()
        if any(name in summary.nodes for summary in by_part.values())
    }
    edges = {
        name: {part: s.edges[name] for part, s in by_part.items() if name in s.edges}
        for name in book.edge_offsets
    }
    return FoldPlan(
        version,
        book,
        PartitionBook(
            book.parts,
            {t: _node_offsets(o, nodes.get(t)) for t, o in book.node_offsets.items()},
            {name: _edge_offsets(o, edges[name]) for name, o in book.edge_offsets.items()},
        ),
        nodes,
        {
            kind.relation: _new_edges(edges[kind.relation, "in"].values(), kind.directed)
            for kind in base.schema.relations
        },
        _next_ids(base.next_ids(version), nodes, edges, by_part.values()),
    )


def _next_ids(
    known: Mapping[str, int],
    nodes: Mapping[str, NodePlan],
    edges: Mapping[AdjacencyName, Mapping[int, EdgeSummary]],
    summaries: Iterable[ChangeSummary],
) -> dict[str, int]:
    """The greatest that anyone knows of."""
    found = [known, *(summary.counters for summary in summaries)]
    found += [
        {node_counter(name): int(plan.stable.max(initial=-1)) + 1} for name, plan in nodes.items()
    ]
    found += [
        {edge_counter(relation): max((s.edge_end for s in by_part.values()), default=0)}
        for (relation, _), by_part in edges.items()
    ]
    return {name: max(counters.get(name, 0) for counters in found) for name in known}


def _node_plan(name: str, offsets: Ints, by_part: Mapping[int, ChangeSummary]) -> NodePlan:
    nothing = NodeSummary(NO_ROWS, NO_ROWS, NO_ROWS)
    found = [
        by_part[part].nodes.get(name, nothing) if part in by_part else nothing
        for part in range(len(offsets) - 1)
    ]
    starts = offsets[:-1].tolist()
    return NodePlan(
        int(offsets[-1]),
        np.concatenate([s.dropped + start for s, start in zip(found, starts, strict=True)]),
        np.concatenate([s.places + start for s, start in zip(found, starts, strict=True)]),
        np.concatenate([s.stable for s in found]),
        np.cumsum([0, *(len(s.stable) for s in found)], dtype=np.int64),
    )


def _node_offsets(offsets: Ints, plan: NodePlan | None) -> Ints:
    if plan is None:
        return offsets
    return offsets - np.searchsorted(plan.dropped, offsets) + plan.bounds


def _edge_offsets(offsets: Ints, found: Mapping[int, EdgeSummary]) -> Ints:
    more = [found[part].entries if part in found else 0 for part in range(len(offsets) - 1)]
    return offsets + np.cumsum([0, *more])


def _new_edges(found: Iterable[EdgeSummary], directed: bool) -> int:
    # An undirected edge has an entry at each end, but one from a node to itself has only one.
    found = list(found)
    entries, loops = sum(s.entries for s in found), sum(s.loops for s in found)
    return entries if directed else (entries + loops) // 2
