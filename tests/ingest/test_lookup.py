"""Look-ups of batches, against a dict and a set."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphray.errors import ArgumentError
from graphray.ingest import lookup
from graphray.ingest.identity import IdColumn, read_ids
from graphray.ingest.lookup import DistinctIds, SearchedIds, lookup_of
from graphray.ingest.source import Source
from graphray.schema import IdKind

DENSE = st.integers(-5, 50)
SPARSE = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(max_size=5)
id_lists = st.one_of(*(st.lists(ids, min_size=1, unique=True) for ids in (DENSE, SPARSE, TEXT)))


def column(values: list[Any], like: Any) -> IdColumn:
    kind = pa.string() if isinstance(like, str) else pa.int64()
    half = len(values) // 2
    chunks = pa.chunked_array([values[:half], values[half:]], kind)
    return read_ids(Source.of(pa.table({"src": chunks}), "t"), "src")


def kind_of(value: Any) -> IdKind:
    return "string" if isinstance(value, str) else "int64"


def user_ids(values: list[Any]) -> Any:
    if isinstance(values[0], str):
        return pa.array(values, pa.large_string())
    return np.array(values, np.int64)


@given(id_lists, st.data(), st.sampled_from([SearchedIds, lookup_of]))
def test_positions_match_a_dict(ids: list[Any], data: st.DataObject, make: Any) -> None:
    other = TEXT if isinstance(ids[0], str) else st.one_of(DENSE, SPARSE)
    asked = data.draw(st.lists(st.one_of(st.sampled_from(ids), other)))
    known = {value: i for i, value in enumerate(ids)}
    found = make(user_ids(ids)).positions(column(asked, ids[0]))
    assert found.tolist() == [known.get(value, -1) for value in asked]


def test_strings_of_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "index_keys", lambda ids: np.zeros(len(ids), np.uint64))
    searched = SearchedIds(pa.array(["c", "a", "b"], pa.large_string()))
    assert searched.positions(column(["a", "x", "b", "c", "a"], "")).tolist() == [1, -1, 2, 0, 1]


@given(st.one_of(*(st.lists(st.lists(ids)) for ids in (DENSE, SPARSE, TEXT))), st.integers(0, 99))
def test_distinct_ids_are_sorted(batches: list[list[Any]], slots_max: int) -> None:
    seen = {value for batch in batches for value in batch}
    like = next(iter(seen), 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup, "_WAITING_MIN", 3)
        distinct = DistinctIds(kind_of(like), lambda held_bytes: None, slots_max)
        for batch in batches:
            distinct.add(column(batch, like).values)
        found = distinct.sorted()
    assert found.tolist() == sorted(seen, key=str.encode if isinstance(like, str) else int)


@pytest.mark.parametrize(
    "ids", [[0, 10**5], list(range(0, 10**9, 10**6)), [str(i) for i in range(99)]]
)
def test_collecting_stops_where_it_holds_too_much(ids: list[Any]) -> None:
    def check(held_bytes: int) -> None:
        if held_bytes > 100:
            raise ArgumentError("too much")

    def collect() -> None:
        distinct = DistinctIds(kind_of(ids[0]), check, slots_max=10**6)
        distinct.add(column(ids, ids[0]).values)
        distinct.sorted()

    with pytest.raises(ArgumentError):
        collect()
