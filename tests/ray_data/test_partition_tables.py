"""What partitions own, read piece by piece, beside the tables that the graph was built from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import graphray as gr
from graphray.errors import ArgumentError, ColumnNotFound
from graphray.ray_data import partition_tables
from graphray.ray_data.partition_tables import edge_tables, node_tables
from tests.partly import partly

pairs = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=30)


def whole(tables: partition_tables.PartitionTables, parts: int) -> pa.Table:
    return pa.concat_tables([piece for part in range(parts) for piece in tables.read(part)])


def build(folder: Path, edges: list[tuple[int, int]], directed: bool) -> gr.Graph:
    """Eight nodes called n0, …, of which partition 0 is the smallest; edge i weighs i."""
    names = np.array([f"n{i}" for i in range(8)], object)
    ends = np.array(edges, np.int64).reshape(-1, 2)
    table = pa.table(
        {
            "src": pa.array(names[ends[:, 0]], pa.string()),
            "dst": pa.array(names[ends[:, 1]], pa.string()),
            "w": np.arange(len(ends), dtype=np.float32),
        }
    )
    nodes = pa.table({"id": names, "x": [None, *range(1, 8)]})
    store = gr.build(
        table, folder, nodes=nodes, parts=3, partitioner="hash", directed=directed,
        if_exists="new_version",
    )  # fmt: skip
    return gr.open(store.uri)


@given(edges=pairs, directed=st.booleans(), is_mapped=st.booleans(), piece=st.integers(1, 9))
def test_each_edge_is_read_once(
    edges: list[tuple[int, int]],
    directed: bool,
    is_mapped: bool,
    piece: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    graph = build(tmp_path_factory.mktemp("graph"), edges, directed)
    graph = graph if is_mapped else partly(graph, {0})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partition_tables, "ROWS_PER_PIECE", piece)
        (kind,) = graph.schema.relations
        found = whole(edge_tables(graph.access, kind.relation, None), 3).sort_by("edge_id")
    assert found["edge_id"].to_pylist() == list(range(len(edges)))
    assert found["w"].to_pylist() == list(range(len(edges)))
    ends = list(zip(found["src"].to_pylist(), found["dst"].to_pylist(), strict=True))
    known = [(f"n{src}", f"n{dst}") for src, dst in edges]
    if not directed:
        ends, known = ([tuple(sorted(pair)) for pair in some] for some in (ends, known))
    assert ends == known


@pytest.mark.parametrize("mapped", [{0, 1, 2}, {1}])
def test_each_node_is_read_once(mapped: set[int], tmp_path: Path) -> None:
    graph = partly(build(tmp_path / "store", [(0, 1)], True), mapped)
    tables = node_tables(graph.access, "node", None)
    found = whole(tables, 3).sort_by("id")
    assert found.to_pydict() == {"id": [f"n{i}" for i in range(8)], "x": [None, *range(1, 8)]}
    assert [tables.num_entries(part) for part in range(3)] == [
        sum(len(piece) for piece in tables.read(part)) for part in range(3)
    ]
    assert whole(node_tables(graph.access, "node", []), 3).column_names == ["id"]


def test_columns_that_cannot_be_had(tmp_path: Path) -> None:
    nodes = pa.table({"id": [0, 1], "x": [1, 2]})
    edges = pa.table({"src": [0], "dst": [1], "edge_id": [7]})
    graph = gr.open(gr.build(edges, tmp_path / "store", nodes=nodes).uri)
    (kind,) = graph.schema.relations
    with pytest.raises(ColumnNotFound, match="no column 'y'"):
        node_tables(graph.access, "node", ["y"])
    with pytest.raises(ArgumentError, match="'edge_id', which is the name of a column of ids"):
        edge_tables(graph.access, kind.relation, None)
    assert whole(edge_tables(graph.access, kind.relation, []), 1).to_pydict() == {
        "src": [0],
        "dst": [1],
        "edge_id": [0],
    }
