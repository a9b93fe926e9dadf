"""Batches as PyTorch Geometric's data objects; imported only when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch_geometric.data import Data, HeteroData

from graphray.errors import ArgumentError

if TYPE_CHECKING:
    from graphray.sampling.batch import Batch


def batch_to_pyg(batch: Batch, homogeneous: bool, features: Any) -> Data | HeteroData:
    """The batch under PyG's own attribute names, such as ``edge_index`` and ``batch_size``.

    ``n_id`` holds users' ids: a tensor where they are integers, a list where they are strings.
    """
    if not homogeneous and features and not isinstance(features, Mapping):
        raise ArgumentError(
            f"features = {features!r}; this graph has several node types, so name the columns by "
            "type: {'paper': ['x']}"
        )
    return _to_data(batch, features) if homogeneous else _to_hetero_data(batch, features or {})


def _to_data(batch: Batch, features: Any) -> Data:
    ((node_type, nodes),) = batch.nodes_by_type.items()
    data = Data(edge_index=_tensor(batch.edge_index), e_id=_tensor(batch.edge_ids))
    _fill(data, batch, node_type, nodes, features)
    data.batch_size = batch.num_seeds
    data.num_sampled_nodes = list(batch.num_sampled_nodes)
    data.num_sampled_edges = list(batch.num_sampled_edges)
    return data


def _to_hetero_data(batch: Batch, features: Mapping[str, Any]) -> HeteroData:
    data = HeteroData()
    nodes_per_hop: Any = batch.num_sampled_nodes
    edges_per_hop: Any = batch.num_sampled_edges
    for node_type, nodes in batch.nodes_by_type.items():
        _fill(data[node_type], batch, node_type, nodes, features.get(node_type, ()))
        data[node_type].num_sampled_nodes = list(nodes_per_hop[node_type])
    data[batch.seed_type].batch_size = batch.num_seeds
    edge_ids: Any = batch.edge_ids
    edge_index: Any = batch.edge_index
    for relation, index in edge_index.items():
        store = data[tuple(relation)]
        store.edge_index = _tensor(index)
        store.e_id = _tensor(edge_ids[relation])
        store.num_sampled_edges = list(edges_per_hop[relation])
    return data


def _fill(store: Any, batch: Batch, node_type: str, nodes: Any, features: Any) -> None:
    store.num_nodes = len(nodes)
    store.n_id = _tensor(nodes)
    for column in features:
        store[column] = _tensor(batch.features(column, node_type))


def _tensor(array: Any) -> Any:
    if array.dtype == object:
        return array.tolist()
    # torch has no read-only tensors; what is mapped must not be written through one.
    return torch.from_numpy(array if array.flags.writeable else np.array(array))
