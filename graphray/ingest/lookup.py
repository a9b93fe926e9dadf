"""Looking up stable ids, and collecting the distinct ids of many batches.

What is held is proportional to the number of nodes, whatever the number of edges. Both can be
pickled, so that they work wherever edges are read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphray.ids import UserIds, index_keys
from graphray.ingest.identity import ABSENT, IdColumn, IdMap, check_listed
from graphray.kernels.lookup import mark_present
from graphray.schema import IdKind

# Batches of distinct ids are merged when there are as many waiting as merged, and at least these.
_WAITING_MIN = 2**20

CheckBytes = Callable[[int], None]


class Lookup(Protocol):
    """Finds stable ids."""

    def positions(self, column: IdColumn) -> npt.NDArray[Any]:
        """The stable id of each value, `ABSENT` for those that are not there."""
        ...


def lookup_of(ids: UserIds) -> Lookup:
    """The look-up for ids: through a table where they are dense, else by binary search."""
    id_map = IdMap(ids)
    return id_map if id_map.is_dense or len(ids) == 0 else SearchedIds(ids)


class SearchedIds:
    """Finds ids by binary search among their sorted keys, which are built once.

    Args:
        ids: ``int64[n]`` or ``LargeStringArray``, distinct; the stable id is the position.

    Example:
        >>> from graphray.ingest.identity import read_ids
        >>> from graphray.ingest.source import Source
        >>> column = read_ids(Source.of(pa.table({"src": ["b", "c"]}), "edges"), "src")
        >>> SearchedIds(pa.array(["b", "a"], pa.large_string())).positions(column).tolist()
        [0, -1]
    """

    def __init__(self, ids: UserIds) -> None:
        self._ids = ids
        keys = ids if isinstance(ids, np.ndarray) else index_keys(ids)
        dtype = np.int32 if len(ids) < 2**31 else np.int64
        self._order = np.argsort(keys, kind="stable").astype(dtype)
        self._keys = keys[self._order]

    def positions(self, column: IdColumn) -> npt.NDArray[Any]:
        """The stable id of each value, `ABSENT` for those that are not there."""
        if len(column.values) == 0:
            return np.empty(0, self._order.dtype)
        wanted = column.distinct
        if isinstance(self._ids, np.ndarray):
            by_code = self._candidates(wanted.cast(pa.int64()).to_numpy())
        else:
            by_code = self._same_strings(wanted)
        codes = [chunk.indices.to_numpy() for chunk in column.encoded.chunks]
        return by_code[np.concatenate(codes)]

    def _candidates(self, keys: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The first id of each key, or `ABSENT`."""
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[at] == keys, self._order[at], ABSENT).astype(self._order.dtype)

    def _same_strings(self, wanted: pa.Array) -> npt.NDArray[Any]:
        keys = index_keys(wanted)
        found = self._candidates(keys)
        hits = np.flatnonzero(found != ABSENT)
        same = pc.equal(self._ids.take(pa.array(found[hits])), wanted.take(pa.array(hits)))
        # Two strings of one key stand side by side: it may be a later one.
        for at in hits[~np.asarray(same)]:
            found[at] = self._among_equal_keys(keys[at], wanted[int(at)])
        return found

    def _among_equal_keys(self, key: np.uint64, value: pa.Scalar) -> int:
        at = int(np.searchsorted(self._keys, key))
        while at < len(self._keys) and self._keys[at] == key:
            stable = int(self._order[at])
            if self._ids[stable] == value:
                return stable
            at += 1
        return ABSENT


@dataclass(frozen=True)
class StableIds:
    """The numbered nodes of one type, by their ids."""

    node_type: str
    lookup: Lookup

    def of(self, column: IdColumn) -> npt.NDArray[Any]:
        """The stable id of every id of a column of edges.

        Raises:
            DanglingEdge: where one is not among the nodes.
        """
        found = self.lookup.positions(column)
        check_listed(self.node_type, column, found)
        return found

    def unlisted(self, column: IdColumn) -> pa.ChunkedArray:
        """The ids of a column that are not among the nodes."""
        return column.values.filter(pa.array(self.lookup.positions(column) == ABSENT))


class DistinctIds:
    """Collects the distinct ids of one node type.

    Args:
        kind: what the ids are.
        check_bytes: called with what is held each time it grows; raises where that is too much.
        slots_max: up to this span integers are marked in a table, a byte each.

    Example:
        >>> distinct = DistinctIds("int64", lambda held_bytes: None, slots_max=100)
        >>> distinct.add(pa.chunked_array([[7, 5, 7]]))
        >>> distinct.sorted().tolist()
        [5, 7]
    """

    def __init__(self, kind: IdKind, check_bytes: CheckBytes, slots_max: int) -> None:
        self._kind = kind
        self._check_bytes = check_bytes
        self._slots_max = slots_max
        self._low = 0
        self._present: npt.NDArray[np.bool_] | None = None
        if kind == "int64":
            self._present = np.empty(0, np.bool_)
        self._merged: pa.Array | None = None
        self._waiting: list[pa.Array] = []

    def add(self, values: pa.ChunkedArray) -> None:
        """Take in ids: integers, or large strings."""
        if len(values) == 0:
            return
        if self._present is not None:
            bounds = pc.min_max(values).as_py()
            self._present = self._reaching(self._present, bounds["min"], bounds["max"])
        if self._present is not None:
            for chunk in values.chunks:
                mark_present(chunk.to_numpy(), self._low, self._present)
            return
        distinct = pc.unique(values)
        self._waiting.append(distinct.cast(pa.int64()) if self._kind == "int64" else distinct)
        merged = 0 if self._merged is None else len(self._merged)
        if sum(map(len, self._waiting)) > max(merged, _WAITING_MIN):
            self._merge()

    def sorted(self) -> UserIds:
        """All distinct ids in ascending order (strings by their UTF-8 bytes)."""
        if self._present is not None:
            return np.flatnonzero(self._present).astype(np.int64, copy=False) + self._low
        self._merge()
        merged = self._merged
        if self._kind == "int64":
            return np.empty(0, np.int64) if merged is None else np.sort(merged.to_numpy())
        if merged is None:
            return pa.array([], pa.large_string())
        return merged.take(pc.sort_indices(merged))

    def _reaching(
        self, present: npt.NDArray[np.bool_], low: int, high: int
    ) -> npt.NDArray[np.bool_] | None:
        """The table, made to span the ids too; None where it would be too large."""
        if len(present):
            low, high = min(low, self._low), max(high, self._low + len(present) - 1)
        span = high - low + 1
        if span > self._slots_max:
            marked = np.flatnonzero(present).astype(np.int64, copy=False) + self._low
            self._waiting.append(pa.array(marked))
            return None
        if span == len(present):
            return present
        self._check_bytes(span)
        wider = np.zeros(span, np.bool_)
        start = self._low - low if len(present) else 0
        wider[start : start + len(present)] = present
        self._low = low
        return wider

    def _merge(self) -> None:
        held = [] if self._merged is None else [self._merged]
        if self._waiting:
            self._merged = pc.unique(pa.chunked_array([*held, *self._waiting]))
            self._waiting.clear()
            self._check_bytes(self._merged.nbytes)
