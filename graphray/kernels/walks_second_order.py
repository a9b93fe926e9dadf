"""Second-order walks: where a step leads depends on the node before, too.

From v, reached from t, an entry x of v's row is taken with a probability in proportion to 1/p where
x is t, 1 where t's row has x, 1/q otherwise (Grover and Leskovec, "node2vec", KDD 2016, section
3.2). The first step is uniform.

The probabilities are exact, without a table per pair of nodes, by rejection (Yang et al.,
"KnightKing", SOSP 2019, section 4): an entry is drawn uniformly and kept with its weight over the
largest, here ``max(1, 1/q)``. Where 1/p exceeds that, the excess of the entries that lead back is
an area of its own beside those of all entries, so that a small p does not make rejections many.

Whether t's row has x is asked only where the random number leaves it open: then x is the walker's
*candidate*, and waits where that row is in another process than v's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.hashing import GOLDEN, below, mix64
from graphray.kernels.memory import prefetch
from graphray.kernels.neighbors import ELSEWHERE, owner_of
from graphray.kernels.rows import Rows, entry_at, find_entry, row_span
from graphray.kernels.walks import step_word

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

NO_CANDIDATE = -1
_CHUNK = 16
_UNKNOWN = -1
_UNIT = 2.0**-53
_11 = np.uint64(11)

# What is known of a draw: its row is not mapped, it is refused, it is kept, that depends on another
# row, there is nothing to draw from.
_WAITS, _REFUSED, _ACCEPTED, _OPEN, _OVER = 0, 1, 2, 3, 4


@inlined
def _fraction(word: Any) -> Any:
    """A uniform number in [0, 1) from a random word."""
    return np.float64(word >> _11) * _UNIT


class SecondOrder(NamedTuple):
    """What the node before has to do with it.

    Attributes:
        back: the weight of going back, 1/p.
        away: the weight of going where no edge leads from the node before, 1/q.
        is_symmetric: whether every edge stands in the rows of both its ends, so that either says
            whether there is one.
    """

    back: float
    away: float
    is_symmetric: bool


@kernel
def advance_second_order(
    paths: Ints,
    made: Ints,
    needed: Ints,
    keys: Words,
    attempts: Ints,
    candidates: Ints,
    order: SecondOrder,
    rows: Rows,
) -> None:
    """Take every walker as far as the rows that are mapped lead it.

    Args:
        paths: as for `graphray.kernels.walks.advance_walks`.
        made: likewise, like the next two.
        needed: see there.
        keys: see there.
        attempts: ``int64[walkers]``, how many entries were refused at the step being made.
        candidates: ``int64[walkers]``, the node for which the row of the node before has to be
            looked at, or `NO_CANDIDATE`.
        order: the weights.
        rows: one adjacency, from a node type to itself.
    """
    ways_back = np.full(len(paths), _UNKNOWN, np.int64)
    for begin in range(0, len(paths), _CHUNK):
        end = min(len(paths), begin + _CHUNK)
        moved = True
        while moved:
            moved = False
            for i in range(begin, end):
                _ask_for_bounds(paths, made, rows, i)
            for i in range(begin, end):
                moved |= _take_turn(
                    i, paths, made, needed, keys, attempts, candidates, ways_back, order, rows
                )


@kernel
def _take_turn(
    i: int, paths: Ints, made: Ints, needed: Ints, keys: Words, attempts: Ints, candidates: Ints,
    ways_back: Ints, order: SecondOrder, rows: Rows,
) -> bool:  # fmt: skip
    """Draw one entry for a walker, or settle its candidate; whether it need not wait."""
    step = made[i]
    if step < 0 or step >= paths.shape[1] - 1:
        return False
    if candidates[i] == NO_CANDIDATE:
        needed[i] = paths[i, step]
        word = step_word(keys[i], step)
        outcome, candidates[i] = _draw(
            paths[i], step, word, attempts[i], ways_back[i : i + 1], order, rows
        )
    else:
        needed[i] = paths[i, step - 1]
        outcome = _settle(needed[i], candidates[i], order, rows)
    if outcome == _WAITS:
        return False
    if outcome == _OVER:
        made[i] = ~step
    elif outcome == _REFUSED:
        attempts[i] += 1
        candidates[i] = NO_CANDIDATE
    elif outcome == _ACCEPTED:
        paths[i, step + 1], made[i] = candidates[i], step + 1
        attempts[i], ways_back[i], candidates[i] = 0, _UNKNOWN, NO_CANDIDATE
    return True


@kernel
def _ask_for_bounds(paths: Ints, made: Ints, rows: Rows, i: int) -> None:
    """Prefetch the bounds of the row that a walker stands at."""
    step = made[i]
    if 0 <= step < paths.shape[1] - 1:
        owner = owner_of(rows.node_offsets[0], paths[i, step])
        prefetch(rows.indptr_bases[0, owner] + paths[i, step] * 8)


@kernel
def _draw(
    path: Ints, step: int, word: np.uint64, attempt: int, ways_back: Ints,
    order: SecondOrder, rows: Rows,
) -> tuple[int, int]:  # fmt: skip
    """Draw an entry; returns what is known of it, and the entry.

    ``ways_back[0]`` remembers how many entries lead back.
    """
    first, degree = row_span(path[step], rows)
    if degree == ELSEWHERE:
        return _WAITS, NO_CANDIDATE
    if degree == 0:
        return _OVER, NO_CANDIDATE
    width = rows.widths[0]
    if step == 0:
        return _ACCEPTED, entry_at(first + below(word, degree) * width, width)
    largest = max(1.0, order.away)
    previous = path[step - 1]
    state = word + np.uint64(3 * attempt) * GOLDEN
    if order.back > largest:
        if ways_back[0] == _UNKNOWN:
            ways_back[0] = _count_entries(rows, first, degree, previous)
        excess = ways_back[0] * (order.back - largest)
        if _fraction(mix64(state + GOLDEN)) * (degree * largest + excess) < excess:
            return _ACCEPTED, previous
    entry = entry_at(first + below(mix64(state + GOLDEN + GOLDEN), degree) * width, width)
    height = _fraction(mix64(state + GOLDEN + GOLDEN + GOLDEN)) * largest
    if entry == previous:
        return (_ACCEPTED if height < order.back else _REFUSED), entry
    return (_ACCEPTED if height < min(1.0, order.away) else _OPEN), entry


@kernel
def _settle(previous: int, candidate: int, order: SecondOrder, rows: Rows) -> int:
    """Keep or refuse a candidate: its random number lies between the weights 1 and 1/q."""
    first, degree = row_span(previous, rows)
    wanted = candidate
    if order.is_symmetric:
        other_first, other_degree = row_span(candidate, rows)
        if other_degree != ELSEWHERE and (degree == ELSEWHERE or other_degree < degree):
            first, degree, wanted = other_first, other_degree, previous
    if degree == ELSEWHERE:
        return _WAITS
    is_adjacent = _find(rows, first, degree, wanted) >= 0
    return _ACCEPTED if is_adjacent == (order.away < 1.0) else _REFUSED


@kernel
def _count_entries(rows: Rows, first: int, degree: int, gid: int) -> int:
    """How many entries of a row name a node: parallel edges stand side by side."""
    at = _find(rows, first, degree, gid)
    if at < 0:
        return 0
    width, count = rows.widths[0], 1
    while at + count < degree and entry_at(first + (at + count) * width, width) == gid:
        count += 1
    return count


@kernel
def _find(rows: Rows, first: int, degree: int, gid: int) -> int:
    owner = owner_of(rows.node_offsets[0], gid)
    owned_from, owned_to = rows.node_offsets[0, owner], rows.node_offsets[0, owner + 1]
    return find_entry(first, degree, rows.widths[0], gid, owned_from, owned_to)
