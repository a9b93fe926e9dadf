"""From a column's type in words, as the schema states it, back to the Arrow type.

The inverse of `graphray.bfloat16.type_words`, which is what Arrow itself calls a type. Names of
struct fields that hold a colon and a space cannot be told from types and are not understood.
"""

from __future__ import annotations

import re
from functools import cache

import pyarrow as pa

from graphray.bfloat16 import BFLOAT16, BFloat16Type
from graphray.errors import ArgumentError

_UNITS = ("s", "ms", "us", "ns")
_SIMPLE = {
    str(dtype): dtype
    for dtype in (
        *(pa.null(), pa.bool_(), pa.float16(), pa.float32(), pa.float64()),
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
        *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
        *(pa.string(), pa.large_string(), pa.string_view()),
        *(pa.binary(), pa.large_binary(), pa.binary_view()),
        *(pa.date32(), pa.date64(), pa.time32("s"), pa.time32("ms")),
        *(pa.time64("us"), pa.time64("ns"), pa.month_day_nano_interval()),
        *(pa.duration(unit) for unit in _UNITS),
        *(pa.timestamp(unit) for unit in _UNITS),
    )
}
_ZONED = re.compile(r"timestamp\[(s|ms|us|ns), tz=([^\]]+)\]")
_DECIMAL = re.compile(r"decimal(32|64|128|256)\((\d+), (-?\d+)\)")
_BYTES = re.compile(r"fixed_size_binary\[(\d+)\]")
_FIXED_LIST = re.compile(r"fixed_size_list<(.*)>\[(\d+)\]")
_NESTED = re.compile(r"(list|large_list|struct)<(.*)>")
_NOT_NULL = " not null"


@cache
def arrow_type(words: str) -> pa.DataType:
    """The Arrow type that is called so.

    Raises:
        ArgumentError: where there is none, or it is none that can be told from its name.

    Example:
        >>> arrow_type("fixed_size_list<item: float>[8]")
        FixedSizeListType(fixed_size_list<item: float>[8])
    """
    dtype = _SIMPLE.get(words) or _with_parameters(words) or _nested(words)
    if dtype is None:
        raise ArgumentError(f"{words!r} is no type of a column whose values can be given")
    return dtype


def _with_parameters(words: str) -> pa.DataType | None:
    if words == BFLOAT16:
        return BFloat16Type()
    if found := _ZONED.fullmatch(words):
        return pa.timestamp(found[1], found[2])
    if found := _DECIMAL.fullmatch(words):
        make = {"32": pa.decimal32, "64": pa.decimal64, "128": pa.decimal128, "256": pa.decimal256}
        return make[found[1]](int(found[2]), int(found[3]))
    if found := _BYTES.fullmatch(words):
        return pa.binary(int(found[1]))
    return None


def _nested(words: str) -> pa.DataType | None:
    if found := _FIXED_LIST.fullmatch(words):
        return pa.list_(_field(found[1]), int(found[2]))
    if found := _NESTED.fullmatch(words):
        if found[1] == "struct":
            return pa.struct([_field(part) for part in _split(found[2])])
        return (pa.list_ if found[1] == "list" else pa.large_list)(_field(found[2]))
    return None


def _field(words: str) -> pa.Field:
    name, _, rest = words.partition(": ")
    if rest.endswith(_NOT_NULL):
        return pa.field(name, arrow_type(rest.removesuffix(_NOT_NULL)), nullable=False)
    return pa.field(name, arrow_type(rest))


def _split(words: str) -> list[str]:
    """The fields of a struct: at commas that are not within another type."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(words):
        depth += (letter in "<[(") - (letter in ">])")
        if letter == "," and depth == 0:
            parts.append(words[start:at])
            start = at + 2
    return [*parts, words[start:]] if words else []
