"""Second-order walks: where a step leads depends on the node before, too.

From v, reached from t, an entry x of v's row is taken with a probability in proportion to 1/p where
x is t, 1 where t's row has x, 1/q otherwise (Grover and Leskovec, "node2vec", KDD 2016, section
3.2). The first step is uniform.

The probabilities are exact, without a table per pair of nodes, by rejection (Yang et al.,
"KnightKing", SOSP 2019, section 4): an entry is drawn uniformly and kept with its weight over the
largest, here ``max(1, 1/q)``. Where 1/p exceeds that, the excess of the entries that lead back is
an area of its own beside those of all entries, so that a small p does not make rejections many.

Whether t's row has x is asked only where the random number leaves it open. It may have to be asked
of another process than the one that holds v's row: then x waits as the walker's *candidate*.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.hashing import GOLDEN, below, mix64
from graphray.kernels.memory import prefetch
from graphray.kernels.neighbors import ELSEWHERE
from graphray.kernels.rows import Rows, entry_at, find_entry, owner_of, row_span
from graphray.kernels.walks import step_word

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

NO_CANDIDATE = -1
_CHUNK = 16
_UNIT = 2.0**-53
_11 = np.uint64(11)

# What is known of a draw: its row is not mapped, it is refused, it is kept, that depends on another
# row, there is nothing to draw from.
_WAITS, _REFUSED, _ACCEPTED, _OPEN, _OVER = 0, 1, 2, 3, 4


@inlined
def _fraction(word: Any) -> Any:
    """A uniform number in [0, 1) from a random word."""
    return np.float64(word >> _11) * _UNIT


@kernel
def advance_second_order(
    paths: Ints,
    made: Ints,
    needed: Ints,
    keys: Words,
    attempts: Ints,
    candidates: Ints,
    back: float,
    away: float,
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
        back: 1/p.
        away: 1/q.
        rows: one adjacency, from a node type to itself.
    """
    for begin in range(0, len(paths), _CHUNK):
        end = min(len(paths), begin + _CHUNK)
        moved = True
        while moved:
            moved = False
            for i in range(begin, end):
                _ask_for_bounds(paths, made, rows, i)
            for i in range(begin, end):
                moved |= _try_once(
                    paths, made, needed, keys, attempts, candidates, back, away, rows, i
                )


@kernel
def _ask_for_bounds(paths: Ints, made: Ints, rows: Rows, i: int) -> None:
    """Prefetch the bounds of the row that a walker stands at."""
    step = made[i]
    if 0 <= step < paths.shape[1] - 1:
        owner = owner_of(rows.node_offsets, 0, paths[i, step])
        prefetch(rows.indptr_bases[0, owner] + paths[i, step] * 8)


@kernel
def _try_once(
    paths: Ints, made: Ints, needed: Ints, keys: Words, attempts: Ints, candidates: Ints,
    back: float, away: float, rows: Rows, i: int,
) -> bool:  # fmt: skip
    """Draw one entry for a walker, or settle its candidate; whether there was anything to do."""
    step = made[i]
    if step < 0 or step >= paths.shape[1] - 1:
        return False
    # A candidate waits for the row of the node before.
    needed[i] = paths[i, step] if candidates[i] == NO_CANDIDATE else paths[i, step - 1]
    if candidates[i] == NO_CANDIDATE:
        drawn = _draw(paths, made, keys[i], attempts[i], candidates, back, away, rows, i)
        if drawn != _ACCEPTED:
            attempts[i] += drawn == _REFUSED
            return drawn != _WAITS
    else:
        is_adjacent = _has_edge(rows, needed[i], candidates[i])
        if is_adjacent == _WAITS:
            return False
        # The random number lies between the weights 1 and 1/q: it keeps whoever has the larger.
        if (is_adjacent == _ACCEPTED) != (away < 1.0):
            candidates[i] = NO_CANDIDATE
            attempts[i] += 1
            return True
    paths[i, step + 1] = candidates[i]
    made[i] = step + 1
    candidates[i] = NO_CANDIDATE
    attempts[i] = 0
    return True


@kernel
def _draw(
    paths: Ints, made: Ints, key: np.uint64, attempt: int, candidates: Ints,
    back: float, away: float, rows: Rows, i: int,
) -> int:  # fmt: skip
    """Draw an entry as the candidate; says what is known of it."""
    step = made[i]
    gid = paths[i, step]
    first, degree = row_span(gid, rows)
    if degree == ELSEWHERE:
        return _WAITS
    if degree == 0:
        made[i] = ~step
        return _OVER
    width = rows.widths[0]
    word = step_word(key, step)
    if step == 0:
        candidates[i] = entry_at(first + below(word, degree) * width, width)
        return _ACCEPTED
    largest = max(1.0, away)
    previous = paths[i, step - 1]
    state = word + np.uint64(3 * attempt) * GOLDEN
    if back > largest:
        excess = _count_entries(rows, first, degree, previous) * (back - largest)
        if _fraction(mix64(state + GOLDEN)) * (degree * largest + excess) < excess:
            candidates[i] = previous
            return _ACCEPTED
    entry = entry_at(first + below(mix64(state + GOLDEN + GOLDEN), degree) * width, width)
    height = _fraction(mix64(state + GOLDEN + GOLDEN + GOLDEN)) * largest
    if entry == previous:
        if height >= back:
            return _REFUSED
    elif height >= min(1.0, away):
        candidates[i] = entry
        return _OPEN
    candidates[i] = entry
    return _ACCEPTED


@kernel
def _count_entries(rows: Rows, first: int, degree: int, gid: int) -> int:
    """How many entries of a row name a node: parallel edges stand side by side."""
    width = rows.widths[0]
    owner = owner_of(rows.node_offsets, 0, gid)
    owned = rows.node_offsets[0, owner], rows.node_offsets[0, owner + 1]
    at = find_entry(first, degree, width, gid, owned[0], owned[1])
    if at < 0:
        return 0
    count = 1
    while at + count < degree and entry_at(first + (at + count) * width, width) == gid:
        count += 1
    return count


@kernel
def _has_edge(rows: Rows, gid: int, neighbor: int) -> int:
    """Whether a node's row names another (`_ACCEPTED`) or not, or is not mapped (`_WAITS`)."""
    first, degree = row_span(gid, rows)
    if degree == ELSEWHERE:
        return _WAITS
    neighbor_owner = owner_of(rows.node_offsets, 0, neighbor)
    owned = rows.node_offsets[0, neighbor_owner], rows.node_offsets[0, neighbor_owner + 1]
    found = find_entry(first, degree, rows.widths[0], neighbor, owned[0], owned[1])
    return _ACCEPTED if found >= 0 else _REFUSED
