"""Refining a partition of a hypergraph: move vertices so that hyperedges reach fewer partitions.

Fiduccia and Mattheyses ("A linear-time heuristic for improving network partitions", DAC 1982), for
k partitions: the vertex that gains most moves, each once; the search goes on through losses for a
while, and what did not pay is undone.

What a move gains is read from tables that every move keeps up to date (Akhremtsev, Sanders and
Schlag, ALENEX 2017). Moving v from p to q gains ``alone[v] + reach[v, q] - total[v]``: its
hyperedges without another pin in p leave p, and those without a pin in q enter q anew.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.heap import heap_remove, heap_set
from graphray.kernels.partition_assign import has_room
from graphray.kernels.partition_hypergraph_cluster import Pins

# Larger hyperedges change the gains of all their pins, but do not call them to the search.
_CALLING_PINS_MAX = 256
_NOWHERE = -1
# Less is rounding, and moves must come to an end.
_RELIEF_MIN = 1e-9


class Tables(NamedTuple):
    """A partition, and what follows from it.

    Attributes:
        part: ``int32[n]``, the partition of each vertex.
        filled: ``int64[parts, k]``, the weights of each partition.
        counts: ``int32[m, parts]``, the pins of each hyperedge in each partition.
        reach: ``int64[n, parts]``, the weight of the vertex's hyperedges with a pin there.
        alone: ``int64[n]``, the weight of those without another pin in the vertex's partition.
        total: ``int64[n]``, the weight of all of them.
    """

    part: npt.NDArray[np.int32]
    filled: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int32]
    reach: npt.NDArray[np.int64]
    alone: npt.NDArray[np.int64]
    total: npt.NDArray[np.int64]


@kernel
def fill_tables(graph: Pins, tables: Tables) -> int:
    """Fill all tables, which are zeros but for `part`.

    Returns:
        The connectivity: the sum over hyperedges of weight times (partitions reached - 1).
    """
    part, filled, counts, reach, alone, total = tables
    for v in range(len(part)):
        filled[part[v]] += graph.vertex_weights[v]
    connectivity = 0
    for e in range(len(graph.edge_weights)):
        weight = graph.edge_weights[e]
        own_pins = graph.pins[graph.edge_ptr[e] : graph.edge_ptr[e + 1]]
        for v in own_pins:
            counts[e, part[v]] += 1
        for p in range(len(filled)):
            if counts[e, p]:
                connectivity += weight
                for v in own_pins:
                    reach[v, p] += weight
        connectivity -= weight
        for v in own_pins:
            total[v] += weight
            if counts[e, part[v]] == 1:
                alone[v] += weight
    return connectivity


@kernel
def move_vertex(
    graph: Pins,
    tables: Tables,
    v: int,
    target: int,
    changed: npt.NDArray[np.int32],
    is_changed: npt.NDArray[np.bool_],
) -> int:
    """Move a vertex to another partition, and keep all tables.

    Args:
        graph: the hypergraph.
        tables: changed.
        v: the vertex.
        target: a partition other than its own.
        changed: ``int32[n]``; filled from the start with vertices whose gains may have changed.
        is_changed: ``bool[n]``, set for these; the caller clears it.

    Returns:
        The number of vertices in `changed`.
    """
    part, filled, counts, reach, alone, _ = tables
    own = part[v]
    part[v] = target
    filled[own] -= graph.vertex_weights[v]
    filled[target] += graph.vertex_weights[v]
    num_changed = 0
    for i in range(graph.vertex_ptr[v], graph.vertex_ptr[v + 1]):
        e = graph.hyperedges[i]
        weight = graph.edge_weights[e]
        counts[e, own] -= 1
        counts[e, target] += 1
        left, joined = counts[e, own], counts[e, target]
        if left == 0:
            alone[v] -= weight
        if joined == 1:
            alone[v] += weight
        if left > 1 and joined > 2:
            continue
        own_pins = graph.pins[graph.edge_ptr[e] : graph.edge_ptr[e + 1]]
        calling = len(own_pins) <= _CALLING_PINS_MAX
        for u in own_pins:
            if left == 0:
                reach[u, own] -= weight
            if joined == 1:
                reach[u, target] += weight
            if left == 1 and part[u] == own:
                alone[u] += weight
            if joined == 2 and part[u] == target and u != v:
                alone[u] -= weight
            if calling and not is_changed[u]:
                is_changed[u] = True
                changed[num_changed] = u
                num_changed += 1
    return num_changed


@kernel
def best_target(
    graph: Pins, tables: Tables, limits: npt.NDArray[np.int64], v: int
) -> tuple[int, int]:
    """Where a vertex gains most, among the partitions with room; of equal ones the emptiest.

    Returns:
        The partition and the gain; -1 and 0 where there is no room.
    """
    part, filled, _, reach, alone, total = tables
    weights = graph.vertex_weights[v]
    best = _NOWHERE
    for p in range(len(filled)):
        if p == part[v] or not has_room(filled, limits, p, weights):
            continue
        if (
            best == _NOWHERE
            or reach[v, p] > reach[v, best]
            or (reach[v, p] == reach[v, best] and filled[p, 0] < filled[best, 0])
        ):
            best = p
    gain = 0 if best == _NOWHERE else alone[v] + reach[v, best] - total[v]
    return best, gain


@kernel
def search(
    graph: Pins,
    tables: Tables,
    limits: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    patience: int,
) -> int:
    """One round of moves, the best first; each vertex moves once at most.

    Args:
        graph: the hypergraph.
        tables: changed.
        limits: ``int64[parts, k]``, the most of each weight; moves only go where room is.
        starts: ``int64[:]``, the vertices to begin with; those whose gains change join.
        patience: the round ends after so many moves without a new best.

    Returns:
        By how much the connectivity has fallen.
    """
    n = len(tables.part)
    items, places = np.empty(n, np.int32), np.full(n, -1, np.int32)
    keys = np.zeros(n, np.int64)
    moved = np.zeros(n, np.bool_)
    history, origins = np.empty(n, np.int32), np.empty(n, np.int32)
    changed, is_changed = np.empty(n, np.int32), np.zeros(n, np.bool_)
    size = 0
    for v in starts:
        target, gain = best_target(graph, tables, limits, v)
        if target != _NOWHERE:
            size = heap_set(items, places, keys, size, v, gain)
    gained, best_gained, length, best_length = 0, 0, 0, 0
    while size and length - best_length <= patience:
        v = items[0]
        target, gain = best_target(graph, tables, limits, v)
        if target != _NOWHERE and gain < keys[v]:
            # Partitions have filled up since the key was set.
            size = heap_set(items, places, keys, size, v, gain)
            continue
        size = heap_remove(items, places, keys, size, v)
        if target == _NOWHERE:
            continue
        history[length], origins[length] = v, tables.part[v]
        length += 1
        moved[v] = True
        gained += gain
        if gained > best_gained:
            best_gained, best_length = gained, length
        num_changed = move_vertex(graph, tables, v, target, changed, is_changed)
        for u in changed[:num_changed]:
            is_changed[u] = False
            if not moved[u]:
                target, gain = best_target(graph, tables, limits, u)
                if target != _NOWHERE:
                    size = heap_set(items, places, keys, size, u, gain)
    for i in range(length - 1, best_length - 1, -1):
        num_changed = move_vertex(graph, tables, history[i], origins[i], changed, is_changed)
        for u in changed[:num_changed]:
            is_changed[u] = False
    return best_gained


@kernel
def mend_balance(graph: Pins, tables: Tables, limits: npt.NDArray[np.int64]) -> None:
    """Move vertices out of partitions beyond a limit for the least loss of connectivity.

    They leave in the order of loss per size, load or further weight, whichever is beyond its limit.
    Every move lessens the *excess*, summed over partitions and limits as a share of the limit: so a
    vertex of large load may go where sizes are beyond their limit, and many of small load
    come back.

    Args:
        graph: the hypergraph.
        tables: changed.
        limits: ``int64[parts, k]``, the most of each weight, at least 1. They are missed where no
            single move helps.
    """
    moved = True
    while moved:
        moved = False
        for p in range(len(tables.filled)):
            for kind in range(limits.shape[1]):
                if tables.filled[p, kind] > limits[p, kind]:
                    moved |= _relieve(graph, tables, limits, p, kind)


@kernel
def _relieve(graph: Pins, tables: Tables, limits: npt.NDArray[np.int64], p: int, kind: int) -> bool:
    """Move vertices out of one partition until a weight is within; True where any was."""
    n = len(tables.part)
    changed, is_changed = np.empty(n, np.int32), np.zeros(n, np.bool_)
    members = np.flatnonzero((tables.part == p) & (graph.vertex_weights[:, kind] > 0))
    losses = np.empty(len(members), np.float64)
    for i in range(len(members)):
        v = members[i]
        best = 0
        for q in range(len(tables.filled)):
            if q != p:
                best = max(best, tables.reach[v, q])
        losses[i] = (tables.total[v] - tables.alone[v] - best) / graph.vertex_weights[v, kind]
    moved = False
    for i in np.argsort(losses, kind="mergesort"):
        if tables.filled[p, kind] <= limits[p, kind]:
            break
        target = _best_relief(graph, tables, limits, members[i])
        if target != _NOWHERE:
            moved = True
            num_changed = move_vertex(graph, tables, members[i], target, changed, is_changed)
            for u in changed[:num_changed]:
                is_changed[u] = False
    return moved


@kernel
def _best_relief(graph: Pins, tables: Tables, limits: npt.NDArray[np.int64], v: int) -> int:
    """Where a vertex should go for there to be less excess: where room is, then for most gain."""
    best, _ = best_target(graph, tables, limits, v)
    if best != _NOWHERE:
        return best
    own = tables.part[v]
    for q in range(len(tables.filled)):
        if q == own or (best != _NOWHERE and tables.reach[v, q] <= tables.reach[v, best]):
            continue
        relief = 0.0
        for kind in range(limits.shape[1]):
            weight = graph.vertex_weights[v, kind]
            there, after = limits[q, kind], tables.filled[q, kind] + weight
            here, before = limits[own, kind], tables.filled[own, kind]
            relief += (max(0, before - here) - max(0, before - weight - here)) / here
            relief -= (max(0, after - there) - max(0, after - weight - there)) / there
        if relief > _RELIEF_MIN:
            best = q
    return best


@kernel
def follow_majority(
    edge_ptr: npt.NDArray[np.int64],
    pins: npt.NDArray[np.int32],
    part: npt.NDArray[np.int32],
    weights: npt.NDArray[np.uint32],
    limits: npt.NDArray[np.int64],
    filled: npt.NDArray[np.int64],
) -> npt.NDArray[np.int32]:
    """The partition that has most pins of each hyperedge, ``int32[m]``, among those with room.

    Of equal ones it is the one with fewest hyperedges so far; where none has room, there is no
    other choice either.

    Args:
        edge_ptr: ``int64[m + 1]``.
        pins: ``int32[:]``.
        part: ``int32[n]``, the partition of each vertex.
        weights: ``uint32[m, k]``, of each hyperedge.
        limits: ``int64[parts, k]``, the most that a partition takes of each.
        filled: ``int64[parts, k]``, the sums of each partition, changed.
    """
    parts = len(filled)
    taken = np.zeros(parts, np.int64)
    found = np.empty(len(edge_ptr) - 1, np.int32)
    for e in range(len(found)):
        counts = np.zeros(parts, np.int64)
        for v in pins[edge_ptr[e] : edge_ptr[e + 1]]:
            counts[part[v]] += 1
        best = 0
        best_room = has_room(filled, limits, 0, weights[e])
        for p in range(1, parts):
            room = has_room(filled, limits, p, weights[e])
            if room != best_room:
                better = room
            elif counts[p] != counts[best]:
                better = counts[p] > counts[best]
            else:
                better = taken[p] < taken[best]
            if better:
                best, best_room = p, room
        taken[best] += 1
        for c in range(weights.shape[1]):
            filled[best, c] += np.int64(weights[e, c])
        found[e] = best
    return found
