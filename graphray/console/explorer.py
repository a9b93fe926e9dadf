"""What the explorer asks of one graph: its schema, a node, a neighbourhood to draw."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.client.graph import Graph
from graphray.console.around import SampledPart, by_type, sample_around
from graphray.console.neighborhood import DrawnEdge, DrawnNode, Neighborhood, NeighborhoodQuery
from graphray.console.plain import left_out, plain_json
from graphray.errors import ArgumentError
from graphray.kinds.incidence import ROLE
from graphray.kinds.vocabulary import PREDICATE, VOCABULARY
from graphray.reading.gather import edge_column, find_nodes, node_column, to_arrow, user_ids_of
from graphray.sampling.sampler import NeighborSampler
from graphray.schema import Direction, NodeType, RelationType

_SAMPLERS_KEPT = 16
_EXAMPLES = 3
_NAMING = ("label", "prefLabel", "name", "title")
"""Columns that say what a node is called, by the last word of their name; the first wins."""
_EDGE_NAMING = (PREDICATE, ROLE)


class Explorer:
    """Draws neighbourhoods of one graph; safe to use from several threads.

    Example:
        >>> import graphray as gr, tempfile
        >>> store = gr.build(([0, 1, 2, 3], [1, 2, 3, 0]), tempfile.mkdtemp() + "/ring")
        >>> found = Explorer(gr.open(store.uri)).neighborhood(NeighborhoodQuery("0", fanout=(5,)))
        >>> [node.id for node in found.nodes], [edge.id for edge in found.edges]
        (['0', '3', '1'], [0, 3])
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._access = graph.access
        self._sampler = lru_cache(maxsize=_SAMPLERS_KEPT)(self._make_sampler)

    def schema(self) -> dict[str, Any]:
        """Node types with a few ids to begin with, and relations, as a plain structure."""
        schema, book = self._graph.schema, self._access.book
        return {
            "snapshot_id": self._graph.snapshot_id,
            "kind": self._graph.kind,
            "node_types": [
                {
                    "name": kind.name,
                    "id_kind": kind.id_kind,
                    "count": book.num_nodes(kind.name),
                    "columns": [list(column) for column in kind.columns],
                    "examples": self._examples(kind.name),
                }
                for kind in schema.node_types
                if kind.name != VOCABULARY
            ],
            "relations": [
                {
                    "source": kind.relation.source,
                    "name": kind.relation.name,
                    "destination": kind.relation.destination,
                    "directed": kind.directed,
                    "count": book.num_edges(kind.relation),
                    "columns": [list(column) for column in kind.columns],
                }
                for kind in schema.relations
            ],
        }

    def node(self, node_type: str | None, node_id: str) -> dict[str, Any]:
        """One node and its properties, as a plain structure.

        Raises:
            NodeNotFound: where there is no such node.
            NodeTypeNotFound: where there is no such type, or several and none was given.
            ArgumentError: where the id is no integer, and the graph's ids are.
        """
        kind = self._node_type(node_type)
        found = self._graph.node(parse_id(node_id, kind), kind.name)
        return {
            "node_type": found.node_type,
            "id": str(found.id),
            "part": found.partition,
            "properties": [
                {
                    "name": column.name,
                    "dtype": column.dtype,
                    "value": plain_json(found.properties[column.name]),
                    "left_out": left_out(found.properties[column.name]),
                }
                for column in kind.columns
            ],
        }

    def neighborhood(self, query: NeighborhoodQuery) -> Neighborhood:
        """A sampled neighbourhood; raises as `node` does."""
        kind = self._node_type(query.node_type)
        (gid,) = find_nodes(self._access, kind.name, parse_id(query.node_id, kind)).tolist()
        sampled = sample_around(self._access, query, (kind.name, gid), self._sampler)
        return Neighborhood(
            nodes=self._nodes(sampled),
            edges=self._edges(sampled),
            left_out=len(sampled.refused),
            snapshot_id=self._graph.snapshot_id,
        )

    def _node_type(self, name: str | None) -> NodeType:
        schema = self._graph.schema
        return schema.only_node_type("the explorer") if name is None else schema.node_type(name)

    def _make_sampler(
        self, direction: Direction, relations: tuple[int, ...], fanout: int
    ) -> NeighborSampler:
        kinds = self._graph.schema.relations
        fanouts = {kinds[number].relation: (fanout,) for number in relations}
        # Disjoint: a merged batch keeps a table of all nodes of the graph.
        return NeighborSampler(self._access, fanouts, direction, disjoint=True)

    def _examples(self, node_type: str) -> list[str]:
        """Some ids that lie far apart in the store."""
        count = self._access.book.num_nodes(node_type)
        gids = np.unique(np.linspace(0, max(0, count - 1), _EXAMPLES).astype(np.int64))[:count]
        return [str(node) for node in user_ids_of(self._access, node_type, gids).tolist()]

    def _nodes(self, sampled: SampledPart) -> tuple[DrawnNode, ...]:
        drawn: list[DrawnNode | None] = [None] * len(sampled.places)
        for name, gids in by_type(sampled.places).items():
            ids = user_ids_of(self._access, name, gids).tolist()
            labels = self._labels(name, gids)
            parts = self._access.book.owner(name, gids).tolist()
            for gid, node_id, label, part in zip(gids.tolist(), ids, labels, parts, strict=True):
                place = sampled.places[name, gid]
                drawn[place] = DrawnNode(name, str(node_id), label, sampled.hops[place], part)
        return tuple(node for node in drawn if node is not None)

    def _labels(self, node_type: str, gids: npt.NDArray[np.int64]) -> list[str]:
        column = naming_column(self._graph.schema.node_type(node_type))
        if column is None:
            return [""] * len(gids)
        names = to_arrow(node_column(self._access, node_type, column, gids)).to_pylist()
        return [_first_text(name) for name in names]

    def _edges(self, sampled: SampledPart) -> tuple[DrawnEdge, ...]:
        labels: dict[tuple[int, int], str] = {}
        for number in {relation for relation, _ in sampled.ends}:
            labels |= self._edge_labels(sampled, number)
        return tuple(
            DrawnEdge(*sampled.ends[key], *key, labels.get(key, "")) for key in sorted(sampled.ends)
        )

    def _edge_labels(self, sampled: SampledPart, number: int) -> dict[tuple[int, int], str]:
        kind = self._graph.schema.relations[number]
        column = _edge_naming_column(kind)
        if column is None:
            return {}
        labels: dict[tuple[int, int], str] = {}
        for direction in kind.stored_directions:
            keys = [
                key
                for key, (stored, _) in sampled.positions.items()
                if key[0] == number and stored == direction
            ]
            at = np.array([sampled.positions[key][1] for key in keys], np.int64)
            found = edge_column(self._access, kind.relation, direction, column, at)
            texts = [_first_text(name) for name in to_arrow(found).to_pylist()]
            labels.update(zip(keys, texts, strict=True))
        return labels


