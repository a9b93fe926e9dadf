"""Synthetic graphs: skewed ones without structure, and ones with planted communities.

Both come as pairs ``(sources, destinations)`` to be built with ``directed=False``, which puts every
pair into the adjacency of both ends. Node numbers are permuted, so that their order tells nothing.
Edges are drawn from streams keyed by their position: a graph is a pure function of its arguments.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import GOLDEN, mix64

NodeNumbers = npt.NDArray[np.int32]

# The quadrants' shares a, b, c of Graph 500, in 1/65536: four levels are drawn from one word.
_A = np.uint64(round(0.57 * 65536))
_AB = np.uint64(round((0.57 + 0.19) * 65536))
_ABC = np.uint64(round((0.57 + 0.19 + 0.19) * 65536))
_WORD, _CHUNK = np.uint64(16), np.uint64(0xFFFF)

PARETO_SHAPE = 2.5


class Pairs(NamedTuple):
    """The ends of edges, ``int32[m]`` each, and the number of nodes."""

    num_nodes: int
    sources: NodeNumbers
    destinations: NodeNumbers


def rmat(scale: int, edge_factor: int, rng_seed: int) -> Pairs:
    """A recursive-matrix graph of ``2**scale`` nodes and ``edge_factor`` edges per node.

    Every edge chooses a quadrant of the adjacency matrix ``scale`` times, with a, b, c = 0.57,
    0.19, 0.19. Parallel edges, self-loops and isolated nodes occur.

    Source: Chakrabarti, Zhan and Faloutsos, "R-MAT: A Recursive Model for Graph Mining", 2004.

    >>> pairs = rmat(scale=4, edge_factor=2, rng_seed=1)
    >>> pairs.num_nodes, len(pairs.sources), pairs.sources.dtype
    (16, 32, dtype('int32'))
    """
    num_nodes = 2**scale
    rng = np.random.default_rng(rng_seed)
    key = rng.integers(2**63, dtype=np.uint64)
    permutation = rng.permutation(num_nodes).astype(np.int32)
    sources, destinations = _rmat_edges(scale, num_nodes * edge_factor, key, permutation)
    return Pairs(num_nodes, sources, destinations)


def communities(
    num_nodes: int,
    num_edges: int,
    rng_seed: int,
    *,
    num_communities: int = 2000,
    inside: float = 0.8,
) -> Pairs:
    """A graph of equal planted communities that hold a given share of its edges.

    The ends of edges are drawn in proportion to node weights of a Pareto distribution (shape
    `PARETO_SHAPE`): the first among all nodes; the second within its community for a share of
    ``inside`` of the edges, and among all nodes for the rest.

    >>> pairs = communities(100, 300, rng_seed=1, num_communities=10)
    >>> pairs.num_nodes, len(pairs.sources)
    (100, 300)
    """
    rng = np.random.default_rng(rng_seed)
    cumulative = np.concatenate(([0.0], np.cumsum(1.0 + rng.pareto(PARETO_SHAPE, num_nodes))))
    bounds = np.linspace(0, num_nodes, num_communities + 1).astype(np.int64)
    community = np.repeat(np.arange(num_communities), np.diff(bounds))
    everywhere = np.zeros(num_edges, np.int64), np.full(num_edges, num_nodes)
    firsts = _weighted(cumulative, *everywhere, rng.random(num_edges))
    stays = rng.random(num_edges) < inside
    low = np.where(stays, bounds[community[firsts]], 0)
    high = np.where(stays, bounds[community[firsts] + 1], num_nodes)
    seconds = _weighted(cumulative, low, high, rng.random(num_edges))
    permutation = rng.permutation(num_nodes).astype(np.int32)
    return Pairs(num_nodes, permutation[firsts], permutation[seconds])


@kernel
def _weighted(
    cumulative: npt.NDArray[np.float64],
    low: npt.NDArray[np.int64],
    high: npt.NDArray[np.int64],
    draws: npt.NDArray[np.float64],
) -> npt.NDArray[np.int64]:
    """One node of each range ``low[i] : high[i]``, in proportion to its weight."""
    out = np.empty(len(draws), np.int64)
    for i in range(len(draws)):
        left, right = low[i], high[i]
        wanted = cumulative[left] + draws[i] * (cumulative[right] - cumulative[left])
        while right - left > 1:
            middle = (left + right) // 2
            if cumulative[middle] <= wanted:
                left = middle
            else:
                right = middle
        out[i] = left
    return out


@kernel
def _rmat_edges(
    scale: int, num_edges: int, key: np.uint64, permutation: NodeNumbers
) -> tuple[NodeNumbers, NodeNumbers]:
    sources = np.empty(num_edges, np.int32)
    destinations = np.empty(num_edges, np.int32)
    counter = key
    for i in range(num_edges):
        row = column = np.int64(0)
        word = np.uint64(0)
        for level in range(scale):
            if level % 4 == 0:
                counter += GOLDEN
                word = mix64(counter)
            draw = word & _CHUNK
            word >>= _WORD
            row = row * 2 + np.int64(draw >= _AB)
            column = column * 2 + np.int64((draw >= _A and draw < _AB) or draw >= _ABC)
        sources[i] = permutation[row]
        destinations[i] = permutation[column]
    return sources, destinations
