"""Merge functions: what becomes of two values of one cell, where the last writer should not win.

A function takes two values as Python has them (``int``, ``float``, ``str``, ``list``, ...) and
returns one. It has to be a *join*: commutative, associative and idempotent, so that replicas agree
whatever the order in which writes reach them (Shapiro et al., "Conflict-Free Replicated Data
Types", SSS 2011). All writes of the column are merged with it, also those that follow each other: a
column that is merged by ``max`` never falls. A null is below everything: merging with it changes
nothing.

A function of the user's is named ``"package.module:function"`` and imported in every process that
holds a replica. What is known of it is checked at the launch: that it can be imported, and on
samples that it is a join of values of the column's type. A function that raises for some pair
of values leaves the later of them there (`Merges.problem`), and replicas may differ.
"""

from __future__ import annotations

import importlib
import itertools
import math
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from graphray.bfloat16 import is_bfloat16
from graphray.changes.cell_values import cell_column, decode_cells, encode_cells, value_type
from graphray.errors import ArgumentError
from graphray.schema import GraphSchema

Join = Callable[[Any, Any], Any]

_TYPES = pa.types


def largest(one: Any, other: Any) -> Any:
    """The larger value; a NaN is below all numbers.

    >>> largest(1.0, float("nan")), largest([1, 2], [1, 3])
    (1.0, [1, 3])
    """
    return max(one, other, key=_rank)


def smallest(one: Any, other: Any) -> Any:
    """The smaller value; a NaN is below all numbers."""
    return min(one, other, key=_rank)


def union(one: list[Any], other: list[Any]) -> list[Any]:
    """All values of both lists, each once, in rising order.

    >>> union(["b", "a"], ["c", "b"])
    ['a', 'b', 'c']
    """
    by_rank = {_rank(item): item for item in (*one, *other)}
    return [by_rank[rank] for rank in sorted(by_rank)]


def _rank(value: Any) -> Any:
    """A key by which values have a total order, and equal keys mean equal values."""
    if value is None:
        return (0,)
    if isinstance(value, list):
        return 1, tuple(map(_rank, value))
    if isinstance(value, float):
        # NaN is not ordered, and the two zeros are equal but not the same.
        return (1, True, value, math.copysign(1, value)) if value == value else (1, False)
    return 1, value


BUILT_IN: Mapping[str, Join] = {"max": largest, "min": smallest, "union": union}
"""Merge functions by name; ``union`` is for columns of lists whose items can be ordered."""


class Merges:
    """The merge functions of a graph, as functions of a cell's bytes.

    Args:
        names: the function's name by column, ``{"paper.score": "max"}``.
        schema: the graph's.

    Raises:
        ArgumentError: where there is no such column or function, or it is no join.

    Example:
        >>> from graphray.schema import Column, GraphSchema, NodeType
        >>> paper = NodeType("paper", "int64", (Column("score", "float"),))
        >>> merges = Merges({"paper.score": "max"}, GraphSchema((paper,), ()))
        >>> one, other = encode_cells(pa.array([1.0, 2.0], pa.float32()))
        >>> merges.functions["paper.score"](one, other) == other
        True
    """

    def __init__(self, names: Mapping[str, str], schema: GraphSchema) -> None:
        self.problem = ""
        self.functions = {
            column: self._on_bytes(column, name, _mergeable_type(column, schema))
            for column, name in names.items()
        }

    def _on_bytes(
        self, column: str, name: str, dtype: pa.DataType
    ) -> Callable[[bytes, bytes], bytes]:
        join = find_merge(name)
        check_join(column, name, join, dtype)

        def merge(earlier: bytes, later: bytes) -> bytes:
            one, other = decode_cells([earlier, later], dtype).to_pylist()
            if one is None or other is None:
                return later if one is None else earlier
            try:
                return _merged(join, one, other, dtype)
            except Exception as error:  # noqa: BLE001 - a replica outlives its user's functions
                self.problem = (
                    f"merges[{column!r}] = {name!r} failed on {one!r} and {other!r}: {error!r}; "
                    "the later value stays here, and replicas may differ"
                )
                return later

        return merge