def parse_id(text: str, kind: NodeType) -> int | str:
    """A user's id from its text.

    Raises:
        ArgumentError: where it is no 64-bit integer, and the type's ids are integers.

    >>> parse_id("17", NodeType("paper", "int64"))
    17
    """
    if kind.id_kind == "string":
        return text
    if re.fullmatch(r"\s*-?[0-9]{1,19}\s*", text) and -(2**63) <= int(text) < 2**63:
        return int(text)
    raise ArgumentError(f"{text!r} is no integer, and the ids of {kind.name!r} are integers")


def naming_column(kind: NodeType) -> str | None:
    """The column that says what the nodes of a type are called; None where none seems to.

    >>> from graphray.schema import Column
    >>> naming_column(NodeType("n", "int64", (Column("x", "float"), Column("ex:name", "string"))))
    'ex:name'
    """
    texts = {
        re.split(r"[:/#]", column.name)[-1]: column.name
        for column in kind.columns
        if "string" in column.dtype
    }
    return next((texts[word] for word in _NAMING if word in texts), None)


def _edge_naming_column(kind: RelationType) -> str | None:
    names = [column.name for column in kind.columns]
    return next((name for name in _EDGE_NAMING if name in names), None)


def _first_text(value: Any) -> str:
    """A text, or the first of a list of texts."""
    if isinstance(value, list):
        value = value[0] if value else None
    return "" if value is None or isinstance(value, dict) else str(plain_json(value))
