"""What was asked for and what was reached: a criterion that a goal names is held, or refused."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from graphray.errors import BalanceNotMet
from graphray.kernels.partition_stream import count_ends
from partitioners.goal import EDGES, NODES
from partitioners.problem import AnyProblem
from partitioners.weights import column_weights

# Columns of weights are sums of floating-point numbers.
_ROUNDING = 1 + 1e-6


def criterion_weights(problem: AnyProblem, criterion: str) -> npt.NDArray[np.float64]:
    """What each node counts for in a criterion, ``float64[n]``.

    Raises:
        ColumnNotFound: where it is neither ``"nodes"`` nor ``"edges"`` nor a column.
        InputError: where a column holds what is no weight.
    """
    if criterion == NODES:
        return np.ones(problem.num_nodes)
    if criterion != EDGES:
        return column_weights(problem, criterion)
    loads = np.zeros(problem.num_nodes, np.uint32)
    for edges in problem.edges:
        for sources, destinations in edges.batches():
            count_ends(sources, destinations, loads)
    return loads.astype(np.float64)


def check_goal(
    problem: AnyProblem,
    assignment: npt.NDArray[np.int32],
    parts: int,
    imbalance: float,
    partitioner: str,
) -> None:
    """Refuse an assignment that does not hold what the problem's goal names.

    A partition may hold its share, rounded up, or `imbalance` times its share.

    Raises:
        BalanceNotMet: naming the criteria, and the best that was reached in each.
    """
    shares = problem.goal.shares(parts)
    missed = []
    for criterion in problem.goal.balance or ():
        weights = criterion_weights(problem, criterion)
        targets = weights.sum() * shares
        filled = np.bincount(assignment, weights=weights, minlength=parts)
        whole = bool((weights == np.floor(weights)).all())
        limits = np.maximum(np.ceil(targets - 1e-6) if whole else targets, targets * imbalance)
        over = filled / np.maximum(limits * _ROUNDING, 1e-300)
        if (over > 1).any():
            missed.append(_missed(problem, criterion, weights, filled / targets, limits))
    if missed:
        criteria = ", ".join(repr(criterion) for criterion, _ in missed)
        raise BalanceNotMet(
            f"partitioner {partitioner!r} found no balance of {criteria} within {imbalance:g} "
            f"times the target: {'; '.join(text for _, text in missed)}. Pass a larger imbalance, "
            "fewer parts, or leave the criterion out of balance",
            criteria=[criterion for criterion, _ in missed],
            partitioner=partitioner,
        )


def _missed(
    problem: AnyProblem,
    criterion: str,
    weights: npt.NDArray[np.float64],
    reached: npt.NDArray[np.float64],
    limits: npt.NDArray[np.float64],
) -> tuple[str, str]:
    part, heaviest = int(reached.argmax()), int(weights.argmax())
    text = f"{criterion!r} is {reached[part]:.3g} times the target in partition {part} at best"
    if weights[heaviest] > limits.max():
        share = weights[heaviest] / weights.sum()
        text += (
            f", and {problem.name_of(heaviest)} alone holds {share:.1%} of all, more than any "
            "partition may"
        )
    return criterion, text
