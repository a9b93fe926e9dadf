"""Forward push: personalised PageRank of one seed, touching only what is near it.

After Andersen, Chung and Lang, "Local Graph Partitioning using PageRank Vectors" (FOCS 2006),
section 3, with walks that are not lazy. There are two vectors: the estimate p, and the residual r,
which begins as 1 at the seed. Pushing a node moves the share ``restart`` of its residual into its
estimate and spreads the rest over its neighbours; a node without any gives it back to the seed. All
the while, with PPR(w) the vector of a walk from w,

    PPR(seed) = p + sum over w of r[w] * PPR(w),

so that p is nowhere too large, and once r[u] < epsilon * degree(u) everywhere, too small by at most
``sum(r)`` in all; in an undirected graph by at most ``epsilon * degree(u)`` at each u.

Nodes are pushed in rounds, in the order in which their residuals reached epsilon. That order
depends on the seed's surroundings alone, and with it every rounding of every sum.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import GOLDEN, mix64
from graphray.kernels.neighbors import ELSEWHERE
from graphray.kernels.rows import Rows, entry_at, row_span

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Push(NamedTuple):
    """The state of one seed's push. Nodes are numbered as they are met; the seed is number 0.

    Attributes:
        nodes: ``int64[room]``, global ids.
        estimates: ``float64[room]``.
        residuals: ``float64[room]``.
        firsts: ``int64[room]``, address of each node's first neighbour; 0 where it is not known.
        degrees: ``int64[room]``, `ELSEWHERE` where it is not known.
        queued: ``bool[room]``, whether a node is in the queue.
        queue: ``int64[room]``, the numbers of those whose residual has reached epsilon.
        slots: ``int64[2 ** k]``, a hash table of numbers by global id; empty where -1.
        counts: ``int64[2]``: how many nodes there are, and how many in the queue.
    """

    nodes: Ints
    estimates: Floats
    residuals: Floats
    firsts: Ints
    degrees: Ints
    queued: npt.NDArray[np.bool_]
    queue: Ints
    slots: Ints
    counts: Ints


@kernel
def start_push(seed: int) -> Push:
    """The state before the first push."""
    push = _with_room(16)
    _number(push, seed)
    push.residuals[0] = 1.0
    push.queue[0], push.queued[0], push.counts[1] = 0, True, 1
    return push


@kernel
def advance_push(push: Push, restart: float, epsilon: float, rows: Rows) -> tuple[Push, bool]:
    """Push until nothing is left to push, or a row is needed that is neither mapped nor given.

    Args:
        push: the state; use the returned one from then on.
        restart: the probability of going back to the seed.
        epsilon: below this share of its degree a node's residual is left where it is.
        rows: the rows that are mapped; entries of those given in the state are as wide.

    Returns:
        The state, and whether it is done. Where it is not, `missing_rows` are to be put into it.
    """
    while push.counts[1] > 0:
        if not _find_rows(push, epsilon, rows):
            return push, False
        push = _push_queue(push, restart, epsilon, rows.widths[0])
    return push, True


@kernel
def missing_rows(push: Push, epsilon: float) -> Ints:
    """The numbers of those nodes in the queue whose degree or row is needed and not there."""
    missing = np.empty(push.counts[1], np.int64)
    count = 0
    for at in range(push.counts[1]):
        if _is_missing(push, push.queue[at], epsilon):
            missing[count] = push.queue[at]
            count += 1
    return missing[:count]


@kernel
def _is_missing(push: Push, number: int, epsilon: float) -> bool:
    degree = push.degrees[number]
    if degree == ELSEWHERE:
        return True
    is_pushed = push.residuals[number] >= epsilon * degree
    return degree > 0 and is_pushed and push.firsts[number] == 0


@kernel
def _find_rows(push: Push, epsilon: float, rows: Rows) -> bool:
    """Look up the rows of the queue; whether all that are needed are there."""
    complete = True
    for at in range(push.counts[1]):
        number = push.queue[at]
        if push.degrees[number] == ELSEWHERE:
            push.firsts[number], push.degrees[number] = row_span(push.nodes[number], rows)
        complete &= not _is_missing(push, number, epsilon)
    return complete


@kernel
def _push_queue(push: Push, restart: float, epsilon: float, width: int) -> Push:
    """Push the nodes of the queue, and make the next queue."""
    for number in _take_queue(push, epsilon):
        degree, residual = push.degrees[number], push.residuals[number]
        push.residuals[number] = 0.0
        push.estimates[number] += restart * residual
        if degree == 0:
            _give(push, 0, (1.0 - restart) * residual, epsilon)
            continue
        share = (1.0 - restart) * residual / degree
        push = _make_room(push, degree)
        for j in range(degree):
            gid = entry_at(push.firsts[number] + j * width, width)
            _give(push, _number(push, gid), share, epsilon)
    return push


@kernel
def _take_queue(push: Push, epsilon: float) -> Ints:
    """Empty the queue, and return those in it that are to be pushed.

    Who is pushed is settled before anybody is: rows of the others may not be there.
    """
    taken = np.empty(push.counts[1], np.int64)
    count = 0
    for at in range(push.counts[1]):
        number = push.queue[at]
        push.queued[number] = False
        if push.residuals[number] >= epsilon * max(push.degrees[number], 1):
            taken[count] = number
            count += 1
    push.counts[1] = 0
    return taken[:count]


@kernel
def _give(push: Push, number: int, share: float, epsilon: float) -> None:
    push.residuals[number] += share
    if not push.queued[number] and push.residuals[number] >= epsilon:
        push.queued[number] = True
        push.queue[push.counts[1]] = number
        push.counts[1] += 1


@kernel
def _number(push: Push, gid: int) -> int:
    """The number of a node, a new one where it has none."""
    mask = np.uint64(len(push.slots) - 1)
    slot = mix64(np.uint64(gid) * GOLDEN) & mask
    while push.slots[slot] >= 0:
        if push.nodes[push.slots[slot]] == gid:
            return push.slots[slot]
        slot = (slot + np.uint64(1)) & mask
    number = push.counts[0]
    push.slots[slot] = number
    push.nodes[number] = gid
    push.counts[0] += 1
    return number


@kernel
def _make_room(push: Push, more: int) -> Push:
    """The state, or a larger copy of it, with room for so many more nodes."""
    count = push.counts[0]
    if count + more <= len(push.nodes):
        return push
    larger = _with_room(2 * (count + more))
    for number in range(count):
        _number(larger, push.nodes[number])
    larger.estimates[:count] = push.estimates[:count]
    larger.residuals[:count] = push.residuals[:count]
    larger.firsts[:count] = push.firsts[:count]
    larger.degrees[:count] = push.degrees[:count]
    larger.queued[:count] = push.queued[:count]
    larger.queue[:count] = push.queue[:count]
    larger.counts[1] = push.counts[1]
    return larger


@kernel
def _with_room(room: int) -> Push:
    """An empty state."""
    size = 32
    while size < 2 * room:
        size *= 2
    return Push(
        np.empty(room, np.int64),
        np.zeros(room, np.float64),
        np.zeros(room, np.float64),
        np.zeros(room, np.int64),
        np.full(room, ELSEWHERE, np.int64),
        np.zeros(room, np.bool_),
        np.empty(room, np.int64),
        np.full(size, -1, np.int64),
        np.zeros(2, np.int64),
    )
