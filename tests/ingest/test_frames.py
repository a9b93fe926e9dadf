from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from graphray.errors import InputError
from graphray.ingest.frames import is_frame, read_frame, read_id_list, read_pairs

PAIRS = [(1, 2), (3, 4), (5, 6)]


class Streaming:
    """What polars and others offer: the Arrow C stream interface and nothing else."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "pairs",
    [
        np.array(PAIRS),
        np.array(PAIRS).T,
        tuple(np.array(PAIRS, np.int32).T),
        ([1, 3, 5], [2, 4, 6]),
        PAIRS,
        [list(pair) for pair in PAIRS],
        [[1, 3, 5], [2, 4, 6]],
        (pa.array([1, 3, 5]), pd.Series([2, 4, 6])),
    ],
)
def test_pairs_of_integers(pairs: Any) -> None:
    assert read_pairs(pairs, "e").table.to_pydict() == {"src": [1, 3, 5], "dst": [2, 4, 6]}


@pytest.mark.parametrize(
    "pairs",
    [
        [("a", "b"), ("c", "d")],
        (["a", "c"], ["b", "d"]),
        (np.array(["a", "c"]), np.array(["b", "d"], object)),
        np.array([["a", "c"], ["b", "d"]]),
    ],
)
def test_pairs_of_strings(pairs: Any) -> None:
    assert read_pairs(pairs, "e").table.to_pydict() == {"src": ["a", "c"], "dst": ["b", "d"]}


@pytest.mark.parametrize("none", [[], np.empty((2, 0), int), np.empty((0, 2), int), ([], [])])
def test_no_pairs(none: Any) -> None:
    assert read_pairs(none, "e").table.shape == (0, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        np.arange(3),
        np.zeros((3, 3)),
        ([1], [2, 3]),
        [(1, 2), (3,)],
        [(1, 2), (3, 4, 5)],
        ([1, "a"], [1, 2]),
        [("a", 1), ("b", 2, 3)],
        (5, 6),
    ],
)
def test_no_edge_list(wrong: Any) -> None:
    with pytest.raises(InputError, match=r"^e: "):
        read_pairs(wrong, "e")


def test_integers_are_not_copied() -> None:
    sources = np.arange(1000)
    column = read_pairs((sources, sources), "e").table["src"].chunk(0)
    assert np.shares_memory(column.to_numpy(), sources)


def test_frames() -> None:
    expected = {"src": [1, 2], "dst": [2, 3], "w": [0.5, None]}
    table = pa.table(expected)
    frame = pd.DataFrame({**expected, "w": [0.5, np.nan]}, index=[7, 3])
    for value in (table, table.to_batches()[0], frame, Streaming(table)):
        assert is_frame(value)
        assert read_frame(value, "e").table.to_pydict() == expected
    assert not is_frame(np.zeros(3))


def test_frame_while_another_thread_imports_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", ModuleType("pandas"))
    assert read_frame(pa.table({"a": [1]}), "edges").table.num_rows == 1


def test_frame_of_polars() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"src": ["a"], "dst": ["b"]})
    assert read_frame(frame, "e").table.to_pydict() == {"src": ["a"], "dst": ["b"]}


def test_frame_whose_column_has_no_type() -> None:
    with pytest.raises(InputError, match="e: "):
        read_frame(pd.DataFrame({"src": [1, "a"]}), "e")


@pytest.mark.parametrize("ids", [np.array([3, 1]), [3, 1], pa.array([3, 1]), pd.Series([3, 1])])
def test_id_list(ids: Any) -> None:
    assert read_id_list(ids, "n").table.to_pydict() == {"id": [3, 1]}
