"""A shard's tables are the slices of the whole, whatever the partitioning."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from graphray.book import relabel
from graphray.ids import index_keys
from graphray.kernels.csr import Adjacency
from graphray.store.tables import adjacency_tables, index_tables, node_tables


@st.composite
def labelled(draw: Any) -> tuple[list[Any], list[int], int]:
    ids = draw(
        st.one_of(
            st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20, unique=True),
            st.lists(st.text(max_size=6), min_size=1, max_size=20, unique=True),
        )
    )
    parts = draw(st.integers(1, 5))
    owner = st.integers(0, parts - 1)
    return ids, draw(st.lists(owner, min_size=len(ids), max_size=len(ids))), parts


def user_ids(ids: list[Any]) -> Any:
    if ids and isinstance(ids[0], str):
        return pa.array(ids, pa.large_string())
    return np.array(ids, np.int64)


@settings(deadline=None)
@given(labelled())
def test_nodes(case: tuple[list[Any], list[int], int]) -> None:
    ids, assignment, parts = case
    properties = pa.table({"rank": pa.array(range(len(ids)), pa.int16())})
    made = relabel(np.array(assignment, np.int32), parts)
    tables = [table.to_pydict() for table in node_tables(user_ids(ids), properties, made)]
    for part, table in enumerate(tables):
        stable = [i for i, owner in enumerate(assignment) if owner == part]
        assert table == {"@id": [ids[i] for i in stable], "@stable": stable, "rank": stable}
    assert len(tables) == parts


@settings(deadline=None)
@given(labelled())
def test_index(case: tuple[list[Any], list[int], int]) -> None:
    ids, assignment, parts = case
    gids = relabel(np.array(assignment, np.int32), parts).gid_of_stable
    tables = [table.to_pydict() for table in index_tables(user_ids(ids), gids, parts)]
    expected: list[list[tuple[int, int]]] = [[] for _ in range(parts)]
    for key, gid in zip(index_keys(user_ids(ids)).tolist(), gids.tolist(), strict=True):
        expected[key % parts].append((key, gid))
    for table, entries in zip(tables, expected, strict=True):
        entries.sort()
        assert table["@key"] == [key for key, _ in entries]
        assert table["@gid"] == [gid for _, gid in entries]
        if "@id" in table:
            stable = {gid: i for i, gid in enumerate(gids.tolist())}
            assert table["@id"] == [ids[stable[gid]] for gid in table["@gid"]]


def test_adjacency() -> None:
    adjacency = Adjacency(
        np.array([0, 2, 2, 3]), np.array([5, 6, 7], np.uint32), np.array([2, 0, 1], np.uint32)
    )
    properties = pa.table({"w": ["a", "b", "c"]})
    offsets = np.array([0, 1, 1, 3])
    made = [
        (rows.to_pydict(), entries.to_pydict())
        for part in range(3)
        for rows, entries in [adjacency_tables(adjacency, properties, offsets, part)]
    ]
    assert made == [
        ({"@indptr": [0, 2]}, {"@neighbor": [5, 6], "@edge": [2, 0], "w": ["c", "a"]}),
        ({"@indptr": [0]}, {"@neighbor": [], "@edge": [], "w": []}),
        ({"@indptr": [0, 0, 1]}, {"@neighbor": [7], "@edge": [1], "w": ["b"]}),
    ]
