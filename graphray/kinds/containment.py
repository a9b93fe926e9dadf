"""Metagraphs as tables: nodes, metanodes, who contains whom, and edges between any of them.

Nodes and metanodes are the *elements*, and share one space of ids. A metanode is a set of elements,
itself not among them at any depth: containment has no cycles, though sets may overlap. An edge goes
from one element to another; an edge between sets is one between the metanodes that are those sets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp

from graphray.errors import DanglingEdge, InputError
from graphray.ids import UserIds
from graphray.ingest.frames import DST, ID, SRC
from graphray.ingest.identity import IdColumn, check_unique, read_ids, settle_kind
from graphray.ingest.inputs import EdgeInput, id_column
from graphray.ingest.source import Source
from graphray.kinds.tables import GraphTables, with_properties
from graphray.schema import Relation

NODE, METANODE = "node", "metanode"
CONTAINS = "contains"
CONTAINS_NODE = Relation(METANODE, CONTAINS, NODE)
CONTAINS_METANODE = Relation(METANODE, CONTAINS, METANODE)
ELEMENTS = (NODE, METANODE)
NAME = "name"
"""The column that says what an edge is called, in the tables that calls return."""

Ints = npt.NDArray[np.int64]


def metagraph_tables(
    contains: EdgeInput,
    edges: Mapping[str, EdgeInput],
    nodes: Source | None = None,
    metanodes: Source | None = None,
) -> GraphTables:
    """Check a metagraph, and lay it out as tables.

    Args:
        contains: a row per membership, from the containing metanode to an element.
        edges: by the edges' name, a row per edge from one element to another.
        nodes: all nodes. None for those elements that are named and contain nothing.
        metanodes: metanodes with their properties, empty ones too; those that only ``contains``
            names as containing something follow.

    Raises:
        InputError: where an element is contained twice by the same metanode, is node and metanode,
            or contains itself at some depth (the cycle is named), or edges have a property called
            "name"; naming where it stands.
        DanglingEdge: where an element is named that is not there.
    """
    for given in edges.values():
        if NAME in given.source.table.column_names and NAME not in (given.src, given.dst):
            raise given.source.problem(
                "this column would stand where calls say what an edge is called; rename it",
                column=NAME,
            )
    elements = _Elements(contains, edges, nodes, metanodes)
    container, member = elements.ends(contains)
    _refuse_repeats(contains.source, container, member)
    _refuse_cycles(contains.source, container, member)
    found = dict(elements.split(CONTAINS, contains))
    # Both are there in every metagraph, so that whoever reads one need not ask.
    tables = {r: found[r] for r in (CONTAINS_NODE, CONTAINS_METANODE)}
    for name, edge_input in edges.items():
        tables.update({r: table for r, table in elements.split(name, edge_input) if table.num_rows})
    return GraphTables("metagraph", {NODE: elements.nodes, METANODE: elements.metanodes}, tables)


class _Elements:
    """The elements of a metagraph: which ids are nodes, and which are metanodes."""

    def __init__(
        self,
        contains: EdgeInput,
        edges: Mapping[str, EdgeInput],
        nodes: Source | None,
        metanodes: Source | None,
    ) -> None:
        self._ends: dict[int, tuple[IdColumn, IdColumn]] = {
            id(given): (read_ids(given.source, given.src), read_ids(given.source, given.dst))
            for given in (contains, *edges.values())
        }
        self._contains = contains
        self._listed = {
            name: None if source is None else read_ids(source, id_column(source))
            for name, source in ((NODE, nodes), (METANODE, metanodes))
        }
        listed = [column for column in self._listed.values() if column is not None]
        named = [column for ends in self._ends.values() for column in ends]
        self._kind = settle_kind("element", [*listed, *named])
        for name, column in self._listed.items():
            if column is not None:
                check_unique(name, column)
        self._refuse_both()
        for column in named:
            self._refuse_unknown(column)

    @cached_property
    def nodes(self) -> pa.Table:
        """The node table."""
        return self._table(NODE, [c for ends in self._ends.values() for c in ends])

    @cached_property
    def metanodes(self) -> pa.Table:
        """The metanode table."""
        return self._table(METANODE, [self._ends[id(self._contains)][0]])

    def ends(self, given: EdgeInput) -> tuple[pa.Array, pa.Array]:
        """The ids at both ends of what was given."""
        source, destination = self._ends[id(given)]
        return self._ids(source), self._ids(destination)

    def split(self, name: str, given: EdgeInput) -> Iterator[tuple[Relation, pa.Table]]:
        """What was given, by the types of the ends."""
        ends = self.ends(given)
        rest = given.source.table.drop_columns([given.src, given.dst])
        table = with_properties(dict(zip((SRC, DST), ends, strict=True)), rest, given.source.label)
        is_metanode = [self._is_metanode(end) for end in ends]
        for source in ELEMENTS:
            for destination in ELEMENTS:
                rows = pc.and_(
                    pc.equal(is_metanode[0], source == METANODE),
                    pc.equal(is_metanode[1], destination == METANODE),
                )
                yield Relation(source, name, destination), table.filter(rows)

    def _ids(self, column: IdColumn) -> pa.Array:
        ids: UserIds = column.as_user_ids(self._kind)
        return pa.array(ids)

    def _is_metanode(self, ids: pa.Array) -> pa.Array:
        return pc.is_in(ids, value_set=self.metanodes.column(ID).combine_chunks())

    def _table(self, name: str, naming: Sequence[IdColumn]) -> pa.Table:
        """What is listed, with its properties, then what is only named."""
        listed = self._listed[name]
        if name == NODE and listed is not None:
            naming = []
        ids = [self._ids(column) for column in naming]
        named = pc.unique(pa.concat_arrays(ids)) if ids else None
        if named is not None and name == NODE:
            named = named.filter(pc.invert(self._is_metanode(named)))
        if listed is None:
            return pa.table({ID: named})
        rest = listed.source.table.drop_columns([listed.column])
        table = with_properties({ID: self._ids(listed)}, rest, listed.source.label)
        if named is None:
            return table
        added = named.filter(pc.invert(pc.is_in(named, value_set=table.column(0).combine_chunks())))
        if len(added) == 0:
            return table
        return pa.concat_tables([table, pa.table({ID: added})], promote_options="default")

    def _refuse_both(self) -> None:
        listed = self._listed[NODE]
        if listed is None:
            return
        row = pc.index(self._is_metanode(self._ids(listed)), True).as_py()
        if row >= 0:
            raise listed.source.problem(
                f"{listed.values[row].as_py()!r} is a metanode as well; nodes and metanodes have "
                "ids of their own",
                row=row,
                column=listed.column,
            )

    def _refuse_unknown(self, column: IdColumn) -> None:
        ids = self._ids(column)
        known = pc.or_(
            self._is_metanode(ids),
            pc.is_in(ids, value_set=self.nodes.column(ID).combine_chunks()),
        )
        row = pc.index(known, False).as_py()
        if row >= 0:
            raise column.source.problem(
                f"{ids[row].as_py()!r} is neither in the node table nor a metanode; add it there",
                row=row,
                column=column.column,
                kind=DanglingEdge,
            )


def _refuse_repeats(source: Source, container: pa.Array, member: pa.Array) -> None:
    pairs = pa.table({SRC: container, DST: member})
    if pairs.group_by([SRC, DST]).aggregate([]).num_rows == pairs.num_rows:
        return
    seen = set()
    for row, pair in enumerate(zip(container.to_pylist(), member.to_pylist(), strict=True)):
        if pair in seen:
            raise source.problem(f"metanode {pair[0]!r} already contains {pair[1]!r}", row=row)
        seen.add(pair)


def _refuse_cycles(source: Source, container: pa.Array, member: pa.Array) -> None:
    names = pc.unique(container)
    containers = _codes(container, names)
    members = _codes(member, names)
    nested = np.flatnonzero(members >= 0)
    cycle = find_cycle(containers[nested], members[nested], len(names))
    if cycle:
        step = (containers == cycle[0]) & (members == cycle[1 % len(cycle)])
        listed = " > ".join(repr(names[code].as_py()) for code in [*cycle, cycle[0]])
        raise InputError(
            f"a metanode contains itself: {listed}; take out one of these",
            source=source.locate(int(np.argmax(step)))[0],
            row=source.locate(int(np.argmax(step)))[1],
        )


def find_cycle(sources: Ints, destinations: Ints, count: int) -> list[int]:
    """A cycle in a directed graph, as its nodes in order; empty where there is none.

    Args:
        sources: ``int64[m]``.
        destinations: ``int64[m]``.
        count: how many nodes there are.

    Example:
        >>> find_cycle(np.array([0, 1, 2, 3]), np.array([1, 2, 1, 0]), 4)
        [1, 2]
    """
    loops = np.flatnonzero(sources == destinations)
    if len(loops):
        return [int(sources[loops[0]])]
    graph = sp.csr_array((np.ones(len(sources), bool), (sources, destinations)), (count, count))
    _, component = sp.csgraph.connected_components(graph, connection="strong")
    large = np.flatnonzero(np.bincount(component, minlength=1) > 1)
    if len(large) == 0:
        return []
    # Within a strong component one can always go on, so that some node comes round again.
    path: list[int] = []
    at = int(np.argmax(component == large[0]))
    while at not in path:
        path.append(at)
        following = graph.indices[graph.indptr[at] : graph.indptr[at + 1]]
        at = int(following[component[following] == large[0]][0])
    return path[path.index(at) :]


def _codes(values: pa.Array, names: pa.Array) -> Ints:
    """Where each value stands among the names; -1 for those that do not."""
    return pc.fill_null(pc.index_in(values, value_set=names), -1).to_numpy().astype(np.int64)
