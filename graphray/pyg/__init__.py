"""PyTorch Geometric on a graph of GraphRay: its loaders, and its stores.

`NeighborLoader` and `LinkNeighborLoader` take the place of PyG's: the same arguments, with a graph
for the data, and the same attributes on the batches. `GraphStore`, `FeatureStore` and
`NeighborSampler` are PyG's own interfaces, for code that brings its own loader.

A node's index is its row in the build's input, an edge's likewise, as in a ``Data`` made of the
same tables: ``graph.node_ids(order="input")[n_id]`` are the users' ids. So masks and index tensors
that fit the input fit here.
"""

from __future__ import annotations

from graphray.errors import missing_dependency

try:
    from graphray.pyg.loaders import LinkNeighborLoader, NeighborLoader
    from graphray.pyg.sampler import NeighborSampler
    from graphray.pyg.stores import FeatureStore, GraphStore
except ImportError as error:
    raise missing_dependency("torch_geometric", "torch", "graphray.pyg") from error

__all__ = [
    "FeatureStore",
    "GraphStore",
    "LinkNeighborLoader",
    "NeighborLoader",
    "NeighborSampler",
]
