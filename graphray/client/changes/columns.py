"""Property values as a change brings them, in the types that the graph's columns have.

Values are converted where nothing is lost by it beyond the precision of a float: integers of any
width that fit, numbers to floats, texts that spell a date to dates, and so on within lists. A text
is no number, and a fraction no integer.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from graphray.bfloat16 import as_bits, type_words
from graphray.column_types import arrow_type
from graphray.errors import ColumnNotFound
from graphray.ingest.source import Source
from graphray.schema import Column

_TYPES = pa.types


def typed_columns(
    source: Source, columns: Iterable[Column], ids: Iterable[str], owner: str
) -> pa.RecordBatch:
    """The properties of a table, each in the type of the column of that name.

    Args:
        source: the table.
        columns: those that the graph has.
        ids: columns of the table that hold ids.
        owner: what the graph's columns belong to, for messages.

    Returns:
        A row per row of the table; bfloat16 as its bits.

    Raises:
        ColumnNotFound: where the graph has no such column.
        InputError: where a value does not fit, naming its row.
    """
    known = {column.name: column.dtype for column in columns}
    given = [name for name in source.table.column_names if name not in set(ids)]
    for name in given:
        if name not in known:
            raise ColumnNotFound(
                f"{source.label}: {owner} has no column {name!r}; it has: "
                f"{', '.join(known) or 'none'}. Columns come with a build; leave it out",
                column=name,
            )
    return pa.record_batch(
        [as_bits(_typed(source, name, known[name])) for name in given], names=given
    )


def _typed(source: Source, name: str, words: str) -> pa.Array:
    values, dtype = source.table.column(name).combine_chunks(), arrow_type(words)
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.nulls(0, dtype)
    if values.type == dtype:
        return values
    if _TYPES.is_dictionary(values.type):
        values = values.dictionary_decode()
    if not _is_convertible(values.type, dtype):
        raise source.problem(
            f"the values are of type {type_words(values.type)}, and the graph's column of type "
            f"{words}; convert them",
            row=_first_value(values),
            column=name,
        )
    try:
        return values.cast(dtype)
    except pa.ArrowException:
        row = _first_misfit(values, dtype)
        raise source.problem(
            f"{values[row].as_py()!r} does not fit the graph's column of type {words}",
            row=row,
            column=name,
        ) from None


def _is_convertible(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values of one type can be meant by another; each value still has to fit."""
    if given == wanted or _TYPES.is_null(given):
        return True
    if _is_list(wanted):
        return _is_list(given) and _is_convertible(given.value_type, wanted.value_type)
    if _is_text(given):
        return _is_text(wanted) or _TYPES.is_temporal(wanted)
    return any(
        is_kind(given) and is_kind(wanted)
        for is_kind in (_is_number, _is_bytes, _TYPES.is_temporal, _TYPES.is_struct)
    )


def _is_number(dtype: pa.DataType) -> bool:
    return _TYPES.is_integer(dtype) or _TYPES.is_floating(dtype) or _TYPES.is_decimal(dtype)


def _is_text(dtype: pa.DataType) -> bool:
    return (
        _TYPES.is_string(dtype) or _TYPES.is_large_string(dtype) or (_TYPES.is_string_view(dtype))
    )


def _is_bytes(dtype: pa.DataType) -> bool:
    return (
        _TYPES.is_binary(dtype)
        or _TYPES.is_large_binary(dtype)
        or _TYPES.is_binary_view(dtype)
        or _TYPES.is_fixed_size_binary(dtype)
    )


def _is_list(dtype: pa.DataType) -> bool:
    return _TYPES.is_list(dtype) or _TYPES.is_large_list(dtype) or _TYPES.is_fixed_size_list(dtype)


def _first_value(values: pa.Array) -> int | None:
    """The first row that is not null."""
    valid = values.is_valid()
    at = valid.index(True).as_py() if len(values) else -1
    return at if at >= 0 else None


def _first_misfit(values: pa.Array, dtype: pa.DataType) -> int:
    """The first row that cannot be converted, where one cannot."""
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            # Not a slice: Arrow converts the lists around it as well.
            values.take(pa.array(range(low, middle))).cast(dtype)
        except pa.ArrowException:
            high = middle
        else:
            low = middle
    return low
