"""PyG's arguments in GraphRay's terms: indices, fanouts, columns, negatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from torch_geometric.sampler import NegativeSampling, NumNeighbors

from graphray.client.graph import Graph
from graphray.errors import ArgumentError, ColumnNotFound
from graphray.sampling.induced import Induced
from graphray.sampling.input_order import gids_in_input_order
from graphray.sampling.negatives import Negatives
from graphray.sampling.neighbors import Neighbors
from graphray.sampling.subgraph import SamplingPlan
from graphray.schema import Relation

Ints = npt.NDArray[np.int64]

_STRATEGIES: dict[str, Literal["uniform", "latest"]] = {"uniform": "uniform", "last": "latest"}


def sampling_plan(
    graph: Graph,
    num_neighbors: Any,
    *,
    replace: bool,
    subgraph_type: Any,
    disjoint: bool,
    temporal_strategy: str,
    time_attr: str | None,
    weight_attr: str | None,
    directed: bool,
) -> SamplingPlan:
    """How PyG's arguments of these names ask to sample.

    Raises:
        ArgumentError: where a value is none of PyG's, or is not supported.
        ColumnNotFound: where nothing has a column of that name.
    """
    kind = str(getattr(subgraph_type, "value", subgraph_type)) if directed else "induced"
    if kind not in ("directional", "induced"):
        raise ArgumentError(
            f"subgraph_type = {kind!r}; expected 'directional' or 'induced'. For edges in both "
            "directions add them to the graph, or to the batch by transform=ToUndirected()"
        )
    if temporal_strategy not in _STRATEGIES:
        raise ArgumentError(f"temporal_strategy = {temporal_strategy!r}; expected uniform or last")
    node_time, edge_time = _time_columns(graph, time_attr)
    plan = Neighbors(
        _fanout(graph, num_neighbors),
        replace=replace,
        weight=None if weight_attr is None else _edge_columns(graph, "weight_attr", weight_attr),
        node_time=node_time or None,
        edge_time=edge_time or None,
        time_strategy=_STRATEGIES[temporal_strategy] if time_attr is not None else "uniform",
        disjoint=disjoint,
    )
    return Induced(plan) if kind == "induced" else plan


def has_node_times(graph: Graph, time_attr: str | None, node_type: str) -> bool:
    """Whether a time attribute is a column of a node type."""
    return any(column.name == time_attr for column in graph.schema.node_type(node_type).columns)


def as_array(values: Any) -> npt.NDArray[Any] | None:
    """A tensor, list or array as an array; None for None."""
    return None if values is None else np.asarray(values)


def node_rows(graph: Graph, input_nodes: Any) -> tuple[str, Ints, Ints | None]:
    """PyG's ``input_nodes``: the node type, the rows, and what ``input_id`` counts where not those.

    Raises:
        ArgumentError: where a mask does not fit, or it is none of PyG's forms.
    """
    if isinstance(input_nodes, str):
        name, nodes = input_nodes, None
    elif isinstance(input_nodes, (tuple, list)) and len(input_nodes) == 2 and _is_name(input_nodes):
        name, nodes = input_nodes
    else:
        name, nodes = graph.schema.only_node_type("input_nodes").name, input_nodes
    count = graph.num_nodes(name)
    if nodes is None:
        return name, np.arange(count), None
    rows = np.asarray(nodes)
    if rows.dtype != np.bool_:
        return name, _checked_rows(rows, count, f"nodes of type {name!r}"), None
    if rows.shape != (count,):
        raise ArgumentError(
            f"the mask has the shape {rows.shape}; expected an entry for each of the {count} nodes "
            f"of type {name!r}"
        )
    rows = np.flatnonzero(rows)
    return name, rows, rows


def _is_name(pair: Any) -> bool:
    return isinstance(pair[0], str)


def gids_of_rows(graph: Graph, node_type: str, rows: Ints) -> Ints:
    """The global ids of nodes given by their rows in the build's input."""
    return gids_in_input_order(graph.access, node_type)[rows]


