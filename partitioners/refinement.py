"""Sweeps over the nodes of a level in which each chooses its partition anew.

One sweep from an empty assignment is streaming partitioning; sweeps from a full one are restreaming
(Nishimura and Ugander, KDD 2013), or, without pressure towards balance, greedy refinement. Limits
on sizes and loads hold throughout, so a sweep mends balance before it mends the cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.partition_assign import choose_parts, count_connections, fill_parts
from partitioners.level import Level
from partitioners.parallel import Threads, Work, batches

Parts = npt.NDArray[Any]

_BATCHES = 32
_CELLS_MAX = 2**20
_SWEEPS_MAX = 4
_GAIN_MIN = 0.001


@dataclass(frozen=True)
class Balance:
    """What a partition may hold of a whole graph.

    Attributes:
        parts: number of partitions.
        totals: ``int64[2]``, size and load of the graph.
        imbalance: the largest partition may be this many times the mean, in either.
    """

    parts: int
    totals: npt.NDArray[np.int64]
    imbalance: float

    @property
    def limits(self) -> npt.NDArray[np.int64]:
        """``int64[2]``, the most size and load that one partition may have."""
        even = -(-self.totals // self.parts)
        return np.maximum(even, (self.totals * self.imbalance / self.parts).astype(np.int64))

    def limits_on(self, level: Level) -> npt.NDArray[np.int64]:
        """The same, less what the nodes still missing on a level will need of the loads."""
        missing = self.totals[1] - level.node_weights[level.nodes, 1].sum(dtype=np.int64)
        return self.limits - np.array([0, missing // self.parts])

    def even_targets(self) -> npt.NDArray[np.float64]:
        """``float64[parts]``, the same load for all."""
        return np.full(self.parts, max(1.0, self.totals[1] / self.parts))


def unassigned(num_nodes: int, parts: int) -> Parts:
    """An assignment in which no node has a partition: `parts` stands for none.

    The smallest dtype that holds it, because a small one stays in the cache.
    """
    return np.full(num_nodes, parts, np.min_scalar_type(parts))


def filled_by(level: Level, part: Parts, parts: int) -> npt.NDArray[np.int64]:
    """``int64[parts, 2]``, the size and load of each partition."""
    filled = np.empty((parts, 2), np.int64)
    for column in (0, 1):
        sums = np.bincount(part, weights=level.node_weights[:, column], minlength=parts)
        filled[:, column] = sums[:parts]
    return filled


def sweep(
    level: Level,
    part: Parts,
    balance: Balance,
    threads: Threads,
    *,
    targets: npt.NDArray[np.float64],
    pressure: float,
    order: npt.NDArray[np.uint32],
    work: Work,
    batch_count: int = _BATCHES,
) -> float:
    """Let every node choose once.

    Args:
        level: the graph.
        part: ``uint[n]``, changed.
        balance: holds throughout.
        threads: share the work.
        targets: ``float64[parts]``, the load wanted in each partition.
        pressure: how much fullness counts against edge weight; see `choose_parts`.
        order: ``uint32[:]``, the nodes in the order in which they choose.
        work: ``int64[len(order)]``, adjacency entries up to and including each.
        batch_count: nodes of one batch do not see each other choose; more of them, less of that.

    Returns:
        By which share of all edge weight the cut has shrunk.
    """
    parts = balance.parts
    limits = balance.limits_on(level)
    filled = filled_by(level, part, parts)
    cells = len(order) * (parts + 1)
    gain = 0
    for start, stop in batches(work, max(batch_count, cells // _CELLS_MAX)):
        connections = np.empty((stop - start, parts + 1), np.uint32)

        def count(low: int, high: int, connections: Any = connections, first: int = start) -> None:
            count_connections(
                level.indptr, level.neighbours, level.weights, part, order, low, high,
                connections, first,
            )  # fmt: skip

        threads.share(start, stop, work, count)
        gain += choose_parts(
            order, start, stop, connections, level.node_weights, limits, targets, pressure,
            part, filled,
        )  # fmt: skip
    return 2 * gain / max(1, level.edge_weight)


def refine(level: Level, part: Parts, balance: Balance, threads: Threads) -> None:
    """Sweep for the cut alone until little is gained; then place the isolated nodes. In place."""
    for _ in range(_SWEEPS_MAX):
        gain = sweep(
            level, part, balance, threads,
            targets=balance.even_targets(), pressure=0.0, order=level.nodes, work=level.work,
        )  # fmt: skip
        if gain < _GAIN_MIN:
            break
    filled = filled_by(level, part, balance.parts)
    homeless = level.isolated[part[level.isolated] == balance.parts]
    fill_parts(homeless, level.node_weights, balance.limits, part, filled)
