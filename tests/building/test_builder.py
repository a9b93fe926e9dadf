"""Whatever graph goes in, the shards read back are that graph, in canonical order."""

from __future__ import annotations

import tempfile

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from pyarrow import fs

from graphray.building.builder import build
from graphray.errors import StoreExists, VersionConflict
from graphray.schema import DEFAULT_RELATION, Relation
from graphray.shard import STABLE, edges_table, nodes_table
from graphray.store import Place, Store
from tests.plain_graphs import (
    PlainGraph,
    Prescribed,
    found_in_index,
    ids_by_gid,
    plain_graphs,
    stored_rows,
)


def build_plain(graph: PlainGraph, folder: str) -> Store:
    return build(
        graph.edge_inputs(),
        folder,
        nodes=graph.node_inputs(),
        parts=graph.parts,
        partitioner=Prescribed(graph),
        directed={relation: plain.directed for relation, plain in graph.relations.items()},
    )


@settings(max_examples=40, deadline=None)
@given(plain_graphs())
def test_store_holds_exactly_the_input(graph: PlainGraph) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = build_plain(graph, folder)
        store.verify()
        for relation_type in store.schema.relations:
            for direction in relation_type.stored_directions:
                relation = relation_type.relation
                assert stored_rows(store, relation, direction) == graph.rows(relation, direction)
                check_edge_properties(store, relation, direction)
        for name, ids in graph.ids.items():
            check_nodes(store, graph, name)
            gids = ids_by_gid(store, name)
            assert list(found_in_index(store, name, ids)) == [[gids.index(node)] for node in ids]


def check_edge_properties(store: Store, relation: Relation, direction: str) -> None:
    for part in range(store.parts):
        entries = store.shard(part).table(edges_table(relation, direction)).to_pydict()
        assert entries["note"] == [f"e{edge}" for edge in entries["@edge"]]


def check_nodes(store: Store, graph: PlainGraph, name: str) -> None:
    seen = []
    for part in range(store.parts):
        table = store.shard(part).table(nodes_table(name)).to_pydict()
        start, stop = store.book.node_range(name, part)
        assert len(table["@id"]) == stop - start
        assert table[STABLE] == sorted(table[STABLE])
        assert table["rank"] == table[STABLE]
        assert table["@id"] == [graph.ids[name][stable] for stable in table[STABLE]]
        assert all(graph.owners[name][stable] == part for stable in table[STABLE])
        seen += table[STABLE]
    assert sorted(seen) == list(range(len(graph.ids[name])))


@settings(max_examples=15, deadline=None)
@given(plain_graphs())
def test_same_input_gives_same_snapshot_wherever_it_is_built(graph: PlainGraph) -> None:
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        one, other = build_plain(graph, first), build_plain(graph, second)
        assert one.manifest.snapshot_id == other.manifest.snapshot_id


def test_without_node_tables_nodes_are_the_ids_in_ascending_order(tmp_path) -> None:
    store = build(([30, 10, 10**15], [10, 20, 30]), tmp_path / "s")
    assert ids_by_gid(store, "node") == [10, 20, 30, 10**15]
    store = build((["b", "ä"], ["Z", "b"]), tmp_path / "t")
    assert ids_by_gid(store, "node") == ["Z", "b", "ä"]


def test_missing_nodes_are_added_after_the_table_in_ascending_order(tmp_path) -> None:
    nodes = pa.table({"id": [5, 1], "x": ["five", "one"]})
    store = build(([9, 1], [5, 7]), tmp_path / "s", nodes=nodes, missing_nodes="add")
    table = store.shard(0).table(nodes_table("node")).to_pydict()
    assert table["@id"] == [5, 1, 7, 9]
    assert table["x"] == ["five", "one", None, None]