def find_merge(name: str) -> Join:
    """The function of a name.

    Raises:
        ArgumentError: where there is none.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    module, colon, function = name.partition(":")
    if not colon:
        raise ArgumentError(
            f"{name!r} is no merge function; expected one of {', '.join(BUILT_IN)}, or "
            "'package.module:function'"
        )
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ArgumentError(
            f"the merge function {name!r} cannot be imported: {error}; its module has to be "
            "installed on every node of the cluster"
        ) from error
    if not callable(found):
        raise ArgumentError(f"the merge function {name!r} is a {type(found).__name__}")
    join: Join = found
    return join


def check_join(column: str, name: str, join: Join, dtype: pa.DataType) -> None:
    """Try a function on some values of a column's type, where such can be thought of.

    Raises:
        ArgumentError: naming values for which it raises, or is no join.
    """

    def merged(one: bytes, other: bytes) -> bytes:
        earlier, later = decode_cells([one, other], dtype).to_pylist()
        try:
            return _merged(join, earlier, later, dtype)
        except Exception as error:
            raise ArgumentError(
                f"merges[{column!r}] = {name!r} fails on two values of type {dtype}, "
                f"{earlier!r} and {later!r}: {error!r}"
            ) from error

    def refuse(law: str, *cells: bytes) -> ArgumentError:
        values = decode_cells(cells, dtype).to_pylist()
        return ArgumentError(
            f"merges[{column!r}] = {name!r} is not {law}, on {', '.join(map(repr, values))}: "
            "replicas would not agree"
        )

    samples = encode_cells(pa.array(_samples(dtype), dtype))
    for one in samples:
        # A join may bring values into a form of its own, such as sorted lists, but only once.
        if merged(merged(one, one), one) != merged(one, one):
            raise refuse("idempotent", one)
    for one, other in itertools.permutations(samples, 2):
        if merged(one, other) != merged(other, one):
            raise refuse("commutative", one, other)
    for one, other, third in itertools.permutations(samples, 3):
        if merged(merged(one, other), third) != merged(one, merged(other, third)):
            raise refuse("associative", one, other, third)


def _merged(join: Join, one: Any, other: Any, dtype: pa.DataType) -> bytes:
    (cell,) = encode_cells(pa.array([join(one, other)], dtype))
    return cell


def _mergeable_type(name: str, schema: GraphSchema) -> pa.DataType:
    for kind in schema.node_types:
        for column in kind.columns:
            if cell_column(kind.name, column.name) == name:
                if is_bfloat16(column.dtype):
                    raise ArgumentError(
                        f"merges[{name!r}]: columns of bfloat16 have no merge functions; the last "
                        "writer wins there"
                    )
                return value_type(kind, column.name)
    known = [cell_column(kind.name, c.name) for kind in schema.node_types for c in kind.columns]
    raise ArgumentError(
        f"merges[{name!r}]: the graph has no such column of nodes; it has: "
        f"{', '.join(known) or 'none'}"
    )


def _samples(dtype: pa.DataType) -> list[Any]:
    """Some values of a type; none where it has no order of its own."""
    if _TYPES.is_list(dtype) or _TYPES.is_large_list(dtype):
        items = _samples(dtype.value_type)
        return [items[:2], items[1:], items[::-1]]
    if _TYPES.is_fixed_size_list(dtype):
        return [[item] * dtype.list_size for item in _samples(dtype.value_type)]
    for is_kind, samples in _KINDS:
        if is_kind(dtype):
            return samples
    return []


_KINDS: tuple[tuple[Callable[[pa.DataType], bool], list[Any]], ...] = (
    (_TYPES.is_boolean, [False, True]),
    (_TYPES.is_integer, [3, 0, 7]),
    (_TYPES.is_floating, [0.5, 3.0, 2.0]),
    (_TYPES.is_decimal, [Decimal(1), Decimal(3), Decimal(2)]),
    (_TYPES.is_date, [date(2000, 1, 2), date(1999, 1, 1), date(2024, 2, 29)]),
    (_TYPES.is_timestamp, [datetime(2000, 1, 2), datetime(1999, 1, 1), datetime(2024, 2, 29)]),
    (_TYPES.is_time, [time(1), time(0), time(2)]),
    (_TYPES.is_duration, [timedelta(1), timedelta(0), timedelta(2)]),
    (_TYPES.is_string, ["b", "", "a"]),
    (_TYPES.is_large_string, ["b", "", "a"]),
    (_TYPES.is_binary, [b"b", b"", b"a"]),
    (_TYPES.is_large_binary, [b"b", b"", b"a"]),
)
