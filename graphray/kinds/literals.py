"""Literals as typed columns, and back to the very text.

A datatype maps to an Arrow type, and a literal to a value of it. Where a value does not lead back
to the text it was written as (``"05"`` for 5, ``"1.50"`` for 1.5, ``"abc"`` as an integer, which
RDF allows), the text is kept in a second column beside, *as written*, which is null elsewhere. So
columns are typed whatever the data, and nothing is lost. A text without a value, such as an integer
beyond 64 bits, has a null in the typed column.

============================================  =====================================================
datatype                                      Arrow type
============================================  =====================================================
xsd:integer and all that derive from it       int64
xsd:decimal, xsd:double, xsd:float            float64
xsd:boolean                                   bool
xsd:date                                      date32 (the day as written, whatever its zone)
xsd:dateTime                                  timestamp[us, UTC]; without a zone, read as UTC
any other                                     large_string, the text itself
============================================  =====================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa

from graphray.kinds.terms import XSD, float_text


@dataclass(frozen=True)
class Datatype:
    """How a datatype is stored.

    Attributes:
        arrow: the type of its column.
        pattern: what its texts look like.
        parse: the value of a text of that pattern; None or ValueError where there is none.
        format: the text that a value is written as.
    """

    arrow: pa.DataType
    pattern: re.Pattern[str]
    parse: Callable[[str], Any]
    format: Callable[[Any], str]

    def value(self, text: str) -> Any:
        """The value of a text, or None."""
        if not self.pattern.fullmatch(text):
            return None
        try:
            return self.parse(text)
        except (ValueError, OverflowError):
            return None


@dataclass(frozen=True)
class TypedTexts:
    """The texts of literals of one datatype.

    Attributes:
        values: the values, null where a text has none.
        written: ``large_string``, the texts that the values do not lead back to; None where they
            all do.
    """

    values: pa.Array
    written: pa.Array | None


def type_texts(texts: pa.Array, datatype: str) -> TypedTexts:
    """Turn texts into values.

    >>> typed = type_texts(pa.array(["7", "07", "seven"]), f"{XSD}integer")
    >>> typed.values.to_pylist(), typed.written.to_pylist()
    ([7, 7, None], [None, '07', 'seven'])
    """
    kind = _DATATYPES.get(datatype)
    if kind is None:
        return TypedTexts(texts.cast(pa.large_string()), None)
    encoded = texts.dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    values = [kind.value(text) for text in distinct]
    written = [
        None if value is not None and kind.format(value) == text else text
        for value, text in zip(values, distinct, strict=True)
    ]
    typed = pa.array(values, kind.arrow).take(encoded.indices)
    if not any(text is not None for text in written):
        return TypedTexts(typed, None)
    return TypedTexts(typed, pa.array(written, pa.large_string()).take(encoded.indices))


def text_of(value: Any, written: str | None, datatype: str) -> str:
    """The text of one literal again.

    >>> text_of(7, None, f"{XSD}integer"), text_of(7, "07", f"{XSD}integer")
    ('7', '07')
    """
    if written is not None:
        return written
    kind = _DATATYPES.get(datatype)
    return str(value) if kind is None else kind.format(value)


def _integer(text: str) -> int | None:
    value = int(text)
    return value if -(2**63) <= value < 2**63 else None


def _float(text: str) -> float:
    # "INF" and "NaN" are spelt as Python reads them; the same number beyond float64 is not one.
    value = float(text)
    if abs(value) == float("inf") and "INF" not in text:
        raise OverflowError
    return value


def _instant(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _format_instant(value: datetime) -> str:
    text = value.replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


_INTEGERS = (
    *("integer", "long", "int", "short", "byte"),
    *("nonNegativeInteger", "nonPositiveInteger", "positiveInteger", "negativeInteger"),
    *("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
)
_ZONE = r"(Z|[+-]\d\d:\d\d)?"
_INTEGER = Datatype(pa.int64(), re.compile(r"[+-]?[0-9]{1,30}"), _integer, str)
_FLOAT = Datatype(
    pa.float64(),
    re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|-?INF|NaN"),
    _float,
    float_text,
)
_DECIMAL = Datatype(
    pa.float64(), re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"), _float, float_text
)
_BOOLEAN = Datatype(
    pa.bool_(),
    re.compile("true|false|1|0"),
    lambda text: text in ("true", "1"),
    lambda value: "true" if value else "false",
)
_DATE = Datatype(
    pa.date32(),
    re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}" + _ZONE, re.ASCII),
    lambda text: date.fromisoformat(text[:10]),
    lambda value: value.isoformat(),
)
_DATE_TIME = Datatype(
    pa.timestamp("us", "UTC"),
    re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?" + _ZONE, re.ASCII),
    _instant,
    _format_instant,
)
_DATATYPES: Mapping[str, Datatype] = {
    **{f"{XSD}{name}": _INTEGER for name in _INTEGERS},
    f"{XSD}double": _FLOAT,
    f"{XSD}float": _FLOAT,
    f"{XSD}decimal": _DECIMAL,
    f"{XSD}boolean": _BOOLEAN,
    f"{XSD}date": _DATE,
    f"{XSD}dateTime": _DATE_TIME,
}
