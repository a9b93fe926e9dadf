"""Compaction publishes the folded graph as the next version, and writes only what changed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import fs

from graphray.building.stored_problem import stored_problem
from graphray.changes.base import StoreVersions, next_ids_of
from graphray.changes.compaction import publish_fold, write_partition
from graphray.changes.fold_plan import plan_fold, summarize
from graphray.changes.folded_shard import FoldedShard
from graphray.cli.info import describe
from graphray.errors import VersionConflict
from graphray.shard import edges_table, rows_table
from graphray.store import Place, Store, StoreUri, StoreWriter
from tests.changes.fold_twin import NEAR, TYPES, Twin, delta_between, next_ids_used
from tests.changes.test_fold import check_equal


def compact(uri: StoreUri, old: Twin, new: Twin) -> Store:
    store = Store.open(uri)
    base = StoreVersions(store)
    deltas = [delta_between(old, new, part, store.version, base) for part in range(new.parts)]
    plan = plan_fold(base, store.version, [summarize(d, base) for d in deltas if not d.is_empty])
    with StoreWriter(Place(uri), store.version + 1) as writer:
        files = [
            file
            for delta in deltas
            for file in write_partition(writer.target, store, FoldedShard(base, delta, plan))
        ]
        return publish_fold(writer, store, plan, files)


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_the_next_version_is_the_changed_graph(rng: Random, parts: int) -> None:
    twin = Twin.drawn(rng, parts)
    with tempfile.TemporaryDirectory() as folder:
        memory = fs.SubTreeFileSystem(folder, fs.LocalFileSystem())
        twin.build((memory, "store"))
        for version in (2, 3):
            old = twin.copied()
            twin.change()
            found = compact((memory, "store"), old, twin)
            assert (found.version, found.versions()[-1]) == (version, version)
            found.verify()
            fresh = twin.build((memory, f"fresh-{version}"))
            for part in range(parts):
                check_equal(twin, fresh, part, found.shard(part))
            for mine, theirs in zip(by_table(found), by_table(fresh), strict=True):
                assert mine == theirs
            for key in ("num_nodes", "num_edges", "kind", "partitioner"):
                assert found.manifest.build[key] == fresh.manifest.build[key]
            known, used = next_ids_of(found.manifest), next_ids_used(twin)
            assert all(known[name] >= used[name] for name in used)
            assert found.schema == fresh.schema


def by_table(store: Store) -> list[Any]:
    """The type of every stored column."""
    return [
        (file.part, file.table, store.shard(file.part).table(file.table).schema)
        for file in sorted(store.manifest.files, key=lambda file: (file.part, file.table))
    ]


@pytest.fixture
def built(tmp_path: Path) -> tuple[Path, Twin]:
    twin = Twin.drawn(Random(3), parts=2)
    twin.build(tmp_path / "store")
    return tmp_path / "store", twin


def test_files_without_changes_are_shared(built: tuple[Path, Twin]) -> None:
    path, twin = built
    old = twin.copied()
    edge = next(iter(twin.edges[NEAR]))
    del twin.edges[NEAR][edge]
    found = compact(path, old, twin)
    before = {file.path for file in Store.open(path, 1).manifest.files}
    written = [file.table for file in found.manifest.files if file.path not in before]
    assert set(written) == {
        edges_table(NEAR, "in"),
        rows_table(NEAR, "in"),
    }
    assert Store.open(path, 1).book.num_edges(NEAR) > found.book.num_edges(NEAR)


def test_nothing_changed_writes_nothing(built: tuple[Path, Twin]) -> None:
    path, twin = built
    found = compact(path, twin, twin)
    first = Store.open(path, 1)
    assert found.manifest.files == first.manifest.files
    assert found.manifest.snapshot_id == first.manifest.snapshot_id
    for name in TYPES:
        assert found.book.num_nodes(name) == first.book.num_nodes(name)


def test_another_version_came_first(built: tuple[Path, Twin]) -> None:
    path, twin = built
    old = twin.copied()
    twin.change()
    store, base = Store.open(path), StoreVersions(Store.open(path))
    plan = plan_fold(base, 1, [])
    compact(path, old, twin)
    with StoreWriter(Place(path), 2) as writer, pytest.raises(VersionConflict, match="version 2"):
        publish_fold(writer, store, plan, store.manifest.files)
    with StoreWriter(Place(path), 3) as writer, pytest.raises(VersionConflict, match="not 3"):
        publish_fold(writer, store, plan, store.manifest.files)
    assert Store.open(path).versions() == (1, 2)


def test_a_compacted_version_can_be_measured(built: tuple[Path, Twin]) -> None:
    """Gaps in stable ids and edge ids are none in the problem that partitioners see."""
    path, twin = built
    for _ in range(3):
        old = twin.copied()
        twin.change()
        compact(path, old, twin)
    twin.build(path.parent / "fresh")
    found, owners = stored_problem(Store.open(path))
    fresh, expected = stored_problem(Store.open(path.parent / "fresh"))
    assert owners.tolist() == expected.tolist()
    for mine, theirs in zip(found.edges, fresh.edges, strict=True):
        assert mine.sources.tolist() == theirs.sources.tolist()
        assert mine.destinations.tolist() == theirs.destinations.tolist()
    described = describe(Store.open(path))
    assert described["num_nodes"] == {name: len(twin.nodes[name]) for name in TYPES}
