"""From one partition to another number of parts, moving few nodes.

Two ways are tried, which Schloegel, Karypis and Kumar, "Wavefront Diffusion and LMSR: Algorithms
for Dynamic Repartitioning of Adaptive Meshes" (2001), call scratch-remap and diffusion:

- *remapped*: the graph is partitioned anew, and the new parts get the numbers of the old ones that
  they share most nodes with (an assignment problem, solved exactly);
- *kept*: old parts stay where they are. To grow, the heaviest are split; to shrink, the last ones
  are dissolved, their pieces going where most of their edges lead. Where the graph's goal states
  criteria or sizes, what is beyond a limit then moves for the least loss.

The first has the better cut and balance, the second moves less. The second is taken while its cut
and balance are within a stated factor of the first's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from graphray.errors import ArgumentError
from graphray.threads import Threads, available_threads
from partitioners.adjacency import symmetric_adjacency
from partitioners.balance import Balance
from partitioners.level import finest_level
from partitioners.limits import IMBALANCE
from partitioners.problem import PartitionProblem
from partitioners.quality import Quality, measure
from partitioners.refinement import mend, refine
from partitioners.registry import Assignment, Partitioner, assign
from partitioners.subproblem import induced

Strategy = Literal["kept", "remapped"]


@dataclass(frozen=True)
class Move:
    """How many nodes go from one part to another."""

    source: int
    destination: int
    nodes: int


@dataclass(frozen=True)
class Repartition:
    """A new partition and the way to it.

    Attributes:
        assignment: ``int32[n]``, the new part of every node.
        strategy: which of the two ways it was.
        moves: what moves where, largest first.
        quality: of the new partition.
    """

    assignment: Assignment
    strategy: Strategy
    moves: tuple[Move, ...]
    quality: Quality

    @property
    def moved_nodes(self) -> int:
        """Nodes that change their part."""
        return sum(move.nodes for move in self.moves)


def repartition(
    problem: PartitionProblem,
    current: Assignment,
    parts: int,
    *,
    partitioner: Partitioner | str = "multilevel",
    rng_seed: int = 0,
    tolerance: float = 1.05,
) -> Repartition:
    """Find a partition into another number of parts that is good and near the current one.

    Args:
        problem: the graph; its goal is for the new parts.
        current: ``int32[n]``, the current part of every node.
        parts: the number of parts wanted; the current number is that of ``current``.
        partitioner: partitions the graph, and the pieces of it that have to be split.
        rng_seed: for the partitioner.
        tolerance: how many times the remapped partition's cut, and its balances, the kept one may
            have. 1: quality before all; large: as few moves as can be.

    Raises:
        ArgumentError: where parts or the current assignment cannot be, or the goal is not met.

    Example:
        >>> from graphray.schema import DEFAULT_RELATION
        >>> from partitioners.problem import EdgeSet
        >>> path = EdgeSet(DEFAULT_RELATION, np.arange(7), np.arange(1, 8))
        >>> graph = PartitionProblem(("node",), np.array([0, 8]), (path,))
        >>> halves = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int32)
        >>> repartition(graph, halves, 4, partitioner="range").moved_nodes
        4
    """
    if not 1 <= parts <= max(problem.num_nodes, 1):
        raise ArgumentError(
            f"parts = {parts}; expected 1 to the {problem.num_nodes} nodes there are"
        )
    if current.shape != (problem.num_nodes,) or (len(current) and current.min() < 0):
        raise ArgumentError(
            f"the current assignment has shape {current.shape}; expected a part >= 0 for each of "
            f"the {problem.num_nodes} nodes"
        )
    current_parts = max(int(current.max(initial=0)) + 1, 1)
    fresh = assign(partitioner, problem, parts, rng_seed)
    remapped = _finished(
        problem,
        current,
        _with_old_numbers(current, fresh, problem.goal.shares(parts)),
        parts,
        "remapped",
    )
    if parts == current_parts:
        assignment = current
    elif parts > current_parts:
        assignment = _grown(problem, current, current_parts, parts, partitioner, rng_seed)
    else:
        assignment = _shrunk(problem, current, current_parts, parts, partitioner, rng_seed)
    if problem.goal.is_stated:
        assignment = _mended(problem, assignment, parts)
    kept = _finished(problem, current, assignment, parts, "kept")
    good_enough = _is_within(kept.quality, remapped.quality, tolerance)
    return kept if good_enough and kept.moved_nodes <= remapped.moved_nodes else remapped


def _finished(
    problem: PartitionProblem,
    current: Assignment,
    assignment: Assignment,
    parts: int,
    strategy: Strategy,
) -> Repartition:
    moved = np.flatnonzero(assignment != current)
    pairs, counts = np.unique(
        np.stack([current[moved], assignment[moved]]), axis=1, return_counts=True
    )
    moves = [
        Move(int(source), int(destination), int(count))
        for source, destination, count in zip(*pairs, counts, strict=True)
    ]
    moves.sort(key=lambda move: (-move.nodes, move.source, move.destination))
    return Repartition(assignment, strategy, tuple(moves), measure(problem, assignment, parts))


def _is_within(quality: Quality, best: Quality, tolerance: float) -> bool:
    return (
        quality.cut_edges <= best.cut_edges * tolerance
        and quality.node_balance <= best.node_balance * tolerance
        and quality.edge_balance <= best.edge_balance * tolerance
        and all(
            balance <= best.column_balance[name] * tolerance
            for name, balance in quality.column_balance.items()
        )
    )


def _mended(problem: PartitionProblem, assignment: Assignment, parts: int) -> Assignment:
    """The same, but for what is beyond the limits of the goal, and for what has to go along."""
    result = assignment.copy()
    with Threads(available_threads()) as threads:
        level = finest_level(problem, symmetric_adjacency(problem, threads))
        balance = Balance.of(problem, level.node_weights, parts, IMBALANCE)
        mend(level, result, balance)
        refine(level, result, balance, threads)
    return result


def _with_old_numbers(
    current: Assignment, fresh: Assignment, shares: npt.NDArray[np.float64]
) -> Assignment:
    """The fresh partition, its parts numbered as the old ones that they share most nodes with.

    A part only takes the number of one that is to be of its size.
    """
    parts = len(shares)
    shared = np.zeros((parts, parts), np.int64)
    comparable = current < parts  # A part that is to go has no number to hand on.
    np.add.at(shared, (fresh[comparable], current[comparable]), 1)
    shared[shares[:, None] != shares] = -len(current) - 1
    _, number = linear_sum_assignment(shared, maximize=True)
    return number.astype(np.int32)[fresh]


def _grown(
    problem: PartitionProblem,
    current: Assignment,
    current_parts: int,
    parts: int,
    partitioner: Partitioner | str,
    rng_seed: int,
) -> Assignment:
    """Split the heaviest parts; the largest piece of each keeps its number."""
    weight = _node_weights(problem)
    load = np.bincount(current, weights=weight, minlength=current_parts)
    size = np.bincount(current, minlength=current_parts)
    pieces = np.ones(current_parts, np.int64)
    for _ in range(parts - current_parts):
        pieces[np.argmax(np.where(pieces < size, load / pieces, -1.0))] += 1
    result = current.copy()
    unused = iter(range(current_parts, parts))
    for part in np.flatnonzero(pieces > 1):
        nodes = np.flatnonzero(current == part)
        split = assign(partitioner, induced(problem, nodes), int(pieces[part]), rng_seed)
        heaviest = np.argsort(-np.bincount(split, weights=weight[nodes], minlength=pieces[part]))
        for piece in heaviest[1:]:
            result[nodes[split == piece]] = next(unused)
    return result


def _shrunk(
    problem: PartitionProblem,
    current: Assignment,
    current_parts: int,
    parts: int,
    partitioner: Partitioner | str,
    rng_seed: int,
) -> Assignment:
    """Dissolve the last parts: one piece for every part that stays, matched by shared edges."""
    result = current.copy()
    for part in range(parts, current_parts):
        nodes = np.flatnonzero(current == part)
        pieces = min(parts, len(nodes))
        if pieces == 0:
            continue
        split = assign(partitioner, induced(problem, nodes), pieces, rng_seed)
        shared = _shared_edges(problem, nodes, split, result, pieces, parts)
        piece_of, part_of = linear_sum_assignment(shared, maximize=True)
        goes_to = np.zeros(pieces, np.int32)
        goes_to[piece_of] = part_of
        result[nodes] = goes_to[split]
    return result


def _shared_edges(
    problem: PartitionProblem,
    nodes: npt.NDArray[np.int64],
    split: Assignment,
    assignment: Assignment,
    pieces: int,
    parts: int,
) -> npt.NDArray[np.int64]:
    """Edges between every piece and every part that stays, ``int64[pieces, parts]``."""
    piece = np.full(problem.num_nodes, -1, np.int64)
    piece[nodes] = split
    shared = np.zeros((pieces, parts), np.int64)
    for edges in problem.edges:
        ends = (edges.sources, edges.destinations)
        for near, far in (ends, ends[::-1]):
            crossing = (piece[near] >= 0) & (assignment[far] < parts)
            np.add.at(shared, (piece[near[crossing]], assignment[far[crossing]]), 1)
    return shared


def _node_weights(problem: PartitionProblem) -> npt.NDArray[np.float64]:
    """Degree plus mean degree: half the weight for nodes, half for edges."""
    degrees = np.zeros(problem.num_nodes)
    for edges in problem.edges:
        for ends in (edges.sources, edges.destinations):
            degrees += np.bincount(ends, minlength=problem.num_nodes)
    return degrees + max(degrees.mean(), 1.0) if len(degrees) else degrees
