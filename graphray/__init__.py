"""GraphRay: graphs larger than one machine, on Ray.

Names are imported when they are first used, so that ``import graphray`` is fast and brings in
neither Ray nor NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphray.bfloat16 import bfloat16_array
    from graphray.building.builder import build
    from graphray.client.graph import Graph, Node
    from graphray.client.launcher import launch
    from graphray.client.opened import open
    from graphray.client.running import connect, running_graphs
    from graphray.config import CallPolicy, LaunchOptions
    from graphray.errors import GraphRayError
    from graphray.kinds.hierarchy import HierarchicalKnowledgeGraph
    from graphray.kinds.hypergraph import Hypergraph
    from graphray.kinds.knowledge import KnowledgeGraph
    from graphray.kinds.metagraph import Metagraph
    from graphray.kinds.property import PropertyGraph
    from graphray.reading.node_cache import CacheCounts
    from graphray.reading.ragged import RaggedArray
    from graphray.sampling.ancestors import WithAncestors
    from graphray.sampling.batch import Batch
    from graphray.sampling.clusters import Clusters
    from graphray.sampling.hyperedges import Hyperedges
    from graphray.sampling.importance import ImportanceNeighbors
    from graphray.sampling.induced import Induced
    from graphray.sampling.labor import Labor
    from graphray.sampling.link_batch import LinkBatch
    from graphray.sampling.loader import Loader
    from graphray.sampling.metapath_neighbors import MetapathNeighbors
    from graphray.sampling.negatives import Negatives
    from graphray.sampling.neighbors import Neighbors
    from graphray.sampling.pagerank import PageRankNeighbors
    from graphray.sampling.random_walks import RandomWalks, WalkBatch
    from graphray.schema import GraphSchema, NodeType, Relation, RelationType
    from graphray.status import CacheStatus, GraphStatus, ReplicaStatus
    from graphray.store.backup import restore

__version__ = "0.1.0"

_HOME = {
    "Batch": "graphray.sampling.batch",
    "CacheCounts": "graphray.reading.node_cache",
    "CacheStatus": "graphray.status",
    "CallPolicy": "graphray.config",
    "Clusters": "graphray.sampling.clusters",
    "Graph": "graphray.client.graph",
    "GraphRayError": "graphray.errors",
    "GraphSchema": "graphray.schema",
    "GraphStatus": "graphray.status",
    "HierarchicalKnowledgeGraph": "graphray.kinds.hierarchy",
    "Hyperedges": "graphray.sampling.hyperedges",
    "Hypergraph": "graphray.kinds.hypergraph",
    "ImportanceNeighbors": "graphray.sampling.importance",
    "Induced": "graphray.sampling.induced",
    "KnowledgeGraph": "graphray.kinds.knowledge",
    "Labor": "graphray.sampling.labor",
    "LaunchOptions": "graphray.config",
    "LinkBatch": "graphray.sampling.link_batch",
    "Loader": "graphray.sampling.loader",
    "Metagraph": "graphray.kinds.metagraph",
    "MetapathNeighbors": "graphray.sampling.metapath_neighbors",
    "Negatives": "graphray.sampling.negatives",
    "Neighbors": "graphray.sampling.neighbors",
    "Node": "graphray.client.graph",
    "NodeType": "graphray.schema",
    "PageRankNeighbors": "graphray.sampling.pagerank",
    "PropertyGraph": "graphray.kinds.property",
    "RaggedArray": "graphray.reading.ragged",
    "RandomWalks": "graphray.sampling.random_walks",
    "Relation": "graphray.schema",
    "RelationType": "graphray.schema",
    "ReplicaStatus": "graphray.status",
    "WalkBatch": "graphray.sampling.random_walks",
    "WithAncestors": "graphray.sampling.ancestors",
    "bfloat16_array": "graphray.bfloat16",
    "build": "graphray.building.builder",
    "connect": "graphray.client.running",
    "launch": "graphray.client.launcher",
    "open": "graphray.client.opened",
    "restore": "graphray.store.backup",
    "running_graphs": "graphray.client.running",
}

__all__ = [
    "Batch",
    "CacheCounts",
    "CacheStatus",
    "CallPolicy",
    "Clusters",
    "Graph",
    "GraphRayError",
    "GraphSchema",
    "GraphStatus",
    "HierarchicalKnowledgeGraph",
    "Hyperedges",
    "Hypergraph",
    "ImportanceNeighbors",
    "Induced",
    "KnowledgeGraph",
    "Labor",
    "LaunchOptions",
    "LinkBatch",
    "Loader",
    "Metagraph",
    "MetapathNeighbors",
    "Negatives",
    "Neighbors",
    "Node",
    "NodeType",
    "PageRankNeighbors",
    "PropertyGraph",
    "RaggedArray",
    "RandomWalks",
    "Relation",
    "RelationType",
    "ReplicaStatus",
    "WalkBatch",
    "WithAncestors",
    "bfloat16_array",
    "build",
    "connect",
    "launch",
    "open",
    "restore",
    "running_graphs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'graphray' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