@pytest.mark.parametrize("directed", [True, False])
def test_self_loops_parallel_edges_and_isolated_nodes(tmp_path, directed: bool) -> None:
    ends = ([0, 0, 0, 1], [0, 1, 1, 0])
    store = build(ends, tmp_path / "s", nodes=np.arange(3), parts=3, directed=directed)
    expected = {0: [(0, 0), (1, 1), (1, 2), (1, 3)], 1: [(0, 1), (0, 2), (0, 3)], 2: []}
    if directed:
        expected = {0: [(0, 0), (1, 3)], 1: [(0, 1), (0, 2)], 2: []}
    assert stored_rows(store, DEFAULT_RELATION, "in") == expected


def test_graph_of_one_node(tmp_path) -> None:
    store = build(np.empty((2, 0), np.int64), tmp_path / "s", nodes=np.array([7]))
    assert stored_rows(store, DEFAULT_RELATION, "out") == {7: []}


def test_empty_relation_beside_another(tmp_path) -> None:
    empty = pa.table({"src": pa.array([], pa.null()), "dst": pa.array([], pa.null())})
    store = build(
        {("a", "to", "a"): (["x"], ["y"]), ("a", "by", "b"): empty}, tmp_path / "s", parts=2
    )
    assert store.book.num_nodes("b") == 0
    assert stored_rows(store, Relation("a", "by", "b"), "out") == {"x": [], "y": []}


def test_undirected_networkx_graph_stays_undirected(tmp_path) -> None:
    path = nx.path_graph(3)
    store = build(path, tmp_path / "s")
    assert not store.schema.relations[0].directed
    rows = {0: [(1, 0)], 1: [(0, 0), (2, 1)], 2: [(1, 1)]}
    assert stored_rows(store, DEFAULT_RELATION, "in") == rows
    assert build(path, tmp_path / "t", directed=True).schema.relations[0].directed


def test_manifest_records_how_good_the_partition_is(tmp_path) -> None:
    ends = ([0, 1, 2, 3], [1, 0, 3, 0])
    store = build(ends, tmp_path / "s", parts=2, partitioner="range", created_at="2025-01-31")
    made = store.manifest.build
    assert made["partitioner"] == "range"
    assert made["parts"] == 2
    assert made["created_at"] == "2025-01-31"
    assert made["edge_cut"] == 1 / 4
    assert made["node_balance"] == 1.0
    assert made["edge_balance"] == 5 / 4
    assert made["num_nodes"] == {"node": 4}
    assert made["num_edges"] == {"node-edge-node": 4}


def test_a_new_version_leaves_the_old_one_readable(tmp_path) -> None:
    uri = tmp_path / "s"
    first = build(([0], [1]), uri)
    with pytest.raises(StoreExists, match="new_version"):
        build(([0], [1]), uri)
    second = build(([0, 1], [1, 2]), uri, if_exists="new_version")
    assert (first.version, second.version) == (1, 2)
    assert first.versions() == (1, 2)
    assert Store.open(uri).book.num_nodes("node") == 3
    assert ids_by_gid(Store.open(uri, 1), "node") == [0, 1]


def test_of_two_builds_at_once_one_wins_and_the_other_leaves_nothing(tmp_path) -> None:
    class Overtaking:
        """A partitioner during which another build publishes the same version."""

        name = "overtaking"

        def partition(self, problem, parts, *, rng_seed):
            build(([0], [1]), tmp_path / "s")
            return np.zeros(problem.num_nodes, np.int32)

    with pytest.raises(VersionConflict, match="version 1"):
        build(([0, 1], [1, 2]), tmp_path / "s", partitioner=Overtaking())
    store = Store.open(tmp_path / "s")
    assert ids_by_gid(store, "node") == [0, 1]
    assert len(list((tmp_path / "s" / "data").iterdir())) == 1


def test_store_on_another_filesystem(tmp_path) -> None:
    place = (fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()), "deep/store")
    store = build(([0, 1], [1, 2]), place, parts=2)
    assert not Place(place).is_local
    assert ids_by_gid(Store.open(place), "node") == ids_by_gid(store, "node")
    with pytest.raises(StoreExists):
        build(([0, 1], [1, 2]), place)
