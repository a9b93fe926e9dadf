"""Derived arrays: made once, from the partition's own rows and from others' nodes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import graphray as gr
from graphray.derived import names
from graphray.derived.names import entries_key, far_stable_key
from graphray.derived.rows import Sources
from graphray.derived.shard import DerivedShard
from graphray.errors import ArgumentError, ColumnNotFound
from graphray.schema import DEFAULT_RELATION
from graphray.shard import NEIGHBOR, STABLE, ArrayKey, edges_table, nodes_table
from graphray.store import Store

PARTS = 3
ALIAS = entries_key(DEFAULT_RELATION, "in", names.ALIAS, "w")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    rng = np.random.default_rng(2)
    edges = {"src": rng.integers(0, 50, 600), "dst": rng.integers(0, 50, 600)}
    table = pa.table({**edges, "w": rng.random(600), "holes": pa.array([1, None] * 300)})
    nodes = pa.table({"id": np.arange(50), "born": rng.integers(0, 9, 50)})
    path: Path = tmp_path_factory.mktemp("derived") / "store"
    gr.build(table, path, nodes=nodes, parts=PARTS, partitioner="hash")
    return Store.open(path)


def derived(store: Store, part: int) -> DerivedShard:
    return DerivedShard(Sources(part, store.schema, store.book, store.shard))


def test_an_array_is_made_once_and_can_be_let_go(store: Store) -> None:
    shard = derived(store, 1)
    made = shard.array(ALIAS)
    assert shard.array(ALIAS) is made
    shard.forget([ALIAS])
    again = shard.array(ALIAS)
    assert again is not made
    assert np.array_equal(np.asarray(again), np.asarray(made))


def test_stored_arrays_are_the_stored_ones(store: Store) -> None:
    key = ArrayKey(edges_table(DEFAULT_RELATION, "in"), NEIGHBOR)
    assert np.array_equal(
        np.asarray(derived(store, 0).array(key)), np.asarray(store.shard(0).array(key))
    )


def test_what_a_neighbour_is_like_may_be_written_elsewhere(store: Store) -> None:
    columns = {
        name: np.concatenate(
            [
                np.asarray(store.shard(p).array(ArrayKey(nodes_table("node"), name)))
                for p in range(PARTS)
            ]
        )
        for name in (STABLE, "born")
    }
    for part in range(PARTS):
        shard = derived(store, part)
        neighbors = np.asarray(shard.array(ArrayKey(edges_table(DEFAULT_RELATION, "in"), NEIGHBOR)))
        stable = shard.array(far_stable_key(DEFAULT_RELATION, "in"))
        assert np.array_equal(np.asarray(stable), columns[STABLE][neighbors])
        born = shard.array(entries_key(DEFAULT_RELATION, "in", names.FAR, "born"))
        assert np.array_equal(np.asarray(born), columns["born"][neighbors])


@pytest.mark.parametrize("column", ["@nothing:w", "@alias:v"])
def test_there_is_not_anything_of_any_name(store: Store, column: str) -> None:
    with pytest.raises(ColumnNotFound):
        derived(store, 0).array(ArrayKey(edges_table(DEFAULT_RELATION, "in"), column))
    with pytest.raises(ColumnNotFound):
        derived(store, 0).array(ArrayKey(nodes_table("node"), "@alias:born"))


def test_nulls_are_no_weights(store: Store) -> None:
    with pytest.raises(ArgumentError, match=r"'holes' of relation .* has \d+ nulls"):
        derived(store, 0).array(entries_key(DEFAULT_RELATION, "in", names.ALIAS, "holes"))
