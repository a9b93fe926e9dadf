"""GraphRay's sampler behind PyG's interface, for PyG's own loaders.

Their batches carry no number, so the random streams follow PyTorch's generator instead: set it with
``torch.manual_seed``, as for PyG's own sampler. For batches that are functions of epoch and number
take `graphray.pyg.NeighborLoader`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch_geometric.sampler import (
    BaseSampler,
    EdgeSamplerInput,
    HeteroSamplerOutput,
    NegativeSampling,
    NodeSamplerInput,
    SamplerOutput,
)
from torch_geometric.sampler.neighbor_sampler import edge_sample, node_sample

from graphray.client.graph import Graph
from graphray.pyg.arguments import sampling_plan
from graphray.sampling.batch import Batch
from graphray.sampling.input_order import gids_in_input_order
from graphray.sampling.streams import BatchStream
from graphray.sampling.subgraph import SampledSubgraph, Seeds

Ints = npt.NDArray[np.int64]


class NeighborSampler(BaseSampler):
    """PyG's ``BaseSampler`` over a graph, in the place of its ``NeighborSampler``.

    Args:
        graph: the graph.
        num_neighbors: as in `graphray.pyg.NeighborLoader`, like all that follow.
        replace: see there.
        subgraph_type: see there.
        disjoint: see there.
        temporal_strategy: see there.
        time_attr: see there.
        weight_attr: see there.
    """

    def __init__(
        self,
        graph: Graph,
        num_neighbors: Any,
        *,
        replace: bool = False,
        subgraph_type: Any = "directional",
        disjoint: bool = False,
        temporal_strategy: str = "uniform",
        time_attr: str | None = None,
        weight_attr: str | None = None,
    ) -> None:
        self._graph = graph
        self._homogeneous = graph.schema.is_homogeneous
        plan = sampling_plan(
            graph,
            num_neighbors,
            replace=replace,
            subgraph_type=subgraph_type,
            disjoint=disjoint,
            temporal_strategy=temporal_strategy,
            time_attr=time_attr,
            weight_attr=weight_attr,
            directed=True,
        )
        self._sampler = plan.make_sampler(graph.access)
        self._disjoint = disjoint or time_attr is not None
        self._gids: dict[str, Ints] = {}

    @property
    def edge_permutation(self) -> None:
        """None: edges are named by their rows in the build's input already."""
        return

    def sample_from_nodes(
        self, index: NodeSamplerInput, **kwargs: Any
    ) -> SamplerOutput | HeteroSamplerOutput:
        """The neighbourhood of some nodes."""
        return node_sample(index, self._sample)

    def sample_from_edges(
        self,
        index: EdgeSamplerInput,
        neg_sampling: NegativeSampling | None = None,
        **kwargs: Any,
    ) -> SamplerOutput | HeteroSamplerOutput:
        """The neighbourhood of the ends of some edges, with PyG's own negatives."""
        names = self._graph.schema.node_type_names
        num_nodes: Any = {name: self._graph.num_nodes(name) for name in names}
        if self._homogeneous:
            num_nodes = num_nodes[names[0]]
        return edge_sample(
            index, self._sample, num_nodes, self._disjoint, None, neg_sampling=neg_sampling
        )

    def _sample(self, seed: Any, seed_time: Any = None) -> SamplerOutput | HeteroSamplerOutput:
        (only, *_) = self._graph.schema.node_type_names
        by_type = seed if isinstance(seed, dict) else {only: seed}
        times = seed_time if isinstance(seed_time, dict) or seed_time is None else {only: seed_time}
        nodes = {name: self._gids_of(name)[rows.numpy()] for name, rows in by_type.items()}
        when = None if times is None else {name: each.numpy() for name, each in times.items()}
        # A word of PyTorch's generator: what torch.manual_seed decides, here and in its workers.
        word = int(torch.randint(2**63 - 1, ()))
        subgraph = self._sampler.sample(Seeds(nodes, when), BatchStream(word, 0, 0))
        return self._output(subgraph)

    def _output(self, subgraph: SampledSubgraph) -> SamplerOutput | HeteroSamplerOutput:
        (first, *_) = subgraph.nodes
        batch = Batch(self._graph.access, subgraph, first, 0, 0, np.zeros(0, np.int64))
        ends = {
            tuple(relation): torch.from_numpy(np.ascontiguousarray(edges.edge_index))
            for relation, edges in subgraph.edges.items()
        }
        fields: dict[str, dict[Any, Any]] = {
            "node": {n: torch.from_numpy(rows) for n, rows in batch.node_rows_by_type.items()},
            "row": {relation: index[0] for relation, index in ends.items()},
            "col": {relation: index[1] for relation, index in ends.items()},
            "edge": {tuple(r): torch.from_numpy(batch.edge_ids_of(r)) for r in subgraph.edges},
            "num_sampled_nodes": {n: list(hops) for n, hops in subgraph.nodes_per_hop.items()},
            "num_sampled_edges": {tuple(r): list(e.per_hop) for r, e in subgraph.edges.items()},
        }
        if subgraph.trees is not None:
            fields["batch"] = {n: torch.from_numpy(trees) for n, trees in subgraph.trees.items()}
        if not self._homogeneous:
            return HeteroSamplerOutput(**fields)
        return SamplerOutput(**{name: next(iter(field.values())) for name, field in fields.items()})

    def _gids_of(self, node_type: str) -> Ints:
        if node_type not in self._gids:
            self._gids[node_type] = gids_in_input_order(self._graph.access, node_type)
        return self._gids[node_type]
