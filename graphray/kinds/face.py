"""A face: one kind of graph's own calls, over a graph that is opened or running.

A face holds a `Graph` and nothing else of the data, so that its calls are the same on files, in
memory and on a cluster. The kind was recorded when the store was built; a face refuses a graph of
another kind, whose tables would not mean what it takes them for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, ClassVar, Self

import graphray
from graphray.client.graph import Graph
from graphray.errors import ArgumentError
from graphray.kinds.adjacent import Adjacency
from graphray.kinds.tables import GraphTables
from graphray.kinds.whole import edge_table, node_table
from graphray.schema import Direction, KindName, Relation
from graphray.store import Store, StoreUri

FACES: Mapping[KindName, str] = {
    "property": "PropertyGraph",
    "hypergraph": "Hypergraph",
    "knowledge": "KnowledgeGraph",
    "hierarchical-knowledge": "HierarchicalKnowledgeGraph",
    "metagraph": "Metagraph",
}
"""The class that reads each kind."""


class Face:
    """What all kinds of graph have in common.

    Args:
        graph: an opened or running graph of a kind that this face reads.

    Attributes:
        kinds: the kinds of graph that the class reads.
        graph: the graph itself, for lookups, sampling and status.

    Raises:
        ArgumentError: where the graph is of another kind.
    """

    kinds: ClassVar[frozenset[KindName]] = frozenset()

    def __init__(self, graph: Graph) -> None:
        self._require_kind(graph.kind)
        self.graph = graph
        self._adjacencies: dict[tuple[Relation, Direction], Adjacency] = {}

    @classmethod
    def open(cls, uri: StoreUri, version: int | None = None, *, verify: bool = True) -> Self:
        """Open a store in this process; the arguments and errors are those of `graphray.open`."""
        return cls._over(graphray.open(uri, version, verify=verify))

    @classmethod
    def launch(cls, uri: StoreUri, name: str, **options: Any) -> Self:
        """Serve a store on a cluster; the arguments and errors are those of `graphray.launch`.

        Raises:
            ArgumentError: where the store holds another kind of graph; nothing is launched.
        """
        cls._require_kind(Store.open(uri, options.get("version")).kind)
        return cls(graphray.launch(uri, name, **options))

    @classmethod
    def connect(cls, name: str) -> Self:
        """Connect to a running graph; raises as `graphray.connect` does."""
        return cls._over(graphray.connect(name))

    @classmethod
    def of(cls, tables: GraphTables) -> Self:
        """A small graph in memory; raises InputError where the tables are wrong."""
        return cls._over(tables.in_memory())

    @classmethod
    def _require_kind(cls, kind: KindName) -> None:
        if kind not in cls.kinds:
            raise ArgumentError(
                f"a graph of kind {kind!r} is no {cls.__name__}; read it with "
                f"graphray.{FACES[kind]}"
            )

    @classmethod
    def _over(cls, graph: Graph) -> Self:
        try:
            return cls(graph)
        except ArgumentError:
            graph.close()
            raise

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.graph!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def tables(self) -> GraphTables:
        """The whole graph read back, in the order in which it was built: for small ones."""
        access = self.graph.access
        relations = access.schema.relations
        return GraphTables(
            access.kind,
            {name: node_table(access, name) for name in access.schema.node_type_names},
            {kind.relation: edge_table(access, kind.relation) for kind in relations},
            frozenset(kind.relation for kind in relations if not kind.directed),
        )

    def adjacency(self, relation: Relation, direction: Direction) -> Adjacency:
        """All neighbours of many nodes at once, along one relation; kept for the next call."""
        if (relation, direction) not in self._adjacencies:
            found = Adjacency(self.graph.access, relation, direction)
            self._adjacencies[relation, direction] = found
        return self._adjacencies[relation, direction]

    def close(self) -> None:
        """Let go of what this process holds; a running graph goes on for others."""
        self._adjacencies.clear()
        self.graph.close()

    def shutdown(self) -> None:
        """End the graph for everyone; its store stays. An opened store is merely closed."""
        self._adjacencies.clear()
        self.graph.shutdown()
