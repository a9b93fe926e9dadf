"""Uniform draws with replacement; rows and streams are those of `graphray.kernels.neighbors`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel
from graphray.kernels.hashing import GOLDEN, below, mix64

Ints = npt.NDArray[np.int64]


@kernel
def draw_with_replacement(
    first: Ints,
    degrees: Ints,
    words: npt.NDArray[Any],
    bounds: Ints,
    key: np.uint64,
    positions: Ints,
) -> None:
    """Fill every row's draws with entries of the row, each independent of the others.

    Args:
        first: ``int64[n]``, position of the row's first entry.
        degrees: ``int64[n]``, the row's length; a row of none, or that is elsewhere (below 0), is
            passed over.
        words: integers ``[n]``, what the row's random stream is keyed by.
        bounds: ``int64[n + 1]``, where each row's draws go.
        key: the key of the hop's random streams.
        positions: filled with edge positions, ``int64[bounds[n]]``.
    """
    for row in range(len(first)):
        if degrees[row] <= 0:
            continue
        state = mix64((np.uint64(words[row]) * GOLDEN) ^ key)
        for at in range(bounds[row], bounds[row + 1]):
            state += GOLDEN
            positions[at] = first[row] + below(mix64(state), degrees[row])
