"""What a loader was asked for, checked at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.reading.adjacency import ALL_NEIGHBORS
from graphray.schema import GraphSchema, Relation

RelationName = tuple[str, str, str] | str
Fanout = Sequence[int] | Mapping[RelationName, Sequence[int]]


def normalized_fanout(fanout: Any) -> tuple[int, ...] | dict[RelationName, tuple[int, ...]]:
    """The same fanout in one form, so that equal fanouts have an equal ``repr``.

    >>> normalized_fanout({"b": [2], "a": [1]})
    {'a': (1,), 'b': (2,)}

    Raises:
        ArgumentError: where a fanout is out of range.
    """
    if not isinstance(fanout, Mapping):
        return _checked(fanout, "fanout", least=1)
    if not fanout:
        raise ArgumentError("fanout names no relation; give at least one")
    checked = {
        name if isinstance(name, str) else tuple(name): _checked(draws, f"fanout[{name!r}]", 0)
        for name, draws in fanout.items()
    }
    return dict(sorted(checked.items(), key=str))


def normalized_columns(name: str, columns: Any) -> Any:
    """A column's name, or names by relation or node type in one order; raises ArgumentError."""
    if columns is None or isinstance(columns, str):
        return columns
    if not isinstance(columns, Mapping) or not columns:
        raise ArgumentError(
            f"{name} = {columns!r}; expected a column's name, or a mapping to columns' names"
        )
    for value in columns.values():
        if not isinstance(value, str):
            raise ArgumentError(f"{name} names the column {value!r}; expected a string")
    plain = {key if isinstance(key, str) else tuple(key): value for key, value in columns.items()}
    return dict(sorted(plain.items(), key=str))


def resolve_fanout(schema: GraphSchema, fanout: Fanout) -> dict[Relation, tuple[int, ...]]:
    """The draws per hop of every relation that is followed.

    Args:
        schema: the graph's schema.
        fanout: one list for all relations, or a list per relation; in the latter a 0 leaves a
            relation out of a hop, and relations that are not named are not followed.

    Raises:
        ArgumentError: where a fanout is out of range, or the lists are of unequal length.
        RelationNotFound: where a relation is not in the graph.
    """
    fanout = normalized_fanout(fanout)
    if isinstance(fanout, dict):
        resolved = {schema.relation_type(name).relation: draws for name, draws in fanout.items()}
        lengths = {len(draws) for draws in resolved.values()}
        if len(lengths) > 1:
            raise ArgumentError(
                f"fanout has {sorted(lengths)} hops for different relations; expected as many for "
                "each (0 leaves a relation out of a hop)"
            )
        return {
            r.relation: resolved[r.relation] for r in schema.relations if r.relation in resolved
        }
    return {r.relation: fanout for r in schema.relations}


def _checked(draws: Any, name: str, least: int) -> tuple[int, ...]:
    if isinstance(draws, (int, np.integer, str)) or not isinstance(draws, (Sequence, np.ndarray)):
        raise ArgumentError(f"{name} = {draws!r}; expected a list with a number per hop")
    if len(draws) == 0:
        raise ArgumentError(f"{name} is empty; expected a number per hop, such as [15, 10]")
    for hop, draw in enumerate(draws):
        if not isinstance(draw, (int, np.integer)) or isinstance(draw, bool):
            raise ArgumentError(f"{name}[{hop}] = {draw!r}; expected an integer")
        if draw < least and draw != ALL_NEIGHBORS:
            raise ArgumentError(
                f"{name}[{hop}] = {draw}; expected >= {least}, or -1 for all neighbours"
            )
    return tuple(int(draw) for draw in draws)


def resolve_seeds(schema: GraphSchema, seeds: Any) -> tuple[str, Any]:
    """The node type of the seeds, and their ids (None: every node of the type).

    Accepts ids alone where the graph has one node type, else ``(type, ids)`` or ``{type: ids}``;
    a type's name alone stands for all of its nodes.

    Raises:
        ArgumentError: where it is none of these.
        NodeTypeNotFound: where the type is not in the graph, or not given but needed.
    """
    if isinstance(seeds, Mapping):
        if len(seeds) != 1:
            raise ArgumentError(
                f"seeds are given for {len(seeds)} node types; a loader takes those of one"
            )
        ((name, ids),) = seeds.items()
        return schema.node_type(name).name, ids
    if isinstance(seeds, tuple) and len(seeds) == 2 and seeds[0] in schema.node_type_names:
        return seeds[0], seeds[1]
    if isinstance(seeds, str) and seeds in schema.node_type_names:
        return seeds, None
    return schema.only_node_type("the loader's seeds").name, seeds


def require_at_least(name: str, value: Any, least: int) -> int:
    """An integer parameter, checked; raises ArgumentError."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ArgumentError(f"{name} = {value!r}; expected an integer >= {least}")
    return int(value)


def require_between(name: str, value: Any, least: float, beyond: float) -> float:
    """A number in ``[least, beyond)``, checked; raises ArgumentError, also for NaN."""
    is_number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not is_number or not least <= value < beyond:
        raise ArgumentError(f"{name} = {value!r}; expected a number >= {least:g} and < {beyond:g}")
    return float(value)


def as_aligned(name: str, values: Any, count: int, seeds: str) -> npt.NDArray[Any]:
    """A value for each seed, as an array; raises ArgumentError where there are more or fewer."""
    array = np.asarray(values)
    if array.ndim == 0 or len(array) != count:
        raise ArgumentError(
            f"{name} has the shape {array.shape}; expected one entry for each of {count} {seeds}"
        )
    return array


def as_times(name: str, values: Any, count: int, seeds: str) -> npt.NDArray[np.int64]:
    """A time for each seed, checked, as ``int64[count]``; raises ArgumentError."""
    times = as_aligned(name, values, count, seeds)
    if times.ndim != 1 or (len(times) and times.dtype.kind not in "iu"):
        raise ArgumentError(
            f"{name} holds {times.dtype} of the shape {times.shape}; expected integers, such as "
            "seconds since some day"
        )
    return times.astype(np.int64)
