"""Partition a metagraph: containers whole where they fit, split along their structure elsewhere.

1. A container *fits* where it, with all that is in it, weighs no more than a bound; the outermost
   containers that fit are pieces. What lies directly in a larger one, or in none, is one piece if
   that fits, and else split along its edges by the multilevel partitioner.
2. The graph of the pieces is partitioned; every node follows its piece.

Large pieces cannot always be dealt out evenly. The bound begins with what one partition may hold,
and is halved until the limits on nodes and edge ends hold.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.partition_assign import fill_parts
from graphray.threads import Threads, available_threads
from partitioners.adjacency import symmetric_adjacency
from partitioners.balance import Balance, filled_by
from partitioners.containment import tree_of
from partitioners.forest import Forest
from partitioners.goal import ANY_CRITERIA
from partitioners.level import Level, contract, finest_level
from partitioners.limits import IMBALANCE, checked_imbalance
from partitioners.multilevel import Multilevel, partition_level
from partitioners.occupancy import occupy
from partitioners.problem import PartitionProblem
from partitioners.refinement import Parts, mend, unassigned
from partitioners.subproblem import induced

CONTAINS = "contains"

_HALVINGS_MAX = 6
# Two pieces to a bound: those of a split container can then be dealt out beside whole ones.
_PIECES_PER_BOUND = 2

Labels = npt.NDArray[np.int64]


class Metagraph:
    """Partitioning along containment, with balance on nodes and edges.

    Containment is the relation ``"contains"``, from container to member, or else the one that forms
    the largest forest. A node in several containers counts for the first.

    Args:
        imbalance: the largest partition may hold this many times the mean of nodes, and of edge
            ends. It is missed only where single nodes have more edge ends than that.

    Raises:
        ArgumentError: where `imbalance` is below 1.
    """

    name = "metagraph"
    balances = ANY_CRITERIA
    takes_target_sizes = True

    def __init__(self, *, imbalance: float = IMBALANCE) -> None:
        self.imbalance = checked_imbalance(imbalance)

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; see `partitioners.registry.assign`.

        Raises:
            ArgumentError: where the graph has no containment, or one with a cycle.
        """
        if parts == 1 or problem.num_nodes <= parts:
            return np.arange(problem.num_nodes, dtype=np.int32) % np.int32(parts)
        forest = tree_of(problem, CONTAINS, down=True)
        with Threads(available_threads()) as threads:
            level = finest_level(problem, symmetric_adjacency(problem, threads))
            balance = Balance.of(problem, level.node_weights, parts, self.imbalance)
            part = self._halve_until_even(problem, forest, level, balance, rng_seed, threads)
        if problem.goal.is_stated:
            mend(level, part, balance)
        assignment = part.astype(np.int32)
        occupy(assignment, parts)
        return assignment

    def _halve_until_even(
        self,
        problem: PartitionProblem,
        forest: Forest,
        level: Level,
        balance: Balance,
        rng_seed: int,
        threads: Threads,
    ) -> Parts:
        most = np.maximum(balance.limits.max(axis=0), 1)
        shares = (level.node_weights / most).max(axis=1)
        tried: list[tuple[float, int, Parts]] = []
        for halvings in range(_HALVINGS_MAX + 1):
            label = _pieces(problem, forest, shares, 0.5**halvings, rng_seed)
            rng = np.random.default_rng(rng_seed)
            part = _deal(level, label, balance, rng, threads)
            filled = filled_by(level.node_weights, part, balance.parts)
            fullest = float((filled / np.maximum(balance.limits, 1)).max())
            tried.append((max(1.0, fullest), halvings, part))
            if fullest <= 1.0:
                break
        return min(tried, key=lambda attempt: attempt[:2])[2]


def _pieces(
    problem: PartitionProblem,
    forest: Forest,
    shares: npt.NDArray[np.float64],
    bound: float,
    rng_seed: int,
) -> Labels:
    """The piece of each node, ``int64[n]``, named by any numbers below 2 n + 1."""
    n = problem.num_nodes
    whole = _subtree_sums(forest, shares)
    is_container = np.zeros(n + 1, np.bool_)
    is_container[forest.parent] = True
    is_open = np.append(whole > bound, True) & is_container
    # Node n stands for the graph: it contains what nothing else contains.
    is_open[n] = True
    parent = np.where(forest.parent < 0, n, forest.parent)

    label = np.empty(n, np.int64)
    for generation in _generations(forest):
        above = parent[generation]
        label[generation] = np.where(
            is_open[generation],
            n + generation,
            np.where(
                is_open[above],
                np.where(is_container[generation], generation, n + above),
                label[np.minimum(above, n - 1)],
            ),
        )
    _split_members(problem, label, shares, bound, rng_seed)
    return label


def _split_members(
    problem: PartitionProblem,
    label: Labels,
    shares: npt.NDArray[np.float64],
    bound: float,
    rng_seed: int,
) -> None:
    """Split what lies directly in an open container where it is too much for a piece, in place."""
    n = problem.num_nodes
    direct = np.flatnonzero(label >= n)
    weights = np.bincount(label[direct], weights=shares[direct], minlength=2 * n + 1)
    for group in np.flatnonzero(weights > bound).tolist():
        members = np.flatnonzero(label == group)
        count = min(len(members), int(np.ceil(_PIECES_PER_BOUND * weights[group] / bound)))
        inner = Multilevel().partition(induced(problem, members), count, rng_seed=rng_seed)
        # Each piece is named after one of its nodes; none of them names a container that fits.
        first = np.full(count, -1, np.int64)
        first[inner[::-1]] = members[::-1]
        label[members] = first[inner]


def _deal(
    level: Level, label: Labels, balance: Balance, rng: np.random.Generator, threads: Threads
) -> Parts:
    """The partition of each node, all of a piece in one; nodes without edges are dealt singly."""
    numbers = np.unique(label, return_inverse=True)[1].astype(np.uint32)
    pieces = contract(level, numbers, threads)
    piece_part = partition_level(pieces, balance, rng, threads)
    part = np.concatenate([piece_part, unassigned(1, balance.parts)])[numbers]
    filled = filled_by(level.node_weights, part, balance.parts)
    homeless = level.isolated[part[level.isolated] == balance.parts]
    fill_parts(homeless, level.node_weights, balance.limits, part, filled)
    return part


def _subtree_sums(forest: Forest, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sums = values.copy()
    for generation in reversed(_generations(forest)[1:]):
        np.add.at(sums, forest.parent[generation], sums[generation])
    return sums


def _generations(forest: Forest) -> list[npt.NDArray[np.int64]]:
    """The nodes of each depth, roots first."""
    by_depth = np.argsort(forest.depth, kind="stable")
    return np.split(by_depth, np.cumsum(np.bincount(forest.depth))[:-1])
