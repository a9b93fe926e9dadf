"""Which graphs' files a node maps by itself, and what it leaves to the replicas."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import graphray as gr
from graphray.client.local_files import LocalFiles
from graphray.client.view import GraphSpec
from graphray.config import LaunchOptions
from graphray.schema import DEFAULT_RELATION
from graphray.shard import INDPTR, NEIGHBOR, ArrayKey, edges_table, rows_table
from graphray.store import Store

BOUNDS = ArrayKey(rows_table(DEFAULT_RELATION, "in"), INDPTR)
NEIGHBORS = ArrayKey(edges_table(DEFAULT_RELATION, "in"), NEIGHBOR)
DERIVED = ArrayKey(edges_table(DEFAULT_RELATION, "in"), "@derived")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    uri = tmp_path / "store"
    gr.build((np.array([0, 1, 2]), np.array([1, 2, 0])), uri, parts=2, partitioner="range")
    return Store.open(uri)


def files_of(store: Store, options: LaunchOptions | None = None) -> LocalFiles | None:
    spec = GraphSpec("g", str(store.uri), store.version, options or LaunchOptions())
    return LocalFiles.of(spec, store.version, store.manifest.snapshot_id)


def test_stored_arrays_are_mapped_and_others_left_out(store: Store) -> None:
    files = files_of(store)
    assert files is not None
    found = files.arrays([1], [BOUNDS, NEIGHBORS, DERIVED])
    assert set(found) == {1}
    assert set(found[1]) == {BOUNDS, NEIGHBORS}
    np.testing.assert_array_equal(found[1][NEIGHBORS], store.shard(1).array(NEIGHBORS))


def test_other_files_under_the_same_path_are_not_taken(store: Store) -> None:
    spec = GraphSpec("g", str(store.uri), store.version, LaunchOptions())
    assert LocalFiles.of(spec, store.version, "another") is None


def test_nothing_is_taken_where_the_launch_says_so(store: Store) -> None:
    assert files_of(store, LaunchOptions(map_files=False)) is None


def test_a_node_without_the_store_has_no_files(store: Store, tmp_path: Path) -> None:
    spec = GraphSpec("g", str(tmp_path / "absent"), store.version, LaunchOptions())
    assert LocalFiles.of(spec, store.version, store.manifest.snapshot_id) is None


def test_a_file_that_is_gone_is_left_to_the_replicas(store: Store) -> None:
    files = files_of(store)
    assert files is not None
    shutil.rmtree(str(store.uri))
    assert files.arrays([0], [BOUNDS, NEIGHBORS]) == {0: {}}
