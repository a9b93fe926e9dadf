"""Partition with METIS: the least edge cut, with nodes weighted so that edges balance too.

Karypis and Kumar, "A Fast and High Quality Multilevel Scheme for Partitioning Irregular Graphs",
SIAM J. Sci. Comput. 20(1), 1998. METIS balances one weight, here the sum of all that are to be
balanced: half of a node's is its share of nodes and half its share of edge ends. Where the goal
names criteria or sizes, what METIS leaves beyond a limit is mended afterwards. METIS takes some
fifteen times the memory of the graph's adjacency, and where hubs are large it takes minutes and
misses the balance; `multilevel` is the one for such graphs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.threads import Threads
from partitioners.adjacency import symmetric_adjacency
from partitioners.balance import Balance
from partitioners.goal import ANY_CRITERIA
from partitioners.level import finest_level
from partitioners.limits import IMBALANCE
from partitioners.metis_call import call_metis, largest_integer
from partitioners.occupancy import occupy
from partitioners.problem import PartitionProblem
from partitioners.refinement import mend


class Metis:
    """METIS k-way partitioning of all relations together."""

    name = "metis"
    balances = ANY_CRITERIA
    takes_target_sizes = True

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; see `partitioners.registry.assign`.

        Raises:
            ArgumentError: where METIS was built with 32-bit integers and the graph needs more.
        """
        if parts == 1 or problem.num_nodes <= parts:
            return np.arange(problem.num_nodes, dtype=np.int32) % np.int32(parts)
        level = finest_level(problem, symmetric_adjacency(problem, Threads(1)))
        balance = Balance.of(problem, level.node_weights, parts, IMBALANCE)
        if len(level.neighbours) == 0:
            # Nothing to cut: METIS would only be asked to count.
            before = (np.arange(problem.num_nodes) + 0.5) / problem.num_nodes
            borders = np.cumsum(balance.shares)[:-1]
            assignment = np.searchsorted(borders, before, side="right").astype(np.int32)
        else:
            _check_width(len(level.neighbours))
            assignment = call_metis(
                level.indptr, level.neighbours, level.weights, level.node_weights, balance, rng_seed
            )
        if problem.goal.is_stated:
            mend(level, assignment, balance)
        occupy(assignment, parts)
        return assignment


def _check_width(entries: int) -> None:
    if entries > largest_integer():
        raise ArgumentError(
            f"the graph has {entries} adjacency entries, and this METIS counts to "
            f"{largest_integer()}; use 'multilevel', or a pymetis built with 64-bit integers"
        )
