"""Partition by a hash of the stable id: blind to edges, balanced by the law of large numbers.

The cheapest start there is, and the worst cut: a share ``1 - 1 / parts`` of the edges is cut. A
node's partition depends on its own type and stable id only, so appending nodes moves none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.kernels.hashing import hash_words
from partitioners.problem import PartitionProblem

_LOW_HALF = np.uint64(0xFFFFFFFF)


class Hash:
    """Hash partitioning: each node goes where the hash of its type and stable id says."""

    name = "hash"
    needs_edges = False
    takes_target_sizes = True

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; see `partitioners.registry.assign`."""
        assignment = np.empty(problem.num_nodes, np.int32)
        type_keys = hash_words(
            np.arange(len(problem.type_names), dtype=np.uint64) + np.uint64(rng_seed & (2**64 - 1))
        )
        for number, key in enumerate(type_keys):
            start, stop = problem.type_offsets[number : number + 2]
            stable = np.arange(stop - start, dtype=np.uint64)
            hashes = hash_words(hash_words(stable) ^ key)
            if problem.goal.target_sizes is None:
                assignment[start:stop] = _scaled(hashes, parts)
            else:
                bounds = _bounds(problem.goal.shares(parts))
                assignment[start:stop] = np.searchsorted(bounds, hashes, side="right")
        return assignment


def _scaled(hashes: npt.NDArray[np.uint64], parts: int) -> npt.NDArray[Any]:
    """Each hash's place in ``0 .. parts - 1``: its upper 32 bits as a fraction, times `parts`."""
    return ((hashes >> np.uint64(32)) & _LOW_HALF) * np.uint64(parts) >> np.uint64(32)


def _bounds(shares: npt.NDArray[np.float64]) -> npt.NDArray[np.uint64]:
    """The least hash of each partition but the first."""
    return (np.cumsum(shares)[:-1] * 2.0**64).astype(np.uint64)
