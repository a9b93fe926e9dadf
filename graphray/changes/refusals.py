"""Why a change cannot be made: everything that carrying it out could trip over, checked beforehand.

A replica carries a committed change out whatever it is like, so a change is looked at when it is
proposed, against the partition's present: are its arrays sound and of the right types, is there
what it deletes and updates, is what it adds new. The transaction's keys keep it so until then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from graphray.book import AdjacencyName
from graphray.changes.changed_table import KEY, SECOND
from graphray.changes.edge_table import EdgeTable
from graphray.changes.event_table import NEVER, Window
from graphray.changes.keys import home_parts
from graphray.changes.node_table import arrow_ids, user_ids
from graphray.changes.payload import AddedEdges, AddedNodes, PartitionChange, Rebase
from graphray.changes.plain_arrays import Ints
from graphray.changes.reading import Reading
from graphray.changes.timeline import BEFORE_ALL, Generation
from graphray.ids import UserIds
from graphray.kernels.event_chains import EMPTY

_NAMED_MAX = 5
_EVER = Window(BEFORE_ALL - 1, NEVER - 1)

Pairs = tuple[Ints, Ints]
"""Entries: the rows in which they stand, and their edge ids."""


def content_problems(reading: Reading, change: PartitionChange, parts: int) -> Iterator[str]:
    """Every way in which a sound change does not fit what the partition has.

    Args:
        reading: the partition's present.
        change: one without `shape_problems`.
        parts: how many partitions there are.
    """
    for node_type in change.delete_nodes:
        yield from _deleted_nodes(reading, change, node_type)
    for node_type, ids in change.void_ids.items():
        yield from _void_ids(reading, change, node_type, ids)
    for node_type, nodes in change.add_nodes.items():
        yield from _added_nodes(reading, change, node_type, nodes, parts)
    for node_type, updated in change.update_nodes.items():
        there = reading.has_nodes(node_type, updated.stable)
        there = _after(there, updated.stable, *_own_nodes(change, node_type))
        yield from _absent(f"{node_type} to update", updated.stable, there)
    for adjacency, deleted in change.delete_edges.items():
        there = reading.has_entries(adjacency, deleted.near_stable, deleted.edge)
        yield from _absent(f"edges {adjacency} to delete", deleted.edge, there)
    for adjacency, added in change.add_edges.items():
        yield from _added_edges(reading, change, adjacency, added, parts)
    for adjacency, entries in change.update_edges.items():
        there = reading.has_entries(adjacency, entries.near_stable, entries.edge)
        added_pairs, gone_pairs = _own_entries(change, adjacency)
        pairs = _pairs(entries.near_stable, entries.edge)
        there = _after(there, pairs, added_pairs, gone_pairs)
        yield from _absent(f"edges {adjacency} to update", entries.edge, there)


def _deleted_nodes(reading: Reading, change: PartitionChange, node_type: str) -> Iterator[str]:
    stable = change.delete_nodes[node_type]
    yield from _absent(f"{node_type} to delete", stable, reading.has_nodes(node_type, stable))
    for adjacency in reading.edges:
        relation, direction = adjacency
        if relation.near_type(direction) != node_type:
            continue
        owner, edge = reading.row_edges(adjacency, stable)
        if len(edge):
            _, gone = _own_entries(change, adjacency)
            left = ~np.isin(_pairs(stable[owner], edge), gone)
            if left.any():
                yield (
                    f"{node_type} {_listing(stable[owner[left]])} cannot be deleted alone: "
                    f"edges {adjacency} {_listing(edge[left])} would lose an end; delete them, too"
                )


def _void_ids(
    reading: Reading, change: PartitionChange, node_type: str, ids: UserIds
) -> Iterator[str]:
    places = reading.locate(node_type, ids)
    yield from _absent(f"{node_type} with ids", ids, places.exists)
    own = places.exists & (places.part == reading.part)
    deleted = change.delete_nodes.get(node_type, np.empty(0, np.int64))
    kept = own & ~np.isin(places.stable, deleted)
    if kept.any():
        yield f"{node_type} {_listing(places.stable[kept])} would lose their ids and stay"


def _added_nodes(
    reading: Reading, change: PartitionChange, node_type: str, nodes: AddedNodes, parts: int
) -> Iterator[str]:
    elsewhere = home_parts(nodes.ids, parts) != reading.part
    if elsewhere.any():
        yield f"partition {reading.part} is not the home of ids {_listing(nodes.ids, elsewhere)}"
    known = reading.nodes[node_type].added_rows(nodes.stable, nodes.stable, _EVER) != EMPTY
    known |= reading.base.has_nodes(node_type, nodes.stable)
    if known.any():
        yield f"stable ids {_listing(nodes.stable[known])} of {node_type} have been given out"
    places = reading.locate(node_type, nodes.ids)
    freed = places.exists & (places.part == reading.part)
    freed &= np.isin(places.stable, change.delete_nodes.get(node_type, np.empty(0, np.int64)))
    void = change.void_ids.get(node_type)
    if void is not None:
        freed |= np.asarray(pa.compute.is_in(arrow_ids(nodes.ids), arrow_ids(void)), dtype=bool)
    taken = places.exists & ~freed
    if taken.any():
        yield f"there are {node_type} with ids {_listing(nodes.ids, taken)} already"


def _added_edges(
    reading: Reading,
    change: PartitionChange,
    adjacency: AdjacencyName,
    edges: AddedEdges,
    parts: int,
) -> Iterator[str]:
    relation, direction = adjacency
    near_type = relation.near_type(direction)
    there = reading.has_nodes(near_type, edges.near_stable)
    there = _after(there, edges.near_stable, *_own_nodes(change, near_type))
    yield from _absent(f"{near_type} at an end of new edges {adjacency}", edges.near_stable, there)
    if len(edges.far_part) and not 0 <= edges.far_part.min() <= edges.far_part.max() < parts:
        yield f"new edges {adjacency} lead to partitions beyond 0..{parts - 1}"
    known = _given_out(reading.edges[adjacency], edges)
    if known.any():
        yield f"edge ids {_listing(edges.edge[known])} of {relation} have been given out"


def _given_out(table: EdgeTable, edges: AddedEdges) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which new entries are there already; the base is not searched, whose ids counters skip."""
    return table.added_rows(edges.edge, edges.near_stable, _EVER) != EMPTY


