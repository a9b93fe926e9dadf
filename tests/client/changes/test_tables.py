"""Tables of changes in every form, with every type of column, and what is wrong with them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from graphray.bfloat16 import bfloat16_array, type_words
from graphray.client.changes.tables import edge_rows, node_rows
from graphray.errors import ColumnNotFound, InputError
from graphray.schema import Column, GraphSchema, NodeType, Relation, RelationType

LIKES = Relation("a", "likes", "b")
BITS = bfloat16_array(np.array([0x3F80, 0xC000], np.uint16))
COLUMNS: dict[str, tuple[pa.DataType, Any, list[Any]]] = {
    "int8": (pa.int8(), [1, None], [1, None]),
    "uint64": (pa.uint64(), np.array([1, 2**63], np.uint64), [1, 2**63]),
    "float": (pa.float32(), np.array([0.5, np.nan]), None),
    "from int": (pa.float64(), [1, 2], [1.0, 2.0]),
    "bool": (pa.bool_(), [True, None], [True, None]),
    "text": (pa.large_string(), pa.array(["x", None]).dictionary_encode(), ["x", None]),
    "bytes": (pa.large_binary(), [b"x", None], [b"x", None]),
    "date": (pa.date32(), ["2024-02-29", None], [dt.date(2024, 2, 29), None]),
    "time": (
        pa.timestamp("us"),
        np.array(["2024-01-01", "NaT"], "datetime64[s]"),
        [dt.datetime(2024, 1, 1), None],
    ),
    "decimal": (pa.decimal128(8, 2), [Decimal("1.50"), None], [Decimal("1.50"), None]),
    "vector": (pa.list_(pa.float32(), 2), np.array([[1.0, 2.0], [3.0, 4.0]]), [[1, 2], [3, 4]]),
    "list": (pa.large_list(pa.int16()), [[1, 2], None], [[1, 2], None]),
    "bits": (BITS.type, BITS, [0x3F80, 0xC000]),
    "null": (pa.int64(), [None, None], [None, None]),
}


def schema_of(dtype: pa.DataType) -> GraphSchema:
    columns = (Column("x", type_words(dtype)),)
    return GraphSchema(
        (NodeType("a", "string", columns), NodeType("b", "int64")),
        (RelationType(LIKES, columns=columns),),
    )


@pytest.mark.parametrize("name", COLUMNS)
def test_values_come_in_the_type_of_the_graph(name: str) -> None:
    dtype, given, expected = COLUMNS[name]
    rows = node_rows(schema_of(dtype), "a", {"id": ["p", "q"], "x": given}, "table")
    stored = rows.columns.column("x")
    assert stored.type == (pa.uint16() if name == "bits" else dtype)
    if expected is not None:
        assert stored.to_pylist() == expected
    edges = edge_rows(
        schema_of(dtype), "likes", {"src": ["p", "q"], "dst": [1, 2], "x": given}, "t"
    )
    assert repr(edges.columns.column("x").to_pylist()) == repr(stored.to_pylist())


@pytest.mark.parametrize(
    ("dtype", "given", "match"),
    [
        (pa.int8(), [1, 128], "row 1, column 'x': 128 does not fit"),
        (pa.uint8(), [-1, 1], "row 0, column 'x': -1 does not fit"),
        (pa.int64(), ["1", "2"], "row 0, column 'x': .*type string"),
        (pa.int64(), [True, False], "of type bool"),
        (pa.large_string(), [None, 5], "row 1, column 'x': .*type int64"),
        (pa.date32(), ["2024-01-01", "tomorrow"], "row 1, column 'x': 'tomorrow'"),
        (pa.list_(pa.float32(), 2), [[1.0, 2.0], [3.0]], "row 1, column 'x': .*3.0"),
        (pa.list_(pa.int8(), 2), [[1, 2], [3, 400]], "row 1, column 'x': .*400"),
        (BITS.type, [1.0, 2.0], "of type double, and the graph's column of type bfloat16"),
    ],
)
def test_a_value_that_does_not_fit_is_named(dtype: pa.DataType, given: Any, match: str) -> None:
    with pytest.raises(InputError, match=match):
        node_rows(schema_of(dtype), "a", {"id": ["p", "q"], "x": given}, "table")


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"dst": [1, 2], "x": [3, 4], "src": ["p", "q"]}),
        pa.record_batch({"source": ["p", "q"], "target": [1, 2], "x": [3, 4]}),
        {"src": ["p", "q"], "dst": np.array([1, 2]), "x": [3, 4]},
        {"from": pa.array(["p", "q"]), "to": [1, 2], "x": [3, 4]},
    ],
)
def test_edges_in_every_form(table: Any) -> None:
    rows = edge_rows(schema_of(pa.int32()), LIKES, table, "table")
    assert rows.ends[0].to_pylist() == ["p", "q"]
    assert rows.ends[1].tolist() == [1, 2]
    assert rows.columns.to_pydict() == {"x": [3, 4]}


def test_pairs_and_frames() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"src": ["p"], "dst": [1], "x": [3]})
    for table in (frame, [("p", 1)], (["p"], [1])):
        rows = edge_rows(schema_of(pa.int32()), LIKES, table, "table")
        assert (rows.ends[0].to_pylist(), rows.ends[1].tolist()) == (["p"], [1])


def test_edge_ids_are_taken_where_they_are_meant() -> None:
    table = {"src": ["p"], "dst": [1], "@edge": [7]}
    rows = edge_rows(schema_of(pa.int32()), LIKES, table, "table", names_edges=True)
    assert rows.edge is not None
    assert rows.edge.tolist() == [7]
    with pytest.raises(ColumnNotFound, match="@edge"):
        edge_rows(schema_of(pa.int32()), LIKES, table, "table")
    with pytest.raises(InputError, match="integers"):
        edge_rows(
            schema_of(pa.int32()), LIKES, {**table, "@edge": ["x"]}, "table", names_edges=True
        )


def test_lengths_that_differ() -> None:
    with pytest.raises(InputError, match="table"):
        node_rows(schema_of(pa.int32()), "a", {"id": ["p", "q"], "x": [1]}, "table")
