"""Whether edges exist: rows of an adjacency, searched for one neighbour each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import below
from graphray.kernels.neighbors import owner_of
from graphray.kernels.rows import find_entry

Ints = npt.NDArray[np.int64]


@kernel
def rows_contain(
    first: Ints,
    degrees: Ints,
    owners: npt.NDArray[np.int32],
    neighbor_bases: Ints,
    width: int,
    far_offsets: Ints,
    wanted: Ints,
    found: npt.NDArray[np.bool_],
) -> None:
    """Look for one neighbour in each row.

    Args:
        first: ``int64[n]``, the position of each row's first entry.
        degrees: ``int64[n]``, each row's length; nothing is looked for in one below 1.
        owners: ``int32[n]``, the partition of each row.
        neighbor_bases: ``int64[parts]``, address of the neighbours by edge position.
        width: bytes of a neighbour.
        far_offsets: ``int64[parts + 1]``, the book's ranges of the neighbours' node type.
        wanted: ``int64[n]``, the neighbour to look for.
        found: set where it is there, ``bool[n]``; the rest is left as it is.
    """
    for i in range(len(first)):
        if degrees[i] > 0:
            address = neighbor_bases[owners[i]] + first[i] * width
            owner = owner_of(far_offsets, wanted[i])
            start, stop = far_offsets[owner], far_offsets[owner + 1]
            if find_entry(address, degrees[i], width, wanted[i], start, stop) >= 0:
                found[i] = True


@kernel
def draw_below(words: npt.NDArray[np.uint64], bound: int) -> Ints:
    """A uniform integer in ``[0, bound)`` from each 64-bit word, for ``bound <= 2**32``."""
    out = np.empty(len(words), np.int64)
    for i in range(len(words)):
        out[i] = below(words[i], bound)
    return out
