"""The border of a partition: which of its neighbours others own, seen from its sorted rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel

_ONE = np.uint64(1)


@kernel
def note_border(
    indptr: npt.NDArray[np.int64],
    neighbors: npt.NDArray[Any],
    first_row: int,
    owned_start: int,
    owned_stop: int,
    known: npt.NDArray[np.bool_],
    home: npt.NDArray[np.bool_],
) -> tuple[int, int]:
    """Find the entries of a partition's rows that lead to other partitions.

    Args:
        indptr: ``int64[rows + 1]``.
        neighbors: ``int[entries]``, the global id of each entry's neighbour.
        first_row: the global id of the first row, where neighbours are of the rows' type; else
            such that no neighbour has it or one after it.
        owned_start: the first global id of the neighbours' type that the partition owns.
        owned_stop: the one after its last.
        known: ``bool[n]``, by global id of the neighbours' type: set for neighbours of others.
        home: ``bool[rows]``: set for rows with a neighbour that the partition owns.

    Returns:
        How many entries lead to other partitions, and how many from a node to itself.
    """
    crossing = 0
    loops = 0
    for row in range(len(indptr) - 1):
        for i in range(indptr[row], indptr[row + 1]):
            gid = np.int64(neighbors[i])
            if gid < owned_start or gid >= owned_stop:
                crossing += 1
                known[gid] = True
            else:
                home[row] = True
                if gid - first_row == row:
                    loops += 1
    return crossing, loops


@kernel
def set_known(packed: npt.NDArray[np.uint8], part: int, known: npt.NDArray[np.uint64]) -> None:
    """Set the bit of a partition in the rows of the nodes that it knows.

    Args:
        packed: ``uint8[ceil(n / 8)]``, a bit per node, the first the highest of its byte.
        part: the partition.
        known: ``uint64[n, words]``, a bit per partition; added to.
    """
    word = part >> 6
    bit = _ONE << np.uint64(part & 63)
    for byte in range(len(packed)):
        bits = packed[byte]
        if bits:
            for i in range(min(8, len(known) - byte * 8)):
                if bits & (128 >> i):
                    known[byte * 8 + i, word] |= bit
