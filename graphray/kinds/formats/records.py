"""Columns from Python values: ids, and attributes that only some records have."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from graphray.errors import InputError

MAX_ID = 2**63 - 1


def id_array(ids: Sequence[Any], label: str, column: str) -> pa.Array:
    """Ids as an Arrow array of integers or of strings.

    Raises:
        InputError: where one is neither, does not fit, or is of another kind than the first;
            naming its row.

    Example:
        >>> id_array(["a", 1], "pairs", "vertex")
        Traceback (most recent call last):
        ...
        graphray.errors.InputError: pairs, row 1, column 'vertex': 1 is int, but 'a' is str; ...
    """
    if not ids:
        return pa.array([], pa.int64())
    for row, value in enumerate(ids):
        problem = _problem(value, ids[0])
        if problem:
            raise InputError(f"{value!r} {problem}", source=label, row=row, column=column)
    return pa.array(ids, pa.large_string() if isinstance(ids[0], str) else pa.int64())


def attribute_columns(
    records: Sequence[Mapping[Any, Any]], taken: Container[str], label: str
) -> dict[str, pa.Array]:
    """A column per attribute that any record has, null where a record lacks it.

    Args:
        records: the attributes of each row.
        taken: names that are no attributes.
        label: what to call the records in messages.

    Raises:
        InputError: where a name cannot be a column's, or values have no common type.

    Example:
        >>> attribute_columns([{"x": 1}, {"y": "b"}], ("id",), "nodes")["x"].to_pylist()
        [1, None]
    """
    columns = {}
    for name in dict.fromkeys(name for record in records for name in record):
        if not isinstance(name, str) or name in taken or not _is_unicode(name):
            raise InputError(
                f"the attribute {name!r} cannot be a column: its name is taken, or no text; "
                "rename it",
                source=label,
            )
        try:
            columns[name] = pa.array([record.get(name) for record in records])
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise InputError(
                f"the values have no common type: {error}", source=label, column=name
            ) from error
    return columns


def _problem(value: Any, first: Any) -> str | None:
    """What is wrong with an id, beside the first one of its column."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer, str)):
        return f"is {type(value).__name__}; ids are integers or strings"
    if isinstance(value, str) != isinstance(first, str):
        kinds = type(value).__name__, type(first).__name__
        return f"is {kinds[0]}, but {first!r} is {kinds[1]}; ids are of one kind"
    if isinstance(value, str):
        return None if _is_unicode(value) else "holds half of a surrogate pair: it is no Unicode"
    return None if -MAX_ID <= value <= MAX_ID else "does not fit into 64 bits"


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
