"""What every kind comes down to: node tables by type, and edge tables by relation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from graphray.schema import Relation

KindName = Literal["property", "hypergraph", "knowledge", "hierarchical-knowledge", "metagraph"]


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
