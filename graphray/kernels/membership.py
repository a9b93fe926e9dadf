"""Whether edges exist: rows of an adjacency, searched for one neighbour each.

Rows are in canonical order, which rises by *stable* id; a partition knows those of its own nodes
only. So a row is read from its start until the neighbour turns up.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import below
from graphray.kernels.memory import load

Ints = npt.NDArray[np.int64]


@kernel
def rows_contain(
    first: Ints,
    degrees: Ints,
    owners: npt.NDArray[np.int32],
    neighbor_bases: Ints,
    like: npt.NDArray[Any],
    wanted: Ints,
    found: npt.NDArray[np.bool_],
) -> None:
    """Look for one neighbour in each row.

    Args:
        first: ``int64[n]``, the position of each row's first entry.
        degrees: ``int64[n]``, each row's length; nothing is looked for in one below 0.
        owners: ``int32[n]``, the partition of each row.
        neighbor_bases: ``int64[parts]``, address of the neighbours by edge position.
        like: any array of the neighbours' dtype.
        wanted: ``int64[n]``, the neighbour to look for.
        found: set where it is there, ``bool[n]``; the rest is left as it is.
    """
    width = like.itemsize
    for i in range(len(first)):
        address = neighbor_bases[owners[i]] + first[i] * width
        for _ in range(degrees[i]):
            if np.int64(load(like, address)) == wanted[i]:
                found[i] = True
                break
            address += width


@kernel
def draw_below(words: npt.NDArray[np.uint64], bound: int) -> Ints:
    """A uniform integer in ``[0, bound)`` from each 64-bit word, for ``bound <= 2**32``."""
    out = np.empty(len(words), np.int64)
    for i in range(len(words)):
        out[i] = below(words[i], bound)
    return out
