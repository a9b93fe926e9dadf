"""Streams hand out what reading the whole gives, and errors name the same rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as pq

from graphray.errors import InputError
from graphray.ingest.delimited import Delimited
from graphray.ingest.files import find_files, read_files
from graphray.ingest.source import Piece, Source
from graphray.ingest.streams import FileStream, Stream, TableStream

VALUES = {
    "null": [""],
    "int": ["1", "-5", "0"],
    "bool": ["true", "false", "0"],
    "date": ["2024-01-02"],
    "time": ["12:30", "12:30:11"],
    "timestamp": ["2024-01-02 10:00:00", "2024-01-02T10:00:00.5"],
    "zone": ["2024-01-02 10:00:00Z"],
    "float": ["1.5", "1e9"],
    "text": ["x", "é"],
}


def gathered(stream: Stream, columns: list[str], batch_bytes: int) -> pa.Table:
    batches = list(stream.batches(columns, batch_bytes))
    assert [batch.number for batch in batches] == list(range(len(batches)))
    rows = 0
    for batch in batches:
        assert batch.first_row == rows
        rows += batch.source.table.num_rows
    schema = pa.schema([stream.schema.field(name) for name in columns])
    return pa.concat_tables([schema.empty_table(), *(batch.source.table for batch in batches)])


@given(
    st.lists(st.sampled_from([v for values in VALUES.values() for v in values]), min_size=1),
    st.integers(40, 200),
)
def test_columns_of_text_get_the_type_of_the_whole_file(cells: list[str], block: int) -> None:
    text = "a,b\n" + "".join(f"{cell},1\n" for cell in cells)
    file = Delimited(lambda: pa.BufferReader(text.encode()), ",", "t")
    schema = file.settle_schema(block)
    table = pa.Table.from_batches(file.batches(schema, ["a", "b"], block), schema)
    assert table.equals(file.read())


def test_files_of_row_groups_and_blocks(tmp_path: Path) -> None:
    one = pa.table({"src": pa.array(range(50), pa.int32()), "dst": range(50), "w": ["x"] * 50})
    two = pa.table({"src": range(50, 80), "dst": range(30), "w": pa.nulls(30, pa.string())})
    pq.write_table(one, tmp_path / "a.parquet", row_group_size=7)
    pq.write_table(two, tmp_path / "b.parquet")
    (tmp_path / "c.csv").write_text("src,dst,w\n" + "80,1,y\n" * 20)
    whole = read_files(tmp_path).table
    stream = FileStream(find_files(tmp_path), 1)
    assert stream.schema == whole.schema.remove_metadata()
    for columns in (["src", "dst", "w"], ["w", "dst"]):
        for batch_bytes in (1, 100, 10**6):
            assert gathered(stream, columns, batch_bytes).equals(whole.select(columns))
    assert stream.rows_max() >= whole.num_rows
    assert stream.num_rows() is None
    assert FileStream(find_files(tmp_path / "a.parquet"), 1).num_rows() == 50
    assert stream.estimated_bytes() > 0


def test_rows_of_batches_are_located_in_their_files(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("src,dst\n1,2\n3,4\n")
    stream = FileStream(find_files(tmp_path), 1)
    located = [
        batch.source.locate(row)
        for batch in stream.batches(["src"], 8)
        for row in range(batch.source.table.num_rows)
    ]
    expected: Any = [(str(tmp_path / name), row) for name in ("a.csv", "b.csv") for row in (2, 3)]
    assert located == expected


def test_a_table_in_slices() -> None:
    source = Source(pa.table({"x": range(7), "y": range(7)}), (Piece("a", 4), Piece("b", 3, 10)))
    stream = TableStream(source)
    assert gathered(stream, ["x"], 16).equals(source.table.select(["x"]))
    located = [
        batch.source.locate(row)
        for batch in stream.batches(["x"], 16)
        for row in range(batch.source.table.num_rows)
    ]
    assert located == [source.locate(row) for row in range(7)]
    assert stream.rows_max() == stream.num_rows() == 7


def test_files_that_do_not_fit_together(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("src,dst\n1,2\n")
    (tmp_path / "b.csv").write_text("src,dst\na,b\n")
    with pytest.raises(InputError, match="different types"):
        FileStream(find_files(tmp_path), 1)
    (tmp_path / "b.csv").write_text("from,to\n1,2\n")
    with pytest.raises(InputError, match=r"b.csv: has the columns from, to"):
        FileStream(find_files(tmp_path), 1)


def test_ragged_rows_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("src,dst\n" + "1,2\n" * 10 + "1,2,3\n")
    with pytest.raises(InputError, match="has 3 values instead of 2: 1,2,3") as caught:
        FileStream(find_files(tmp_path), 1)
    assert caught.value.row == 12
