"""The registry of placement strategies; `graphray.placement.planning.plan` is what calls one.

A strategy is anything with a `name` and a `place` method; it is given a whole problem and answers
with the node of every replica. Three places are searched for a name, in this order: what a
decorator registered in this process, GraphRay's own (imported when first asked for), and the entry
points of group ``graphray.placement`` of installed packages.

GraphRay's own also have a method ``cost(arrangement)``, what they make small. One that has it gets
a reason for every replica from it; see `graphray.placement.cost.Cost`, and `arrange` for the way
from a cost to a plan.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, TypeVar, runtime_checkable

from graphray.errors import ArgumentError, PlacementError, StrategyNotFound
from graphray.placement.arrangement import Arrangement
from graphray.placement.cost import Cost
from graphray.placement.problem import PlacementProblem

ENTRY_POINT_GROUP = "graphray.placement"


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


Registered = TypeVar("Registered", bound=Callable[..., Any])

_BUILT_IN = {
    "affinity": "graphray.placement.affinity:Affinity",
    "balanced": "graphray.placement.balanced:Balanced",
    "labels": "graphray.placement.labelled:Labels",
    "pack": "graphray.placement.packed:Pack",
    "spread": "graphray.placement.spread:Spread",
}
_custom: dict[str, PlacementStrategy] = {}


@dataclass(frozen=True)
class _FromFunction:
    """A plain function in the shape of a `PlacementStrategy`."""

    name: str
    function: Callable[..., Any]

    def place(self, problem: PlacementProblem) -> Sequence[Sequence[int]]:
        return self.function(problem)


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
    if not name or name in _BUILT_IN:
        raise ArgumentError(
            f"a placement strategy cannot be registered as {name!r}: choose a name that is not "
            f"empty and not one of GraphRay's own ({', '.join(sorted(_BUILT_IN))})"
        )

    def decorate(target: Registered) -> Registered:
        _custom[name] = _as_strategy(name, target)
        return target

    return decorate


def names() -> tuple[str, ...]:
    """The names of all strategies that `get` finds, sorted.

    >>> [name for name in names() if name in ("balanced", "pack")]
    ['balanced', 'pack']
    """
    installed = {point.name for point in entry_points(group=ENTRY_POINT_GROUP)}
    return tuple(sorted(installed | _BUILT_IN.keys() | _custom.keys()))


def get(name: str) -> PlacementStrategy:
    """The strategy of that name.

    Raises:
        StrategyNotFound: where there is none; the message lists those that are.
        PlacementError: where another package's entry point cannot be loaded.
    """
    if name in _custom:
        return _custom[name]
    if name in _BUILT_IN:
        module, _, attribute = _BUILT_IN[name].partition(":")
        return _as_strategy(name, getattr(import_module(module), attribute))
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        return _load(point)
    raise StrategyNotFound(
        f"no placement strategy is called {name!r}; there are: {', '.join(names())}", strategy=name
    )


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


def _load(point: EntryPoint) -> PlacementStrategy:
    try:
        target = point.load()
    except (ImportError, AttributeError) as error:
        raise PlacementError(
            f"placement strategy {point.name!r} could not be loaded from {point.value!r}: {error}; "
            "repair or uninstall the package that brings it",
            strategy=point.name,
        ) from error
    return _as_strategy(point.name, target)
