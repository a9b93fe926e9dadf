"""Walking a forest in depth-first order, without recursion."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.compiled import kernel


@kernel
def depth_first(
    parent: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Number the nodes of a forest so that every subtree is one range.

    Roots, and the children of a node, come in rising order; a node comes before its children.

    Args:
        parent: ``int64[n]``, the parent of each node, -1 for roots.

    Returns:
        The nodes in that order, ``int64[n]``, and the depth of each node, ``int64[n]`` with 0 for
        roots. Nodes on or below a cycle are not reached: the order is shorter by them, and their
        depth is -1.
    """
    n = len(parent)
    # The children of node v are bounds[v + 1] : bounds[v + 2]; those of -1 are the roots.
    bounds = np.zeros(n + 2, np.int64)
    for v in range(n):
        bounds[parent[v] + 2] += 1
    for v in range(n + 1):
        bounds[v + 1] += bounds[v]
    cursor = bounds.copy()
    children = np.empty(n, np.int64)
    for v in range(n):
        children[cursor[parent[v] + 1]] = v
        cursor[parent[v] + 1] += 1

    depth = np.full(n, -1, np.int64)
    order = np.empty(n, np.int64)
    stack = np.empty(n, np.int64)
    filled = 0
    waiting = 0
    for i in range(bounds[1] - 1, bounds[0] - 1, -1):
        stack[waiting] = children[i]
        waiting += 1
    while waiting:
        waiting -= 1
        v = stack[waiting]
        depth[v] = 0 if parent[v] < 0 else depth[parent[v]] + 1
        order[filled] = v
        filled += 1
        for i in range(bounds[v + 2] - 1, bounds[v + 1] - 1, -1):
            stack[waiting] = children[i]
            waiting += 1
    return order[:filled], depth
