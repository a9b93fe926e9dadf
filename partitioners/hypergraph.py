"""Partition a hypergraph for connectivity: each hyperedge in as few partitions as possible.

A hyperedge that reaches λ partitions is known to λ - 1 besides its owner: their sum is what a
hypergraph's partition costs, and no edge cut of an expansion says it. The vertices are split;
a hyperedge then goes where most of its pins are.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.kernels.partition_assign import fill_parts
from graphray.kernels.partition_hypergraph_cluster import Pins
from graphray.kernels.partition_hypergraph_refine import follow_majority
from partitioners import hypergraph_multilevel, mt_kahypar
from partitioners.balance import Balance, filled_by
from partitioners.goal import ANY_CRITERIA
from partitioners.hypergraph_levels import (
    INCIDENCE,
    is_hypergraph,
    nodes_of,
    pins_of,
    simplify,
)
from partitioners.limits import IMBALANCE, checked_imbalance
from partitioners.occupancy import occupy
from partitioners.problem import PartitionProblem
from partitioners.weights import node_weights_of

Engine = Literal["auto", "mtkahypar", "own"]
_ENGINES = ("auto", "mtkahypar", "own")


class Hypergraph:
    """Hypergraph partitioning with balance on vertices and pins.

    Args:
        imbalance: the largest partition may hold this many times the mean of vertices, and of
            pins. It is missed where one vertex has more pins than that.
        engine: ``"own"``, ``"mtkahypar"``, or ``"auto"``: Mt-KaHyPar where it is installed. On
            planted hypergraphs both come out about the same, and ours in a fraction of the time.

    Raises:
        ArgumentError: where `imbalance` is below 1, or there is no such engine.

    Example:
        >>> Hypergraph(imbalance=1.03, engine="own").name
        'hypergraph'
    """

    name = "hypergraph"
    balances = ANY_CRITERIA
    takes_target_sizes = True

    def __init__(self, *, imbalance: float = IMBALANCE, engine: Engine = "auto") -> None:
        imbalance = checked_imbalance(imbalance)
        if engine not in _ENGINES:
            raise ArgumentError(f"engine = {engine!r}; expected one of {', '.join(_ENGINES)}")
        self.imbalance = imbalance
        self.engine = engine

    def partition(
        self, problem: PartitionProblem, parts: int, *, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        """The partition of every node, as ``int32[n]``; see `partitioners.registry.assign`.

        Raises:
            ArgumentError: where the graph is no hypergraph.
            MissingDependency: where Mt-KaHyPar is asked for and not installed.
        """
        relations = [edges.relation for edges in problem.edges]
        if not is_hypergraph(problem.type_names, relations):
            raise ArgumentError(
                "'hypergraph' needs two node types and one relation between them called "
                f"{INCIDENCE!r}, from vertices to hyperedges; this graph has the node types "
                f"{', '.join(problem.type_names) or 'none'} and the relations "
                f"{', '.join(map(str, relations)) or 'none'}"
            )
        incidence = problem.edges[0].relation
        node_weights = node_weights_of(problem)
        graph = pins_of(problem, problem.edges[0], node_weights)
        balance = Balance.of(problem, graph.vertex_weights, parts, self.imbalance)
        part = self._split_vertices(graph, balance, rng_seed)
        assignment = np.empty(problem.num_nodes, np.int32)
        assignment[nodes_of(problem, incidence.source)] = part
        assignment[nodes_of(problem, incidence.destination)] = _place_hyperedges(
            problem, graph, part, node_weights, parts, self.imbalance
        )
        if problem.num_nodes:
            occupy(assignment, parts)
        return assignment

    def _split_vertices(
        self, graph: Pins, balance: Balance, rng_seed: int
    ) -> npt.NDArray[np.int32]:
        n = graph.num_vertices
        if balance.parts == 1 or n <= balance.parts:
            return np.arange(n, dtype=np.int32) % np.int32(balance.parts)
        graph = simplify(graph)
        linked = np.diff(graph.vertex_ptr) > 0
        part = np.full(n, balance.parts, np.int32)
        part[linked] = self._split_linked(_restricted(graph, linked), balance, rng_seed)
        _fill_up(graph, np.flatnonzero(~linked), part, balance)
        return part

    def _split_linked(self, graph: Pins, balance: Balance, rng_seed: int) -> npt.NDArray[np.int32]:
        if graph.num_vertices <= balance.parts:
            return np.arange(graph.num_vertices, dtype=np.int32)
        rng = np.random.default_rng(rng_seed)
        if self.engine == "own" or (self.engine == "auto" and not mt_kahypar.is_installed()):
            return hypergraph_multilevel.split(graph, balance, rng)
        part = mt_kahypar.split(graph, balance, rng_seed)
        # It balances one weight; here each is held by itself.
        hypergraph_multilevel.refine(graph, part, balance)
        return part


def _restricted(graph: Pins, linked: npt.NDArray[np.bool_]) -> Pins:
    """Only the vertices that have hyperedges, numbered anew."""
    number = (np.cumsum(linked) - 1).astype(np.int32)
    vertex_ptr = np.append(graph.vertex_ptr[:-1][linked], graph.vertex_ptr[-1])
    return graph._replace(
        pins=number[graph.pins], vertex_ptr=vertex_ptr, vertex_weights=graph.vertex_weights[linked]
    )


def _fill_up(
    graph: Pins, nodes: npt.NDArray[np.int64], part: npt.NDArray[np.int32], balance: Balance
) -> None:
    """Put vertices that no hyperedge draws anywhere where least is, the most pins first."""
    weights = graph.vertex_weights.astype(np.uint32)
    filled = filled_by(weights, part, balance.parts)
    falling = nodes[np.argsort(-graph.vertex_weights[nodes, 1], kind="stable")]
    fill_parts(falling.astype(np.uint32), weights, balance.limits, part, filled)


def _place_hyperedges(
    problem: PartitionProblem,
    graph: Pins,
    part: npt.NDArray[np.int32],
    node_weights: npt.NDArray[np.uint32],
    parts: int,
    imbalance: float,
) -> npt.NDArray[np.int32]:
    """The partition of each hyperedge: where most of its pins are.

    Only where the goal names criteria does it have to be one with room.
    """
    balance = Balance.of(problem, node_weights, parts, imbalance)
    limits = balance.limits
    if problem.goal.balance is None:
        limits = np.broadcast_to(balance.totals, limits.shape).copy()
    incidence = problem.edges[0].relation
    filled = filled_by(node_weights[nodes_of(problem, incidence.source)], part, parts)
    weights = node_weights[nodes_of(problem, incidence.destination)]
    return follow_majority(graph.edge_ptr, graph.pins, part, weights, limits, filled)
