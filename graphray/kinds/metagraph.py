"""Metagraphs: graphs whose nodes may be sets of nodes, and sets of those.

After Basu and Blanning, "Metagraphs and Their Applications" (2007), whose edges lead from a set to
a set; here such a set is a metanode, named or not.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.errors import NodeNotFound
from graphray.gather import edge_column, find_nodes, to_arrow, user_ids_of
from graphray.ingest.frames import DST, SRC
from graphray.kinds.containment import (
    CONTAINS,
    CONTAINS_METANODE,
    CONTAINS_NODE,
    ELEMENTS,
    METANODE,
    NODE,
)
from graphray.kinds.contraction import contract
from graphray.kinds.face import Face
from graphray.kinds.formats import nested_sets
from graphray.kinds.tables import GraphTables
from graphray.schema import Relation

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
NodeId = int | str
NAME = "name"


class Contents(NamedTuple):
    """Elements, by type.

    Attributes:
        nodes: ids, ``int64[n]`` or ``object[n]`` of strings.
        metanodes: likewise.
    """

    nodes: Array
    metanodes: Array


class Metagraph(Face):
    """A metagraph, opened or running.

    Example:
        >>> m = Metagraph.of(Metagraph.from_sets(
        ...     {"team": ["ada", "bob"], "firm": ["team", "cy"]},
        ...     edges=[("ada", "cy"), ("zoe", "team"), ({"ada", "zoe"}, "firm")],
        ... ))
        >>> m.contents("firm", recursive=True).nodes.tolist()
        ['cy', 'ada', 'bob']
        >>> m.containers("ada", recursive=True).tolist()
        ['team', '{ada, zoe}', 'firm']
    """

    kinds = frozenset({"metagraph"})

    def nodes(self) -> Array:
        """The ids of all nodes: ``int64[n]``, or ``object[n]`` of strings."""
        return self.graph.node_ids(NODE)

    def metanodes(self) -> Array:
        """The ids of all metanodes."""
        return self.graph.node_ids(METANODE)

    def contents(self, metanode: NodeId, *, recursive: bool = False) -> Contents:
        """What a metanode contains.

        Args:
            metanode: its id.
            recursive: also what its metanodes contain, at any depth; each element once, the
                nearest first.

        Raises:
            NodeNotFound: where there is no such metanode.
        """
        gids = find_nodes(self.graph.access, METANODE, metanode)
        inside = self._inside(gids) if recursive else self._members(gids)
        return Contents(*(self._user_ids(name, inside[name]) for name in ELEMENTS))

    def containers(self, element: NodeId, *, recursive: bool = False) -> Array:
        """The metanodes that contain an element.

        Args:
            element: the id of a node or metanode.
            recursive: also those that contain these, at any depth; the nearest first.

        Raises:
            NodeNotFound: where there is no such element.
        """
        element_type, gids = self._find(element)
        found: list[Ints] = []
        relation = CONTAINS_NODE if element_type == NODE else CONTAINS_METANODE
        near = self._step(relation, "in", gids)
        while len(near):
            found.append(near)
            if not recursive:
                break
            near = np.setdiff1d(self._step(CONTAINS_METANODE, "in", near), np.concatenate(found))
        return self._user_ids(METANODE, _joined(found))

    def edges_between(
        self, sources: NodeId, destinations: NodeId, *, recursive: bool = True
    ) -> pa.Table:
        """The edges from one element to another.

        Args:
            sources: the id of a node or metanode.
            destinations: likewise.
            recursive: take a metanode for itself and all that it contains, at any depth. Without,
                only edges between the two themselves count.

        Returns:
            The columns ``src``, ``dst`` and ``name``, then the edges' properties.

        Raises:
            NodeNotFound: where there is no such element.
        """
        near, far = (self._closure(element, recursive) for element in (sources, destinations))
        tables = [
            self._edges(relation, near[relation.source], far[relation.destination])
            for relation in self._edge_relations()
        ]
        empty = pa.table({SRC: [], DST: [], NAME: pa.array([], pa.string())})
        filled = [table for table in tables if table.num_rows]
        return pa.concat_tables(filled, promote_options="permissive") if filled else empty

    def contract(self, metanode: NodeId) -> GraphTables:
        """The metagraph in which a metanode stands for all that it contains.

        See `graphray.kinds.contraction.contract`.

        Raises:
            NodeNotFound: where there is no such metanode.
        """
        find_nodes(self.graph.access, METANODE, metanode)
        inside = self.contents(metanode, recursive=True)
        return contract(
            self.tables(),
            metanode,
            {NODE: inside.nodes.tolist(), METANODE: inside.metanodes.tolist()},
        )

    from_tables = staticmethod(nested_sets.from_tables)
    from_sets = staticmethod(nested_sets.from_sets)

    def _edge_relations(self) -> list[Relation]:
        relations = [kind.relation for kind in self.graph.schema.relations]
        return [relation for relation in relations if relation.name != CONTAINS]

    def _find(self, element: NodeId) -> tuple[str, Ints]:
        for name in ELEMENTS:
            if self.graph.num_nodes(name):
                try:
                    return name, find_nodes(self.graph.access, name, element)
                except NodeNotFound:
                    continue
        raise NodeNotFound(
            f"{element!r} is neither a node nor a metanode of this graph", ids=[element]
        )

    def _closure(self, element: NodeId, recursive: bool) -> dict[str, Ints]:
        """An element, and all that it contains, as global ids by type."""
        element_type, gids = self._find(element)
        found = dict.fromkeys(ELEMENTS, np.empty(0, np.int64))
        if recursive and element_type == METANODE:
            found = self._inside(gids)
        found[element_type] = np.concatenate([gids, found[element_type]])
        return found

    def _inside(self, metanodes: Ints) -> dict[str, Ints]:
        """What metanodes contain at any depth, the nearest first."""
        found: dict[str, list[Ints]] = {name: [] for name in ELEMENTS}
        while len(metanodes):
            members = self._members(metanodes)
            for name in ELEMENTS:
                new = members[name]
                found[name].append(new[~np.isin(new, _joined(found[name]))])
            metanodes = found[METANODE][-1]
        return {name: _joined(levels) for name, levels in found.items()}

    def _members(self, metanodes: Ints) -> dict[str, Ints]:
        """What metanodes contain themselves."""
        return {
            relation.destination: self._step(relation, "out", metanodes)
            for relation in (CONTAINS_NODE, CONTAINS_METANODE)
        }

    def _step(self, relation: Relation, direction: Any, gids: Ints) -> Ints:
        """The distinct neighbours of some nodes, in order of appearance."""
        neighbors = self.adjacency(relation, direction).of(gids).neighbors
        return neighbors[np.sort(np.unique(neighbors, return_index=True)[1])]

    def _edges(self, relation: Relation, sources: Ints, destinations: Ints) -> pa.Table:
        """The edges of one relation from some elements to some others."""
        access = self.graph.access
        entries = self.adjacency(relation, "out").of(sources)
        keep = np.isin(entries.neighbors, destinations)
        count = int(np.sum(keep))
        columns = {
            SRC: pa.array(user_ids_of(access, relation.source, sources[entries.rows[keep]])),
            DST: pa.array(user_ids_of(access, relation.destination, entries.neighbors[keep])),
            NAME: pa.array([relation.name] * count, pa.string()),
        }
        for column in access.schema.relation_type(relation).columns:
            positions = entries.positions[keep]
            columns[column.name] = to_arrow(
                edge_column(access, relation, "out", column.name, positions)
            )
        return pa.table(columns)

    def _user_ids(self, name: str, gids: Ints) -> Array:
        return user_ids_of(self.graph.access, name, gids)


def _joined(pieces: list[Ints]) -> Ints:
    return np.concatenate(pieces) if pieces else np.empty(0, np.int64)
