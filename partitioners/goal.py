"""What a partition has to balance, and how much of it each partition is to get.

Unless asked for more, nodes and edges are balanced as well as can be. A criterion that is *named*
is a promise: it is held, or the graph is refused with the best that was reached.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from partitioners.limits import checked_imbalance

NODES, EDGES = "nodes", "edges"
# What a partitioner that balances columns of weights too says of itself.
ANY_CRITERIA = None


@dataclass(frozen=True)
class Goal:
    """The balance that is asked for.

    Attributes:
        balance: the criteria that have to be held: ``"nodes"``, ``"edges"`` (edge ends at a
            partition's nodes), or the name of a column of weights; None for nodes and edges, as
            well as can be.
        target_sizes: the size of each partition relative to the others, in every criterion; None
            for equal ones.
        imbalance: a partition may hold this many times its target; None for what the partitioner
            was made with.
        best_effort: take the best that can be reached, where a named criterion is not held.

    Raises:
        ArgumentError: where a criterion is named twice, none is, a size is not above 0, or
            `imbalance` is below 1.

    Example:
        >>> Goal(balance=("nodes", "cost"), target_sizes=(2, 1, 1)).shares(3).tolist()
        [0.5, 0.25, 0.25]
    """

    balance: tuple[str, ...] | None = None
    target_sizes: tuple[float, ...] | None = None
    imbalance: float | None = None
    best_effort: bool = False

    def __post_init__(self) -> None:
        if self.balance is not None:
            _check_criteria(self.balance)
        if self.target_sizes is not None:
            _check_sizes(self.target_sizes)
        if self.imbalance is not None:
            checked_imbalance(self.imbalance)

    @classmethod
    def of(
        cls,
        balance: str | Sequence[str] | None = None,
        target_sizes: Sequence[float] | None = None,
        imbalance: float | None = None,
    ) -> Goal:
        """The same from what a caller writes: one criterion or several, any sequence of sizes.

        >>> Goal.of("edges").balance
        ('edges',)
        """
        named = (balance,) if isinstance(balance, str) else balance
        try:
            criteria = None if named is None else tuple(named)
            sizes = None if target_sizes is None else tuple(float(size) for size in target_sizes)
        except (TypeError, ValueError) as error:
            raise ArgumentError(
                f"balance = {balance!r}, target_sizes = {target_sizes!r}; expected names such as "
                f'["nodes", "edges"], and numbers such as [2, 1, 1]: {error}'
            ) from error
        return cls(criteria, sizes, imbalance)

    @property
    def is_stated(self) -> bool:
        """Whether more is asked for than nodes and edges as well as can be."""
        return self.balance is not None or self.target_sizes is not None

    @property
    def criteria(self) -> tuple[str, ...]:
        """What is balanced."""
        return (NODES, EDGES) if self.balance is None else self.balance

    @property
    def columns(self) -> tuple[str, ...]:
        """The criteria that are columns of weights."""
        return tuple(name for name in self.criteria if name not in (NODES, EDGES))

    def shares(self, parts: int) -> npt.NDArray[np.float64]:
        """``float64[parts]``, the share of each partition; they sum to 1.

        Raises:
            ArgumentError: where there is not one target size per partition.
        """
        if self.target_sizes is None:
            return np.full(parts, 1 / parts)
        if len(self.target_sizes) != parts:
            raise ArgumentError(
                f"target_sizes has {len(self.target_sizes)} entries for parts = {parts}; expected "
                "one per partition"
            )
        sizes = np.array(self.target_sizes)
        return sizes / sizes.sum()


def _check_criteria(balance: tuple[str, ...]) -> None:
    if not balance or not all(isinstance(name, str) and name for name in balance):
        raise ArgumentError(
            f"balance = {balance!r}; expected one or more of 'nodes', 'edges' and names of columns"
        )
    if len(set(balance)) < len(balance):
        raise ArgumentError(f"balance = {balance!r} names a criterion twice")


def _check_sizes(sizes: tuple[float, ...]) -> None:
    for part, size in enumerate(sizes):
        if not 0 < size < np.inf:
            raise ArgumentError(
                f"target_sizes[{part}] = {size}; expected a number above 0: the size of that "
                "partition relative to the others"
            )
