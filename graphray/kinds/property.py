"""Property graphs: typed nodes and relations with columns. Every other kind is one underneath."""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.client.graph import RelationName
from graphray.errors import ArgumentError
from graphray.ingest import Directed, MissingNodes, read_graph
from graphray.ingest.frames import DST, ID, SRC
from graphray.kinds.face import FACES, Face
from graphray.kinds.formats import dgl_csv, graphml, ogb_csv
from graphray.kinds.formats.input_graph import tables_of
from graphray.kinds.tables import GraphTables
from graphray.kinds.whole import edge_table, node_table
from graphray.reading.gather import find_nodes
from graphray.schema import Direction, Relation, RelationType

Array = npt.NDArray[Any]
Ints = npt.NDArray[np.int64]


class PropertyGraph(Face):
    """A property graph, opened or running; also any other kind, seen as one.

    Example:
        >>> import pyarrow as pa
        >>> likes = pa.table({"src": ["ada", "bob"], "dst": [7, 7], "since": [2019, 2021]})
        >>> tables = PropertyGraph.from_tables({("person", "likes", "film"): likes})
        >>> g = PropertyGraph.of(tables)
        >>> g.node_types, g.degree([7], "likes", direction="in").tolist()
        (('person', 'film'), [2])
        >>> g.edges("likes").to_pylist()[1]
        {'src': 'bob', 'dst': 7, 'since': 2021}
    """

    kinds = frozenset(FACES)

    @property
    def node_types(self) -> tuple[str, ...]:
        """The names of the node types."""
        return self.graph.schema.node_type_names

    @property
    def relations(self) -> tuple[Relation, ...]:
        """The relations, as triples (source type, name, destination type)."""
        return tuple(kind.relation for kind in self.graph.schema.relations)

    def is_directed(self, relation: RelationName | None = None) -> bool:
        """Whether source and destination differ in meaning; raises as `edges` does."""
        return self._relation(relation).directed

    def num_edges(self, relation: RelationName | None = None) -> int:
        """How many edges a relation has, undirected ones counted once; raises as `edges` does."""
        kind = self._relation(relation)
        entries = self.graph.num_edges(kind.relation)
        if kind.directed:
            return entries
        # An undirected edge stands in two rows, but a loop in one.
        rows, neighbors = self._entries(kind, "in")
        return (entries + int(np.sum(rows == neighbors))) // 2

    def nodes(self, node_type: str | None = None) -> pa.Table:
        """All nodes of a type in the order of the build's input: ``id``, then the properties.

        Args:
            node_type: may be left out where there is one.

        Raises:
            NodeTypeNotFound: where there is no such type, or several and none was named.
        """
        schema = self.graph.schema
        name = schema.only_node_type("nodes").name if node_type is None else node_type
        return node_table(self.graph.access, schema.node_type(name).name)

    def edges(self, relation: RelationName | None = None) -> pa.Table:
        """All edges of a relation in the order of the build's input: ``src``, ``dst``, properties.

        Args:
            relation: may be left out where there is one.

        Raises:
            RelationNotFound: where there is no such relation, or several and none was named.
        """
        return edge_table(self.graph.access, self._relation(relation).relation)

    def degree(
        self,
        ids: Any = None,
        relation: RelationName | None = None,
        *,
        direction: Direction = "out",
    ) -> Ints:
        """How many edges of a relation each node has, as ``int64[n]``.

        A loop of an undirected relation counts once.

        Args:
            ids: users' ids of the type that the relation starts at (for "in", ends at); None for
                all, in the order of `Graph.node_ids`.
            relation: may be left out where there is one.
            direction: "out" for edges that leave, "in" for edges that arrive.

        Raises:
            NodeNotFound: where an id is not in the graph.
            RelationNotFound: where there is no such relation, or several and none was named.
        """
        kind = self._relation(relation).relation
        near = kind.near_type(direction)
        gids = (
            np.arange(self.graph.num_nodes(near), dtype=np.int64)
            if ids is None
            else find_nodes(self.graph.access, near, ids)
        )
        distinct, inverse = np.unique(gids, return_inverse=True)
        rows = self.adjacency(kind, direction).of(distinct).rows
        return np.bincount(rows, minlength=len(distinct))[inverse]

    def to_networkx(self) -> nx.MultiGraph:
        """The whole graph in NetworkX, for small ones: a ``MultiDiGraph``, or ``MultiGraph``.

        With one node type its ids are the nodes; with several they are pairs (type, id). The key of
        an edge is its relation's name and its row.

        Raises:
            ArgumentError: where some relations are directed and others are not.
        """
        directed = {kind.directed for kind in self.graph.schema.relations}
        if len(directed) > 1:
            raise ArgumentError("NetworkX has no graph with directed and undirected edges")
        graph = nx.MultiGraph() if directed == {False} else nx.MultiDiGraph()
        typed = len(self.node_types) > 1
        for name in self.node_types:
            for row in self.nodes(name).to_pylist():
                node = row.pop(ID)
                graph.add_node((name, node) if typed else node, **row)
        for relation in self.relations:
            for number, row in enumerate(self.edges(relation).to_pylist()):
                source, destination = row.pop(SRC), row.pop(DST)
                if typed:
                    source = (relation.source, source)
                    destination = (relation.destination, destination)
                graph.add_edge(source, destination, key=(relation.name, number), **row)
        return graph

    @staticmethod
    def from_tables(
        edges: Any,
        nodes: Any = None,
        *,
        directed: Directed = None,
        missing_nodes: MissingNodes = "error",
        src: str | None = None,
        dst: str | None = None,
    ) -> GraphTables:
        """A property graph from whatever `graphray.build` takes, with the same arguments.

        Files (Parquet, CSV, JSON Lines), Arrow tables, pandas and polars frames, graphs of NetworkX
        and igraph, SciPy matrices, NumPy pairs.

        Raises:
            InputError: where the data is wrong, naming file, row and column.
            ArgumentError: where an argument is.

        Example:
            >>> import networkx as nx
            >>> PropertyGraph.from_tables(nx.path_graph(3)).undirected
            frozenset({Relation(source='node', name='edge', destination='node')})
        """
        return tables_of(
            read_graph(
                edges, nodes, directed=directed, missing_nodes=missing_nodes, src=src, dst=dst
            )
        )

    from_graphml = staticmethod(graphml.from_graphml)
    from_ogb_csv = staticmethod(ogb_csv.from_ogb_csv)
    from_dgl_csv = staticmethod(dgl_csv.from_dgl_csv)

    def _relation(self, relation: RelationName | None) -> RelationType:
        schema = self.graph.schema
        if relation is None and len(schema.relations) == 1:
            return schema.relations[0]
        return schema.relation_type("" if relation is None else relation)

    def _entries(self, kind: RelationType, direction: Direction) -> tuple[Ints, Ints]:
        near = kind.relation.near_type(direction)
        every = np.arange(self.graph.num_nodes(near), dtype=np.int64)
        entries = self.adjacency(kind.relation, direction).of(every)
        return entries.rows, entries.neighbors
