"""Partition a hierarchy level by level: each level balanced, ancestors near their descendants.

A roll-up reads a level and the ones below it, so every partition should hold its share of each
level, and a node's descendants. Two starts are tried, and the one that is better in the end is
taken:

- each level, in the depth-first order of the hierarchy, is cut into equal ranges: where subtrees
  are alike, a node's range is that of its parent;
- the multilevel partition of the graph, in which an edge to a parent weighs more than others.

From there, nodes move to where most of their edge weight is, parents first, while every level keeps
its limits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.kernels.partition_groups import cut_weight, settle_groups
from graphray.threads import Threads, available_threads
from partitioners.balance import Balance
from partitioners.containment import tree_of
from partitioners.forest import Forest
from partitioners.goal import NODES
from partitioners.level import Level
from partitioners.limits import IMBALANCE, checked_imbalance
from partitioners.multilevel import partition_level
from partitioners.occupancy import occupy
from partitioners.problem import PartitionProblem
from partitioners.weighted import weighted_level

PARENT = "parent"
LEVEL = "level"

_PARENT_WEIGHT = 4
_SWEEPS_MAX = 10
_OUTSIDE = -1

Parts = npt.NDArray[np.int32]


class HierarchicalKnowledge:
    """Partitioning of a hierarchy, with balance on each of its levels.

    The hierarchy is the relation ``"parent"``, from child to parent, or else the one that forms
    the largest forest. A node's level is in its column ``"level"``, or else its distance from its
    root. Nodes outside of the hierarchy are balanced as one more level. Edges are not balanced.

    Args:
        imbalance: a partition may hold this many times its share of the nodes of each level,
            rounded up.

    Raises:
        ArgumentError: where `imbalance` is below 1.
    """

    name = "hierarchical-knowledge"
    balances = (NODES,)
    takes_target_sizes = True

    def __init__(self, *, imbalance: float = IMBALANCE) -> None:
        self.imbalance = checked_imbalance(imbalance)

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; see `partitioners.registry.assign`.

        Raises:
            ArgumentError: where the graph has no hierarchy, or one with a cycle.
        """
        if parts == 1 or problem.num_nodes <= parts:
            return np.arange(problem.num_nodes, dtype=np.int32) % np.int32(parts)
        forest = tree_of(problem, PARENT, down=False)
        group = _levels(problem, forest)
        with Threads(available_threads()) as threads:
            names = [edges.relation.name for edges in problem.edges]
            weights = [_PARENT_WEIGHT if name == PARENT else 1 for name in names]
            level = weighted_level(problem, list(zip(problem.edges, weights, strict=True)), threads)
            balance = Balance.of(problem, level.node_weights, parts, self.imbalance)
            found = partition_level(level, balance, np.random.default_rng(rng_seed), threads)
        limits = _limits(np.bincount(group), balance)
        starts = [_ranges(forest, group, balance.shares), found.astype(np.int32)]
        cuts = [_settle(level, forest, group, limits, part) for part in starts]
        assignment = starts[int(np.argmin(cuts))]
        occupy(assignment, parts)
        return assignment


def _levels(problem: PartitionProblem, forest: Forest) -> npt.NDArray[np.int32]:
    """The level of each node, numbered from 0 without gaps; nodes outside have one of their own."""
    level = forest.depth.copy()
    has_child = np.zeros(problem.num_nodes, np.bool_)
    has_child[forest.parent[forest.parent >= 0]] = True
    level[(forest.parent < 0) & ~has_child] = _OUTSIDE
    bounds = zip(problem.type_offsets[:-1], problem.type_offsets[1:], strict=True)
    for name, (start, stop) in zip(problem.type_names, bounds, strict=True):
        table = problem.columns.get(name)
        if table is not None and LEVEL in table.column_names:
            levels = table[LEVEL].fill_null(_OUTSIDE).to_numpy()
            if levels.dtype.kind in "iu":
                level[start:stop] = levels
    return np.unique(level, return_inverse=True)[1].astype(np.int32)


def _limits(sizes: npt.NDArray[np.int64], balance: Balance) -> npt.NDArray[np.int64]:
    """``int64[levels, parts]``, the most nodes of each level in each partition."""
    targets = np.outer(sizes, balance.shares)
    return np.maximum(np.ceil(targets - 1e-6), targets * balance.imbalance).astype(np.int64)


def _ranges(forest: Forest, group: npt.NDArray[np.int32], shares: npt.NDArray[np.float64]) -> Parts:
    """Each level cut into ranges of the depth-first order, of these shares."""
    part = np.empty(len(group), np.int32)
    by_level = forest.order[np.argsort(group[forest.order], kind="stable")]
    sizes = np.bincount(group)
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    before = (np.arange(len(group)) - first + 0.5) / np.repeat(sizes, sizes)
    part[by_level] = np.searchsorted(np.cumsum(shares)[:-1], before, side="right")
    return part


def _settle(
    level: Level,
    forest: Forest,
    group: npt.NDArray[np.int32],
    limits: npt.NDArray[np.int64],
    part: Parts,
) -> int:
    """Move nodes until nothing is gained, in place; returns the edge weight that is cut."""
    filled = np.zeros(limits.shape, np.int64)
    np.add.at(filled, (group, part), 1)
    for _ in range(_SWEEPS_MAX):
        within = bool((filled <= limits).all())
        fallen = settle_groups(
            level.indptr, level.neighbours, level.weights, group, limits, forest.order, part,
            filled,
        )  # fmt: skip
        if within and fallen <= 0:
            break
    return cut_weight(level.indptr, level.neighbours, level.weights, part)