def seed_pairs(graph: Graph, edge_label_index: Any) -> tuple[Relation, tuple[Ints, Ints] | None]:
    """PyG's ``edge_label_index``: the relation, and the rows of sources and destinations, or None.

    Raises:
        ArgumentError: where it is none of PyG's forms, or a row is out of range.
    """
    name, pairs = _relation_and_pairs(graph, edge_label_index)
    relation = graph.schema.relation_type(name).relation
    if pairs is None:
        return relation, None
    rows = np.asarray(pairs)
    if rows.ndim != 2 or len(rows) != 2:
        raise ArgumentError(f"edge_label_index has the shape {rows.shape}; expected (2, edges)")
    source, destination = (
        _checked_rows(row, graph.num_nodes(node_type), f"nodes of type {node_type!r}")
        for row, node_type in zip(rows, (relation.source, relation.destination), strict=True)
    )
    return relation, (source, destination)


def negatives_of(neg_sampling: Any, ratio: float | None, node_time: str | None) -> Negatives | None:
    """PyG's negative sampling: both ends of binary negatives are drawn anew; none is an edge."""
    if ratio:
        neg_sampling = NegativeSampling("binary", ratio)
    if neg_sampling is None or isinstance(neg_sampling, Negatives):
        return neg_sampling
    wanted = NegativeSampling.cast(neg_sampling)
    if wanted.src_weight is not None or wanted.dst_weight is not None:
        raise ArgumentError(
            "src_weight and dst_weight are not supported; pass "
            "neg_sampling=graphray.Negatives(draw='degree', alpha=...)"
        )
    if wanted.is_triplet():
        return Negatives("triplet", amount=wanted.amount, node_time=node_time)
    return Negatives(amount=wanted.amount, corrupt="both", node_time=node_time)


def _relation_and_pairs(graph: Graph, edge_label_index: Any) -> tuple[Any, Any]:
    value = edge_label_index
    if isinstance(value, (tuple, list)) and value and isinstance(value[0], str):
        return tuple(value), None
    if (
        isinstance(value, (tuple, list))
        and len(value) == 2
        and isinstance(value[0], tuple)
        and isinstance(value[0][0], str)
    ):
        return value[0], value[1]
    if len(graph.schema.relations) != 1:
        graph.schema.relation_type("")  # says which there are
    return graph.schema.relations[0].relation, value


def _checked_rows(rows: npt.NDArray[Any], count: int, what: str) -> Ints:
    if rows.ndim != 1 or (len(rows) and rows.dtype.kind not in "iu"):
        raise ArgumentError(f"indices of {what} are {rows.dtype} of the shape {rows.shape}")
    if len(rows) and not (rows.min() >= 0 and rows.max() < count):
        raise ArgumentError(
            f"indices of {what} go from {rows.min()} to {rows.max()}; expected 0 to {count - 1}"
        )
    return rows.astype(np.int64)


def _fanout(graph: Graph, num_neighbors: Any) -> Any:
    if isinstance(num_neighbors, NumNeighbors):
        relations = [tuple(kind.relation) for kind in graph.schema.relations]
        return num_neighbors.get_values(None if graph.schema.is_homogeneous else relations)
    if isinstance(num_neighbors, Mapping):
        return {tuple(relation): draws for relation, draws in num_neighbors.items()}
    return num_neighbors


def _time_columns(
    graph: Graph, time_attr: str | None
) -> tuple[dict[str, str], dict[tuple[str, str, str] | str, str]]:
    """The node types, or the relations, that have the time attribute."""
    if time_attr is None:
        return {}, {}
    names = graph.schema.node_type_names
    of_nodes = {name: time_attr for name in names if has_node_times(graph, time_attr, name)}
    of_edges = _relations_with(graph, time_attr)
    if of_nodes and of_edges:
        raise ArgumentError(
            f"time_attr = {time_attr!r} is a column of {', '.join(of_nodes)} and of "
            f"{', '.join(map(str, of_edges))}; it has to be of nodes or of edges"
        )
    if not of_nodes and not of_edges:
        raise ColumnNotFound(
            f"time_attr = {time_attr!r} is a column of no node type and no relation",
            column=time_attr,
        )
    return of_nodes, of_edges


def _edge_columns(graph: Graph, name: str, column: str) -> dict[tuple[str, str, str] | str, str]:
    found = _relations_with(graph, column)
    if not found:
        raise ColumnNotFound(f"{name} = {column!r} is a column of no relation", column=column)
    return found


def _relations_with(graph: Graph, column: str) -> dict[tuple[str, str, str] | str, str]:
    return {
        kind.relation: column
        for kind in graph.schema.relations
        if column in (each.name for each in kind.columns)
    }
