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

Ints = npt.NDArray[np.int64]


def without_edges(subgraph: SampledSubgraph, relation: Relation, pairs: Pairs) -> SampledSubgraph:
    """The subgraph without the edges of a relation that lead from a pair's source to its other end.

    A relation that was not sampled loses nothing.
    """
    edges = subgraph.edges.get(relation)
    if edges is None or len(pairs) == 0:
        return subgraph
    sources, destinations = edges.edge_index
    nodes = {name: subgraph.nodes[name] for name in (relation.source, relation.destination)}
    if subgraph.trees is None:
        # Each node stands once, and the ends of the pairs are the first ones: the seeds.
        nodes = {name: nodes[name][: subgraph.nodes_per_hop[name][0]] for name in nodes}
    from_, to = nodes[relation.source], nodes[relation.destination]
    possible = np.flatnonzero((sources < len(from_)) & (destinations < len(to)))
    held = PairSet(pairs).holds(from_, sources[possible], to, destinations[possible])
    shown = possible[held]
    return replace(subgraph, edges={**subgraph.edges, relation: _without(edges, shown)})


def _without(edges: SampledEdges, left_out: Ints) -> SampledEdges:
    """The edges but for those of some numbers, which rise."""
    if len(left_out) == 0:
        return edges
    kept = np.delete(np.arange(edges.edge_index.shape[1]), left_out)
    hops = np.searchsorted(np.cumsum(edges.per_hop), left_out, side="right")
    lost = np.bincount(hops, minlength=len(edges.per_hop))
    return replace(
        edges,
        edge_index=edges.edge_index.take(kept, axis=1),
        positions=None if edges.positions is None else edges.positions[kept],
        per_hop=tuple(int(n) for n in np.subtract(edges.per_hop, lost)),
        weights=None if edges.weights is None else edges.weights[kept],
    )
