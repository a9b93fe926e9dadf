"""How many replicas of one partition have to share a node, or a zone.

None, while there is another: every replica can have a place of its own exactly where the graph of
replicas and places that each could use has a matching that covers all replicas (Hall 1935). Where
it has none, they share as little as can be: the least ``c`` such that ``c`` copies of every place
suffice.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import maximum_bipartite_matching


def replicas_per_place(usable: npt.NDArray[np.bool_]) -> int:
    """The least number of replicas that a place has to take.

    Args:
        usable: ``bool[replicas, places]``, which replica could use which place.

    Returns:
        1 where each can have a place of its own; 0 where some replica has none at all.

    Example:
        >>> three_on_two = np.ones((3, 2), bool)
        >>> replicas_per_place(three_on_two)
        2
    """
    replicas = len(usable)
    if not usable.any(axis=1).all():
        return 0
    if usable.all():
        return -(-replicas // usable.shape[1])
    for copies in range(1, replicas):
        graph = sparse.csr_array(np.tile(usable, copies))
        if (maximum_bipartite_matching(graph, perm_type="column") >= 0).all():
            return copies
    return replicas
