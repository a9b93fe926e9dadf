"""Taking edges out of a sampled subgraph: a model must not be shown the edges it is to predict.

The rule goes by the two ends: every edge of the relation between the ends of a seed edge leaves,
parallel ones too, since each of them gives the answer away; so does, in the relation that holds the
reverses, every edge the other way round. Nodes stay, also those that only such an edge led to.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from graphray.sampling.pairs import Pairs, PairSet
from graphray.sampling.subgraph import SampledEdges, SampledSubgraph
from graphray.schema import Relation


def without_edges(subgraph: SampledSubgraph, relation: Relation, pairs: Pairs) -> SampledSubgraph:
    """The subgraph without the edges of a relation that lead from a pair's source to its other end.

    A relation that was not sampled loses nothing.
    """
    edges = subgraph.edges.get(relation)
    if edges is None or len(pairs) == 0:
        return subgraph
    sources, destinations = edges.edge_index
    shown = PairSet(pairs).holds(
        subgraph.nodes[relation.source],
        sources,
        subgraph.nodes[relation.destination],
        destinations,
    )
    return replace(subgraph, edges={**subgraph.edges, relation: _only(edges, ~shown)})


def _only(edges: SampledEdges, kept: npt.NDArray[np.bool_]) -> SampledEdges:
    """The edges that are kept (``bool[edges]``)."""
    if kept.all():
        return edges
    ends = np.cumsum(edges.per_hop, dtype=np.int64)
    counted = np.concatenate([[0], np.cumsum(kept)])
    per_hop = np.diff(counted[ends], prepend=0)
    return replace(
        edges,
        edge_index=np.ascontiguousarray(edges.edge_index[:, kept]),
        positions=None if edges.positions is None else edges.positions[kept],
        per_hop=tuple(int(count) for count in per_hop),
        weights=None if edges.weights is None else edges.weights[kept],
    )
