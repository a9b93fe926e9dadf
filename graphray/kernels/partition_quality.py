"""Counting what a partition costs: edges that cross, and copies of nodes across the border."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

_ONE = np.uint64(1)
_SIX = np.uint64(6)
_LOW_SIX = np.uint64(63)


@kernel
def note_edges(
    sources: npt.NDArray[np.int64],
    destinations: npt.NDArray[np.int64],
    assignment: npt.NDArray[np.int32],
    known: npt.NDArray[np.uint64],
    loads: npt.NDArray[np.int64],
) -> int:
    """Count one relation's cut edges, and note which partitions have to know which nodes.

    Args:
        sources: ``int64[m]``.
        destinations: ``int64[m]``.
        assignment: ``int32[n]``.
        known: ``uint64[n, words]``, a bit per partition: set where that partition owns a
            neighbour of the node, but not the node itself.
        loads: ``int64[parts]``, edge ends per partition; added to.

    Returns:
        The number of edges whose ends lie in different partitions.
    """
    cut = 0
    for i in range(len(sources)):
        u, v = sources[i], destinations[i]
        p, q = np.uint64(assignment[u]), np.uint64(assignment[v])
        loads[p] += 1
        loads[q] += 1
        if p != q:
            cut += 1
            known[u, q >> _SIX] |= _ONE << (q & _LOW_SIX)
            known[v, p >> _SIX] |= _ONE << (p & _LOW_SIX)
    return cut


@kernel
def count_known(known: npt.NDArray[np.uint64]) -> tuple[int, int]:
    """The bits set in all rows together, and the number of rows that have any."""
    bits = 0
    rows = 0
    for row in range(known.shape[0]):
        before = bits
        for word in range(known.shape[1]):
            rest = known[row, word]
            while rest:
                rest &= rest - _ONE
                bits += 1
        if bits > before:
            rows += 1
    return bits, rows
