"""A graph some of whose partitions are mapped: in this process, no Ray, and calls are counted.

Requests to the others, and their answers, travel as bytes, as they do between processes.
"""

from __future__ import annotations

import pickle
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from graphray.client.graph import Graph
from graphray.reading.access import MappedArrays, PartitionAccess
from graphray.reading.hot_rows import HotRows, RowsOf
from graphray.reading.node_cache import CacheCounts, NodeCache
from graphray.reading.operations import Request
from graphray.shard import ArrayKey


class PartlyMapped:
    """Another access, some of whose partitions have to be called.

    Args:
        access: an opened store.
        here: the partitions that are mapped.
        board: where hot rows are kept; a new one by default.

    Attributes:
        calls: the partitions that were called, one after another.
        rounds: how often any were.
        moved_bytes: what the requests and the answers took.
    """

    def __init__(
        self, access: PartitionAccess, here: Collection[int], board: SharedBoard | None = None
    ) -> None:
        self._access = access
        self._here = frozenset(here)
        self.kind, self.schema, self.book = access.kind, access.schema, access.book
        self.snapshot_id = access.snapshot_id
        self.board = SharedBoard() if board is None else board
        self.cache = NodeCache(self.snapshot_id, self.board)
        self.calls: list[int] = []
        self.rounds = 0
        self.moved_bytes = 0

    def mapped(self, keys: Sequence[ArrayKey]) -> list[MappedArrays | None]:
        arrays = self._access.mapped(keys)
        return [each if part in self._here else None for part, each in enumerate(arrays)]

    def call_all(self, requests: Mapping[int, Request[Any]]) -> dict[int, Any]:
        assert not self._here & set(requests), "asked for what is mapped"
        self.calls += sorted(requests)
        self.rounds += 1
        sent = pickle.dumps(dict(requests))
        answered = pickle.dumps(self._access.call_all(pickle.loads(sent)))
        self.moved_bytes += len(sent) + len(answered)
        return pickle.loads(answered)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._access, name)


class SharedBoard:
    """The board of one node, for all accesses that are given it."""

    node_id = "here"

    def __init__(self) -> None:
        self.kept: dict[RowsOf, HotRows] = {}
        self.looks = 0
        self.reported = CacheCounts()
        self.metrics = [0, 0]
        self.is_down = False

    def find(self, of: RowsOf, counts: CacheCounts) -> HotRows | None:
        self.looks += 1
        self.reported = counts
        return None if self.is_down else self.kept.get(of)

    def keep(self, hot: HotRows) -> HotRows | None:
        if self.is_down:
            return None
        self.kept[hot.of] = hot
        return hot

    def count(self, of: RowsOf, hits: int, misses: int) -> None:
        self.metrics[0] += hits
        self.metrics[1] += misses


def partly(graph: Graph, here: Collection[int], board: SharedBoard | None = None) -> Graph:
    """The graph, as if only some of its partitions were mapped here."""
    return Graph(PartlyMapped(graph.access, here, board))  # type: ignore[arg-type]


def without(graph: Graph, elsewhere: Collection[int]) -> Graph:
    """The graph, as if all but some of its partitions were mapped here."""
    return partly(graph, set(range(graph.access.book.parts)) - set(elsewhere))


def calls_of(graph: Graph) -> list[int]:
    """The partitions that were called since this was last asked."""
    access: Any = graph.access
    calls, access.calls = access.calls, []
    return calls
