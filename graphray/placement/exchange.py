"""Exchanging two replicas, which helps where no single one can move: the nodes are full.

Tried are the replicas that would gain most if there were room, each against those that stand where
it would rather be. The number of tries is limited, so that large plans are done in time; small ones
are tried out wholly.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from graphray.placement.arrangement import Floats
from graphray.placement.table import GAIN_MIN, Table

TRIES_MAX = 400
_TARGETS_MAX = 3


def exchange_pairs(table: Table) -> float:
    """Exchange pairs where that lowers the cost; returns by how much it did."""
    gain = 0.0
    for tries, (one, other) in enumerate(_pairs(table)):
        if tries == TRIES_MAX:
            break
        gain += _exchange_if_better(table, one, other)
    return gain


def _pairs(table: Table) -> Iterator[tuple[int, int]]:
    arrangement = table.arrangement
    for one in _most_eager(table):
        node = int(arrangement.node_of[one])
        wish = _wish_elsewhere(table, one)
        for target in np.argsort(wish, kind="stable")[:_TARGETS_MAX].tolist():
            if not np.isfinite(wish[target]):
                break
            for other in np.flatnonzero(arrangement.node_of == target).tolist():
                if arrangement.node_of[one] == node and arrangement.node_of[other] == target:
                    yield one, other


def _most_eager(table: Table) -> list[int]:
    """Replicas, evenly picked where there are many, by what they would gain if there were room."""
    picked = range(0, len(table.arrangement), -(-len(table.arrangement) // TRIES_MAX))
    return sorted(picked, key=lambda replica: float(_wish_elsewhere(table, replica).min()))


def _wish_elsewhere(table: Table, replica: int) -> Floats:
    """The prices of other nodes less that of its own, if all that are not barred had room."""
    arrangement = table.arrangement
    node = arrangement.take(replica)
    wish = table.wish(replica)
    wish = np.where(arrangement.apart(replica), wish - wish[node], np.inf)
    wish[node] = np.inf
    arrangement.put(replica, node)
    return wish


def _exchange_if_better(table: Table, one: int, other: int) -> float:
    """Exchange two replicas where that lowers the cost; returns by how much it does."""
    arrangement = table.arrangement
    here, there = arrangement.take(one), arrangement.take(other)
    wish = table.wish(one)
    gain = -np.inf
    if arrangement.allowed(one)[there]:
        arrangement.put(one, there)
        if arrangement.allowed(other)[here]:
            gain = wish[here] - wish[there] - table.wish(other)[here]
        arrangement.take(one)
    if np.isfinite(gain):
        arrangement.put(one, here)
        gain += table.wish(other)[there]
        arrangement.take(one)
    is_better = bool(gain > GAIN_MIN)
    arrangement.put(one, there if is_better else here)
    arrangement.put(other, here if is_better else there)
    return float(gain) if is_better else 0.0
