"""The bound of sampling: how fast one thread reads memory in random order.

A sampled edge costs at least one random read of the neighbour array (a 32-bit id out of all the
graph's) and one of the node table that removes duplicates (a 64-bit slot per node). Measured alone
at a and b reads per second, both together allow ``1 / (1/a + 1/b)`` edges per second.
"""

from __future__ import annotations

import statistics
import time
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

READS = 2**24
REPEATS = 5


class GatherBound(NamedTuple):
    """Random reads per second: of the neighbour array, of the node table, of both in turn."""

    neighbors_per_s: float
    nodes_per_s: float

    @property
    def edges_per_s(self) -> float:
        """What the two reads of a sampled edge allow.

        >>> round(GatherBound(73e6, 138e6).edges_per_s / 1e6)
        48
        """
        return 1 / (1 / self.neighbors_per_s + 1 / self.nodes_per_s)


def measure(num_nodes: int, num_neighbors: int, rng_seed: int) -> GatherBound:
    """Measure the bound for a graph of that many nodes and entries of adjacency."""
    rng = np.random.default_rng(rng_seed)
    neighbors = np.ones(num_neighbors, np.uint32)
    nodes = np.ones(num_nodes, np.uint64)
    return GatherBound(_reads_per_s(neighbors, rng), _reads_per_s(nodes, rng))


def _reads_per_s(table: npt.NDArray[Any], rng: np.random.Generator) -> float:
    positions = rng.integers(len(table), size=READS, dtype=np.uint32)
    out = np.empty(READS, table.dtype)
    _gather(table, positions, out)
    return READS / statistics.median(_timed(table, positions, out) for _ in range(REPEATS))


def _timed(table: npt.NDArray[Any], positions: npt.NDArray[np.uint32], out: Any) -> float:
    started = time.perf_counter()
    _gather(table, positions, out)
    return time.perf_counter() - started


@kernel
def _gather(table: Any, positions: Any, out: Any) -> None:
    for i in range(len(positions)):
        out[i] = table[positions[i]]
