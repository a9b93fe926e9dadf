"""From numbered nodes to the partition of each: the step that every build has in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphray.book import PartitionBook, Relabelling, relabel
from graphray.errors import InputError
from graphray.progress import progress
from graphray.schema import GraphSchema, Relation
from partitioners.goal import Goal
from partitioners.problem import EdgeSet, PartitionProblem
from partitioners.quality import QualityMeter
from partitioners.registry import Assignment, Partitioner, assign
from partitioners.weights import column_weights


@dataclass(frozen=True)
class Partitioned:
    """The nodes of a graph, each in its partition.

    Attributes:
        owners: per node type ``int32[n]``, the partition of every node by stable id.
        relabellings: per node type, the way from and to global ids.
        meter: measures the partition; the edges are still to be noted.
    """

    owners: Mapping[str, Assignment]
    relabellings: Mapping[str, Relabelling]
    meter: QualityMeter


@dataclass(frozen=True)
class Written:
    """What a build wrote, as the manifest states it."""

    schema: GraphSchema
    book: PartitionBook
    num_edges: Mapping[Relation, int]
    quality: Mapping[str, Any]


def partition_nodes(
    partitioner: Partitioner,
    counts: Mapping[str, int],
    columns: Mapping[str, pa.Table],
    relations: Sequence[Relation],
    edges: Mapping[Relation, tuple[npt.NDArray[Any], npt.NDArray[Any]]],
    parts: int,
    rng_seed: int,
    goal: Goal,
) -> Partitioned:
    """Ask a partitioner, and renumber the nodes by its answer.

    Args:
        partitioner: decides.
        counts: the number of nodes per type, in canonical order.
        columns: property columns per type, for partitioners that look at them.
        relations: all of them, in canonical order.
        edges: their ends in stable ids; empty for a partitioner that does not look at them.
        parts: number of partitions.
        rng_seed: for partitioners that draw.
        goal: what has to be balanced, and the target sizes.

    Raises:
        InputError: where there are no nodes.
        ArgumentError: where there are fewer nodes than parts, or the goal cannot be met.
        PartitionerError: where the partitioner returns what cannot be used.
    """
    offsets = np.cumsum([0, *counts.values()], dtype=np.int64)
    if offsets[-1] == 0:
        raise InputError("the graph has no nodes; pass edges, or a node table")
    first = dict(zip(counts, offsets, strict=False))
    with progress(f"partitioning with {partitioner.name}"):
        edge_sets = tuple(
            EdgeSet(
                relation,
                sources + first[relation.source],
                destinations + first[relation.destination],
            )
            for relation, (sources, destinations) in edges.items()
        )
        problem = PartitionProblem(tuple(counts), offsets, edge_sets, columns, goal)
        assignment = assign(partitioner, problem, parts, rng_seed)
    owners = {name: assignment[first[name] : first[name] + counts[name]] for name in counts}
    return Partitioned(
        owners,
        {name: relabel(owned, parts) for name, owned in owners.items()},
        QualityMeter(
            tuple(counts),
            offsets,
            relations,
            assignment,
            goal.shares(parts),
            {name: column_weights(problem, name) for name in goal.columns},
        ),
    )
