"""No partition without a node: a partition that serves nothing still costs its replicas.

Balance in the large never leaves a partition empty; with about as many partitions as nodes,
heuristics do.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def occupy(assignment: npt.NDArray[np.int32], parts: int) -> None:
    """Give every empty partition a node of the fullest one, in place.

    Args:
        assignment: ``int32[n]`` with ``n >= parts``.
        parts: number of partitions.

    Example:
        >>> assignment = np.array([0, 0, 0, 2], np.int32)
        >>> occupy(assignment, 3)
        >>> assignment.tolist()
        [0, 0, 1, 2]
    """
    sizes = np.bincount(assignment, minlength=parts)
    for empty in np.flatnonzero(sizes == 0):
        fullest = int(sizes.argmax())
        node = np.flatnonzero(assignment == fullest)[-1]
        assignment[node] = empty
        sizes[fullest] -= 1
        sizes[empty] += 1
