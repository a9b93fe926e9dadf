"""A graph as PyG's ``GraphStore`` and ``FeatureStore``: read-only views, opened or running.

PyG's own loaders take the pair of them as their data. Features are read row by row where they are
needed; edges leave the graph only where PyG asks for a whole relation (``coo``, ``csc``, ``csr``).
A graph of one node type and one relation goes by PyG's rule that such have no type names.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch_geometric.data as pyg_data
from torch_geometric.data.graph_store import EdgeLayout

from graphray.client.graph import Graph
from graphray.errors import ArgumentError
from graphray.pyg.columns import node_tensor_columns
from graphray.reading.gather import node_columns
from graphray.sampling.input_order import gids_in_input_order, input_rows
from graphray.sampling.seed_edges import resolve_seed_edges
from graphray.sampling.tensors import column_tensor
from graphray.schema import require_column

_READ_ONLY = "a store of GraphRay is read-only; build a new version with graphray.build"


class FeatureStore(pyg_data.FeatureStore):
    """The node columns of a graph, by row of the build's input.

    Args:
        graph: the graph.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._graph = graph
        self._gids: dict[str, Any] = {}

    def get_all_tensor_attrs(self) -> list[Any]:
        """One for each column of numbers, or of vectors of numbers."""
        return [
            self._tensor_attr_cls(self._group(node_type), column)
            for node_type, columns in node_tensor_columns(self._graph).items()
            for column in columns
        ]

    def _get_tensor(self, attr: Any) -> Any:
        return self._multi_get_tensor([attr])[0]

    def _multi_get_tensor(self, attrs: list[Any]) -> list[Any]:
        """The columns asked for, those of the same rows in one call per owner."""
        groups: dict[tuple[Any, int], list[int]] = {}
        for number, attr in enumerate(attrs):
            groups.setdefault((attr.group_name, id(attr.index)), []).append(number)
        found: list[Any] = [None] * len(attrs)
        for numbers in groups.values():
            first = attrs[numbers[0]]
            columns = [attrs[number].attr_name for number in numbers]
            tensors = self._read(self._node_type(first.group_name), columns, first.index)
            for number, tensor in zip(numbers, tensors, strict=True):
                found[number] = tensor
        return found

    def _read(self, node_type: str, columns: list[str], index: Any) -> list[Any]:
        kind = self._graph.schema.node_type(node_type)
        owner = f"node type {node_type!r}"
        words = [require_column(kind.columns, column, owner).dtype for column in columns]
        if node_type not in self._gids:
            self._gids[node_type] = gids_in_input_order(self._graph.access, node_type)
        gids = self._gids[node_type]
        chosen = gids if index is None else np.atleast_1d(gids[_as_index(index)])
        found = node_columns(self._graph.access, node_type, columns, chosen)
        tensors = [
            column_tensor(found[column], word, column)
            for column, word in zip(columns, words, strict=True)
        ]
        return [tensor[0] for tensor in tensors] if isinstance(index, int) else tensors

    def _get_tensor_size(self, attr: Any) -> tuple[int, ...]:
        node_type = self._node_type(attr.group_name)
        if attr.index is not None:
            return tuple(self._get_tensor(attr).shape)
        (row,) = self._read(node_type, [attr.attr_name], slice(0, 1))
        return (self._graph.num_nodes(node_type), *row.shape[1:])

    def _put_tensor(self, tensor: Any, attr: Any) -> bool:
        raise ArgumentError(_READ_ONLY)

    def _remove_tensor(self, attr: Any) -> bool:
        raise ArgumentError(_READ_ONLY)

    def _group(self, node_type: str) -> str | None:
        return None if self._graph.schema.is_homogeneous else node_type

    def _node_type(self, group: Any) -> str:
        return self._graph.schema.only_node_type("features").name if group is None else str(group)


class GraphStore(pyg_data.GraphStore):
    """The relations of a graph, between rows of the build's input, in the input's order.

    Args:
        graph: the graph.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._graph = graph

    @property
    def graph(self) -> Graph:
        """The graph."""
        return self._graph

    def get_all_edge_attrs(self) -> list[Any]:
        """One for each relation, as coordinates."""
        schema = self._graph.schema
        return [
            self._edge_attr_cls(
                None if schema.is_homogeneous else tuple(kind.relation),
                EdgeLayout.COO,
                size=(
                    self._graph.num_nodes(kind.relation.source),
                    self._graph.num_nodes(kind.relation.destination),
                ),
            )
            for kind in schema.relations
        ]

    def _get_edge_index(self, edge_attr: Any) -> tuple[Any, Any] | None:
        if edge_attr.layout != EdgeLayout.COO:
            return None
        name = edge_attr.edge_type
        if name is None:
            name = self._graph.schema.relations[0].relation
        access = self._graph.access
        edges = resolve_seed_edges(access, tuple(name))
        source, _, destination = edges.relation
        return (
            torch.from_numpy(input_rows(access, source, edges.sources)),
            torch.from_numpy(input_rows(access, destination, edges.destinations)),
        )

    def _put_edge_index(self, edge_index: Any, edge_attr: Any) -> bool:
        raise ArgumentError(_READ_ONLY)

    def _remove_edge_index(self, edge_attr: Any) -> bool:
        raise ArgumentError(_READ_ONLY)


def _as_index(index: Any) -> Any:
    return index if isinstance(index, (int, slice)) else np.asarray(index)
