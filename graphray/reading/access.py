"""How a client reaches partitions, wherever they are.

Two ways, and every reader above this seam uses the same two: arrays that are *mapped* into this
process, and *requests* that run where a partition is. An opened store maps everything; a running
graph maps what this node's object store holds and sends requests for the rest. Of that rest a node
may keep the rows that it reads most often: the *cache*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from graphray.book import PartitionBook
from graphray.reading.node_cache import NodeCache
from graphray.reading.operations import Request
from graphray.schema import GraphSchema, KindName
from graphray.shard import ArrayKey, ShardArray
from graphray.status import GraphStatus

MappedArrays = dict[ArrayKey, ShardArray]


class PartitionAccess(Protocol):
    """One snapshot of a graph, as a client sees it; safe to use from several threads.

    Attributes:
        name: that it runs under; empty for an opened store.
    """

    name: str
    kind: KindName
    schema: GraphSchema
    book: PartitionBook
    snapshot_id: str
    cache: NodeCache

    def mapped(self, keys: Sequence[ArrayKey]) -> list[MappedArrays | None]:
        """The named arrays of every partition, or None for a partition that is not mapped here."""
        ...

    def call_all(self, requests: Mapping[int, Request[Any]]) -> dict[int, Any]:
        """Run one request at each of several partitions at once, and wait for all answers.

        Raises:
            PartitionUnavailable: where no replica of a partition answered before the deadline.
        """
        ...

    def status(self) -> GraphStatus:
        """Who serves what, and how it fares."""
        ...

    def close(self) -> None:
        """Let go of what this process holds; the graph itself goes on."""
        ...

    def shutdown(self) -> None:
        """End the graph for everyone."""
        ...
