"""Requests that run at a partition: ids found in spite of equal hashes, rows picked in order."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from graphray import id_index
from graphray.book import PartitionBook
from graphray.reading.operations import NOT_FOUND, FindIds, Pick, ShardView, TakeRows
from graphray.schema import GraphSchema, NodeType
from graphray.shard import GID, ID, KEY, ArrayKey, ShardArray, index_table


class FixedShard:
    def __init__(self, arrays: dict[ArrayKey, ShardArray]) -> None:
        self._arrays = arrays

    def array(self, key: ArrayKey) -> ShardArray:
        return self._arrays[key]


def view_of(arrays: dict[ArrayKey, ShardArray]) -> ShardView:
    schema = GraphSchema((NodeType("node", "string"),), ())
    return ShardView(
        0, schema, PartitionBook(1, {"node": np.array([0, 9])}, {}), FixedShard(arrays)
    )


def test_equal_hashes_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash of one bit: nearly every id collides with others."""
    monkeypatch.setattr(
        id_index,
        "index_keys",
        lambda ids: np.array([len(i) % 2 for i in ids.to_pylist()], np.uint64),
    )
    stored = ["aa", "bb", "cccc", "a", "ccc", "eeeee"]
    table = index_table("node")
    view = view_of(
        {
            ArrayKey(table, KEY): np.array([0, 0, 0, 1, 1, 1], np.uint64),
            ArrayKey(table, GID): np.arange(6, dtype=np.uint32),
            ArrayKey(table, ID): pa.array(stored, pa.large_string()),
        }
    )
    wanted = pa.array([*reversed(stored), "b", "dd", "", "zzzzz"], pa.large_string())
    found = FindIds("node", wanted).run(view)
    assert found.tolist() == [5, 4, 3, 2, 1, 0, *[NOT_FOUND] * 4]


def test_an_empty_index_finds_nothing() -> None:
    table = index_table("node")
    view = view_of({ArrayKey(table, KEY): np.empty(0, np.uint64)})
    found = FindIds("node", pa.array(["a"], pa.large_string())).run(view)
    assert found.tolist() == [NOT_FOUND]


@pytest.mark.parametrize(
    "column", [np.arange(10, 15), np.eye(5), pa.array(["a", None, "c", "d", "e"])]
)
def test_rows_come_in_the_order_asked_for(column: ShardArray) -> None:
    key, other = ArrayKey("nodes/node", "x"), ArrayKey("nodes/node", "y")
    rows, one = np.array([3, 0, 3, 1]), np.array([4])
    view = view_of({key: column, other: np.arange(5)})
    both, single = TakeRows((Pick((key, other), rows), Pick((key,), one))).run(view)
    assert both[0].tolist() == [column.tolist()[row] for row in rows]
    assert both[1].tolist() == rows.tolist()
    assert [picked.tolist() for picked in single] == [[column.tolist()[4]]]
