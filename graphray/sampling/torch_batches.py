"""Batches as plain torch tensors, for training loops without PyG; imported only when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from torch.utils.data import IterableDataset, get_worker_info

from graphray.errors import ArgumentError
from graphray.sampling.tensors import as_tensor

if TYPE_CHECKING:
    from graphray.sampling.batch import Batch
    from graphray.sampling.loader import Loader

Convert = Callable[[Any], Any]


class TorchBatches(IterableDataset):
    """A loader as torch's ``IterableDataset``: each ``for`` over it is the next epoch.

    A ``DataLoader`` around it takes ``batch_size=None`` (batches are batches already) and no worker
    processes: the loader's own threads (``in_flight``, ``prefetch``) do their work.

    Args:
        loader: the loader.
        convert: what is handed out of each batch; called where the batch is sampled.
    """

    def __init__(self, loader: Loader[Any], convert: Convert) -> None:
        super().__init__()
        self.loader = loader
        self._convert = convert

    def __len__(self) -> int:
        """Batches in an epoch that this rank makes."""
        return len(self.loader)

    def __iter__(self) -> Iterator[Any]:
        if get_worker_info() is not None:
            raise ArgumentError(
                "num_workers > 0: every worker process would sample the whole epoch; leave it at 0 "
                "and give the loader in_flight and prefetch instead"
            )
        return self.loader.prepared(self._convert)

    def state_dict(self) -> dict[str, Any]:
        """See `graphray.Loader.state_dict`."""
        return self.loader.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """See `graphray.Loader.load_state_dict`."""
        self.loader.load_state_dict(state)


def tensors_of(
    batch: Batch, features: Mapping[str, list[str]], edge_features: Mapping[Any, list[str]]
) -> dict[str, Any]:
    """A batch as tensors under the names of its attributes.

    Arrays that the batch owns are shared, not copied. What is a dictionary by type in the batch is
    one here.
    """
    found: dict[str, Any] = {
        "nodes": _tensors(batch.nodes),
        "edge_index": _tensors(batch.edge_index),
        "num_seeds": batch.num_seeds,
        "num_sampled_nodes": batch.num_sampled_nodes,
        "num_sampled_edges": batch.num_sampled_edges,
        "features": {
            name: batch.feature_tensors(list(columns), name) for name, columns in features.items()
        },
        "edge_features": {
            relation: batch.edge_feature_tensors(list(columns), relation)
            for relation, columns in edge_features.items()
        },
    }
    if all(edges.positions is not None for edges in batch.subgraph.edges.values()):
        found["edge_ids"] = _tensors(batch.edge_ids)
    for name in ("trees", "edge_weights"):
        value = getattr(batch, name)
        if value is not None:
            found[name] = _tensors(value)
    if batch.links is not None:
        found["edge_label_index"] = as_tensor(batch.links.edge_label_index)
        if batch.links.edge_label is not None:
            found["edge_label"] = as_tensor(batch.links.edge_label)
        if batch.links.negative_destinations is not None:
            found["dst_neg_index"] = as_tensor(batch.links.negative_destinations)
    return found


def _tensors(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return as_tensor(value)
    return {name: as_tensor(array) for name, array in value.items()}
