"""From the arguments of a build to one graph: what was passed for which relation and node type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from graphray.errors import ArgumentError, RelationNotFound
from graphray.ingest.graph import InputGraph, MissingNodes, assemble
from graphray.ingest.inputs import EdgeInput, read_edges, read_nodes
from graphray.ingest.source import Source
from graphray.schema import DEFAULT_NODE_TYPE, DEFAULT_RELATION, Relation

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
    if missing_nodes not in ("error", "add"):
        raise ArgumentError(f"missing_nodes = {missing_nodes!r}; expected 'error' or 'add'")
    if isinstance(edges, Mapping):
        inputs = {
            _relation(triple): read_edges(table, f"edges[{triple!r}]", src, dst)
            for triple, table in edges.items()
        }
    else:
        inputs = {DEFAULT_RELATION: read_edges(edges, "edges", src, dst)}
    tables = _read_node_tables(nodes, inputs)
    if nodes is not None and missing_nodes == "error":
        _check_endpoints(inputs, tables)
    return assemble(inputs, tables, _directions(inputs, directed), missing_nodes)


def _relation(triple: Any) -> Relation:
    if not (isinstance(triple, tuple) and len(triple) == 3 and all(map(_is_name, triple))):
        raise ArgumentError(
            f"relation {triple!r}; expected (source type, name, destination type), three strings"
        )
    return Relation(*triple)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _read_node_tables(nodes: Any, inputs: Mapping[Relation, EdgeInput]) -> dict[str, Source]:
    if nodes is None:
        return {}
    if isinstance(nodes, Mapping):
        for name in nodes:
            if not _is_name(name):
                raise ArgumentError(f"node type {name!r}; expected a string")
        return {name: read_nodes(table, f"nodes[{name!r}]") for name, table in nodes.items()}
    types = {name for relation in inputs for name in (relation.source, relation.destination)}
    if len(types) > 1:
        raise ArgumentError(
            f"the relations have several node types ({', '.join(sorted(types))}); pass nodes as "
            "{type: table}"
        )
    return {(types or {DEFAULT_NODE_TYPE}).pop(): read_nodes(nodes, "nodes")}


def _check_endpoints(inputs: Mapping[Relation, EdgeInput], tables: Mapping[str, Source]) -> None:
    for relation in inputs:
        for end in (relation.source, relation.destination):
            if end not in tables:
                raise ArgumentError(
                    f"relation {relation} has the node type {end!r}, which nodes lacks; it has: "
                    f'{", ".join(tables) or "none"}. Pass its table, or missing_nodes="add"'
                )


def _directions(inputs: Mapping[Relation, EdgeInput], directed: Directed) -> dict[Relation, bool]:
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
