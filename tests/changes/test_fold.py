"""Folding changes in gives what building the changed graph afresh would."""

from __future__ import annotations

import pickle
import tempfile
from random import Random
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import fs

from graphray.kernels.hashing import hash_strings
from graphray.shard import (
    EDGE,
    GID,
    ID,
    INDPTR,
    KEY,
    NEIGHBOR,
    STABLE,
    ArrayKey,
    Shard,
    edges_table,
    index_table,
    nodes_table,
    rows_table,
)
from graphray.store import Store
from tests.changes.fold_twin import DIRECTED, TYPES, FoldedVersions, Twin, next_ids_used


def same(found: Any, expected: Any, what: Any) -> None:
    assert type(found) is type(expected), what
    if isinstance(found, np.ndarray):
        assert found.dtype == expected.dtype, what
        assert found.tolist() == expected.tolist(), what
        assert not found.flags.writeable
    else:
        assert found.type == expected.type, what
        assert found.equals(expected), what


def ranks(ids: list[int], found: Any) -> Any:
    """Ids with gaps, numbered as a build would."""
    return np.searchsorted(sorted(ids), found).astype(found.dtype)


def check_equal(twin: Twin, store: Store, part: int, shard: Shard) -> None:
    """Every table of one partition is as the build of the twin has it."""
    fresh = store.shard(part)
    for name in TYPES:
        nodes, index = nodes_table(name), index_table(name)
        keys = [(nodes, ID), *((nodes, c) for c in twin.columns), (index, KEY), (index, GID)]
        keys += [(index, ID)] if name == "author" else []
        for key in keys:
            same(shard.array(ArrayKey(*key)), fresh.array(ArrayKey(*key)), key)
        stable = np.asarray(shard.array(ArrayKey(nodes, STABLE)))
        expected = np.asarray(fresh.array(ArrayKey(nodes, STABLE)))
        assert ranks(list(twin.nodes[name]), stable).tolist() == expected.tolist()
    for relation, direction in store.schema.adjacencies:
        entries, rows = edges_table(relation, direction), rows_table(relation, direction)
        for key in [(rows, INDPTR), (entries, NEIGHBOR), *((entries, c) for c in twin.columns)]:
            same(shard.array(ArrayKey(*key)), fresh.array(ArrayKey(*key)), (part, key))
        edges = np.asarray(shard.array(ArrayKey(entries, EDGE)))
        expected = np.asarray(fresh.array(ArrayKey(entries, EDGE)))
        assert ranks(list(twin.edges[relation]), edges).tolist() == expected.tolist()


def memory(folder: str) -> fs.FileSystem:
    """A folder that is not taken for the local disk, so that nothing waits for the disk."""
    return fs.SubTreeFileSystem(folder, fs.LocalFileSystem())


def few_hashes(offsets: Any, data: Any) -> Any:
    """A hash of strings under which many are equal."""
    return hash_strings(offsets, data) % np.uint64(7)


@settings(max_examples=16, deadline=None)
@given(
    st.randoms(use_true_random=False),
    st.integers(1, 5),
    st.integers(1, 3),
    st.sampled_from([hash_strings, few_hashes]),
)
def test_a_fold_is_a_fresh_build(rng: Random, parts: int, rounds: int, hashed: Any) -> None:
    """Later rounds fold over tables that have gaps, and ids of blocks that were drawn earlier."""
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch("graphray.ids.hash_strings", hashed),
    ):
        twin = Twin.drawn(rng, parts)
        versions = FoldedVersions(twin.build((memory(folder), "base")))
        for number in range(rounds):
            old = twin.copied()
            twin.change()
            version = versions.add(old, twin)
            store = twin.build((memory(folder), f"round-{number}"))
            plan = pickle.loads(pickle.dumps(versions.plans[version]))
            assert plan.book.to_json() == store.book.to_json()
            assert plan.next_ids.items() >= next_ids_used(twin).items() or rounds > 1
            for relation in DIRECTED:
                assert plan.new_edges[relation] == len(twin.edges[relation]) - len(
                    old.edges[relation]
                )
            for part in range(parts):
                check_equal(twin, store, part, versions.shard_of(version, part))
