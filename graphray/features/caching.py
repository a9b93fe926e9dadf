"""Choosing hot rows, fetching them once, and sharing them with all processes of the node."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.features.hot_sets import CHOOSERS, PAGERANK, USE, HotQuery
from graphray.ingest.budget import memory_bytes
from graphray.reading.access import PartitionAccess
from graphray.reading.hot_rows import OWN_BYTES_MAX, HotRows
from graphray.reading.row_reading import TableRows, join, read_rows
from graphray.schema import Direction
from graphray.shard import ArrayKey, ShardArray, nodes_table
from graphray.status import CacheStatus

Ints = npt.NDArray[np.int64]

_SAMPLED_ROWS = 1000
_CALL_BYTES = 2**25
"""What one call fetches, about: large enough to be worth it, small enough to be there in time."""


@dataclass(frozen=True)
class CacheRequest:
    """What to cache.

    Attributes:
        node_type: whose properties.
        columns: which of them.
        budget_bytes: what the rows may take in the node's object store.
        by: one of `graphray.features.hot_sets.CHOOSERS`.
        direction: the direction in which sampling goes.
        seeds: per node type the global ids that sampling starts from.
    """

    node_type: str
    columns: tuple[str, ...]
    budget_bytes: int
    by: str
    direction: Direction
    seeds: Mapping[str, Ints]

    def __post_init__(self) -> None:
        if self.by not in CHOOSERS:
            raise ArgumentError(f"by = {self.by!r}; expected one of: {', '.join(CHOOSERS)}")
        if not self.columns:
            raise ArgumentError("columns is empty; name those to cache")
        if self.direction not in ("in", "out"):
            raise ArgumentError(f"direction = {self.direction!r}; expected 'in' or 'out'")
        if bool(self.seeds) != (self.by == PAGERANK):
            raise ArgumentError(
                f"by={PAGERANK!r} needs seeds, those that training starts from"
                if self.by == PAGERANK
                else f"seeds are for by={PAGERANK!r}; by={self.by!r} does not look at them"
            )

    @property
    def recipe(self) -> str:
        """Equal for requests that choose the same rows; empty where that depends on the process."""
        if self.by == USE:
            return ""
        settings = (self.node_type, self.columns, self.budget_bytes, self.by, self.direction)
        state = hashlib.blake2b(repr(settings).encode(), digest_size=16)
        for name, gids in sorted(self.seeds.items()):
            state.update(f"{name}\0".encode())
            state.update(np.ascontiguousarray(gids).tobytes())
        return state.hexdigest()


def cache_rows(access: PartitionAccess, request: CacheRequest) -> CacheStatus:
    """Cache the hottest rows on this node, unless a set made alike is there already.

    Where every partition is mapped there is nothing to cache, and the answer has no rows.
    """
    present = access.cache.look(request.node_type)
    if present is not None and request.recipe and present.recipe == request.recipe:
        return _status(access, request, present)
    reader = _Fetching(access, request)
    if not reader.parts:
        return _status(access, request, None)
    gids, heat = CHOOSERS[request.by](access, reader.query(request))
    if not len(gids) and request.by == USE and request.budget_bytes:
        return _status(access, request, None)  # Nothing was read so far: what is there stays.
    chosen = HotRows.of(
        access.snapshot_id,
        request.node_type,
        request.by,
        request.recipe,
        gids,
        heat,
        reader.columns(gids),
    )
    shared = access.cache.keep(_cut(chosen, request.budget_bytes))
    if shared is not None and request.by == USE:
        # They are counted in the rows that are kept now.
        access.cache.uses(request.node_type).forget()
    return _status(access, request, shared)


def parse_budget(budget: int | str) -> int:
    """A budget in bytes, or in words such as ``"256MiB"``; raises ArgumentError."""
    budget_bytes = memory_bytes(budget, "budget")
    if budget_bytes < 0:
        raise ArgumentError(f"budget = {budget!r}; expected 0 or more bytes")
    return budget_bytes


class _Fetching:
    """Rows of the partitions that are not mapped here, from their owners."""

    def __init__(self, access: PartitionAccess, request: CacheRequest) -> None:
        self._access = access
        self._columns = request.columns
        self._table = nodes_table(request.node_type)
        self._offsets = access.book.node_offsets[request.node_type]
        self._mapped = access.mapped([ArrayKey(self._table, name) for name in request.columns])
        self.parts = tuple(
            part
            for part, arrays in enumerate(self._mapped)
            if arrays is None and self._offsets[part] < self._offsets[part + 1]
        )
        self._row_bytes = self._measure() if self.parts else 0.0

    def query(self, request: CacheRequest) -> HotQuery:
        """What to choose: as many rows as the budget has room for."""
        count = int(request.budget_bytes / (OWN_BYTES_MAX + self._row_bytes))
        return HotQuery(request.node_type, self.parts, count, request.direction, request.seeds)

    def columns(self, gids: Ints) -> dict[str, ShardArray]:
        """The columns of some nodes, a bounded amount a call."""
        step = max(1, int(_CALL_BYTES / max(1.0, self._row_bytes)))
        pieces = [self._read(gids[at : at + step]) for at in range(0, max(1, len(gids)), step)]
        return {name: join([piece[name] for piece in pieces]) for name in self._columns}

    def _read(self, gids: Ints) -> dict[str, ShardArray]:
        rows = TableRows(self._table, self._offsets, gids)
        return read_rows(rows, self._columns, self._mapped, None, self._access.call_all).columns

    def _measure(self) -> float:
        """What a row takes, on average over some of them."""
        gids = np.concatenate(
            [
                np.linspace(start, stop - 1, _SAMPLED_ROWS // len(self.parts) + 1, dtype=np.int64)
                for start, stop in ((self._offsets[p], self._offsets[p + 1]) for p in self.parts)
            ]
        )
        return sum(column.nbytes for column in self._read(gids).values()) / len(gids)


def _cut(hot: HotRows, budget_bytes: int) -> HotRows:
    """The hottest rows that fit the budget: strings may be longer than those that were measured."""
    while len(hot) and hot.size_bytes > budget_bytes:
        hot = hot.first(min(len(hot) - 1, int(len(hot) * budget_bytes / hot.size_bytes)))
    return hot


def _status(access: PartitionAccess, request: CacheRequest, hot: HotRows | None) -> CacheStatus:
    node_id, counts = access.cache.node_id, access.cache.counts(request.node_type)
    kept = CacheStatus(node_id, request.node_type) if hot is None else hot.status(node_id)
    return replace(kept, hits=counts.hits, misses=counts.misses)
