"""Partition a knowledge graph: frequent and selective relations inside, entity types together.

A path over a relation is asked for as often as the relation occurs, and stays in one place where
the relation is selective: an edge to one of five countries says little about where its source
belongs, an edge to a person's own address says all. So an edge weighs by its relation, by

    sqrt(edges of the relation / edges of the most frequent) * selectivity

with the harmonic mean of distinct sources and distinct destinations per edge as selectivity. Among
equals, entities of one type stay together: within a type, each is tied to the next in the order
of the input by an edge that weighs less than any other.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.schema import Relation
from graphray.threads import Threads, available_threads
from partitioners.balance import Balance
from partitioners.goal import ANY_CRITERIA
from partitioners.limits import IMBALANCE, checked_imbalance
from partitioners.multilevel import partition_level
from partitioners.occupancy import occupy
from partitioners.problem import EdgeSet, PartitionProblem
from partitioners.refinement import mend
from partitioners.weighted import weighted_level

_TIE_WEIGHT = 1
_LEAST_WEIGHT = 2
_MOST_WEIGHT = 32


class Knowledge:
    """Multilevel partitioning of a knowledge graph with relations weighted.

    Args:
        imbalance: the largest partition may hold this many times the mean of nodes, and of edge
            ends; see `Multilevel`.

    Raises:
        ArgumentError: where `imbalance` is below 1.
    """

    name = "knowledge"
    balances = ANY_CRITERIA
    takes_target_sizes = True

    def __init__(self, *, imbalance: float = IMBALANCE) -> None:
        self.imbalance = checked_imbalance(imbalance)

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; see `partitioners.registry.assign`."""
        if parts == 1 or problem.num_nodes <= parts:
            return np.arange(problem.num_nodes, dtype=np.int32) % np.int32(parts)
        most_edges = max((len(edges.sources) for edges in problem.edges), default=0)
        weighted = [(edges, relation_weight(edges, most_edges)) for edges in problem.edges]
        if len(problem.type_names) > 1:
            weighted.append((_ties(problem), _TIE_WEIGHT))
        with Threads(available_threads()) as threads:
            level = weighted_level(problem, weighted, threads)
            balance = Balance.of(problem, level.node_weights, parts, self.imbalance)
            part = partition_level(level, balance, np.random.default_rng(rng_seed), threads)
        if problem.goal.is_stated:
            mend(level, part, balance)
        assignment = part.astype(np.int32)
        occupy(assignment, parts)
        return assignment


def relation_weight(edges: EdgeSet, most_edges: int) -> int:
    """What an edge of a relation weighs in the cut.

    Args:
        edges: the relation's edges.
        most_edges: the number of edges of the most frequent relation.

    Example:
        >>> home = EdgeSet(Relation("person", "home", "place"), np.arange(100), np.arange(100, 200))
        >>> land = EdgeSet(Relation("person", "land", "place"), np.arange(100), np.full(100, 200))
        >>> relation_weight(home, 100), relation_weight(land, 100)
        (32, 3)
    """
    count = len(edges.sources)
    if count == 0:
        return _LEAST_WEIGHT
    sources, destinations = len(np.unique(edges.sources)), len(np.unique(edges.destinations))
    selectivity = 2 / (count / sources + count / destinations)
    value = np.sqrt(count / most_edges) * selectivity
    return _LEAST_WEIGHT + round((_MOST_WEIGHT - _LEAST_WEIGHT) * value)


def _ties(problem: PartitionProblem) -> EdgeSet:
    """An edge from each node to the next of its type."""
    first = np.zeros(problem.num_nodes, np.bool_)
    first[problem.type_offsets[:-1][np.diff(problem.type_offsets) > 0]] = True
    later = np.flatnonzero(~first)
    return EdgeSet(Relation("", "next of its type", ""), later - 1, later)
