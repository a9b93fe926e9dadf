"""Bad input gets an error that says what, where and what to do; and no store is left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from graphray.building import builder
from graphray.building.builder import build
from graphray.errors import (
    ArgumentError,
    DanglingEdge,
    GraphRayError,
    InputError,
    InputNotFound,
    PartitionerError,
    RelationNotFound,
    StoreExists,
    StoreNotFound,
    StrategyNotFound,
)
from graphray.ingest.budget import Budget
from graphray.store import Store, StoreWriter
from graphray.store.writer import ShardTarget

Refused = Callable[..., GraphRayError]


@pytest.fixture(params=["in memory", "streamed"])
def refused(tmp_path: Path, request: Any, monkeypatch: pytest.MonkeyPatch) -> Refused:
    """Build what has to fail; returns the error after checking that nothing is left."""
    uri = tmp_path / "store"
    budget = None
    if request.param == "streamed":
        monkeypatch.setattr(builder, "exceeds", lambda inputs, budget: True)
        monkeypatch.setattr(Budget, "of", classmethod(lambda cls, amount: Budget(amount, 64)))
        budget = 2**30

    def check(kind: type[GraphRayError], edges: Any, **options: Any) -> GraphRayError:
        with pytest.raises(kind) as caught:
            build(edges, uri, memory_budget=budget, **options)
        assert type(caught.value) is kind
        assert not uri.exists()
        return caught.value

    return check


def csv(tmp_path: Path, text: str, name: str = "edges.csv") -> str:
    path = tmp_path / name
    path.write_text(text)
    return str(path)


GOOD = ([0, 1], [1, 2])


def test_missing_file(refused: Refused, tmp_path: Path) -> None:
    error = refused(InputNotFound, str(tmp_path / "none.csv"))
    assert "none.csv: there is no such file" in str(error)


def test_missing_node_file(refused: Refused, tmp_path: Path) -> None:
    refused(InputNotFound, GOOD, nodes=tmp_path / "none.parquet")


def test_folder_and_glob_without_files(refused: Refused, tmp_path: Path) -> None:
    refused(InputNotFound, tmp_path)
    refused(InputNotFound, str(tmp_path / "*.csv"))
    refused(InputNotFound, [str(tmp_path / "a.csv"), str(tmp_path / "b.csv")])


def test_ragged_csv(refused: Refused, tmp_path: Path) -> None:
    error = refused(InputError, csv(tmp_path, "src,dst\n1,2\n3\n5,6\n"))
    assert (error.source, error.row) == (str(tmp_path / "edges.csv"), 3)
    assert "has 1 values instead of 2: 3" in str(error)


def test_empty_csv(refused: Refused, tmp_path: Path) -> None:
    assert "empty" in str(refused(InputError, csv(tmp_path, "")))


def test_csv_without_header(refused: Refused, tmp_path: Path) -> None:
    error = refused(InputError, csv(tmp_path, "0,1\n1,2\n"))
    assert error.row == 1
    assert "header" in str(error)


def test_csv_of_one_column(refused: Refused, tmp_path: Path) -> None:
    assert "it has: src" in str(refused(InputError, csv(tmp_path, "src\n1\n")))


def test_id_that_does_not_parse(refused: Refused, tmp_path: Path) -> None:
    error = refused(InputError, csv(tmp_path, "src,dst\n1,2\n2,three\n"))
    assert (error.row, error.column) == (3, "dst")
    assert "'three'" in str(error)


def test_id_that_does_not_parse_far_down(refused: Refused, tmp_path: Path) -> None:
    # Arrow settles on a column's type in the first block, of 1 MiB; this id comes after it.
    error = refused(InputError, csv(tmp_path, "src,dst\n" + "1,2\n" * 400_000 + "2,three\n"))
    assert (error.row, error.column) == (400_002, "dst")


def test_id_that_is_a_fraction(refused: Refused, tmp_path: Path) -> None:
    error = refused(InputError, csv(tmp_path, "src,dst\n1,2\n2,2.5\n"))
    assert (error.row, error.column) == (3, "dst")
    assert "2.5" in str(error)


@pytest.mark.parametrize("values", [[True, False], [b"a", b"b"], [1.0, 2.0], [[1], [2]]])
def test_ids_of_no_kind(refused: Refused, values: list[Any]) -> None:
    error = refused(InputError, pa.table({"src": values, "dst": values}))
    assert error.column == "src"


def test_id_beyond_64_bits(refused: Refused) -> None:
    error = refused(InputError, (np.array([1, 2**63], np.uint64), np.array([1, 2], np.uint64)))
    assert (error.row, error.column) == (1, "src")


def test_null_id_in_csv(refused: Refused, tmp_path: Path) -> None:
    error = refused(InputError, csv(tmp_path, "src,dst\n1,2\n,2\n"))
    assert (error.row, error.column) == (3, "src")
    error = refused(InputError, csv(tmp_path, "src,dst\na,b\nb,\n"))
    assert (error.row, error.column) == (3, "dst")


def test_null_id_in_nodes(refused: Refused) -> None:
    error = refused(InputError, GOOD, nodes=pa.table({"id": [0, None, 2]}))
    assert (error.source, error.row, error.column) == ("nodes", 1, "id")


def test_row_in_the_second_of_several_files(refused: Refused, tmp_path: Path) -> None:
    first = csv(tmp_path, "src,dst\n1,2\n2,3\n", "a.csv")
    second = csv(tmp_path, "src,dst\n1,2\n2,\n", "b.csv")
    error = refused(InputError, [first, second])
    assert (error.source, error.row) == (second, 3)


def test_ids_of_two_kinds_in_edges(refused: Refused) -> None:
    error = refused(InputError, pa.table({"src": [1, 2], "dst": ["1", "b"]}))
    assert (error.row, error.column) == (1, "dst")
    assert "integers (edges, column 'src')" in str(error)


def test_ids_of_two_kinds_in_nodes_and_edges(refused: Refused) -> None:
    error = refused(InputError, GOOD, nodes=pa.table({"id": ["0", "1", "2"]}))
    assert (error.source, error.column) == ("edges", "src")
    assert "strings (nodes, column 'id')" in str(error)


def test_files_of_two_kinds(refused: Refused, tmp_path: Path) -> None:
    first = csv(tmp_path, "src,dst\n1,2\n", "a.csv")
    second = csv(tmp_path, "src,dst\na,b\n", "b.csv")
    assert "a.csv" in str(refused(InputError, [first, second]))
    third = csv(tmp_path, "from,to\na,b\n", "c.csv")
    assert refused(InputError, [first, third]).source == third


def test_edge_to_a_node_that_the_table_lacks(refused: Refused, tmp_path: Path) -> None:
    edges = csv(tmp_path, "src,dst\n0,1\n1,99\n98,1\n")
    error = refused(DanglingEdge, edges, nodes=np.arange(3))
    assert (error.source, error.row, error.column) == (edges, 4, "src")
    assert "98" in str(error)
    assert "missing_nodes" in str(error)


def test_dangling_string_id(refused: Refused) -> None:
    nodes = pa.table({"id": ["a", "b"]})
    error = refused(DanglingEdge, (["a", "b"], ["b", "c"]), nodes=nodes)
    assert (error.row, error.column) == (1, "dst")


@pytest.mark.parametrize("ids", [[4, 7, 4], ["x", "y", "x"]])
def test_duplicate_node_ids(refused: Refused, ids: list[Any]) -> None:
    error = refused(InputError, (ids, ids), nodes=pa.table({"id": ids}))
    assert error.row == 2
    assert repr(ids[0]) in str(error)
    assert "row 0" in str(error)


def test_duplicate_node_id_in_another_file(refused: Refused, tmp_path: Path) -> None:
    files = [csv(tmp_path, "id\n1\n2\n", "a.csv"), csv(tmp_path, "id\n3\n2\n", "b.csv")]
    error = refused(InputError, ([1], [2]), nodes=files)
    assert (error.source, error.row) == (files[1], 3)
    assert f"{files[0]}, row 3" in str(error)


def test_relation_whose_type_has_no_nodes(refused: Refused) -> None:
    edges = {("author", "writes", "paper"): GOOD}
    error = refused(ArgumentError, edges, nodes={"author": np.arange(3)})
    assert "'paper'" in str(error)


def test_relation_that_is_no_triple(refused: Refused) -> None:
    for name in ("cites", ("a", "b"), ("a", 1, "b"), ("a", "", "b")):
        assert "three strings" in str(refused(ArgumentError, {name: GOOD}))


def test_directed_names_an_unknown_relation(refused: Refused) -> None:
    refused(RelationNotFound, GOOD, directed={("a", "b", "c"): False})


def test_undirected_between_two_types(refused: Refused) -> None:
    refused(ArgumentError, {("a", "to", "b"): GOOD}, directed=False)


def test_one_node_table_for_two_types(refused: Refused) -> None:
    refused(ArgumentError, {("a", "to", "b"): GOOD}, nodes=np.arange(3))


@pytest.mark.parametrize("parts", [0, -1, 4, 1.5])
def test_parts_out_of_range(refused: Refused, parts: int) -> None:
    assert f"parts = {parts}" in str(refused(ArgumentError, GOOD, parts=parts))


def test_unknown_partitioner(refused: Refused) -> None:
    assert "hash" in str(refused(StrategyNotFound, GOOD, partitioner="no such"))


def test_partitioner_that_answers_nonsense(refused: Refused) -> None:
    class Nonsense:
        name = "nonsense"
        needs_edges = False

        def partition(self, problem: Any, parts: int, *, rng_seed: int) -> Any:
            return np.full(problem.num_nodes, parts)

    refused(PartitionerError, GOOD, partitioner=Nonsense())


@pytest.mark.parametrize("option", ["missing_nodes", "if_exists"])
def test_option_out_of_its_values(refused: Refused, option: str) -> None:
    assert option in str(refused(ArgumentError, GOOD, **{option: "maybe"}))


def test_column_names_of_our_own(refused: Refused) -> None:
    edges = pa.table({"src": [0], "dst": [1], "@edge": [2]})
    assert refused(InputError, edges).column == "@edge"
    nodes = pa.table({"id": [0, 1, 2], "@id": [1, 2, 3]})
    assert refused(InputError, GOOD, nodes=nodes).column == "@id"


def test_column_name_twice(refused: Refused, tmp_path: Path) -> None:
    assert refused(InputError, csv(tmp_path, "src,dst,w,w\n1,2,3,4\n")).column == "w"


def test_column_that_is_not_there(refused: Refused) -> None:
    edges = pa.table({"a": [0], "b": [1]})
    error = refused(InputError, edges, src="nope")
    assert error.column == "nope"
    assert "a, b" in str(error)
    refused(InputError, edges, src="b")


def test_graph_without_nodes(refused: Refused) -> None:
    refused(InputError, np.empty((2, 0), np.int64))


def test_values_that_are_no_edges(refused: Refused) -> None:
    refused(InputError, np.zeros((3, 3), np.int64))
    refused(InputError, ([1, 2], [1]))
    refused(InputError, [(1, 2), (1, 2, 3)])
    refused(InputError, ([1, "a"], [1, 2]))
    assert "expected path(s)" in str(refused(ArgumentError, 42))


def test_file_of_a_type_that_is_not_read(refused: Refused, tmp_path: Path) -> None:
    assert ".xlsx" in str(refused(InputError, csv(tmp_path, "", "edges.xlsx")))


def test_parquet_that_is_none(refused: Refused, tmp_path: Path) -> None:
    error = refused(InputError, csv(tmp_path, "no parquet", "edges.parquet"))
    assert error.source == str(tmp_path / "edges.parquet")


def test_uri_that_no_filesystem_knows() -> None:
    with pytest.raises(ArgumentError, match="nope://"):
        build(GOOD, "nope://bucket/store")


def test_file_where_the_store_should_go(tmp_path: Path) -> None:
    path = csv(tmp_path, "precious")
    with pytest.raises(StoreExists, match="is a file"):
        build(GOOD, path)
    assert Path(path).read_text() == "precious"


def test_build_that_dies_half_way_leaves_nothing(refused: Refused, monkeypatch: Any) -> None:
    write, calls = ShardTarget.write, []

    def dying(self: ShardTarget, *arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 4:
            raise GraphRayError("out of luck")
        return write(self, *arguments)

    monkeypatch.setattr(ShardTarget, "write", dying)
    refused(GraphRayError, GOOD, parts=2)


def test_failed_new_version_leaves_the_folder_as_it_was(tmp_path: Path, monkeypatch: Any) -> None:
    uri = tmp_path / "store"
    build(GOOD, uri)
    before = sorted(uri.rglob("*"))
    monkeypatch.setattr(StoreWriter, "publish", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        build(GOOD, uri, if_exists="new_version")
    assert sorted(uri.rglob("*")) == before


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


KILLED = """
import sys
from graphray.building.builder import build
from graphray.store import StoreWriter

write, calls = StoreWriter.write, []

def waiting(self, *arguments):
    write(self, *arguments)
    calls.append(arguments)
    if len(calls) == 3:
        print("half-way", flush=True)
        sys.stdin.read()

StoreWriter.write = waiting
build(([0, 1], [1, 2]), sys.argv[1], parts=2)
"""


def test_killed_build_leaves_no_version(tmp_path: Path) -> None:
    uri = tmp_path / "store"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(uri)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"half-way\n"
        child.send_signal(signal.SIGKILL)
    assert list(uri.rglob("*.arrow"))
    with pytest.raises(StoreNotFound):
        Store.open(uri)
    assert build(GOOD, uri, parts=2).version == 1
    # What the killed build left is gone.
    assert len(list((uri / "data").iterdir())) == 1
