"""Sweeps over the nodes of a level in which each chooses its partition anew.

One sweep from an empty assignment is streaming partitioning; sweeps from a full one are restreaming
(Nishimura and Ugander, KDD 2013), or, without pressure towards balance, greedy refinement. Limits
on sizes and loads hold throughout, so a sweep mends balance before it mends the cut.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.partition_assign import choose_parts, count_connections, fill_parts
from graphray.kernels.partition_mend import relieve_part
from graphray.threads import Threads
from partitioners.balance import LOAD, Balance, filled_by
from partitioners.level import Level
from partitioners.parallel import Work, batches, share

Parts = npt.NDArray[Any]

_BATCHES = 32
_CELLS_MAX = 2**20
_SWEEPS_MAX = 4
_MENDING_ROUNDS = 16
_GAIN_MIN = 0.001


def unassigned(num_nodes: int, parts: int) -> Parts:
    """An assignment in which no node has a partition: `parts` stands for none.

    The smallest dtype that holds it, because a small one stays in the cache.
    """
    return np.full(num_nodes, parts, np.min_scalar_type(parts))


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
        targets: ``float64[parts]``, the steering weight wanted in each partition.
        pressure: how much fullness counts against edge weight; see `choose_parts`.
        order: ``uint32[:]``, the nodes in the order in which they choose.
        work: ``int64[len(order)]``, adjacency entries up to and including each.
        batch_count: nodes of one batch do not see each other choose; more of them, less of that.

    Returns:
        By which share of all edge weight the cut has shrunk.
    """
    parts = balance.parts
    limits = _limits_on(level, balance)
    filled = filled_by(level.node_weights, part, parts)
    cells = len(order) * (parts + 1)
    gain = 0
    for start, stop in batches(work, max(batch_count, cells // _CELLS_MAX)):
        connections = np.empty((stop - start, parts + 1), np.uint32)

        def count(low: int, high: int, connections: Any = connections, first: int = start) -> None:
            count_connections(
                level.indptr, level.neighbours, level.weights, part, order, low, high,
                connections, first,
            )  # fmt: skip

        share(threads, start, stop, work, count)
        gain += choose_parts(
            order, start, stop, connections, level.node_weights, limits, targets,
            balance.steering, pressure, part, filled,
        )  # fmt: skip
    return 2 * gain / max(1, level.edge_weight)


def refine(level: Level, part: Parts, balance: Balance, threads: Threads) -> None:
    """Sweep for the cut alone until little is gained; then place the isolated nodes. In place."""
    for _ in range(_SWEEPS_MAX):
        gain = sweep(
            level, part, balance, threads,
            targets=balance.targets, pressure=0.0, order=level.nodes, work=level.work,
        )  # fmt: skip
        if gain < _GAIN_MIN:
            break
    filled = filled_by(level.node_weights, part, balance.parts)
    homeless = level.isolated[part[level.isolated] == balance.parts]
    fill_parts(homeless, level.node_weights, balance.limits, part, filled)


def mend(level: Level, part: Parts, balance: Balance) -> None:
    """Move nodes out of partitions beyond a limit for the least loss, in place.

    For goals that are stated, after refinement. Every limit counts the same: where a hub makes one
    impossible, the others are still held. One stays missed where no single move helps.
    """

    def count(nodes: npt.NDArray[np.uint32], connections: npt.NDArray[np.uint32]) -> None:
        count_connections(
            level.indptr, level.neighbours, level.weights, part, nodes, 0, len(nodes),
            connections, 0,
        )  # fmt: skip

    _relieve_parts(level.node_weights, part, balance, count)


def mend_blindly(node_weights: npt.NDArray[np.uint32], part: Parts, balance: Balance) -> None:
    """The same without knowing the edges: for the few nodes that are beyond a limit in the end."""
    _relieve_parts(node_weights, part, balance, lambda nodes, connections: None)


def _relieve_parts(
    node_weights: npt.NDArray[np.uint32],
    part: Parts,
    balance: Balance,
    count: Callable[[npt.NDArray[np.uint32], npt.NDArray[np.uint32]], None],
) -> None:
    """Relieve each partition of each weight beyond its limit, a little in every round.

    Where some members of a community have left, the others follow in the next round.
    """
    filled = filled_by(node_weights, part, balance.parts)
    for rounds_left in range(_MENDING_ROUNDS, 0, -1):
        moved = 0
        for p, weight in np.argwhere(filled > balance.limits):
            beyond = int(filled[p, weight] - balance.limits[p, weight])
            wanted = int(filled[p, weight]) - -(-beyond // rounds_left)
            nodes = np.flatnonzero((part == p) & (node_weights[:, weight] > 0)).astype(np.uint32)
            connections = np.zeros((len(nodes), balance.parts + 1), np.uint32)
            count(nodes, connections)
            moved += relieve_part(
                nodes, connections, node_weights, balance.limits, p, weight, wanted, part, filled
            )
        if moved == 0:
            break


def _limits_on(level: Level, balance: Balance) -> npt.NDArray[np.int64]:
    """The limits, less what the nodes still missing on a level will need of the loads."""
    limits = balance.limits.copy()
    missing = balance.totals[LOAD] - level.node_weights[level.nodes, LOAD].sum(dtype=np.int64)
    limits[:, LOAD] -= (missing * balance.shares).astype(np.int64)
    return limits
