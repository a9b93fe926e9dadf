"""Choosing hot rows, fetching them once, and sharing them with all processes of the node.

What a row is, and what it takes, is the business of a `HotSource`: a node's properties
(`graphray.features.hot_properties`), or its neighbours (`graphray.features.hot_neighbors`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from graphray.errors import ArgumentError
from graphray.features.hot_sets import CHOOSERS, PAGERANK, USE, HotQuery
from graphray.ingest.budget import memory_bytes
from graphray.reading.access import PartitionAccess
from graphray.reading.gather import find_nodes
from graphray.reading.hot_rows import HotContent, HotRows, RowsOf
from graphray.sampling.plan import resolve_seeds
from graphray.schema import Direction
from graphray.status import CacheStatus

Ints = npt.NDArray[np.int64]
Heat = npt.NDArray[np.float32]

CALL_BYTES = 2**25
"""What one call fetches, about: large enough to be worth it, small enough to be there in time."""


class HotFetcher(Protocol):
    """Rows of the partitions that are not mapped here, from their owners.

    Attributes:
        parts: these partitions, where they have any rows.
    """

    parts: tuple[int, ...]

    def count_max(self, budget_bytes: int) -> int:
        """How many rows there is room for, at most; they are chosen by heat."""
        ...

    def fetch(self, gids: Ints, heat: Heat, budget_bytes: int) -> HotContent:
        """Those of some rows, the hottest first, that are to be kept."""
        ...


class HotSource(Protocol):
    """What of nodes is to be kept; a value whose ``repr`` tells it from all others."""

    @property
    def of(self) -> RowsOf:
        """What the rows are of."""
        ...

    def fetcher(self, access: PartitionAccess) -> HotFetcher:
        """Reads the rows of one graph."""
        ...


@dataclass(frozen=True)
class CacheRequest:
    """What to cache.

    Attributes:
        source: what of the nodes.
        budget_bytes: what the rows may take in the node's object store.
        by: one of `graphray.features.hot_sets.CHOOSERS`.
        direction: the direction in which sampling goes.
        seeds: per node type the global ids that sampling starts from.
    """

    source: HotSource
    budget_bytes: int
    by: str
    direction: Direction
    seeds: Mapping[str, Ints]

    def __post_init__(self) -> None:
        if self.by not in CHOOSERS:
            raise ArgumentError(f"by = {self.by!r}; expected one of: {', '.join(CHOOSERS)}")
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
        settings = (self.source, self.budget_bytes, self.by, self.direction)
        state = hashlib.blake2b(repr(settings).encode(), digest_size=16)
        for name, gids in sorted(self.seeds.items()):
            state.update(f"{name}\0".encode())
            state.update(np.ascontiguousarray(gids).tobytes())
        return state.hexdigest()


def cache_rows(access: PartitionAccess, request: CacheRequest) -> CacheStatus:
    """Cache the hottest rows on this node, unless a set made alike is there already.

    Where every partition is mapped there is nothing to cache, and the answer has no rows.
    """
    of = request.source.of
    present = access.cache.look(of)
    if present is not None and request.recipe and present.recipe == request.recipe:
        return _status(access, of, present)
    fetcher = request.source.fetcher(access)
    if not fetcher.parts:
        return _status(access, of, None)
    count = fetcher.count_max(request.budget_bytes)
    query = HotQuery(of, fetcher.parts, count, request.direction, request.seeds)
    gids, heat = CHOOSERS[request.by](access, query)
    if not len(gids) and request.by == USE and request.budget_bytes:
        return _status(access, of, None)  # Nothing was read so far: what is there stays.
    content = fetcher.fetch(gids, heat, request.budget_bytes)
    chosen = HotRows.made(access.snapshot_id, of, request.by, request.recipe, content)
    shared = access.cache.keep(_cut(chosen, request.budget_bytes))
    if shared is not None and request.by == USE:
        # They are counted in the rows that are kept now.
        access.cache.uses(of).forget()
    return _status(access, of, shared)


def parse_budget(budget: int | str) -> int:
    """A budget in bytes, or in words such as ``"256MiB"``; raises ArgumentError."""
    budget_bytes = memory_bytes(budget, "budget")
    if budget_bytes < 0:
        raise ArgumentError(f"budget = {budget!r}; expected 0 or more bytes")
    return budget_bytes


def seed_gids(access: PartitionAccess, seeds: Any) -> dict[str, Ints]:
    """The global ids of seeds, per node type: as for a loader, or ``{type: ids}`` for several."""
    if seeds is None:
        return {}
    each = [{name: seeds[name]} for name in seeds] if isinstance(seeds, Mapping) else [seeds]
    found = {}
    for name, ids in (resolve_seeds(access.schema, one) for one in each):
        found[name] = (
            np.arange(access.book.num_nodes(name)) if ids is None else find_nodes(access, name, ids)
        )
    return found


def _cut(hot: HotRows, budget_bytes: int) -> HotRows:
    """The hottest rows that fit the budget: strings may be longer than those that were measured."""
    while len(hot) and hot.size_bytes > budget_bytes:
        hot = hot.first(min(len(hot) - 1, int(len(hot) * budget_bytes / hot.size_bytes)))
    return hot


def _status(access: PartitionAccess, of: RowsOf, hot: HotRows | None) -> CacheStatus:
    node_id, counts = access.cache.node_id, access.cache.counts(of)
    nothing = CacheStatus(node_id, of.node_type, adjacency=of.adjacency)
    kept = nothing if hot is None else hot.status(node_id)
    return replace(kept, hits=counts.hits, misses=counts.misses)
