"""Batches as PyTorch Geometric's data, under its own names; imported only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch_geometric.data import Data, HeteroData

from graphray.errors import ArgumentError
from graphray.sampling.links import Links
from graphray.sampling.tensors import as_tensor
from graphray.schema import Relation

if TYPE_CHECKING:
    from graphray.sampling.batch import Batch

ColumnNames = Sequence[str] | Mapping[Any, Sequence[str]]


def batch_to_pyg(
    batch: Batch,
    homogeneous: bool,
    features: ColumnNames,
    edge_features: ColumnNames,
    n_id: Mapping[str, Any],
) -> Data | HeteroData:
    """The batch under the attribute names of PyG's own loaders.

    Args:
        batch: the batch.
        homogeneous: whether to make a ``Data``.
        features: columns of nodes, by type where there are several.
        edge_features: columns of edges, by relation where there are several.
        n_id: what names the nodes, by type.
    """
    data = Data() if homogeneous else HeteroData()

    def store_of(name: Any) -> Any:
        return data if homogeneous else data[name]

    subgraph = batch.subgraph
    columns = _by_name("features", features, subgraph.nodes, homogeneous)
    for node_type, ids in n_id.items():
        _fill_nodes(store_of(node_type), batch, node_type, ids, columns.get(node_type, ()))
    columns = _by_name("edge_features", edge_features, subgraph.edges, homogeneous)
    for relation in subgraph.edges:
        _fill_edges(store_of(tuple(relation)), batch, relation, columns.get(relation, ()))
    if batch.links is None:
        _fill_seeds(store_of(batch.seed_type), batch)
    else:
        _fill_links(store_of, batch.links)
    return data


def _by_name(
    argument: str, columns: ColumnNames, names: Mapping[Any, Any], homogeneous: bool
) -> dict[Any, Sequence[str]]:
    """The columns of each type or relation; raises ArgumentError where it is not said whose."""
    if isinstance(columns, Mapping):
        return dict(columns)
    if columns and not homogeneous:
        raise ArgumentError(
            f"{argument} = {columns!r}; this graph has several types, so name the columns by type: "
            f"{{{next(iter(names))!r}: {list(columns)!r}}}"
        )
    return dict.fromkeys(names, columns)


def _fill_nodes(store: Any, batch: Batch, node_type: str, ids: Any, columns: Sequence[str]) -> None:
    store.num_nodes = len(ids)
    store.n_id = as_tensor(ids)
    for column, values in batch.feature_tensors(list(columns), node_type).items():
        store[column] = values
    store.num_sampled_nodes = list(batch.subgraph.nodes_per_hop[node_type])
    if batch.subgraph.trees is not None:
        store.batch = as_tensor(batch.subgraph.trees[node_type])


def _fill_edges(store: Any, batch: Batch, relation: Relation, columns: Sequence[str]) -> None:
    edges = batch.subgraph.edges[relation]
    store.edge_index = as_tensor(edges.edge_index)
    if edges.positions is not None:
        store.e_id = as_tensor(batch.edge_ids_of(relation))
    if edges.weights is not None:
        store.edge_weight = as_tensor(edges.weights)
    for column, values in batch.edge_feature_tensors(list(columns), relation).items():
        store[column] = values
    store.num_sampled_edges = list(edges.per_hop)


def _fill_seeds(store: Any, batch: Batch) -> None:
    store.batch_size = batch.num_seeds
    store.input_id = as_tensor(batch.seed_rows)
    if batch.seed_times is not None:
        store.seed_time = as_tensor(batch.seed_times)


def _fill_links(store_of: Callable[[Any], Any], links: Links) -> None:
    source, _, destination = links.relation
    edges = store_of(tuple(links.relation))
    edges.input_id = as_tensor(links.rows)
    if links.negative_destinations is None:
        edges.edge_label_index = as_tensor(links.edge_label_index)
        if links.edge_label is not None:
            edges.edge_label = as_tensor(links.edge_label)
        if links.times is not None:
            # A negative is looked at as of the time of the edge that it was made from.
            times = np.resize(links.times, links.edge_label_index.shape[1])
            edges.edge_label_time = as_tensor(times)
        return
    sources, destinations = links.edge_label_index
    others = links.negative_destinations
    others = others[:, 0] if others.shape[1] == 1 else others
    store_of(source).src_index = as_tensor(sources)
    store_of(destination).dst_pos_index = as_tensor(destinations)
    store_of(destination).dst_neg_index = as_tensor(others)
    if links.times is not None:
        for name in (source, destination):
            store_of(name).seed_time = as_tensor(links.times)
