"""From a cost to a plan: keep what stands, place what does not, then improve move by move.

1. Every replica that may stay where it stands, stays.
2. The others are placed one after another, the largest first, each where the cost grows least. One
   that finds no room has room made: a smaller one there goes elsewhere. Where that fails too, all
   ways are searched, up to a limit (`graphray.placement.search`).
3. Replicas are moved one by one, and pairs of them exchanged, as long as that lowers the cost, and,
   for replicas that stood somewhere at present, by more than the copying is worth
   (`PlacementOptions.tolerance`).

Placing anti-affine replicas into nodes of limited memory is bin packing with conflicts, which is
NP-hard, so a plan is good but not proven best; the tests hold it against the best on small cases.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from graphray.placement.arrangement import MEMORY, NOWHERE, RESERVED, Arrangement
from graphray.placement.cost import Cost
from graphray.placement.exchange import exchange_pairs
from graphray.placement.problem import PlacementProblem
from graphray.placement.search import find_any
from graphray.placement.shortage import check_enough, no_room
from graphray.placement.table import GAIN_MIN, Table

PASSES_MAX = 8
PASS_GAIN_MIN = 1e-3
"""Passes end when one over all replicas gains less; costs are of the order of 1."""

MakeCost = Callable[[Arrangement], Cost]


def arrange(
    problem: PlacementProblem,
    make_cost: MakeCost,
    order: Callable[[Arrangement], Sequence[int]] | None = None,
    finish: Callable[[Table], object] | None = None,
) -> list[list[int]]:
    """A place for every replica, at a cost that moving or exchanging single ones hardly lowers.

    Args:
        problem: what to place.
        make_cost: of an arrangement, what is to be small.
        order: of an arrangement, its replicas in the order in which to place them; the largest
            first where none is given.
        finish: a last change for the better of the strategy's own.

    Returns:
        By partition and replica number, the position of its node in ``problem.nodes``.

    Raises:
        PlacementError: where there is no room; the message says what is missing.
    """
    if not problem.partitions:
        return []
    arrangement = Arrangement(problem)
    check_enough(arrangement)
    table = Table(arrangement, make_cost(arrangement))
    arrangement.settle_present()
    sequence = largest_first(arrangement) if order is None else order(arrangement)
    for replica in sequence:
        if arrangement.node_of[replica] == NOWHERE and not _place(table, replica):
            _place_all_anew(table)
            break
    _improve(table, sequence)
    if finish is not None:
        finish(table)
    return arrangement.as_lists()


def largest_first(arrangement: Arrangement) -> list[int]:
    """The replicas, those that take the largest share of the cluster first."""
    total = np.maximum(arrangement.capacity[:, RESERVED].sum(axis=0), 1e-300)
    size = (arrangement.demand[:, RESERVED] / total).max(axis=1, initial=0.0)
    order: npt.NDArray[np.int64] = np.argsort(-size[arrangement.part_of], kind="stable")
    return order.tolist()


def _place(table: Table, replica: int) -> bool:
    prices = table.prices(replica)
    best = int(np.argmin(prices))
    if np.isfinite(prices[best]):
        table.arrangement.put(replica, best)
        return True
    return _make_room(table, replica)


def _make_room(table: Table, replica: int) -> bool:
    """Put a replica on a node that another one leaves for a third node."""
    arrangement = table.arrangement
    for node in np.flatnonzero(arrangement.apart(replica)).tolist():
        for other in _smallest_first(arrangement, node):
            arrangement.take(other)
            if arrangement.allowed(replica)[node]:
                arrangement.put(replica, node)
                prices = table.prices(other)
                best = int(np.argmin(prices))
                if np.isfinite(prices[best]):
                    arrangement.put(other, best)
                    return True
                arrangement.take(replica)
            arrangement.put(other, node)
    return False


def _smallest_first(arrangement: Arrangement, node: int) -> list[int]:
    there = np.flatnonzero(arrangement.node_of == node)
    return there[np.argsort(arrangement.demand[arrangement.part_of[there], MEMORY])].tolist()


def _place_all_anew(table: Table) -> None:
    arrangement = table.arrangement
    found = find_any(arrangement.problem)
    if found is None:
        raise no_room(arrangement)
    for replica in np.flatnonzero(arrangement.node_of != NOWHERE).tolist():
        arrangement.take(replica)
    for replica, node in enumerate(found):
        arrangement.put(replica, node)


def _improve(table: Table, sequence: Sequence[int]) -> None:
    for _ in range(PASSES_MAX):
        gain = sum(_move_if_better(table, replica) for replica in sequence)
        if gain < PASS_GAIN_MIN and exchange_pairs(table) < PASS_GAIN_MIN:
            break


def _move_if_better(table: Table, replica: int) -> float:
    """Move a replica to its best place; returns by how much that lowers the cost."""
    node = table.arrangement.take(replica)
    prices = table.prices(replica)
    best = int(np.argmin(prices))
    gain = float(prices[node] - prices[best])
    table.arrangement.put(replica, best if gain > GAIN_MIN else node)
    return gain if gain > GAIN_MIN else 0.0
