"""The hot rows of this node, as one process sees them, and how well they serve it.

A node keeps one set of hot rows of each kind (`graphray.reading.hot_rows.RowsOf`: a node type's
properties, an adjacency) for all of its processes. Where it is kept is the
`HotRowsBoard`: a running graph has one, an opened store, which maps everything, needs none. A
process looks at the board when it first misses rows, and again from time to time, so that it finds
what another process has put there; with each look it reports how well it was served.

No read depends on the board: where it does not answer, rows come from their owners.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from graphray.reading.hot_rows import HotRows, RowsOf
from graphray.reading.use_counts import UseCounts

LOOK_EVERY_READS = 64
"""Reads with rows elsewhere between two looks at the board; a look costs a millisecond."""


@dataclass(frozen=True)
class CacheCounts:
    """How a process was served with rows of partitions that are not mapped on its node.

    Attributes:
        hits: rows that came from the node's hot rows.
        misses: rows that were asked of their owners.
    """

    hits: int = 0
    misses: int = 0

    @property
    def hit_rate(self) -> float:
        """The share of hits; 0 where nothing was read.

        >>> CacheCounts(3, 1).hit_rate
        0.75
        """
        return self.hits / max(1, self.hits + self.misses)


class HotRowsBoard(Protocol):
    """Where a node's hot rows are kept for all of its processes."""

    node_id: str

    def find(self, of: RowsOf, counts: CacheCounts) -> HotRows | None:
        """What is kept for this node now, or None; ``counts`` are this process's so far."""
        ...

    def keep(self, hot: HotRows) -> HotRows | None:
        """Keep rows in place of those kept before; returns them as all processes share them."""
        ...

    def count(self, of: RowsOf, hits: int, misses: int) -> None:
        """Add to the metrics."""
        ...


@dataclass
class _Known:
    """What is known of one set."""

    hot: HotRows | None = None
    reads_until_look: int = 0
    counts: CacheCounts = CacheCounts()
    uses: UseCounts = field(default_factory=UseCounts)


class NodeCache:
    """Hot rows by what they are of; safe to use from several threads.

    Args:
        snapshot_id: the state of the graph that is read; rows of another are never served.
        board: where the node's hot rows are kept; None where there is nothing to cache.
    """

    def __init__(self, snapshot_id: str, board: HotRowsBoard | None) -> None:
        self._snapshot_id = snapshot_id
        self._board = board
        self.node_id = "" if board is None else board.node_id
        self._sets: dict[RowsOf, _Known] = {}
        self._lock = threading.Lock()

    def hot_rows(self, of: RowsOf) -> HotRows | None:
        """The hot rows to read with; asked once for every read with rows elsewhere."""
        with self._lock:
            known = self._of(of)
            is_time = known.reads_until_look == 0
            known.reads_until_look = (known.reads_until_look or LOOK_EVERY_READS) - 1
            counts = known.counts
        # Without the lock: other threads go on with what is known.
        if is_time and self._board is not None:
            known.hot = self._current(self._board.find(of, counts))
        return known.hot

    def look(self, of: RowsOf) -> HotRows | None:
        """The hot rows that the board has now."""
        with self._lock:
            self._of(of).reads_until_look = 0
        return self.hot_rows(of)

    def note(
        self,
        of: RowsOf,
        elsewhere: npt.NDArray[np.int64],
        hits: int,
        misses: int,
        counted_max: int | None = None,
    ) -> None:
        """Count a read: which rows were elsewhere, and where they came from.

        Args:
            of: what was read.
            elsewhere: ``int64[n]``, the rows.
            hits: how many of them came from the node's hot rows.
            misses: how many were asked of their owners.
            counted_max: how many of them to note as used at most; None for all.
        """
        with self._lock:
            known = self._of(of)
            known.counts = CacheCounts(known.counts.hits + hits, known.counts.misses + misses)
        if len(elsewhere):
            known.uses.note(elsewhere, counted_max)
        if self._board is not None:
            self._board.count(of, hits, misses)

    def keep(self, hot: HotRows) -> HotRows | None:
        """Share rows with all processes of this node from now on, in place of those before."""
        if self._board is None:
            return None
        shared = self._current(self._board.keep(hot))
        with self._lock:
            known = self._of(hot.of)
            known.hot, known.reads_until_look = shared, LOOK_EVERY_READS - 1
        return shared

    def report(self) -> None:
        """Tell the board how this process was served until now."""
        with self._lock:
            counts = {of: known.counts for of, known in self._sets.items()}
        if self._board is not None:
            for of in counts:
                self._board.find(of, counts[of])

    def counts(self, of: RowsOf) -> CacheCounts:
        """How this process was served so far."""
        with self._lock:
            return self._of(of).counts

    def uses(self, of: RowsOf) -> UseCounts:
        """How often this process read which rows that are elsewhere."""
        with self._lock:
            return self._of(of).uses

    def close(self) -> None:
        """Let go of the mapped rows."""
        with self._lock:
            self._sets = {}

    def _of(self, of: RowsOf) -> _Known:
        return self._sets.setdefault(of, _Known())

    def _current(self, hot: HotRows | None) -> HotRows | None:
        return hot if hot is not None and hot.snapshot_id == self._snapshot_id else None
