"""Graphs for the partitioners' tests: random small ones by Hypothesis, and planted communities."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from graphray.schema import DEFAULT_RELATION, Relation
from partitioners import EdgeSet, PartitionProblem


def homogeneous(num_nodes: int, pairs: Any) -> PartitionProblem:
    """One node type, one relation, of these (source, destination) pairs."""
    array = np.asarray(pairs, np.int64).reshape(-1, 2)
    edges = EdgeSet(DEFAULT_RELATION, array[:, 0].copy(), array[:, 1].copy())
    return PartitionProblem(("node",), np.array([0, num_nodes]), (edges,))


@st.composite
def problems(draw: st.DrawFn, max_nodes: int = 24, max_edges: int = 60) -> PartitionProblem:
    """Graphs of up to three node types and relations, with loops, repeats and lonely nodes."""
    sizes = draw(st.lists(st.integers(0, max_nodes // 2), min_size=1, max_size=3))
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    names = tuple(f"t{i}" for i in range(len(sizes)))
    filled = [i for i, size in enumerate(sizes) if size]
    edges = []
    for number in range(draw(st.integers(0, 3)) if filled else 0):
        source, destination = draw(st.sampled_from(filled)), draw(st.sampled_from(filled))
        pair = st.tuples(
            st.integers(int(offsets[source]), int(offsets[source + 1]) - 1),
            st.integers(int(offsets[destination]), int(offsets[destination + 1]) - 1),
        )
        drawn = draw(st.lists(pair, max_size=max_edges // 3))
        array = np.array(drawn, np.int64).reshape(-1, 2)
        relation = Relation(names[source], f"r{number}", names[destination])
        edges.append(EdgeSet(relation, array[:, 0].copy(), array[:, 1].copy()))
    return PartitionProblem(names, offsets, tuple(edges))


def planted(
    groups: int, size: int, degree: int, inside: float, rng: np.random.Generator
) -> tuple[PartitionProblem, npt.NDArray[np.int32]]:
    """Equal communities with `inside` of their edges within; node numbers are shuffled.

    Returns the graph and the community of each node.
    """
    n = groups * size
    community = rng.permutation(np.repeat(np.arange(groups, dtype=np.int32), size))
    members = np.argsort(community, kind="stable").reshape(groups, size)
    sources = np.repeat(np.arange(n), degree // 2)
    local = members[community[sources], rng.integers(0, size, len(sources))]
    anywhere = rng.integers(0, n, len(sources))
    destinations = np.where(rng.random(len(sources)) < inside, local, anywhere)
    return homogeneous(n, np.stack([sources, destinations], axis=1)), community


def skewed(num_nodes: int, num_edges: int, rng: np.random.Generator) -> PartitionProblem:
    """Few hubs, many isolated nodes, no communities: ends are drawn by a power law."""
    weights = (1.0 + np.arange(num_nodes)) ** -0.9
    weights /= weights.sum()
    names = rng.permutation(num_nodes)
    return homogeneous(num_nodes, names[rng.choice(num_nodes, (num_edges, 2), p=weights)])
