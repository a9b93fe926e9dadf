"""Contraction: one metanode in the place of all that it contains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from graphray.ingest.frames import DST, ID, SRC
from graphray.kinds.containment import CONTAINS, CONTAINS_METANODE, CONTAINS_NODE, METANODE, NODE
from graphray.kinds.tables import GraphTables
from graphray.schema import Relation

Inside = Mapping[str, Sequence[Any]]


def contract(metagraph: GraphTables, metanode: int | str, inside: Inside) -> GraphTables:
    """Put a metanode in the place of all that it contains.

    The metanode stays, with its properties and without contents. Edges to and from what it
    contained lead to and from itself; edges within are gone. A metanode outside that contained some
    of it now contains the metanode.

    Args:
        metagraph: the whole graph.
        metanode: its id.
        inside: by type, the ids of all that it contains at any depth.
    """
    nodes = {
        name: table.filter(pc.invert(_among(table.column(ID), inside[name])))
        for name, table in metagraph.nodes.items()
    }
    pieces: dict[Relation, list[pa.Table]] = {CONTAINS_NODE: [], CONTAINS_METANODE: []}
    for relation, table in metagraph.edges.items():
        for new_relation, moved in _moved(relation, table, metanode, inside):
            pieces.setdefault(new_relation, []).append(moved)
    edges = {r: pa.concat_tables(p, promote_options="permissive") for r, p in pieces.items()}
    edges[CONTAINS_METANODE] = _first_of_each(edges[CONTAINS_METANODE])
    return GraphTables("metagraph", nodes, edges, lost=_lost(metagraph, metanode, inside, edges))


def _moved(
    relation: Relation, table: pa.Table, metanode: int | str, inside: Inside
) -> Iterator[tuple[Relation, pa.Table]]:
    """The rows of a relation that remain, by the types of their ends now."""
    from_inside = _among(table.column(SRC), inside[relation.source])
    to_inside = _among(table.column(DST), inside[relation.destination])
    from_it = _is(table.column(SRC), relation.source, metanode)
    to_it = _is(table.column(DST), relation.destination, metanode)
    if relation.name == CONTAINS:
        # What it contained, and what that contained, is gone with its contents.
        gone = pc.or_(from_inside, from_it)
    else:
        gone = pc.or_(pc.and_(from_inside, pc.or_(to_inside, to_it)), pc.and_(from_it, to_inside))
    for starts_inside in (False, True):
        for ends_inside in (False, True):
            rows = pc.and_(
                pc.invert(gone),
                pc.and_(pc.equal(from_inside, starts_inside), pc.equal(to_inside, ends_inside)),
            )
            part = table.filter(rows)
            source, destination = relation.source, relation.destination
            if starts_inside:
                source, part = METANODE, _with_end(part, SRC, metanode)
            if ends_inside:
                destination, part = METANODE, _with_end(part, DST, metanode)
            if part.num_rows or not (starts_inside or ends_inside):
                yield Relation(source, relation.name, destination), part


def _lost(
    before: GraphTables, metanode: int | str, inside: Inside, edges: Mapping[Relation, pa.Table]
) -> tuple[str, ...]:
    def count(tables: Mapping[Relation, pa.Table]) -> int:
        return sum(t.num_rows for r, t in tables.items() if r.name != CONTAINS)

    return (
        f"{len(inside[NODE])} nodes and {len(inside[METANODE])} metanodes inside {metanode!r}, "
        "with their properties.",
        f"{count(before.edges) - count(edges)} edges within {metanode!r}; and of those that cross "
        "its border, which element inside they lead to or from.",
    )


def _among(ids: pa.ChunkedArray, wanted: Sequence[Any]) -> pa.ChunkedArray:
    return pc.is_in(ids, value_set=pa.array(wanted, ids.type))


def _is(ids: pa.ChunkedArray, element_type: str, metanode: int | str) -> pa.ChunkedArray:
    return _among(ids, [metanode] if element_type == METANODE else [])


def _with_end(table: pa.Table, end: str, metanode: int | str) -> pa.Table:
    at = table.schema.get_field_index(end)
    ids = pa.array([metanode] * table.num_rows, table.schema.field(end).type)
    return table.set_column(at, end, ids)


def _first_of_each(memberships: pa.Table) -> pa.Table:
    """Memberships without repeats: two members of one metanode may have become the same."""
    seen = set()
    keep = []
    pairs = zip(memberships[SRC].to_pylist(), memberships[DST].to_pylist(), strict=True)
    for row, pair in enumerate(pairs):
        if pair not in seen:
            seen.add(pair)
            keep.append(row)
    return memberships.take(pa.array(keep, pa.int64()))
