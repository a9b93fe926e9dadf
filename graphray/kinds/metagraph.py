"""Metagraphs: graphs whose nodes may be sets of nodes, and sets of those.

After Basu and Blanning, "Metagraphs and Their Applications" (2007), whose edges lead from a set to
a set; here such a set is a metanode, named or not. Their metapaths are `Metagraph.metapaths`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.client.graph import Graph
from graphray.errors import NodeNotFound
from graphray.kinds.containment import (
    CONTAINS,
    CONTAINS_METANODE,
    CONTAINS_NODE,
    ELEMENTS,
    METANODE,
    NODE,
)
from graphray.kinds.contraction import contract
from graphray.kinds.element_tables import edge_rows, edges_in_order, impact_table, joined_edges
from graphray.kinds.face import Face
from graphray.kinds.formats import nested_sets
from graphray.kinds.impact import CONTAINMENT, spread
from graphray.kinds.metapaths import metapaths
from graphray.kinds.set_edges import reachable_edges
from graphray.kinds.steps import NodeSet, Steps, union
from graphray.kinds.tables import GraphTables
from graphray.reading.gather import find_nodes, user_ids_of
from graphray.schema import Direction, Relation

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]
NodeId = int | str


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

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self._steps = Steps(graph.access)

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
        return joined_edges(
            self._edges(relation, near[relation.source], far[relation.destination])
            for relation in self._edge_relations()
        )

    def impact(
        self, elements: NodeId | Iterable[NodeId], *, direction: Direction = "out"
    ) -> pa.Table:
        """What a change of some elements reaches, along edges and through containment.

        A change of a metanode is one of all that it contains; a change of an element is one, in
        part, of the metanodes that contain it. An edge leads from its source to its destination
        where the source has changed, as a whole or in part.

        Args:
            elements: the id of a node or metanode, or several.
            direction: "in" for what a change of which would reach these.

        Returns:
            The columns ``element``; ``type``, "node" or "metanode"; ``steps``, how many edges it
            takes at least; ``whole``, false for a metanode of which only a part is reached. The
            elements themselves come first, with 0 steps.

        Raises:
            NodeNotFound: where there is no such element.

        Example:
            >>> m = Metagraph.of(Metagraph.from_sets(
            ...     {"team": ["ada", "bob"]}, edges=[("cy", "bob"), ("team", "di")]))
            >>> m.impact("cy").to_pandas()
              element      type  steps  whole
            0      cy      node      0   True
            1     bob      node      1   True
            2    team  metanode      1  False
            3      di      node      2   True
        """
        start = self._node_set(elements)
        waves = spread(self._steps, self._edge_relations(), start, direction)
        return impact_table(self.graph.access, waves)

    def metapaths(
        self, sources: NodeId | Iterable[NodeId], targets: NodeId | Iterable[NodeId]
    ) -> Iterator[pa.Table]:
        """The ways from a set to a set on which each edge has all of its inputs.

        An edge needs every node of its source: all that are inside where that is a metanode. Each
        node has to be one of the sources, or be given by an edge before; an edge from a metanode
        without nodes leads from nothing, and is on no path. See `graphray.kinds.metapaths`.

        Args:
            sources: the id of a node or metanode, or several; a metanode stands for all nodes
                inside it.
            targets: likewise.

        Returns:
            An iterator over the edge-dominant metapaths: those of which no edge can be left out.
            There may be exponentially many; they are found one by one. Each is a table of edges in
            an order in which they can be taken, with the columns ``src``, ``dst`` and ``name``,
            then the edges' properties. Where the targets are among the sources, it is empty.

        Raises:
            NodeNotFound: where there is no such element.

        Example:
            >>> m = Metagraph.of(Metagraph.from_sets(
            ...     {"both": ["x", "y"]}, edges=[("a", "x"), ("b", "y"), ("both", "z")]))
            >>> [path["src"].to_pylist() for path in m.metapaths({"a", "b"}, "z")]
            [['a', 'b', 'both']]
            >>> list(m.metapaths("a", "z"))
            []
        """
        near, far = (self._nodes_of(given) for given in (sources, targets))
        relations = self._edge_relations()
        stored, joined = reachable_edges(self._steps, relations, near)
        for path in metapaths(joined, frozenset(near.tolist()), frozenset(far.tolist())):
            yield edges_in_order(self.graph.access, [stored[edge] for edge in path])

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

    def _node_set(self, elements: NodeId | Iterable[NodeId]) -> NodeSet:
        """Elements as global ids by type."""
        several: Iterable[NodeId] = [elements] if isinstance(elements, (str, int)) else elements
        return union(dict([self._find(element)]) for element in several)

    def _nodes_of(self, elements: NodeId | Iterable[NodeId]) -> Ints:
        """The nodes among some elements, and inside them, as rising global ids."""
        given = self._node_set(elements)
        inside = self._steps.generations(given, CONTAINMENT, "out")
        return union([given, *inside]).get(NODE, np.empty(0, np.int64))

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
        entries = self.adjacency(relation, "out").of(sources)
        keep = np.isin(entries.neighbors, destinations)
        ends = sources[entries.rows[keep]], entries.neighbors[keep]
        return edge_rows(self.graph.access, relation, *ends, entries.positions[keep])

    def _user_ids(self, name: str, gids: Ints) -> Array:
        return user_ids_of(self.graph.access, name, gids)


def _joined(pieces: list[Ints]) -> Ints:
    return np.concatenate(pieces) if pieces else np.empty(0, np.int64)
