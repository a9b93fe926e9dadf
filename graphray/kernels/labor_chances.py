"""The chances with which the rows of a hop draw in agreement, so that they reach few nodes.

Balin and Çatalyürek, "Layer-Neighbor Sampling: Defusing Neighborhood Explosion in GNNs", NeurIPS
2023, section 3.2, and the appendix on weighted graphs. Row s draws node t where the hop's random
number ``r_t <= min(1, c_s p_t)``. The *chances* ``p_t`` are the hop's, the *scales* ``c_s`` the
rows'; whatever the chances, a row's scale is such that its estimate of a mean has the variance of
``fanout`` independent draws. With ``A_ts`` the entry's weight, or 1, and d entries in the row:

    sum(A_ts ** 2 / min(1, c_s p_t)) = sum(A_ts) ** 2 * (1 / fanout - 1 / d) + sum(A_ts ** 2)

That leaves the chances free to be chosen so that as few nodes as possible are drawn by any row.
With all 1 (LABOR-0), or the entries' weights, the chance that t is drawn at all is ``p_t max(c_s)``
over its rows. Taken as the next chances, and the scales solved for again, this never raises the
expected number of nodes: LABOR-i does so i times, LABOR-* until the number falls no more.

Rows are given by the addresses of their first entries, wherever these lie in this process. Sums
run in the order of rows and entries, so that every process gets the same bits. Entries of one node
in one row (parallel edges) count each for itself.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import inlined, kernel
from graphray.kernels.memory import load, prefetch

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_AHEAD = 16
_CELL_BYTES = 16
_SHARES = np.empty(0, np.float32)
# So that the product of a reciprocal and its number is not below 1.
_ROUNDED_UP = 1 + 2.0**-50

CHANCE, HIGHEST = 0, 1
"""Columns of a table of chances: a node's chance (0 until a row is seen to have it), and scratch
memory: the highest chance with which any of its rows draws it."""


class HopRows(NamedTuple):
    """The rows of a hop.

    Attributes:
        degrees: ``int64[n]``, the rows' lengths; below 1, a row is passed over.
        stable: ``int64[n]``, addresses of the stable ids of their entries.
        shares: ``int64[n]``, addresses of their entries' weights, ``float32`` in units of the
            row's largest (`graphray.kernels.derive_weights.weight_shares`); 0 where all weigh 1.
            Entries of share 0 are not there.
    """

    degrees: Ints
    stable: Ints
    shares: Ints


@inlined
def share_of(shares: Any, entry: Any) -> Any:
    """The share of an entry of the row whose shares are at an address."""
    if shares == 0:
        return 1.0
    return np.float64(load(_SHARES, shares + entry * _SHARES.itemsize))


@inlined
def stable_of(rows: Any, row: Any, entry: Any, like: Any, table: Any) -> Any:
    """The stable id of an entry; the line of the table that one further on needs is asked for."""
    at = rows.stable[row] + entry * like.itemsize
    if entry + _AHEAD < rows.degrees[row]:
        later = np.int64(load(like, at + _AHEAD * like.itemsize))
        prefetch(table.ctypes.data + later * _CELL_BYTES)
    return np.int64(load(like, at))


@kernel
def first_scales(rows: HopRows, fanout: int, scales: Floats) -> None:
    """The scales where each entry's chance is its share.

    Args:
        rows: the rows.
        fanout: independent draws per row that the variance is to be that of.
        scales: filled, ``float64[n]``.
    """
    chances, squares = _scratch(rows)
    for i in range(len(rows.degrees)):
        if rows.shares[i] == 0:
            scales[i] = min(1.0, fanout / max(1, rows.degrees[i]))
            continue
        count, total = 0, 0.0
        for entry in range(rows.degrees[i]):
            share = share_of(rows.shares[i], entry)
            if share > 0:
                chances[count], squares[count] = share, share * share
                total += share
                count += 1
        scales[i] = _scale(chances[:count], squares[:count], total, fanout)


@kernel
def next_chances(
    rows: HopRows, stable_like: npt.NDArray[Any], scales: Floats, by_share: bool, table: Floats
) -> float:
    """Make the chance of every node that with which it is drawn by any row.

    Args:
        rows: the rows.
        stable_like: an array of the stable ids' dtype.
        scales: ``float64[n]``, the rows' scales.
        by_share: whether they are `first_scales`.
        table: ``float64[nodes, 2]``, the table of chances by stable id; all 0 at first.

    Returns:
        How many nodes are drawn, on average.
    """
    expected = 0.0
    for update in (False, True):
        for i in range(len(rows.degrees)):
            for entry in range(rows.degrees[i]):
                share = share_of(rows.shares[i], entry)
                if share == 0:
                    continue
                node = stable_of(rows, i, entry, stable_like, table)
                if not update:
                    chance = scales[i] * (share if by_share else 1.0)
                    table[node, HIGHEST] = max(table[node, HIGHEST], chance)
                elif table[node, HIGHEST] > 0:
                    before = 1.0 if by_share else table[node, CHANCE]
                    table[node, CHANCE] = before * table[node, HIGHEST]
                    table[node, HIGHEST] = 0
                    expected += min(1.0, table[node, CHANCE])
    return expected


@kernel
def next_scales(
    rows: HopRows, stable_like: npt.NDArray[Any], fanout: int, table: Floats, scales: Floats
) -> None:
    """The scales that go with a table of chances.

    Args:
        rows: the rows.
        stable_like: an array of the stable ids' dtype.
        fanout: as for `first_scales`.
        table: as `next_chances` fills it.
        scales: filled, ``float64[n]``.
    """
    chances, squares = _scratch(rows)
    for i in range(len(rows.degrees)):
        count, total = 0, 0.0
        for entry in range(rows.degrees[i]):
            share = share_of(rows.shares[i], entry)
            if share > 0:
                node = stable_of(rows, i, entry, stable_like, table)
                chances[count], squares[count] = table[node, CHANCE], share * share
                total += share
                count += 1
        scales[i] = _scale(chances[:count], squares[:count], total, fanout)


@kernel
def _scratch(rows: HopRows) -> tuple[Floats, Floats]:
    longest = 0
    for degree in rows.degrees:
        longest = max(longest, degree)
    return np.empty(longest, np.float64), np.empty(longest, np.float64)


@kernel
def _scale(chances: Floats, squares: Floats, total: float, fanout: int) -> float:
    """The scale of one row: the lowest with which all of a row of up to ``fanout`` is certain, else
    the root of the equation above.

    In x = 1 / scale its left side is a sum of ``square * max(1, x / chance)``: convex and piecewise
    linear, with a bend where an entry becomes certain. Newton's steps, from where none is, come
    down to the root and make more of them certain; one that does not has reached it.

    Args:
        chances: ``float64[d]``, above 0.
        squares: ``float64[d]``, of the weights.
        total: the sum of the weights.
        fanout: as above.
    """
    count = len(chances)
    if count == 0:
        return 0.0
    if count <= fanout:
        return _ROUNDED_UP / chances.min()
    target = total * total * (1 / fanout - 1 / count) + squares.sum()
    certain_before = -1
    scale = 0.0
    while True:
        certain, left, rest = 0, target, 0.0
        for j in range(count):
            if scale * chances[j] >= 1:
                certain += 1
                left -= squares[j]
            else:
                rest += squares[j] / chances[j]
        if certain <= certain_before:
            return scale
        certain_before = certain
        scale = rest / left
