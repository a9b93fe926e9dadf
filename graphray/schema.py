"""What a graph is made of: typed nodes, relations between them, and their columns.

A *relation* is an edge type, named by its triple ``(source type, name, destination type)``. A
homogeneous graph is nothing special: it is a schema with one node type and one relation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from graphray.errors import ColumnNotFound, NodeTypeNotFound, RelationNotFound

KindName = Literal["property", "hypergraph", "knowledge", "hierarchical-knowledge", "metagraph"]
IdKind = Literal["int64", "string"]
Direction = Literal["in", "out"]

DEFAULT_NODE_TYPE = "node"


class Relation(NamedTuple):
    """An edge type; equal to the plain tuple ``(source, name, destination)``."""

    source: str
    name: str
    destination: str

    def __str__(self) -> str:
        return f"{self.source}-{self.name}-{self.destination}"

    def near_type(self, direction: Direction) -> str:
        """The node type that is left when edges are followed "out", or against them, "in".

        Likewise the type that the rows of the stored adjacency "out" or "in" belong to.

        >>> Relation("author", "writes", "paper").near_type("in")
        'paper'
        """
        return self.source if direction == "out" else self.destination

    def far_type(self, direction: Direction) -> str:
        """The node type that is reached; see `near_type`."""
        return self.destination if direction == "out" else self.source


DEFAULT_RELATION = Relation(DEFAULT_NODE_TYPE, "edge", DEFAULT_NODE_TYPE)


class Column(NamedTuple):
    """A property: its name and its Arrow type in words, such as ``fixed_size_list<float>[8]``."""

    name: str
    dtype: str


@dataclass(frozen=True)
class NodeType:
    """One type of node: the kind of its users' ids, and its property columns."""

    name: str
    id_kind: IdKind
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True)
class RelationType:
    """One relation: directed or not, and its property columns.

    An undirected edge is stored in the adjacency row of each of its ends, under one edge id.
    """

    relation: Relation
    directed: bool = True
    columns: tuple[Column, ...] = ()

    def stored_direction(self, direction: Direction) -> Direction:
        """Where the adjacency for ``direction`` is stored: an undirected relation has only "in"."""
        return direction if self.directed else "in"

    @property
    def stored_directions(self) -> tuple[Direction, ...]:
        """The adjacencies that exist as files."""
        return ("in", "out") if self.directed else ("in",)


@dataclass(frozen=True)
class GraphSchema:
    """The node types and relations of a graph, in their canonical order."""

    node_types: tuple[NodeType, ...]
    relations: tuple[RelationType, ...]

    @property
    def is_homogeneous(self) -> bool:
        """One node type and at most one relation."""
        return len(self.node_types) == 1 and len(self.relations) <= 1

    @property
    def node_type_names(self) -> tuple[str, ...]:
        """The names of the node types, in canonical order."""
        return tuple(t.name for t in self.node_types)

    @property
    def adjacencies(self) -> tuple[tuple[Relation, Direction], ...]:
        """Every adjacency that exists as files."""
        return tuple(
            (relation_type.relation, direction)
            for relation_type in self.relations
            for direction in relation_type.stored_directions
        )

    @cached_property
    def _by_triple(self) -> dict[tuple[str, ...], RelationType]:
        # A knowledge graph has hundreds of relations, and asks for each of them at a time.
        return {r.relation: r for r in self.relations}

    def node_type(self, name: str) -> NodeType:
        """The node type of that name; raises NodeTypeNotFound."""
        for node_type in self.node_types:
            if node_type.name == name:
                return node_type
        raise NodeTypeNotFound(
            f"no node type {name!r} in this graph; it has: {_listing(self.node_type_names)}",
            node_type=name,
        )

    def only_node_type(self, purpose: str) -> NodeType:
        """The single node type; raises NodeTypeNotFound where the caller has to choose one."""
        if len(self.node_types) == 1:
            return self.node_types[0]
        raise NodeTypeNotFound(
            f"{purpose} needs a node type, because this graph has several: "
            f"{_listing(self.node_type_names)}; pass node_type=..."
        )

    def relation_type(self, relation: tuple[str, str, str] | str) -> RelationType:
        """The relation of that triple, or of that name where it is unique.

        Raises RelationNotFound where there is none, or more than one.
        """
        if isinstance(relation, str):
            found = [r for r in self.relations if relation in (r.relation.name, str(r.relation))]
        else:
            known = self._by_triple.get(tuple(relation))
            found = [] if known is None else [known]
        if len(found) == 1:
            return found[0]
        problem = "several relations are" if found else "no relation is"
        raise RelationNotFound(
            f"{problem} called {relation!r}; this graph has: "
            f"{_listing(str(tuple(r.relation)) for r in self.relations)}",
            relation=relation,
        )

    def to_json(self) -> dict[str, Any]:
        """A plain structure for the manifest."""
        return {
            "node_types": [
                {"name": t.name, "id_kind": t.id_kind, "columns": [list(c) for c in t.columns]}
                for t in self.node_types
            ],
            "relations": [
                {
                    "relation": list(r.relation),
                    "directed": r.directed,
                    "columns": [list(c) for c in r.columns],
                }
                for r in self.relations
            ],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> GraphSchema:
        """The inverse of `to_json`."""
        return cls(
            node_types=tuple(
                NodeType(t["name"], t["id_kind"], tuple(Column(*c) for c in t["columns"]))
                for t in value["node_types"]
            ),
            relations=tuple(
                RelationType(
                    Relation(*r["relation"]), r["directed"], tuple(Column(*c) for c in r["columns"])
                )
                for r in value["relations"]
            ),
        )


def require_column(columns: Iterable[Column], name: str, owner: str) -> Column:
    """The column of that name; raises ColumnNotFound naming its owner and what it has."""
    columns = tuple(columns)
    for column in columns:
        if column.name == name:
            return column
    raise ColumnNotFound(
        f"{owner} has no column {name!r}; it has: {_listing(c.name for c in columns)}", column=name
    )


def _listing(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
