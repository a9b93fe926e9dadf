"""Streams hand out what reading the whole gives, and errors name the same rows."""

from __future__ import annotations

import gzip
import json
import pickle
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet as pq

from graphray.errors import InputError
from graphray.executor import LocalExecutor
from graphray.ingest import streams
from graphray.ingest.delimited import Delimited
from graphray.ingest.file_stream import FileStream
from graphray.ingest.files import find_files, read_files
from graphray.ingest.source import Piece, Source
from graphray.ingest.streams import Batch, Stream, TableStream

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


def stream_of(*paths: Any) -> FileStream:
    return FileStream(find_files(paths), 1, LocalExecutor(2))


def batches_of(stream: Stream, columns: list[str], batch_bytes: int) -> list[Batch]:
    """All batches, the sections read in rising order from copies as another process gets them."""
    copies = [pickle.loads(pickle.dumps(section)) for section in stream.sections]
    return [batch for section in copies for batch in section.batches(columns, batch_bytes)]


def gathered(stream: Stream, columns: list[str], batch_bytes: int) -> pa.Table:
    batches = batches_of(stream, columns, batch_bytes)
    assert stream.num_rows == sum(section.num_rows for section in stream.sections)
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
    schema = file.settle(block).schema
    table = pa.Table.from_batches(file.batches(schema, ["a", "b"], block), schema)
    assert table.equals(file.read())


def test_files_of_row_groups_and_blocks(tmp_path: Path) -> None:
    one = pa.table({"src": pa.array(range(50), pa.int32()), "dst": range(50), "w": ["x"] * 50})
    two = pa.table({"src": range(50, 80), "dst": range(30), "w": pa.nulls(30, pa.string())})
    pq.write_table(one, tmp_path / "a.parquet", row_group_size=7)
    pq.write_table(two, tmp_path / "b.parquet")
    (tmp_path / "c.csv").write_text("src,dst,w\n" + "80,1,y\n" * 20)
    whole = read_files(tmp_path).table
    stream = stream_of(tmp_path)
    assert stream.schema == whole.schema.remove_metadata()
    for columns in (["src", "dst", "w"], ["w", "dst"]):
        for batch_bytes in (1, 100, 10**6):
            assert gathered(stream, columns, batch_bytes).equals(whole.select(columns))
    assert stream.num_rows == whole.num_rows
    assert stream.estimated_bytes > 0


def test_rows_of_batches_are_located_in_their_files(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("src,dst\n1,2\n3,4\n")
    stream = stream_of(tmp_path)
    located = [
        batch.source.locate(row)
        for batch in batches_of(stream, ["src"], 8)
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
        for batch in batches_of(stream, ["x"], 16)
        for row in range(batch.source.table.num_rows)
    ]
    assert located == [source.locate(row) for row in range(7)]
    assert stream.num_rows == 7


ROWS = st.lists(st.sampled_from([v for values in VALUES.values() for v in values]), min_size=1)


@given(ROWS, st.integers(5, 60), st.sampled_from(["csv", "jsonl"]), st.booleans())
def test_one_file_in_extents(cells: list[str], extent: int, form: str, ended: bool) -> None:
    if form == "csv":
        lines = ["a,b"] + [f"{cell},{row}" for row, cell in enumerate(cells)]
    else:
        lines = [json.dumps({"a": cell, "b": row}) for row, cell in enumerate(cells)]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = Path(folder, f"t.{form}")
        path.write_text("\n".join(lines) + "\n" * ended)
        whole = read_files(path).table
        patch.setattr(streams, "SECTION_BYTES", extent)
        stream = stream_of(path)
        assert gathered(stream, ["a", "b"], 1).equals(whole)
        if path.stat().st_size > 4 * extent + 40:
            assert len(stream.sections) > 1


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".tsv"])
def test_what_is_cut(tmp_path: Path, monkeypatch: Any, ending: str) -> None:
    monkeypatch.setattr(streams, "SECTION_BYTES", 100)
    content = b"src\tdst\n" if ending == ".tsv" else b"src,dst\n"
    content += b"".join(
        b"%d%c%d\n" % (i, b"\t" if ending == ".tsv" else b",", i) for i in range(99)
    )
    path = tmp_path / f"e{ending}"
    path.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
    stream = stream_of(path)
    assert (len(stream.sections) > 3) == (not ending.endswith("gz"))
    assert gathered(stream, ["src"], 8).column("src").to_pylist() == list(range(99))


def test_a_quoted_line_end_is_not_cut_through(tmp_path: Path, monkeypatch: Any) -> None:
    # Cut behind any line end, the second half of a row would look like a row of its own.
    monkeypatch.setattr(streams, "SECTION_BYTES", 40)
    path = tmp_path / "e.csv"
    path.write_text("src,text\n" + '1,"x\n2,y"\n' * 60)
    stream = stream_of(path)
    assert len(stream.sections) == 1
    assert set(gathered(stream, ["text"], 8).column("text").to_pylist()) == {"x\n2,y"}


@pytest.mark.parametrize(
    ("name", "good", "bad", "row"),
    [("e.csv", "1,2", "1,2,3", 92), ("e.jsonl", '{"src": 1}', '{"src": "x"', 91)],
)
def test_rows_of_extents_are_named_as_in_the_file(
    tmp_path: Path, monkeypatch: Any, name: str, good: str, bad: str, row: int
) -> None:
    monkeypatch.setattr(streams, "SECTION_BYTES", 64)
    lines = ["src,dst"] * name.endswith("csv") + [good] * 90 + [bad] + [good] * 9
    (tmp_path / name).write_text("\n".join(lines))
    with pytest.raises(InputError) as caught:
        stream_of(tmp_path)
    assert caught.value.row == row


def test_small_row_groups_are_read_together(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(streams, "SECTION_BYTES", 8 * 100)
    pq.write_table(pa.table({"x": range(1000)}), tmp_path / "a.parquet", row_group_size=30)
    rows = [section.num_rows for section in stream_of(tmp_path).sections]
    assert sum(rows) == 1000
    assert all(30 < count < 200 for count in rows[:-1])


def test_files_change_their_identity(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("src,dst\n1,2\n")
    before = stream_of(path).identity
    assert stream_of(path).identity == before
    path.write_text("src,dst\n1,22\n")
    assert stream_of(path).identity != before
    assert TableStream(Source.of(pa.table({"x": [1]}), "t")).identity is None


def test_files_that_do_not_fit_together(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("src,dst\n1,2\n")
    (tmp_path / "b.csv").write_text("src,dst\na,b\n")
    with pytest.raises(InputError, match="different types"):
        stream_of(tmp_path)
    (tmp_path / "b.csv").write_text("from,to\n1,2\n")
    with pytest.raises(InputError, match=r"b.csv: has the columns from, to"):
        stream_of(tmp_path)


def test_ragged_rows_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("src,dst\n" + "1,2\n" * 10 + "1,2,3\n")
    with pytest.raises(InputError, match="has 3 values instead of 2: 1,2,3") as caught:
        stream_of(tmp_path)
    assert caught.value.row == 12
