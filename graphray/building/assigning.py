"""From numbered nodes to the partition of each: the step that every build has in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.book import PartitionBook, Relabelling, relabel
from graphray.errors import InputError
from graphray.progress import progress
from graphray.schema import GraphSchema, Relation
from partitioners.goal import Goal
from partitioners.problem import AnyProblem
from partitioners.quality import QualityMeter
from partitioners.registry import Assignment, Partitioner, assign
from partitioners.weights import column_weights


@dataclass(frozen=True)
class Asked:
    """What a build asks of a partitioner.

    Attributes:
        partitioner: decides.
        parts: number of partitions.
        rng_seed: for partitioners that draw.
        goal: what has to be balanced, and the target sizes.
    """

    partitioner: Partitioner
    parts: int
    rng_seed: int
    goal: Goal


@dataclass(frozen=True)
class Partitioned:
    """The nodes of a graph, each in its partition.

    Attributes:
        assignment: ``int32[n]``, the partition of every node of the problem.
        owners: the same per node type, by stable id.
        relabellings: per node type, the way from and to global ids.
    """

    assignment: Assignment
    owners: Mapping[str, Assignment]
    relabellings: Mapping[str, Relabelling]


@dataclass(frozen=True)
class Written:
    """What a build wrote, as the manifest states it."""

    schema: GraphSchema
    book: PartitionBook
    num_edges: Mapping[Relation, int]
    quality: Mapping[str, Any]


def type_offsets(counts: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """The node numbers of each type, ``int64[types + 1]``, where types are numbered through.

    Raises:
        InputError: where there are no nodes.
    """
    offsets = np.cumsum([0, *counts.values()], dtype=np.int64)
    if offsets[-1] == 0:
        raise InputError("the graph has no nodes; pass edges, or a node table")
    return offsets


def partition_nodes(asked: Asked, problem: AnyProblem) -> Partitioned:
    """Ask a partitioner, and renumber the nodes by its answer; see `ask` and `renumber`."""
    return renumber(problem, ask(asked, problem), asked.parts)


def ask(asked: Asked, problem: AnyProblem) -> Assignment:
    """The partition of every node; a piece of work for an executor.

    Args:
        asked: whom and what.
        problem: the graph, with the same goal; without edges for one that does not look at them.

    Raises:
        ArgumentError: where there are fewer nodes than parts, or the goal cannot be met.
        PartitionerError: where the partitioner returns what cannot be used.
    """
    with progress(f"partitioning with {asked.partitioner.name}"):
        return assign(asked.partitioner, problem, asked.parts, asked.rng_seed)


def renumber(problem: AnyProblem, assignment: Assignment, parts: int) -> Partitioned:
    """Give the nodes global ids by their partitions."""
    bounds = zip(problem.type_offsets[:-1], problem.type_offsets[1:], strict=True)
    owners = {
        name: assignment[start:stop]
        for name, (start, stop) in zip(problem.type_names, bounds, strict=True)
    }
    relabellings = {name: relabel(owned, parts) for name, owned in owners.items()}
    return Partitioned(assignment, owners, relabellings)


def meter_by_gid(
    problem: AnyProblem,
    relations: Sequence[Relation],
    relabellings: Mapping[str, Relabelling],
    parts: int,
) -> QualityMeter:
    """A meter whose nodes are numbered by global id, for edges that are seen as a shard has them.

    Args:
        problem: what the partitioner was asked.
        relations: all of them, in order.
        relabellings: per node type, in order.
        parts: number of partitions.
    """
    numbered = list(zip(relabellings.values(), problem.type_offsets, strict=False))
    stable = np.concatenate([r.stable_of_gid + first for r, first in numbered])
    of_part = np.arange(parts, dtype=np.int32)
    owners = [np.repeat(of_part, np.diff(r.offsets)) for r in relabellings.values()]
    return QualityMeter(
        problem.type_names,
        problem.type_offsets,
        relations,
        np.concatenate(owners),
        problem.goal.shares(parts),
        {name: column_weights(problem, name)[stable] for name in problem.goal.columns},
    )
