"""The registry of placement strategies; `graphray.placement.planning.plan` is what calls one.

A strategy is anything with a `name` and a `place` method; it is given a whole problem and answers
with the node of every replica. Where a name is searched for, `graphray.registry` says; other
packages offer theirs in the entry point group ``graphray.placement``.

A strategy that does not look at the edges between partitions says ``needs_cut = False``: a launch
does not count them for it.

GraphRay's own also have a method ``cost(arrangement)``, what they make small. One that has it gets
a reason for every replica from it; see `graphray.placement.cost.Cost`, and `arrange` for the way
from a cost to a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from graphray.errors import PlacementError
from graphray.placement.arrangement import Arrangement
from graphray.placement.cost import Cost
from graphray.placement.problem import PlacementProblem
from graphray.registry import Registered, Registry


@runtime_checkable
class PlacementStrategy(Protocol):
    """Decides which replica goes to which node."""

    @property
    def name(self) -> str:
        """What messages and plans call it, such as ``"balanced"``."""
        ...

    def place(self, problem: PlacementProblem) -> Sequence[Sequence[int]]:
        """The node of every replica, as its position in ``problem.nodes``.

        By partition and replica number: in ``[[0, 1], [2, 0]]``, replica 0 of partition 1 is on
        node 2.
        Must be a pure function of the problem.
        """
        ...


@runtime_checkable
class Priced(Protocol):
    """A strategy that can say what it makes small."""

    def cost(self, arrangement: Arrangement) -> Cost:
        """The cost, of an arrangement in which nothing stands yet."""
        ...


_BUILT_IN = {
    "affinity": "graphray.placement.affinity:Affinity",
    "balanced": "graphray.placement.balanced:Balanced",
    "labels": "graphray.placement.labelled:Labels",
    "pack": "graphray.placement.packed:Pack",
    "spread": "graphray.placement.spread:Spread",
}


@dataclass(frozen=True)
class _FromFunction:
    """A plain function in the shape of a `PlacementStrategy`."""

    name: str
    function: Callable[..., Any]

    def place(self, problem: PlacementProblem) -> Sequence[Sequence[int]]:
        return self.function(problem)


def _as_strategy(name: str, target: Any) -> PlacementStrategy:
    """An instance of a class, a function wrapped, or a ready instance as it is."""
    candidate = target() if isinstance(target, type) else target
    if isinstance(candidate, PlacementStrategy):
        return candidate
    if callable(candidate):
        return _FromFunction(name, candidate)
    raise PlacementError(
        f"placement strategy {name!r} is {target!r}; expected a function (problem), or a class "
        "with a name and a method place(problem)",
        strategy=name,
    )


REGISTRY = Registry(
    noun="placement strategy",
    group="graphray.placement",
    built_in=_BUILT_IN,
    adapt=_as_strategy,
    broken=lambda message, name: PlacementError(message, strategy=name),
)


def register(name: str) -> Callable[[Registered], Registered]:
    """Register a strategy of your own under a name, for this process.

    Decorates a function ``(problem) -> nodes by partition and replica``, or a `PlacementStrategy`
    class without constructor arguments. Registering a name again replaces the earlier one (a
    notebook cell runs twice), but GraphRay's own names are taken.

    Raises:
        ArgumentError: where the name is empty or GraphRay's own.
        PlacementError: where the target is neither.

    Example:
        >>> @register("round-robin")
        ... def round_robin(problem):
        ...     nodes = len(problem.nodes)
        ...     return [
        ...         [(p.part + r) % nodes for r in range(p.replicas)] for p in problem.partitions
        ...     ]
        >>> get("round-robin").name
        'round-robin'
    """
    return REGISTRY.register(name)


def names() -> tuple[str, ...]:
    """The names of all strategies that `get` finds, sorted.

    >>> [name for name in names() if name in ("balanced", "pack")]
    ['balanced', 'pack']
    """
    return REGISTRY.names()


def get(name: str) -> PlacementStrategy:
    """The strategy of that name.

    Raises:
        StrategyNotFound: where there is none; the message lists those that are.
        PlacementError: where another package's entry point cannot be loaded.
    """
    return REGISTRY.get(name)


def needs_cut(strategy: PlacementStrategy) -> bool:
    """Whether a strategy looks at the edges between partitions; others say ``needs_cut = False``.

    >>> needs_cut(get("affinity")), needs_cut(get("balanced"))
    (True, False)
    """
    return getattr(strategy, "needs_cut", True)
