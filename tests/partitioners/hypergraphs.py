"""Hypergraphs for the partitioners' tests: random small ones by Hypothesis, and planted ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from graphray.schema import Relation
from partitioners import EdgeSet, PartitionProblem

INCIDENCE = Relation("vertex", "incidence", "hyperedge")


def of_sets(num_vertices: int, sets: Sequence[Sequence[int]]) -> PartitionProblem:
    """A hypergraph of these hyperedges; a vertex twice in one has two roles there."""
    hyperedges = np.repeat(np.arange(len(sets)), [len(members) for members in sets])
    vertices = np.array([v for members in sets for v in members], np.int64)
    offsets = np.array([0, num_vertices, num_vertices + len(sets)])
    edges = EdgeSet(INCIDENCE, vertices, hyperedges.astype(np.int64) + num_vertices)
    return PartitionProblem(("vertex", "hyperedge"), offsets, (edges,))


def sets_of(problem: PartitionProblem) -> list[set[int]]:
    """The vertices of each hyperedge."""
    n = int(problem.type_offsets[1])
    sets: list[set[int]] = [set() for _ in range(problem.num_nodes - n)]
    edges = problem.edges[0]
    for v, e in zip(edges.sources.tolist(), edges.destinations.tolist(), strict=True):
        sets[e - n].add(v)
    return sets


def connectivity(problem: PartitionProblem, assignment: Sequence[int]) -> int:
    """λ - 1 summed over hyperedges, by definition."""
    reached = [{assignment[v] for v in members} for members in sets_of(problem)]
    return sum(max(0, len(partitions) - 1) for partitions in reached)


@st.composite
def hypergraphs(draw: st.DrawFn, max_vertices: int = 20) -> PartitionProblem:
    """Hypergraphs with empty, single, repeated and identical hyperedges, and lonely vertices."""
    n = draw(st.integers(0, max_vertices))
    members = st.lists(st.integers(0, n - 1), max_size=8) if n else st.just([])
    return of_sets(n, draw(st.lists(members, max_size=30)))


def planted(
    groups: int, size: int, sets_per_group: int, inside: float, rng: np.random.Generator
) -> tuple[PartitionProblem, npt.NDArray[np.int32]]:
    """Equal communities; pins of a hyperedge are in its community with probability `inside`.

    Returns the hypergraph and the community of each vertex.
    """
    n = groups * size
    community = rng.permutation(np.repeat(np.arange(groups, dtype=np.int32), size))
    sets = []
    for group in range(groups):
        members = np.flatnonzero(community == group)
        for _ in range(sets_per_group):
            pins = rng.choice(members, rng.integers(2, 9))
            outside = rng.random(len(pins)) > inside
            pins[outside] = rng.integers(0, n, outside.sum())
            sets.append(pins.tolist())
    return of_sets(n, sets), community
