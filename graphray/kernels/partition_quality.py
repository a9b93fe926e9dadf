"""Counting what a partition costs: edges that cross, and copies of nodes across the border."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

_ONE = np.uint64(1)
_SIX = np.uint64(6)
_LOW_SIX = np.uint64(63)


@kernel
def note_edges(
    sources: npt.NDArray[Any],
    destinations: npt.NDArray[Any],
    source_owners: npt.NDArray[np.int32],
    destination_owners: npt.NDArray[np.int32],
    source_known: npt.NDArray[np.uint64],
    destination_known: npt.NDArray[np.uint64],
    loads: npt.NDArray[np.int64],
) -> int:
    """Count one relation's cut edges, and note which partitions have to know which nodes.

    Args:
        sources: ``int[m]``.
        destinations: ``int[m]``.
        source_owners: ``int32[n]``, the partition of every source.
        destination_owners: likewise of every destination; may be the same array.
        source_known: ``uint64[n, words]``, a bit per partition: set where that partition owns a
            neighbour of the node, but not the node itself.
        destination_known: likewise for destinations; may be the same array.
        loads: ``int64[parts]``, edge ends per partition; added to.

    Returns:
        The number of edges whose ends lie in different partitions.
    """
    cut = 0
    for i in range(len(sources)):
        u, v = sources[i], destinations[i]
        p, q = np.uint64(source_owners[u]), np.uint64(destination_owners[v])
        loads[p] += 1
        loads[q] += 1
        if p != q:
            cut += 1
            source_known[u, q >> _SIX] |= _ONE << (q & _LOW_SIX)
            destination_known[v, p >> _SIX] |= _ONE << (p & _LOW_SIX)
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
