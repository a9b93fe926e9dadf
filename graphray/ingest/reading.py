"""From the arguments of a build to one graph: what was passed for which relation and node type."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from graphray.errors import ArgumentError, RelationNotFound
from graphray.ingest.graph import InputGraph, MissingNodes, assemble
from graphray.ingest.inputs import read_edges, read_nodes
from graphray.schema import DEFAULT_NODE_TYPE, DEFAULT_RELATION, Relation


class HasDirection(Protocol):
    """Edges that may say themselves whether they have a direction."""

    @property
    def directed(self) -> bool | None:
        """What the input says; None where it says nothing."""
        ...


Edges = TypeVar("Edges", bound=HasDirection)
Nodes = TypeVar("Nodes")


@dataclass(frozen=True)
class GraphInputs(Generic[Edges, Nodes]):
    """What was passed for each relation and node type.

    Attributes:
        relations: the edges.
        tables: the node tables of those types that have one.
        directed: for every relation.
    """

    relations: Mapping[Relation, Edges]
    tables: Mapping[str, Nodes]
    directed: Mapping[Relation, bool]


Directed: TypeAlias = bool | Mapping[tuple[str, str, str], bool] | None


def read_graph(
    edges: Any,
    nodes: Any = None,
    *,
    directed: Directed = None,
    missing_nodes: MissingNodes = "error",
    src: str | None = None,
    dst: str | None = None,
) -> InputGraph:
    """Read a whole graph; the arguments are those of `graphray.build`.

    Raises:
        InputError: where the data is wrong, naming file, row and column.
        ArgumentError: where an argument is, or the node types of the two do not fit together.

    Example:
        >>> graph = read_graph([("ada", "bob"), ("bob", "cy")])
        >>> graph.nodes["node"].ids.to_pylist()
        ['ada', 'bob', 'cy']
    """
    inputs = collect_inputs(
        edges, nodes, directed, missing_nodes, partial(read_edges, src=src, dst=dst), read_nodes
    )
    return assemble(inputs.relations, inputs.tables, inputs.directed, missing_nodes)


def collect_inputs(
    edges: Any,
    nodes: Any,
    directed: Directed,
    missing_nodes: MissingNodes,
    read_relation: Callable[[Any, str], Edges],
    read_table: Callable[[Any, str], Nodes],
) -> GraphInputs[Edges, Nodes]:
    """Sort out what was passed for which relation and type, and read each with a reader.

    Args:
        edges: as in `graphray.build`; so are ``nodes``, ``directed`` and ``missing_nodes``.
        nodes: see there.
        directed: see there.
        missing_nodes: see there.
        read_relation: called with a relation's edges, and what to call them in messages.
        read_table: likewise with a type's nodes.

    Raises:
        ArgumentError: where an argument is wrong, or the node types of the two do not fit together.
        RelationNotFound: where ``directed`` names a relation that is not there.
    """
    if missing_nodes not in ("error", "add"):
        raise ArgumentError(f"missing_nodes = {missing_nodes!r}; expected 'error' or 'add'")
    if isinstance(edges, Mapping):
        relations = {
            _relation(triple): read_relation(table, f"edges[{triple!r}]")
            for triple, table in edges.items()
        }
    else:
        relations = {DEFAULT_RELATION: read_relation(edges, "edges")}
    tables = _read_node_tables(nodes, relations, read_table)
    if nodes is not None and missing_nodes == "error":
        _check_endpoints(relations, tables)
    return GraphInputs(relations, tables, _directions(relations, directed))


def _relation(triple: Any) -> Relation:
    if not (isinstance(triple, tuple) and len(triple) == 3 and all(map(_is_name, triple))):
        raise ArgumentError(
            f"relation {triple!r}; expected (source type, name, destination type), three strings"
        )
    return Relation(*triple)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _read_node_tables(
    nodes: Any, inputs: Iterable[Relation], read_table: Callable[[Any, str], Nodes]
) -> dict[str, Nodes]:
    if nodes is None:
        return {}
    if isinstance(nodes, Mapping):
        for name in nodes:
            if not _is_name(name):
                raise ArgumentError(f"node type {name!r}; expected a string")
        return {name: read_table(table, f"nodes[{name!r}]") for name, table in nodes.items()}
    types = {name for relation in inputs for name in (relation.source, relation.destination)}
    if len(types) > 1:
        raise ArgumentError(
            f"the relations have several node types ({', '.join(sorted(types))}); pass nodes as "
            "{type: table}"
        )
    return {(types or {DEFAULT_NODE_TYPE}).pop(): read_table(nodes, "nodes")}


def _check_endpoints(inputs: Iterable[Relation], tables: Collection[str]) -> None:
    for relation in inputs:
        for end in (relation.source, relation.destination):
            if end not in tables:
                raise ArgumentError(
                    f"relation {relation} has the node type {end!r}, which nodes lacks; it has: "
                    f'{", ".join(tables) or "none"}. Pass its table, or missing_nodes="add"'
                )


def _directions(
    inputs: Mapping[Relation, HasDirection], directed: Directed
) -> dict[Relation, bool]:
    asked = directed if isinstance(directed, Mapping) else dict.fromkeys(inputs, directed)
    for relation in asked:
        if relation not in inputs:
            raise RelationNotFound(
                f"directed names the relation {relation!r}; there are: "
                f"{', '.join(map(str, inputs))}",
                relation=relation,
            )
    answer: dict[Relation, bool] = {}
    for relation, edges in inputs.items():
        said = asked.get(relation)
        # The input's own word counts where the caller says nothing; most forms have none.
        answer[relation] = edges.directed is not False if said is None else said
    for relation in inputs:
        if not answer[relation] and relation.source != relation.destination:
            raise ArgumentError(
                f"relation {relation} cannot be undirected: its two ends are of different types"
            )
    return answer
