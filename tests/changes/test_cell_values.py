"""Values of every type go into cells and come back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from graphray.changes.cell_values import cell_keys, decode_cells, encode_cells, value_type
from graphray.errors import ColumnNotFound, StoreCorrupt
from graphray.schema import Column, NodeType

VALUES: list[tuple[pa.DataType, list[Any]]] = [
    (pa.bool_(), [True, None, False]),
    (pa.int8(), [1, None, -3]),
    (pa.uint64(), [2**64 - 1, None, 0]),
    (pa.float16(), [np.float16(0.5), None, np.float16(-1)]),
    (pa.float32(), [0.5, None, -1.0]),
    (pa.string(), ["a", None, "", "äö"]),
    (pa.large_string(), ["a", None, ""]),
    (pa.binary(), [b"\0a", None, b""]),
    (pa.binary(2), [b"ab", None]),
    (pa.date32(), [date(2020, 1, 1), None]),
    (pa.time64("us"), [time(1, 2, 3, 4), None]),
    (pa.duration("ms"), [timedelta(1), None]),
    (pa.timestamp("ns"), [datetime(2020, 1, 1), None]),
    (pa.timestamp("s", "UTC"), [datetime(2020, 1, 1, tzinfo=UTC), None]),
    (pa.decimal128(10, 2), [Decimal("1.25"), None]),
    (pa.list_(pa.float32(), 2), [[1.0, 2.0], None, [3.0, None]]),
    (pa.list_(pa.string()), [["a", None], None, []]),
    (pa.large_list(pa.list_(pa.int32())), [[[1], [], None], None, []]),
    (pa.struct([("x", pa.int32()), ("y", pa.string())]), [{"x": 1, "y": None}, None]),
]


@pytest.mark.parametrize(("dtype", "values"), VALUES, ids=lambda one: str(one)[:20])
def test_every_type_comes_back(dtype: pa.DataType, values: list[Any]) -> None:
    column = pa.array(values, dtype)
    cells = encode_cells(column)
    assert decode_cells(cells, dtype).equals(column)
    # Equal values are equal bytes, whatever stands around them.
    for row, value in enumerate(values):
        assert encode_cells(pa.array([value], dtype)) == [cells[row]]
        assert encode_cells(column.slice(row, 1)) == [cells[row]]


def test_no_cells_are_an_empty_column() -> None:
    assert decode_cells([], pa.string()).type == pa.string()


def test_a_value_of_another_type_is_noticed() -> None:
    cells = encode_cells(pa.array(["text", "more"]))
    with pytest.raises(StoreCorrupt):
        decode_cells(cells, pa.list_(pa.int64(), 3))
    with pytest.raises(StoreCorrupt):
        decode_cells([b"nothing"], pa.int64())


def test_keys_are_those_of_the_ids() -> None:
    assert cell_keys(np.array([1, -1])) == [b"\1" + bytes(7), b"\xff" * 8]
    assert cell_keys(pa.array(["ä", ""], pa.large_string())) == ["ä".encode(), b""]


def test_columns_have_their_own_types() -> None:
    kind = NodeType("paper", "int64", (Column("x", "bfloat16"), Column("y", "list<item: int64>")))
    assert value_type(kind, "x") == pa.uint16()
    assert value_type(kind, "y") == pa.list_(pa.int64())
    with pytest.raises(ColumnNotFound, match="'z'"):
        value_type(kind, "z")
