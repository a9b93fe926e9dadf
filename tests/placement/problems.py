"""Problems to plan: small ones for Hypothesis to shrink, and large ones like real clusters."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from scipy import sparse

from graphray.placement import (
    ClusterNode,
    PartitionDemand,
    PlacementOptions,
    PlacementProblem,
)

GIB = 2.0**30


def node(name: str, memory: float = 100, cpus: float = 8, **more: object) -> ClusterNode:
    return ClusterNode(name, memory, cpus, **more)  # type: ignore[arg-type]


def nodes(count: int, memory: float = 100, **more: object) -> tuple[ClusterNode, ...]:
    return tuple(node(f"n{i}", memory, **more) for i in range(count))


def demands(
    sizes: list[float], replicas: int = 2, cpus: float = 0.0
) -> tuple[PartitionDemand, ...]:
    return tuple(
        PartitionDemand(part, size, cpus, replicas=replicas) for part, size in enumerate(sizes)
    )


def cut_of(edges: dict[tuple[int, int], float], parts: int) -> sparse.csr_array:
    dense = np.zeros((parts, parts))
    for (p, q), count in edges.items():
        dense[p, q] = dense[q, p] = count
    return sparse.csr_array(dense)


@st.composite
def tiny_problems(draw: st.DrawFn, with_cut: bool = False) -> PlacementProblem:
    """At most 7 replicas on 4 nodes, of which there may not be enough."""
    replicas = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    size = st.integers(1, 6)
    partitions = tuple(
        PartitionDemand(part, draw(size), draw(st.sampled_from([0.0, 1.0])), replicas=count)
        for part, count in enumerate(replicas)
    )
    cluster = tuple(
        ClusterNode(
            f"n{i}",
            draw(st.integers(4, 16)),
            draw(st.integers(1, 6)),
            zone=draw(st.sampled_from("ab")),
            labels=draw(st.sampled_from([{}, {"market": "spot"}])),
            draining=draw(st.sampled_from([False, False, False, True])),
        )
        for i in range(draw(st.integers(1, 4)))
    )
    options = PlacementOptions(
        spread_zones=draw(st.booleans()),
        require=draw(st.sampled_from([(), (), ({"market": "!spot"},), ({"market": "spot"}, {})])),
    )
    cut = None
    if with_cut:
        parts = len(partitions)
        cut = cut_of(
            {(p, q): draw(st.integers(0, 9)) for p in range(parts) for q in range(p + 1)}, parts
        )
    return PlacementProblem(partitions, cluster, options, cut=cut)


def large_problem(parts: int, count: int, rng_seed: int, **options: object) -> PlacementProblem:
    """Three replicas each, on nodes of different sizes in three zones, a third of them full."""
    rng = np.random.default_rng(rng_seed)
    partitions = tuple(
        PartitionDemand(
            part,
            memory_bytes=float(rng.lognormal(1, 0.5)) * GIB,
            cpus=0.05,
            replicas=3,
            busy_cpus=float(rng.lognormal(0, 1)),
            bytes_per_s=float(rng.lognormal(10, 1)),
        )
        for part in range(parts)
    )
    total = 3 * sum(p.memory_bytes for p in partitions)
    weights = rng.integers(1, 5, count)
    cluster = tuple(
        ClusterNode(
            f"n{i}",
            memory_bytes=3 * total * float(weight) / float(weights.sum()),
            cpus=float(8 * weight),
            zone=f"zone-{i % 3}",
            bytes_per_s_max=1e9,
        )
        for i, weight in enumerate(weights)
    )
    return PlacementProblem(
        partitions,
        cluster,
        PlacementOptions(**options),  # type: ignore[arg-type]
        cut=ring_cut(parts, rng),
    )


def ring_cut(parts: int, rng: np.random.Generator) -> sparse.csr_array:
    """Partitions on a ring that share edges with the next ten on either side."""
    rows = np.repeat(np.arange(parts), 10)
    columns = (rows + np.tile(np.arange(1, 11), parts)) % parts
    half = sparse.coo_array((rng.random(len(rows)) * 100, (rows, columns)), (parts, parts)).tocsr()
    return sparse.csr_array(half + half.T + sparse.diags_array(np.full(parts, 1000.0)))
