"""The registry of partitioners, and the door through which every one is called.

A partitioner is anything with a `name` and a `partition` method; it is called with a whole graph
and answers with the partition of every node. Where a name is searched for, `graphray.registry`
says; other packages offer theirs in the entry point group ``graphray.partitioners``.

`assign` is the one place that calls a partitioner: whatever comes back is checked there, so that
nothing behind it has to. What a partitioner can do beyond that, it says of itself:

- ``needs_edges = False``: it looks at neither edges nor columns;
- ``reads_batches = True``: it also takes edges in batches, a `StreamedProblem`;
- ``within(memory_bytes)``: the same partitioner, held to so much memory;
- ``balances = ("nodes",)``: the criteria that a goal may name, `ANY_CRITERIA` for all, columns too;
- ``takes_target_sizes = True``: partitions may be of different sizes;
- ``imbalance``: what a partition may hold as a multiple of its target, where the goal says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError, PartitionerError
from graphray.registry import Registered, Registry
from partitioners.goal import ANY_CRITERIA, Goal
from partitioners.limits import IMBALANCE
from partitioners.problem import AnyProblem, PartitionProblem, StreamedProblem
from partitioners.promise import check_goal

Assignment = npt.NDArray[np.int32]


@runtime_checkable
class Partitioner(Protocol):
    """Splits a graph into partitions."""

    @property
    def name(self) -> str:
        """What messages and manifests call it, such as ``"metis"``."""
        ...

    def partition(self, problem: PartitionProblem, parts: int, *, rng_seed: int) -> Assignment:
        """The partition of every node, as ``int32[problem.num_nodes]`` in ``0 .. parts - 1``.

        Must be a pure function of its arguments: the same `rng_seed`, the same assignment.
        """
        ...


PartitionFunction = Callable[..., Any]

_BUILT_IN = {
    "hash": "partitioners.hashed:Hash",
    "hierarchical": "partitioners.hierarchical:Hierarchical",
    "hierarchical-knowledge": "partitioners.hierarchical_knowledge:HierarchicalKnowledge",
    "hypergraph": "partitioners.hypergraph:Hypergraph",
    "knowledge": "partitioners.knowledge:Knowledge",
    "metagraph": "partitioners.metagraph:Metagraph",
    "metis": "partitioners.metis:Metis",
    "multilevel": "partitioners.multilevel:Multilevel",
    "random": "partitioners.shuffled:Random",
    "range": "partitioners.ranged:Range",
    "semantic": "partitioners.semantic:Semantic",
    "streaming": "partitioners.streaming:Streaming",
}


@dataclass(frozen=True)
class _FromFunction:
    """A plain function in the shape of a `Partitioner`."""

    name: str
    function: PartitionFunction

    def partition(self, problem: PartitionProblem, parts: int, *, rng_seed: int) -> Assignment:
        return self.function(problem, parts, rng_seed=rng_seed)


def _as_partitioner(name: str, target: Any) -> Partitioner:
    """An instance of a class, a function wrapped, or a ready instance as it is."""
    candidate = target() if isinstance(target, type) else target
    if isinstance(candidate, Partitioner):
        return candidate
    if callable(candidate):
        return _FromFunction(name, candidate)
    raise PartitionerError(
        f"partitioner {name!r} is {target!r}; expected a function (problem, parts, *, rng_seed), "
        "or a class with a name and a method partition of that shape",
        partitioner=name,
    )


REGISTRY = Registry(
    noun="partitioner",
    group="graphray.partitioners",
    built_in=_BUILT_IN,
    adapt=_as_partitioner,
    broken=lambda message, name: PartitionerError(message, partitioner=name),
)


def register(name: str) -> Callable[[Registered], Registered]:
    """Register a partitioner of your own under a name, for this process.

    Decorates a function ``(problem, parts, *, rng_seed) -> int32[n]``, or a `Partitioner` class
    without constructor arguments. Registering a name again replaces the earlier one (a notebook
    cell runs twice), but GraphRay's own names are taken.

    Raises:
        ArgumentError: where the name is empty or GraphRay's own.
        PartitionerError: where the target is neither.

    Example:
        >>> @register("all-in-first")
        ... def all_in_first(problem, parts, *, rng_seed):
        ...     return np.zeros(problem.num_nodes, np.int32)
        >>> get("all-in-first").name
        'all-in-first'
    """
    return REGISTRY.register(name)


def names() -> tuple[str, ...]:
    """The names of all partitioners that `get` finds, sorted.

    >>> [name for name in names() if name in ("hash", "metis", "range")]
    ['hash', 'metis', 'range']
    """
    return REGISTRY.names()


def get(name: str) -> Partitioner:
    """The partitioner of that name.

    Raises:
        StrategyNotFound: where there is none; the message lists those that are.
        PartitionerError: where another package's entry point cannot be loaded.
    """
    return REGISTRY.get(name)


def assign(
    partitioner: Partitioner | str, problem: AnyProblem, parts: int, rng_seed: int
) -> Assignment:
    """Partition a graph, and check what the partitioner returned.

    Args:
        partitioner: a name, or an instance with settings of its own.
        problem: the graph.
        parts: number of partitions; at least 1 and at most the number of nodes (1 where there
            are none).
        rng_seed: at least 0; the same seed gives the same assignment.

    Returns:
        ``int32[problem.num_nodes]``, each in ``0 .. parts - 1``.

    Raises:
        ArgumentError: where `parts` or `rng_seed` is out of its range, or the partitioner cannot do
            what the problem's goal asks for.
        StrategyNotFound: where no partitioner has that name.
        PartitionerError: where the partitioner returned something else.
        BalanceNotMet: where a criterion that the goal names is not held.
        ColumnNotFound: where the goal names a column that there is not.
        InputError: where such a column holds what is no weight.

    Example:
        >>> problem = PartitionProblem(("node",), np.array([0, 4]), ())
        >>> assign("range", problem, 2, rng_seed=0).tolist()
        [0, 0, 1, 1]
    """
    _check_arguments(problem, parts, rng_seed)
    chosen = get(partitioner) if isinstance(partitioner, str) else partitioner
    if not isinstance(chosen, Partitioner):
        raise ArgumentError(
            f"partitioner = {chosen!r}; expected a name ({', '.join(names())}) or an object with "
            "a name and a method partition(problem, parts, *, rng_seed)"
        )
    check_able(chosen, problem.goal, parts)
    if isinstance(problem, StreamedProblem) and not reads_batches(chosen):
        raise ArgumentError(
            f"partitioner {chosen.name!r} looks at all edges at once, and these come in batches; "
            "use 'streaming', 'hash', 'range' or 'random'"
        )
    # One that reads batches has said so, and others are not given any.
    result = chosen.partition(problem, parts, rng_seed=rng_seed)  # type: ignore[arg-type]
    assignment = _checked(result, chosen.name, problem.num_nodes, parts)
    if problem.goal.balance is not None and not problem.goal.best_effort:
        check_goal(problem, assignment, parts, _imbalance(chosen, problem.goal), chosen.name)
    return assignment


def check_able(partitioner: Partitioner, goal: Goal, parts: int) -> None:
    """Raise ArgumentError where a partitioner cannot do what a goal asks for so many parts.

    Example:
        >>> check_able(get("random"), Goal(("edges",)), parts=2)
        Traceback (most recent call last):
            ...
        graphray.errors.ArgumentError: partitioner 'random' balances nodes, and cannot balance \
