"""What every kind comes down to: node tables by type, and edge tables by relation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pyarrow import fs

from graphray.building.builder import build
from graphray.client.graph import Graph
from graphray.client.opened import StoreAccess
from graphray.errors import InputError
from graphray.schema import KindName, Relation
from graphray.store import Store, StoreUri

# Arrow's own filesystem in memory: each time the URI is opened, a new and empty one.
_MEMORY_URI = "mock:///"


@dataclass(frozen=True)
class GraphTables:
    """A graph in memory, in the form in which it is built into a store.

    Attributes:
        kind: which kind of graph this is; recorded in the store.
        nodes: per node type a table with the column ``id`` first, then the properties.
        edges: per relation a table with the columns ``src`` and ``dst`` first, then the properties.
        undirected: the relations whose edges have no direction.
        lost: what a conversion could not carry over, in sentences for a person.
    """

    kind: KindName
    nodes: Mapping[str, pa.Table]
    edges: Mapping[Relation, pa.Table]
    undirected: frozenset[Relation] = frozenset()
    lost: tuple[str, ...] = field(default=())

    def build(self, uri: StoreUri, **options: Any) -> Store:
        """Build a store of these tables.

        Args:
            uri: where the store goes.
            options: those of `graphray.build`, such as ``parts`` and ``partitioner``.

        Raises:
            InputError: where a table is wrong, naming table, row and column.
            StoreExists: where there is a store already.

        Example:
            >>> import tempfile
            >>> nodes = {"node": pa.table({"id": [1, 2]})}
            >>> edges = {Relation("node", "edge", "node"): pa.table({"src": [1], "dst": [2]})}
            >>> GraphTables("property", nodes, edges).build(tempfile.mkdtemp(), parts=2).kind
            'property'
        """
        directed: dict[tuple[str, str, str], bool] = {
            relation: relation not in self.undirected for relation in self.edges
        }
        return build(
            dict(self.edges),
            uri,
            nodes=dict(self.nodes),
            kind=self.kind,
            directed=directed,
            **options,
        )

    def in_memory(self, **options: Any) -> Graph:
        """The graph opened from memory: for small ones, and without files.

        Args:
            options: those of `graphray.build`.

        Raises:
            InputError: where a table is wrong, naming table, row and column.

        Example:
            >>> nodes = {"node": pa.table({"id": ["a", "b"]})}
            >>> edges = {Relation("node", "edge", "node"): pa.table({"src": ["a"], "dst": ["b"]})}
            >>> GraphTables("property", nodes, edges).in_memory().neighbors("a").tolist()
            ['b']
        """
        memory, _ = fs.FileSystem.from_uri(_MEMORY_URI)
        return Graph(StoreAccess(self.build((memory, "graph"), **options)))


def with_properties(ids: Mapping[str, Any], properties: pa.Table, label: str) -> pa.Table:
    """A table of ids first, then of properties.

    Args:
        ids: the columns of ids.
        properties: as many rows.
        label: what to call the table in messages.

    Raises:
        InputError: where a property has the name of a column of ids.

    >>> with_properties({"id": [1]}, pa.table({"id": ["x"]}), "people")
    Traceback (most recent call last):
    ...
    graphray.errors.InputError: people, column 'id': a property has the name of ...
    """
    taken = next((name for name in properties.column_names if name in ids), None)
    if taken is not None:
        raise InputError(
            "a property has the name of the column of ids; rename it", source=label, column=taken
        )
    return pa.table({**ids, **dict(zip(properties.column_names, properties.columns, strict=True))})
