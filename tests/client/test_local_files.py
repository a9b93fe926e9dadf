"""Which graphs' files a node maps by itself, and what it leaves to the replicas."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import graphray as gr
from graphray.client.local_files import LocalFiles
from graphray.client.view import GraphSpec, GraphView
from graphray.config import LaunchOptions
from graphray.schema import DEFAULT_RELATION
from graphray.shard import INDPTR, NEIGHBOR, ArrayKey, edges_table, rows_table
from graphray.store import Store

BOUNDS = ArrayKey(rows_table(DEFAULT_RELATION, "in"), INDPTR)
NEIGHBORS = ArrayKey(edges_table(DEFAULT_RELATION, "in"), NEIGHBOR)
DERIVED = ArrayKey(edges_table(DEFAULT_RELATION, "in"), "@derived")


@pytest.fixture
def view(tmp_path: Path) -> GraphView:
    uri = tmp_path / "store"
    gr.build((np.array([0, 1, 2]), np.array([1, 2, 0])), uri, parts=2, partitioner="range")
    store = Store.open(uri)
    spec = GraphSpec("g", str(uri), store.version, LaunchOptions())
    return GraphView(
        spec, store.kind, store.schema, store.book, store.manifest.snapshot_id, [[], []], ()
    )


def test_stored_arrays_are_mapped_and_others_left_out(view: GraphView) -> None:
    files = LocalFiles.of(view)
    assert files is not None
    shard = Store.open(view.spec.uri).shard(1)
    found = files.arrays(1, [BOUNDS, NEIGHBORS, DERIVED])
    assert set(found) == {BOUNDS, NEIGHBORS}
    np.testing.assert_array_equal(found[NEIGHBORS], shard.array(NEIGHBORS))


def test_other_files_under_the_same_path_are_not_taken(view: GraphView) -> None:
    assert LocalFiles.of(replace(view, snapshot_id="another")) is None


def test_nothing_is_taken_where_the_launch_says_so(view: GraphView) -> None:
    spec = replace(view.spec, options=LaunchOptions(map_files=False))
    assert LocalFiles.of(replace(view, spec=spec)) is None


def test_a_node_without_the_store_has_no_files(view: GraphView, tmp_path: Path) -> None:
    elsewhere = replace(view, spec=replace(view.spec, uri=str(tmp_path / "absent")))
    assert LocalFiles.of(elsewhere) is None


def test_a_file_that_is_gone_is_left_to_the_replicas(view: GraphView) -> None:
    files = LocalFiles.of(view)
    assert files is not None
    shutil.rmtree(view.spec.uri)
    assert files.arrays(0, [BOUNDS, NEIGHBORS]) == {}
