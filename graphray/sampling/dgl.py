"""Batches as DGL's message-flow blocks; imported only when asked for.

A block holds the edges along which one layer passes messages. The sampler draws for each node once,
in the hop that follows the one that found it, so layer by layer, from the inputs to the seeds, the
blocks get smaller: the last has the first hop's edges and the seeds as destinations, the one before
it the edges of the first two hops, and so on. This is what PyG's ``trim_to_layer`` computes with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dgl
import numpy as np
import torch

from graphray.errors import ArgumentError
from graphray.sampling.subgraph import SampledEdges

if TYPE_CHECKING:
    from graphray.sampling.batch import Batch


def batch_to_blocks(batch: Batch) -> list[Any]:
    """One block per hop, the one that the inputs go into first.

    Nodes carry ``dgl.NID``, their rows in the build's input, edges ``dgl.EID``, likewise.

    Raises:
        ArgumentError: where messages would flow from the seeds outwards, or hops were not counted.
    """
    subgraph = batch.subgraph
    if subgraph.direction != "in":
        raise ArgumentError(
            "the batch was sampled with direction='out', against the flow of messages to its "
            "seeds; blocks need direction='in'"
        )
    nodes = {name: np.cumsum(counts) for name, counts in subgraph.nodes_per_hop.items()}
    num_hops = max(map(len, nodes.values())) - 1
    for relation, edges in subgraph.edges.items():
        if not _goes_by_hops(edges, nodes[relation.destination], num_hops):
            raise ArgumentError(
                f"the batch's edges of {relation} were not sampled hop by hop, so it has no "
                "blocks; use edge_index"
            )
    return [_block(batch, nodes, hop) for hop in reversed(range(num_hops))]


def _goes_by_hops(edges: SampledEdges, nodes: Any, num_hops: int) -> bool:
    """Whether the edges of each hop lead to nodes that earlier hops had found."""
    if len(edges.per_hop) != num_hops or len(nodes) != num_hops + 1:
        return False
    found_before = np.repeat(nodes[:-1], edges.per_hop)
    return bool(np.all(edges.edge_index[1] < found_before))


def _block(batch: Batch, nodes: dict[str, Any], hop: int) -> Any:
    """The block of the edges of hops 0 to ``hop``."""
    edges: dict[tuple[str, ...], Any] = {}
    edge_ids: dict[tuple[str, ...], Any] = {}
    for relation, sampled in batch.subgraph.edges.items():
        count = sum(sampled.per_hop[: hop + 1])
        source, destination = torch.from_numpy(np.ascontiguousarray(sampled.edge_index[:, :count]))
        edges[tuple(relation)] = (source, destination)
        if sampled.positions is not None:
            edge_ids[tuple(relation)] = torch.from_numpy(batch.edge_ids_of(relation)[:count])
    inputs = {name: int(counts[hop + 1]) for name, counts in nodes.items()}
    outputs = {name: int(counts[hop]) for name, counts in nodes.items()}
    block = dgl.create_block(edges, num_src_nodes=inputs, num_dst_nodes=outputs)
    rows = {name: torch.from_numpy(rows) for name, rows in batch.node_rows_by_type.items()}
    for name in nodes:
        block.srcnodes[name].data[dgl.NID] = rows[name][: inputs[name]]
        block.dstnodes[name].data[dgl.NID] = rows[name][: outputs[name]]
    for triple, ids in edge_ids.items():
        block.edges[triple].data[dgl.EID] = ids
    return block
