from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from graphray.errors import InputError, InputNotFound
from graphray.ingest import read_graph
from graphray.ingest.files import read_files


def write_parquet(path: Path, sources: list[int]) -> str:
    pq.write_table(pa.table({"src": sources, "dst": [s + 1 for s in sources]}), path)
    return str(path)


def test_one_file_of_each_type(tmp_path: Path) -> None:
    parquet = write_parquet(tmp_path / "a.parquet", [1, 2])
    (tmp_path / "b.csv").write_text("src,dst\n1,2\n2,3\n")
    (tmp_path / "c.tsv").write_text("src\tdst\n1\t2\n2\t3\n")
    (tmp_path / "d.csv.gz").write_bytes(gzip.compress(b"src,dst\n1,2\n2,3\n"))
    for path in (parquet, tmp_path / "b.csv", tmp_path / "c.tsv", tmp_path / "d.csv.gz"):
        assert read_files(path).table.to_pydict() == {"src": [1, 2], "dst": [2, 3]}


def test_many_files_in_order(tmp_path: Path) -> None:
    second = write_parquet(tmp_path / "b.parquet", [5])
    first = write_parquet(tmp_path / "a.parquet", [1, 2])
    (tmp_path / "notes.txt").write_text("not a table")
    for paths in (tmp_path, str(tmp_path / "*.parquet"), [first, second], tmp_path.as_uri()):
        assert read_files(paths).table["src"].to_pylist() == [1, 2, 5]
    assert read_files([second, first]).table["src"].to_pylist() == [5, 1, 2]


def test_rows_are_located_in_their_file(tmp_path: Path) -> None:
    first = write_parquet(tmp_path / "a.parquet", [1, 2])
    second = tmp_path / "b.csv"
    second.write_text("src,dst\n3,4\n5,6\n")
    source = read_files([first, second])
    # A row of CSV is its line in an editor, the header being line 1.
    assert [source.locate(row) for row in range(4)] == [
        (first, 0),
        (first, 1),
        (str(second), 2),
        (str(second), 3),
    ]


def test_only_an_empty_cell_is_null(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('src,dst,w\nNA,null,1\nb,"",\n')
    assert read_files(path).table.to_pydict() == {
        "src": ["NA", "b"],
        "dst": ["null", ""],
        "w": [1, None],
    }


def test_a_type_that_changes_far_down_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("src,dst,w\n" + "1,2,3\n" * 300_000 + "1,2,0.5\n")
    weights = read_files(path).table["w"]
    assert weights.type == pa.float64()
    assert weights[300_000].as_py() == 0.5


def test_integer_columns_of_two_widths_fit(tmp_path: Path) -> None:
    pq.write_table(pa.table({"src": pa.array([1], pa.int32())}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"src": pa.array([2**40], pa.int64())}), tmp_path / "b.parquet")
    assert read_files(tmp_path).table["src"].to_pylist() == [1, 2**40]


def test_a_glob_character_in_a_name_that_exists(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a[1].parquet", [1])
    assert read_files(path).table.num_rows == 1


@pytest.mark.parametrize("path", ["none.csv", "*.csv", "file:///no/such/file.csv", ""])
def test_nothing_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputNotFound):
        read_files(path)


def test_no_paths() -> None:
    with pytest.raises(InputNotFound):
        read_files([])


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"src,dst\n\xff\xfe,b\n")
    # Arrow reads such a column as binary.
    with pytest.raises(InputError, match="is no id") as caught:
        read_graph(tmp_path / "a.csv")
    assert (caught.value.row, caught.value.column) == (2, "src")


def test_ragged_and_unparsable_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("src,dst\n1,2\n1,2,3\n4\n")
    with pytest.raises(InputError, match="has 3 values instead of 2: 1,2,3") as caught:
        read_files(tmp_path / "a.csv")
    assert caught.value.row == 3


def test_unknown_scheme() -> None:
    with pytest.raises(InputError, match="nope://x"):
        read_files("nope://x/a.csv")
