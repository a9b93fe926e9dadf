"""One peer, timed in this process; run by `benchmarks.peers`, maybe under another Python.

Needs nothing but NumPy and the peer. Prints one line of JSON: the edges sampled and the seconds
they took, or why the peer was skipped.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

WARM_UP_BATCHES = 2

SampleBatch = Callable[[Any], int]
"""Samples one batch of seeds and returns the number of edges drawn."""


def pyg_lib(folder: str, fanout: list[int]) -> SampleBatch:
    """``pyg_lib.sampler.neighbor_sample`` on the adjacency by destination."""
    import torch
    from pyg_lib.sampler import neighbor_sample

    torch.set_num_threads(1)
    indptr, neighbors = _adjacency(folder)

    def sample(seeds: Any) -> int:
        sampled = neighbor_sample(
            indptr, neighbors, torch.from_numpy(seeds), fanout, csc=True, return_edge_id=False
        )
        return len(sampled[0])

    return sample


def graphbolt(folder: str, fanout: list[int]) -> SampleBatch:
    """What ``dgl.graphbolt.NeighborSampler`` does per batch, without its data pipe."""
    import dgl.graphbolt as gb
    import torch

    torch.set_num_threads(1)
    graph = gb.fused_csc_sampling_graph(*_adjacency(folder))
    fanouts = [torch.tensor([draws]) for draws in fanout]

    def sample(seeds: Any) -> int:
        frontier = torch.from_numpy(seeds)
        edges = 0
        for draws in fanouts:
            sampled = graph.sample_neighbors(frontier, draws).sampled_csc
            edges += len(sampled.indices)
            frontier, _ = gb.unique_and_compact_csc_formats(sampled, frontier)
        return edges

    return sample


PEERS = {peer.__name__: peer for peer in (pyg_lib, graphbolt)}


def main(peer: str, folder: str, fanout: str) -> None:
    """Time a peer on the batches in a folder."""
    try:
        sample = PEERS[peer](folder, [int(draws) for draws in fanout.split(",")])
    except ImportError as error:
        print(json.dumps({"skipped": f"not installed ({error})"}))
        return
    batches = np.load(f"{folder}/batches.npy")
    for seeds in batches[:WARM_UP_BATCHES]:
        sample(seeds)
    started = time.perf_counter()
    edges = sum(sample(seeds) for seeds in batches)
    print(json.dumps({"edges": edges, "seconds": time.perf_counter() - started}))


def _adjacency(folder: str) -> tuple[Any, Any]:
    import torch

    indptr, neighbors = (np.load(f"{folder}/{name}.npy") for name in ("indptr", "neighbors"))
    return torch.from_numpy(indptr), torch.from_numpy(neighbors)


if __name__ == "__main__":
    main(*sys.argv[1:])