def _own_nodes(change: PartitionChange, node_type: str) -> tuple[Ints, Ints]:
    """The nodes that the change itself adds, and those that it deletes."""
    nothing = np.empty(0, np.int64)
    added = change.add_nodes.get(node_type)
    deleted = change.delete_nodes.get(node_type, nothing)
    return nothing if added is None else added.stable, deleted


def _own_entries(change: PartitionChange, adjacency: AdjacencyName) -> tuple[Any, Any]:
    """The entries that the change itself adds, and those that it deletes."""
    nothing = _pairs(np.empty(0, np.int64), np.empty(0, np.int64))
    added, deleted = change.add_edges.get(adjacency), change.delete_edges.get(adjacency)
    return (
        nothing if added is None else _pairs(added.near_stable, added.edge),
        nothing if deleted is None else _pairs(deleted.near_stable, deleted.edge),
    )


def _pairs(near_stable: Ints, edge: Ints) -> Any:
    """Entries as values that can be compared as a whole."""
    pairs = np.empty(len(edge), np.dtype([(SECOND, np.int64), (KEY, np.int64)]))
    pairs[SECOND], pairs[KEY] = near_stable, edge
    return pairs


def _after(there: Any, names: Any, added: Any, deleted: Any) -> Any:
    """What is there once the change has deleted and added."""
    if len(deleted):
        there = there & ~np.isin(names, deleted)
    return there | np.isin(names, added) if len(added) else there


def _absent(what: str, names: Any, there: Any) -> Iterator[str]:
    if not there.all():
        yield f"{what} are not here: {_listing(names, ~there)}"


def _listing(names: Any, chosen: Any = None) -> str:
    if chosen is not None:
        names = user_ids(arrow_ids(names).take(pa.array(np.flatnonzero(chosen))))
    named = names[:_NAMED_MAX].tolist()
    more = len(names) - len(named)
    return ", ".join(map(repr, named)) + (f" and {more} more" if more else "")


def counter_problems(held: Mapping[str, int], counters: Mapping[Any, Any]) -> Iterator[str]:
    """What is wrong with new values of counters, given the present ones."""
    for name, value in counters.items():
        if not isinstance(name, str) or type(value) is not int:
            yield f"counter {name!r} is set to {value!r}; expected a whole number"
        elif value < held.get(name, 0):
            yield (
                f"counter {name!r} is {held[name]} and cannot fall to {value}: what it has given "
                "out would be given out again"
            )


def rebase_problems(newest: Generation, rebase: Rebase) -> Iterator[str]:
    """Why a version cannot become the base of a partition that is based on another."""
    version, time = rebase
    # One that is the base already, or was, is told of again by who does not know: nothing is done.
    if version > newest.version and time < newest.floor:
        yield (
            f"the partition is based on version {newest.version}, which has all changes up to time "
            f"{newest.floor}; it cannot go back to version {version} with those up to {time}"
        )