'edges'; use one that can, such as 'multilevel'
    """
    able = getattr(partitioner, "balances", ())
    if able is not ANY_CRITERIA:
        for criterion in goal.balance or ():
            if criterion not in able:
                raise ArgumentError(
                    f"partitioner {partitioner.name!r} balances {', '.join(able) or 'nothing'}, "
                    f"and cannot balance {criterion!r}; use one that can, such as 'multilevel'"
                )
    if goal.target_sizes is not None and not getattr(partitioner, "takes_target_sizes", False):
        raise ArgumentError(
            f"partitioner {partitioner.name!r} makes partitions of one size and takes no "
            "target_sizes; use one that does, such as 'multilevel'"
        )
    goal.shares(parts)


def reads_batches(partitioner: Partitioner) -> bool:
    """Whether a partitioner takes edges in batches, or none at all.

    >>> reads_batches(get("streaming")), reads_batches(get("metis"))
    (True, False)
    """
    return not needs_edges(partitioner) or getattr(partitioner, "reads_batches", False)


def is_built_in(partitioner: Partitioner) -> bool:
    """Whether a partitioner is one of GraphRay's own, which its name and settings tell all about.

    >>> is_built_in(get("hash")), is_built_in(_FromFunction("hash", print))
    (True, False)
    """
    kind = type(partitioner)
    return f"{kind.__module__}:{kind.__qualname__}" in _BUILT_IN.values()


def needs_edges(partitioner: Partitioner) -> bool:
    """Whether a partitioner looks at edges or columns; others say ``needs_edges = False``.

    These are given a problem without edges, and serve graphs that do not fit into memory.

    >>> needs_edges(get("hash")), needs_edges(get("metis"))
    (False, True)
    """
    return getattr(partitioner, "needs_edges", True)


def within(partitioner: Partitioner, memory_bytes: int) -> Partitioner:
    """The same partitioner held to so much memory, where it has a method ``within`` for that.

    >>> within(get("streaming"), 2**26).memory_bytes, within(get("hash"), 2**26).name
    (67108864, 'hash')
    """
    limit = getattr(partitioner, "within", None)
    return partitioner if limit is None else limit(memory_bytes)


def _imbalance(partitioner: Partitioner, goal: Goal) -> float:
    if goal.imbalance is not None:
        return goal.imbalance
    return float(getattr(partitioner, "imbalance", IMBALANCE))


def _check_arguments(problem: AnyProblem, parts: int, rng_seed: int) -> None:
    most = max(1, problem.num_nodes)
    if not isinstance(parts, (int, np.integer)) or not 1 <= parts <= most:
        raise ArgumentError(
            f"parts = {parts!r}; expected 1 to {most}, because the graph has "
            f"{problem.num_nodes} nodes"
        )
    if not isinstance(rng_seed, (int, np.integer)) or rng_seed < 0:
        raise ArgumentError(f"rng_seed = {rng_seed!r}; expected an integer of at least 0")


def _checked(result: Any, name: str, num_nodes: int, parts: int) -> Assignment:
    def wrong(what: str) -> PartitionerError:
        return PartitionerError(
            f"partitioner {name!r} returned {what}; expected one integer in 0..{parts - 1} for "
            f"each of the {num_nodes} nodes",
            partitioner=name,
        )

    try:
        array = np.asarray(result)
    except ValueError as error:
        raise wrong(f"what is no array ({error})") from error
    if array.shape != (num_nodes,):
        raise wrong(f"an array of shape {array.shape}")
    if num_nodes == 0:
        return np.empty(0, np.int32)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        node = int(np.flatnonzero(~np.isfinite(array))[0])
        raise wrong(f"{array[node]} for node {node}")
    if array.dtype.kind not in "iu":
        raise wrong(f"an array of dtype {array.dtype}")
    outside = np.flatnonzero((array < 0) | (array >= parts))
    if len(outside):
        node = int(outside[0])
        raise wrong(f"partition {array[node]} for node {node} ({len(outside)} such nodes)")
    return np.ascontiguousarray(array, dtype=np.int32)
