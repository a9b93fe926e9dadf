"""Sharing amounts out along adjacency rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel


@kernel
def spread(
    indptr: npt.NDArray[np.int64],
    neighbors: npt.NDArray[Any],
    rows: npt.NDArray[np.int64],
    shares: npt.NDArray[np.float64],
    gains: npt.NDArray[np.float64],
) -> None:
    """Give every neighbour of each row that row's share, once for each entry.

    Args:
        indptr: ``int64[all rows + 1]``.
        neighbors: the entries of all rows.
        rows: ``int64[n]``.
        shares: ``float64[n]``.
        gains: added to, by neighbour.
    """
    for i in range(len(rows)):
        for entry in range(indptr[rows[i]], indptr[rows[i] + 1]):
            gains[neighbors[entry]] += shares[i]
