"""Partition with METIS: the least edge cut, with nodes weighted so that edges balance too.

Karypis and Kumar, "A Fast and High Quality Multilevel Scheme for Partitioning Irregular Graphs",
SIAM J. Sci. Comput. 20(1), 1998. A node weighs its edge ends plus their mean: half of a
partition's weight is its nodes and half its edges. METIS takes some fifteen times the memory
of the graph's adjacency, and where hubs are large it takes minutes and misses the balance;
`multilevel` is the one for such graphs.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pymetis

from graphray.errors import ArgumentError
from partitioners.adjacency import SymmetricAdjacency, symmetric_adjacency
from partitioners.occupancy import occupy
from partitioners.problem import PartitionProblem


class Metis:
    """METIS k-way partitioning of all relations together."""

    name = "metis"

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; see `partitioners.registry.assign`.

        Raises:
            ArgumentError: where METIS was built with 32-bit integers and the graph needs more.
        """
        if parts == 1 or problem.num_nodes <= parts:
            return np.arange(problem.num_nodes, dtype=np.int32) % np.int32(parts)
        graph = symmetric_adjacency(problem)
        if len(graph.neighbours) == 0:
            # Nothing to cut: METIS would only be asked to count.
            return (np.arange(graph.num_nodes) * parts // graph.num_nodes).astype(np.int32)
        assignment = _call_metis(graph, parts, rng_seed)
        occupy(assignment, parts)
        return assignment


def _call_metis(graph: SymmetricAdjacency, parts: int, rng_seed: int) -> npt.NDArray[np.int32]:
    integer = pymetis.zero_copy_dtype()
    node_weights = graph.loads + max(1, int(graph.loads.sum()) // graph.num_nodes)
    _check_width(graph, int(node_weights.sum()), np.iinfo(integer).max)
    weights = graph.weights
    _, assignment = pymetis.part_graph(
        parts,
        pymetis.CSRAdjacency(graph.indptr.astype(integer), graph.neighbours.astype(integer)),
        vweights=node_weights.astype(integer),
        eweights=None if weights is None else weights.astype(integer),
        options=pymetis.Options(seed=rng_seed % (2**31 - 1)),
    )
    return np.asarray(assignment, np.int32)


def _check_width(graph: SymmetricAdjacency, total_weight: int, most: int) -> None:
    if max(len(graph.neighbours), total_weight) > most:
        raise ArgumentError(
            f"the graph has {len(graph.neighbours)} adjacency entries and METIS weights of "
            f"{total_weight}, and this METIS counts to {most}; use 'multilevel', or a pymetis "
            "built with 64-bit integers"
        )
