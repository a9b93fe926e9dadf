"""A start without coarsening, for graphs without communities: nodes stream in, hubs first.

Once the hubs are spread, everybody else has something to follow. Pressure towards equal loads keeps
partitions level while that happens; later passes, in which all neighbours are known, then undo the
early guesses.

Where a few hubs hold much of the graph there is nothing to follow but them, and edges fall inside a
partition of a share f of the graph with probability f: the cut is about 1 minus the sum of f²,
least where sizes are as unequal as the balance allows. There most partitions are filled to the
limit, and few stay lean.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.threads import Threads
from partitioners.balance import Balance
from partitioners.level import Level
from partitioners.refinement import Parts, sweep, unassigned

_FIRST_BATCHES = 256
_PASSES_MAX = 16
_GAIN_MIN = 0.001

_HUB_DEGREE = 16  # times the mean
_HUB_SHARE_MIN = 0.25
_LEAN_LOAD = 0.3  # times the mean
_BELOW_LIMIT = 0.998


def stream(level: Level, balance: Balance, threads: Threads) -> Parts:
    """Assign the nodes that have neighbours; isolated ones stay without a partition.

    Returns:
        ``uint[n]``, the partition of each node.
    """
    part = unassigned(level.num_nodes, balance.parts)
    order = falling_degree(level)
    work = np.cumsum(level.degrees[order])
    hubs = _hub_share(level) >= _HUB_SHARE_MIN
    targets = _unequal_targets(balance) if hubs else balance.targets
    for number in range(1 if hubs else _PASSES_MAX):
        gain = sweep(
            level, part, balance, threads,
            targets=targets, pressure=1.0, order=order, work=work,
            batch_count=_FIRST_BATCHES if number == 0 else _FIRST_BATCHES // 8,
        )  # fmt: skip
        if gain < _GAIN_MIN:
            break
    return part


def falling_degree(level: Level) -> npt.NDArray[np.uint32]:
    """The nodes that have neighbours, those with most first."""
    # 16-bit keys, which NumPy sorts in linear time; among hubs that large, order does not matter.
    most = np.iinfo(np.uint16).max
    keys = most - np.minimum(level.degrees[level.nodes], most)
    return level.nodes[np.argsort(keys.astype(np.uint16), kind="stable")]


def _hub_share(level: Level) -> float:
    """The share of adjacency entries in the rows of hubs."""
    degrees = level.degrees[level.nodes]
    total = int(level.indptr[-1])
    return float(degrees[degrees * len(degrees) > _HUB_DEGREE * total].sum() / max(1, total))


def _unequal_targets(balance: Balance) -> npt.NDArray[np.float64]:
    """The limit for as many partitions as leaves the others some."""
    parts, most = balance.parts, balance.imbalance * _BELOW_LIMIT
    full = int(parts * (1 - _LEAN_LOAD) / max(most - _LEAN_LOAD, 1 - _LEAN_LOAD))
    shares = np.full(parts, most)
    if full < parts:
        shares[full:] = (parts - full * most) / (parts - full)
    return balance.targets * shares
